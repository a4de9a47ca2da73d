from __future__ import annotations

import gzip
import random
import struct
import tempfile
from pathlib import Path

import pytest
from foreign import START_MS, Taken, take
from hypothesis import given, settings
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources.gatling_binary import sniff

EXAMPLE = plugins.find("sources", "gatling-binary").example


def text(words: str) -> bytes:
    """A text as Java keeps it: one byte a character, or two where that does not do."""
    if not words:
        return struct.pack(">i", 0)
    try:
        content, coder = words.encode("latin-1"), b"\0"
    except UnicodeEncodeError:
        content, coder = words.encode("utf-16-le"), b"\1"
    return struct.pack(">i", len(content)) + content + coder


class Log:
    """Writes a log as Gatling does, each text once."""

    def __init__(self, start_ms: int = START_MS, scenarios: int = 1) -> None:
        """Begin with the record of the run."""
        self.known: dict[str, int] = {}
        self.content = (
            b"\0" + text("3.13.1") + text("shop") + struct.pack(">q", start_ms) + text("")
            + struct.pack(">i", scenarios) + text("Buyers") * scenarios
            + struct.pack(">ii3s", 1, 3, b"abc")
        )  # fmt: skip

    def text(self, words: str) -> bytes:
        """A text the first time, its number afterwards."""
        if words in self.known:
            return struct.pack(">i", -self.known[words])
        self.known[words] = len(self.known) + 1
        return struct.pack(">i", self.known[words]) + text(words)

    def groups(self, names: list[str]) -> bytes:
        """A list of groups."""
        return struct.pack(">i", len(names)) + b"".join(map(self.text, names))

    def request(self, name: str, begin: int = 5, end: int = 12, *, ok: bool = True,
                message: str = "", groups: tuple[str, ...] = ()) -> Log:  # fmt: skip
        """One more request."""
        self.content += b"\1" + self.groups(list(groups)) + self.text(name)
        self.content += struct.pack(">iib", begin, end, ok) + self.text(message)
        return self

    def others(self) -> Log:
        """A user, a group and an error."""
        self.content += b"\2" + struct.pack(">ibi", 0, 1, 3)
        self.content += b"\3" + self.groups(["Checkout"]) + struct.pack(">iiib", 1, 2, 1, 1)
        self.content += b"\4" + self.text("no attribute") + struct.pack(">i", 7)
        return self


def read(folder: Path, content: bytes) -> Taken:
    """What the source makes of it."""
    return take(folder, content, source=plugins.find("sources", "gatling-binary"), name="sim.log")


def test_a_record_becomes_a_request(tmp_path):
    """Times are counted from the start of the run, words are looked up."""
    log = Log().others().request("Home").others()
    message = "status.find.is(200), but actually found 503"
    log.request("POST /pay", 20, 29, ok=False, message=message, groups=("Checkout", "Pay"))

    first, second = read(tmp_path, log.content).rows

    assert (first["endpoint"], first["duration_us"], first["ok"]) == ("Home", 7_000, True)
    assert (first["status"], first["error"], first["labels"]) == (None, None, None)
    assert (second["method"], second["endpoint"], second["labels"]) == (
        "POST", "/pay", [("group", "Checkout,Pay")]
    )  # fmt: skip
    assert (second["ts"].timestamp() * 1000, second["duration_us"]) == (START_MS + 20, 9_000)
    assert (second["ok"], second["status"], second["error"]) == (False, 503, message)


