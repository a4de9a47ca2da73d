from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import pytest
from foreign import START_MS, Taken, take
from hypothesis import given, settings
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources.gatling_text import sniff

AT = START_MS
RUN = f"RUN\tshop.Checkout\tcheckout\t{AT}\t \t3.9.5\n"


def read(folder: Path, content: str | bytes) -> Taken:
    """What the source makes of it."""
    return take(folder, content, source=plugins.find("sources", "gatling-text"), name="sim.log")


def line(layout: int, name: str, took: int = 7, said: str = "OK", message: str = "",
         groups: str = "", user: str = "1") -> str:  # fmt: skip
    """A request as the versions write it: from 3.4 on, from 3.0, from 2.2, from 2.0."""
    end = f"{said}\t{message}\n"
    return [
        f"REQUEST\t{groups}\t{name}\t{AT}\t{AT + took}\t{end}",
        f"REQUEST\t{user}\t{groups}\t{name}\t{AT}\t{AT + took}\t{end}",
        f"REQUEST\tscn\t{user}\t{groups}\t{name}\t{AT}\t{AT + took}\t{end}",
        f"scn\t{user}\tREQUEST\t{groups}\t{name}\t{AT}\t{AT + 1}\t{AT + 2}\t{AT + took}\t{end}",
    ][layout]


@pytest.mark.parametrize("layout", range(4), ids=["3.4", "3.0", "2.2", "2.0"])
def test_a_line_becomes_a_request(tmp_path, layout: int):
    """Wherever the fields stand, they land where the series has them."""
    content = RUN + line(layout, "Home") + line(layout, "POST /pay", 9, "KO", "no", "Checkout,Pay")

    found = read(tmp_path, content)

    assert [(r["method"], r["endpoint"], r["duration_us"], r["ok"]) for r in found.rows] == [
        ("", "Home", 7_000, True), ("POST", "/pay", 9_000, False)
    ]  # fmt: skip
    assert [r["labels"] for r in found.rows] == [None, [("group", "Checkout,Pay")]]
    assert [r["error"] for r in found.rows] == [None, "no"]
    assert {r["ts"].timestamp() * 1000 for r in found.rows} == {AT}
    assert (found.tally.bad, found.tally.left_out) == ({}, {})


@pytest.mark.parametrize("layout", [2, 3], ids=["2.2", "2.0"])
def test_extra_information_behind_a_request_is_passed_over(tmp_path, layout: int):
    """An extraInfoExtractor adds as many fields as its author likes."""
    extra = line(layout, "Home").rstrip("\n") + "\turl\t200\tsession\tOK\t12\n"

    found = read(tmp_path, RUN + extra)

    assert [(row["endpoint"], row["duration_us"], row["error"]) for row in found.rows] == [
        ("Home", 7_000, None)
    ]


@pytest.mark.parametrize("layout", range(4), ids=["3.4", "3.0", "2.2", "2.0"])
@pytest.mark.parametrize("name", ["OK", "KO", "REQUEST", "USER", "RUN", "1764000000000", '"', "ä"])
def test_no_name_confuses_the_fields(tmp_path, layout: int, name: str):
    """A request may be called like a status, a kind of line, or a time."""
    content = RUN + line(layout, name, message=name) + line(layout, name, 8, "KO", name, user=name)

    taken = read(tmp_path, content)

    assert [(r["endpoint"], r["duration_us"], r["ok"]) for r in taken.rows] == [
        (name, 7_000, True), (name, 8_000, False)
    ]  # fmt: skip
    assert taken.tally.bad == {}


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param("status.find.is(200), but actually found 503", 503, id="since 3"),
        pytest.param("status.find.in(200,304), found 404", 404, id="before"),
        pytest.param("jsonPath($.n).find.is(3), but actually found 503", None, id="another check"),
        pytest.param("status.find.is(200), but actually found nothing", None, id="nothing"),
        pytest.param("j.n.ConnectException: refused", None, id="no response"),
        pytest.param(" ", None, id="no words"),
    ],
)
def test_a_status_is_only_in_the_words_of_a_status_check(tmp_path, message: str, status: Any):
    """It is what was found instead; nothing else is a status."""
    row = read(tmp_path, RUN + line(0, "a", said="KO", message=message)).rows[0]

    assert (row["status"], row["error"]) == (status, message.strip() or None)


def test_other_lines_are_no_requests(tmp_path):
    """Users, groups and assertions are passed over, errors beside requests are counted."""
    content = (
        f"ASSERTION\tAAMDAA\n{RUN}USER\ts\tSTART\t{AT}\t{AT}\nGROUP\tg\t{AT}\t{AT + 1}\t1\tOK\n"
        f"s\t1\tGROUP\tg\t{AT}\t{AT + 1}\t1\t1\tOK\ns\t1\tUSER\tSTART\t{AT}\t{AT}\n\n"
        f"ERROR\tno attribute\t{AT}\n{line(0, 'a')}"
    )

    taken = read(tmp_path, content)

    assert (len(taken.rows), taken.tally.bad) == (1, {})
    assert list(taken.tally.left_out.values()) == [1]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(f"REQUEST\t\ta\t{AT}\t{AT}\tFINE\t\n", "no OK or KO", id="status"),
        pytest.param(f"REQUEST\t\ta\t{AT}\t{AT + 7}", "no OK or KO", id="cut"),
        pytest.param("REQ\n", "no line of a Gatling log", id="kind"),
        pytest.param(f"REQUEST\t\ta\tx\t{AT}\tOK\t\n", "its start is no time", id="start"),
        pytest.param(f"REQUEST\t\ta\t-5\t{AT}\tOK\t\n", "its start is no time", id="negative"),
        pytest.param(f"REQUEST\t\ta\t{AT // 1000}\t{AT}\tOK\t\n", "its start is", id="seconds"),
        pytest.param(f"REQUEST\t\ta\t{AT * 1000}\t{AT * 1000}\tOK\t\n", "its start", id="micro"),
        pytest.param(f"REQUEST\t\ta\t{AT}\t{AT - 1}\tOK\t\n", "its end is no time", id="back"),
        pytest.param(f"REQUEST\t\ta\t{AT}\t{AT + 86_400_001}\tOK\t\n", "its end", id="over a day"),
        pytest.param(f"REQUEST\t\ta\t{AT}\t-9223372036854775808\tOK\t\n", "its end", id="no end"),
        pytest.param("REQUEST" + "\t1" * 20 + "\n", "too many columns", id="columns"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_with_its_number(tmp_path, bad: str, reason: str):
    """It is counted and left out; the others are kept."""
    taken = read(tmp_path, RUN + line(0, "a") + bad)

    assert (len(taken.rows), taken.tally.bad.total()) == (1, 1)
    assert taken.tally.shown[0].startswith("sim.log:3: ")
    assert reason in taken.tally.shown[0]


def test_a_line_that_is_no_text_is_told(tmp_path):
    """Bytes that are not UTF-8 are a bad row."""
    taken = read(tmp_path, (RUN + line(0, "a")).encode() + line(0, "é").encode("latin-1"))

    assert (len(taken.rows), taken.tally.shown) == (1, ["sim.log:3: it is not UTF-8"])


def test_times_that_count_from_nought_are_kept(tmp_path):
    """A log whose clock began at nought is of 1970."""
    row = read(tmp_path, f"{RUN}REQUEST\t\ta\t1000\t3000\tOK\t\n").rows[0]

    assert (row["ts"].timestamp(), row["duration_us"]) == (1, 2_000_000)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("hello\nworld\n", "no line of a Gatling log at its beginning", id="text"),
        pytest.param(b"\0\0\0\0\x063.13.1", "Gatling's binary log|it is no text", id="binary"),
        pytest.param(RUN.encode() + b"REQUEST\t\ta\r\n" + RUN.encode(), "2: line ends change here",
                     id="line ends"),
    ],
)  # fmt: skip
def test_what_is_no_log_is_refused(tmp_path, content, sentence: str):
    """The file is named, and what is wrong with it."""
    with pytest.raises(SourceError, match=sentence):
        read(tmp_path, content)


def test_a_packed_log_with_other_line_ends_is_read(tmp_path):
    """Windows' line ends and gzip."""
    content = (RUN + line(0, "a") + line(0, "b")).replace("\n", "\r\n")

    assert len(read(tmp_path, gzip.compress(content.encode())).rows) == 2


words = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n\0"), max_size=8)
requests = st.tuples(
    st.integers(0, 3), words, st.integers(-2, 9), st.sampled_from(["OK", "KO", "XX"]), words, words
)


@settings(max_examples=30)
@given(st.lists(requests, min_size=1, max_size=20))
def test_any_log_reads_as_plain_python_reads_it(drawn):
    """Whatever the layouts and the words, the kept rows and the count of bad ones are known."""
    lines = [line(layout, name, took, said, message, groups)
             for layout, name, took, said, message, groups in drawn]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        taken = read(Path(folder), RUN + "".join(lines))

    wanted = [
        (name, took * 1000, said == "OK", groups or None)
        for _, name, took, said, _, groups in drawn
        if took >= 0 and said != "XX"
    ]
    got = [
        (f"{r['method']} {r['endpoint']}" if r["method"] else r["endpoint"], r["duration_us"],
         r["ok"], dict(r["labels"]).get("group") if r["labels"] else None)
        for r in taken.rows
    ]  # fmt: skip
    assert got == wanted
    assert taken.tally.bad.total() == len(drawn) - len(wanted)


@pytest.mark.parametrize(
    ("head", "score"),
    [
        pytest.param(RUN.encode(), 1.0, id="run"),
        pytest.param(b"ASSERTION\tAAMD\n", 1.0, id="assertion"),
        pytest.param(line(3, "a").encode(), 1.0, id="old"),
        pytest.param(b"RUN 1\nUSER 2\n", 0.0, id="no tabs"),
        pytest.param(b"\0\0\0\0\x06", 0.0, id="binary"),
        pytest.param(b"", 0.0, id="nothing"),
    ],
)
def test_what_it_recognises(head: bytes, score: float):
    """Only lines of Gatling's are claimed."""
    assert sniff(head) == score