words = st.text(st.characters(codec="utf-8"), max_size=6)
requests = st.tuples(
    words, st.integers(0, 2**31 - 1), st.integers(-5, 2000), st.booleans(), words,
    st.lists(words, max_size=6).map(tuple),
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(requests, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_any_log_reads_as_it_was_written(drawn, chance: random.Random):
    """Whatever the words and groups, known or new, the requests come out in their order."""
    log, wanted = Log(scenarios=3), []
    for name, begin, took, ok, message, groups in drawn:
        end = min(begin + took, 2**31 - 1)
        log.request(name, begin, end, ok=ok, message=message, groups=groups)
        if chance.random() < 0.3:
            log.others()
        if end >= begin:
            error = None if ok else message.strip() or None
            label = ",".join(groups) if groups else None
            wanted.append((START_MS + begin, (end - begin) * 1000, name, ok, error, label))
    with tempfile.TemporaryDirectory() as folder:
        taken = read(Path(folder), log.content)

    got = [
        (round(row["ts"].timestamp() * 1000), row["duration_us"],
         f"{row['method']} {row['endpoint']}" if row["method"] else row["endpoint"], row["ok"],
         row["error"], dict(row["labels"])["group"] if row["labels"] else None)
        for row in taken.rows
    ]  # fmt: skip
    assert got == wanted
    assert taken.tally.bad.total() == len(drawn) - len(wanted)


def test_records_lie_across_blocks(tmp_path):
    """Of megabytes of records none is lost where one block ends and the next begins."""
    log = Log().others().request("a", groups=("G",)).request("b", ok=False, message="é €")
    first, log.content = log.content, b""
    more = log.request("a", 1, 3).request("b", 2, 4, groups=("G",)).others().content
    content = first + more * 25_000

    taken = read(tmp_path, gzip.compress(content))

    assert len(taken.rows) == 2 + 50_000
    assert taken.tally.bad == {}
    assert {row["endpoint"] for row in taken.rows[2::2]} == {"a"}


@pytest.mark.parametrize("size", [1, 4, 20, 21])
def test_a_log_that_ends_within_a_record_says_so(tmp_path, size: int):
    """The requests before are kept, and one bad row tells that the end is missing."""
    whole = Log().request("a").request("b").content

    taken = read(tmp_path, whole[:-size])

    assert [row["endpoint"] for row in taken.rows] == ["a"]
    assert taken.tally.shown == ["sim.log: the file ends within a record"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"\0", "it ends within its first record", id="one byte"),
        pytest.param(b"\1\0\0\0", "from byte 0 on: it does not begin with a run", id="no run"),
        pytest.param(b"\0" + text("x") * 2 + b"\0" * 8, "it names no version", id="version"),
        pytest.param(Log(START_MS // 1000).content, "start of the run is no time", id="seconds"),
        pytest.param(Log().content * 2, "a second run begins", id="two runs"),
        pytest.param(Log().content + b"\x09", "there is no record of kind 9", id="kind"),
        pytest.param(Log().content + b"\1\x7f\xff\xff\xff", "2147483647 groups cannot be",
                     id="groups"),
        pytest.param(Log().content + b"\1\xff\xff\xff\xff", "-1 groups cannot be", id="negative"),
        pytest.param(Log().content + b"\4\0\0\0\1\x7f\xff\xff\xff", "a text of 2147483647 bytes",
                     id="length"),
        pytest.param(Log().content + b"\4\0\0\0\1\xff\xff\xff\xff", "a text of -1 bytes",
                     id="negative length"),
        pytest.param(Log().content + b"\4\0\0\0\1\0\0\0\1a\7", "in an unknown way", id="coder"),
        pytest.param(Log().content + b"\4\0\0\0\5\0\0\0\1a\0\0\0\0\0", "not numbered one after",
                     id="number"),
        pytest.param(Log().content + b"\2\0\0\0\0\2\0\0\0\0", "2 is neither yes nor no", id="flag"),
        pytest.param(Log().content + b"\1\0\0\0\0\xff\xff\xff\xf0" + b"\0" * 9 + b"\xff" * 4,
                     "a text that was never written", id="reference"),
        pytest.param(Log().content[:-11] + b"\x7f\xff\xff\xff", "2147483647 assertions cannot be",
                     id="assertions"),
    ],
)  # fmt: skip
def test_a_damaged_log_is_refused(tmp_path, content: bytes, sentence: str):
    """Nothing marks where records begin, so all of it is refused, and no size is believed."""
    with pytest.raises(SourceError, match=sentence):
        read(tmp_path, content)


def test_an_absurd_time_is_a_bad_row(tmp_path):
    """A request that ends before it starts, or days later, is told and left out."""
    log = Log().request("a").request("b", 9, 8).request("c", 0, 2**31 - 1).request("d")

    taken = read(tmp_path, log.content)

    assert [row["endpoint"] for row in taken.rows] == ["a", "d"]
    assert (taken.tally.bad.total(), len(taken.tally.shown)) == (2, 1)


@pytest.mark.parametrize(
    ("head", "score"),
    [
        pytest.param(EXAMPLE, 1.0, id="example"),
        pytest.param(b"\0\0\0\0\x053.14x", 0.0, id="no text"),
        pytest.param(b"\0" * 20, 0.0, id="zeros"),
        pytest.param(b"RUN\ta", 0.0, id="text"),
        pytest.param(b"", 0.0, id="nothing"),
    ],
)
def test_what_it_recognises(head: bytes, score: float):
    """Only a run with a version is claimed."""
    assert sniff(head) == score
