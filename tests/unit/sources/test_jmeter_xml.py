from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from foreign import START_MS, Taken, take

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources import _jmeter_blocks
from slogate.sources.jmeter_xml import _UNTIMED, sniff

ASSERTION = (
    "<assertionResult><name>a</name><failure>{}</failure><error>{}</error>"
    "<failureMessage>{}</failureMessage></assertionResult>"
)
CONTROLLER = "Number of samples in transaction : 2, number of failing samples : 0"


def xml(*samples: str, end: str = "</testResults>\n", head: str = "") -> str:
    """A file of these samples, one a line after the second."""
    head = head or '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}\n<testResults version="1.2">\n' + "\n".join((*samples, end))


def sample(inner: str = "", tag: str = "httpSample", **attributes: object) -> str:
    """A sample without fault but for what is given."""
    given = {"t": 7, "ts": START_MS, "s": "true", "lb": "a", "rc": "200", "rm": "OK"} | attributes
    words = " ".join(f'{name}="{value}"' for name, value in given.items() if value is not None)
    return f"<{tag} {words}>{inner}</{tag}>"


def read(folder: Path, content: str | bytes, **options: str) -> Taken:
    """What the source makes of it."""
    return take(folder, content, source=plugins.find("sources", "jmeter-xml"), **options)


def endpoints(taken: Taken) -> list[Any]:
    """The endpoints that were kept."""
    return [row["endpoint"] for row in taken.rows]


def test_a_sample_becomes_a_request(tmp_path):
    """Each used attribute lands where the series has it, in its units."""
    content = xml(sample(t=34, lb="POST /cart", s="false", rc="503", rm="busy &amp; &#x41;",
                         by="546", hn="gen-1", tag="sample"))  # fmt: skip

    row = read(tmp_path, content).rows[0]

    assert (row["ts"].timestamp() * 1000, row["duration_us"]) == (START_MS, 34_000)
    assert (row["method"], row["endpoint"], row["status"], row["ok"]) == (
        "POST", "/cart", 503, False
    )  # fmt: skip
    assert (row["error"], row["bytes"], row["worker"]) == ("busy & A", 546, "gen-1")


@pytest.mark.parametrize(
    ("attributes", "status", "ok", "error"),
    [
        pytest.param({"rc": "500"}, 500, True, None, id="success decides"),
        pytest.param({"s": None, "rc": "503"}, 503, None, None, id="no success"),
        pytest.param({"s": None, "rc": "Non HTTP: x"}, None, False, "OK", id="no response"),
        pytest.param({"s": "false", "rc": None, "rm": None}, None, False, None, id="no words"),
        pytest.param({"s": "false", "rc": "", "rm": "x" * 3000}, None, False, "x" * 2000,
                     id="long"),
    ],
)  # fmt: skip
def test_success_decides_and_no_status_is_invented(tmp_path, attributes, status, ok, error):
    """What is no status is null, and the code never decides what failed."""
    row = read(tmp_path, xml(sample(**attributes))).rows[0]

    assert (row["status"], row["ok"], row["error"]) == (status, ok, error)


@pytest.mark.parametrize(
    ("inner", "code", "error"),
    [
        pytest.param(ASSERTION.format("true", "false", "too slow"), "200", "too slow", id="failed"),
        pytest.param(ASSERTION.format("false", "true", "too slow"), "200", "too slow", id="error"),
        pytest.param(ASSERTION.format("false", "false", "fine"), "200", "OK", id="passed"),
        pytest.param(ASSERTION.format("true", "false", ""), "200", "OK", id="no words"),
        pytest.param(ASSERTION.format("false", "false", "fine")
                     + ASSERTION.format("true", "false", "no title"), "200", "no title",
                     id="the failed one"),
        pytest.param(ASSERTION.format("true", "false", "too slow"), "Non HTTP: x", "too slow (OK)",
                     id="no response"),
        pytest.param(sample(ASSERTION.format("true", "false", "part")), "200", "OK", id="part"),
    ],
)  # fmt: skip
def test_the_words_are_those_of_the_failed_assertion(tmp_path, inner: str, code: str, error: str):
    """An assertion of a nested sample says nothing of the one it is part of."""
    row = read(tmp_path, xml(sample(inner, s="false", rc=code))).rows[0]

    assert row["error"] == error


def test_parts_of_a_sample_do_not_count(tmp_path):
    """Whatever their tags and depth, only the children of the root are samples."""
    parts = sample(sample(lb="deep") + sample(lb="deep", tag="sample"), lb="part", s="false")
    content = xml(sample(parts), sample(lb="b", tag="com.example.Sub"), "<note>t</note>")

    assert endpoints(read(tmp_path, content)) == ["a", "b"]


def test_controllers_that_cannot_be_told_are_told(tmp_path):
    """A sample without its message may be a controller's, which is said unless asked for."""
    content = xml('<sample t="5" ts="1764000000000" s="true" lb="a"/>')

    [note] = read(tmp_path, content).tally.notes

    assert "controllers cannot be told from requests" in note
    assert read(tmp_path, content, transactions="keep").tally.notes == []


def test_controllers_are_left_out_and_their_parts_count(tmp_path):
    """A controller repeats what is in it: kept, it counts instead of its parts."""
    nested = sample(sample(sample(lb="part"), lb="in"), lb="all", rm=CONTROLLER)
    content = xml(sample(lb="first"), nested, sample(lb="flat", rm=CONTROLLER), sample(lb="last"))

    skipped, kept = read(tmp_path, content), read(tmp_path, content, transactions="keep")

    assert (endpoints(skipped), skipped.tally.left_out.total()) == (["first", "in", "last"], 2)
    assert (endpoints(kept), kept.tally.left_out) == (["first", "all", "flat", "last"], {})


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        pytest.param({"ts": None}, "has no ts, let JMeter save it", id="no start"),
        pytest.param({"ts": START_MS // 1000}, "ts is no time", id="seconds"),
        pytest.param({"ts": START_MS * 1000}, "ts is no time", id="microseconds"),
        pytest.param({"t": "-1"}, "t is no whole number", id="negative"),
        pytest.param({"t": "1.5"}, "t is no whole number", id="fraction"),
        pytest.param({"t": None}, "t is no whole number", id="no time"),
        pytest.param({"t": "86400001"}, "t is no whole number", id="over a day"),
        pytest.param({"t": "٧"}, "t is no whole number", id="other digits"),
        pytest.param({"s": "yes"}, "s is neither true nor false", id="success"),
        pytest.param({"sc": "2"}, "sums up several samples", id="summed"),
    ],
)
def test_a_bad_sample_is_told_with_its_line(tmp_path, attributes, reason: str):
    """It is counted and left out; the others are kept."""
    taken = read(tmp_path, xml(sample(), sample(**attributes), sample(lb="b")))

    assert (endpoints(taken), taken.tally.bad.total()) == (["a", "b"], 1)
    assert taken.tally.shown[0].startswith("results.jtl:4: ")
    assert reason in taken.tally.shown[0]


def test_the_end_of_a_sample_is_moved_to_its_start(tmp_path):
    """With `timestamp=end` the start is the end less the elapsed time."""
    row = read(tmp_path, xml(sample(t=1500)), timestamp="end").rows[0]

    assert row["ts"].timestamp() * 1000 == START_MS - 1500


@pytest.mark.parametrize(
    ("content", "kept", "reason"),
    [
        pytest.param(xml(sample(), end=""), 1, "3: the file ends before", id="no closing tag"),
        pytest.param(xml(sample(), sample("<a>")[:-13], end=""), 1, "4: the file ends within it",
                     id="within a sample"),
        pytest.param(xml(sample(), '<httpSample t="7', end=""), 1, "4: the file ends before",
                     id="within a tag"),
        pytest.param(xml(sample(sample()), end="")[:-20], 0, "3: the file ends within it",
                     id="within a part"),
    ],
)  # fmt: skip
def test_a_file_that_ends_early_says_so(tmp_path, content: str, kept: int, reason: str):
    """The samples before the end are kept, and one bad row says that the end is missing."""
    taken = read(tmp_path, content.rstrip("\n"))

    assert (len(taken.rows), taken.tally.bad.total()) == (kept, 1)
    assert reason in taken.tally.shown[0]


BOMB = '<!DOCTYPE testResults [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
OUTSIDE = '<!DOCTYPE testResults [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(xml(sample(), head=BOMB), "1: it has a document type", id="entities"),
        pytest.param(xml(sample(lb="&a;"), head=OUTSIDE), "1: it has a document type", id="files"),
        pytest.param(xml(sample(), head='<!DOCTYPE x SYSTEM "http://h/x">'), "document type",
                     id="address"),
        pytest.param(xml(sample(lb="&a;")), "3: it is no well-formed XML: undefined entity",
                     id="undefined"),
        pytest.param(xml(sample(), "</httpSample>"), "4: it is no well-formed XML: mismatched",
                     id="tags"),
        pytest.param(xml(sample()) + xml(sample()), "it is no well-formed XML", id="two files"),
        pytest.param(xml(sample(lb="\x01")), "3: it is no well-formed XML", id="control"),
        pytest.param(xml(sample()).encode("latin-1") + b"\0\0", "no well-formed XML", id="NUL"),
        pytest.param(xml(sample(lb="é")).encode("latin-1"), "no well-formed XML", id="encoding"),
        pytest.param(xml(head='<?xml version="1.0" encoding="none-such"?>'), "no well-formed XML",
                     id="unknown encoding"),
        pytest.param("<html><body/></html>", "its root is <html>", id="another root"),
        pytest.param("<?xml version='1.0'?>", "no element found", id="no root"),
        pytest.param(xml("<a>" * 1200), "nested more than 1000 deep", id="depth"),
        pytest.param(xml(f'<sample t="1" rm="{CONTROLLER}">' * 1200), "1000 deep",
                     id="controllers"),
    ],
)  # fmt: skip
def test_what_is_no_results_of_jmeter_is_refused(tmp_path, content, sentence: str):
    """Nothing outside the file is read, nothing grows, and the line is told."""
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, content)

    assert caught.value.message.startswith("results.jtl:")


BARE = """\
<a.plugin.Sample>
  <saveConfig><label>true</label><success>true</success></saveConfig>
  <responseCode>500</responseCode><label>home &amp; away</label>
  <responseMessage>no such function</responseMessage>
  <timeStamp>0</timeStamp><startTime>1764000000000</startTime>
  <elapsedTime>12</elapsedTime><success>false</success><bytes>7</bytes>
</a.plugin.Sample>"""


def test_values_of_a_sample_may_be_elements(tmp_path):
    """Plugins write samples of their own as Java holds them."""
    taken = read(tmp_path, xml(sample(), BARE, sample(lb="b")))

    assert endpoints(taken) == ["a", "home & away", "b"]
    row = taken.rows[1]
    told = ("duration_us", "status", "ok", "error", "bytes")
    assert [row[name] for name in told] == [12_000, 500, False, "no such function", 7]
    assert taken.tally.bad == {}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param('<httpSample s="true" lb="x"/>', id="neither time"),
        pytest.param("<other/>", id="nothing"),
        pytest.param('<httpSample s="false" lb="x"><assertionResult><failure>true</failure>'
                     "</assertionResult></httpSample>", id="an assertion"),
        pytest.param("<a><b><startTime>1764000000000</startTime></b></a>", id="deeper"),
    ],
)  # fmt: skip
def test_what_has_no_time_does_not_vanish(tmp_path, odd: str):
    """It is counted as bad, whatever it is, and does not change the samples behind it."""
    taken = read(tmp_path, xml(sample(), odd, sample(lb="b")))

    assert endpoints(taken) == ["a", "b"]
    assert taken.tally.shown == [f"results.jtl:4: {_UNTIMED}"]


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        pytest.param("&#x1;", "     ", id="control"),
        pytest.param("&#x1B;", "      ", id="capital"),
        pytest.param("&#x0000;", "        ", id="with noughts"),
        pytest.param("&#31;", "     ", id="decimal"),
        pytest.param("&#xd83d;&#xde00;", " " * 16, id="halves of an emoji"),
        pytest.param("&#xfffe;", " " * 8, id="no character"),
        pytest.param("&#xe9;", "é", id="allowed"),
        pytest.param("&#x1f600;", "\U0001f600", id="a whole emoji"),
        pytest.param("&#169;", "©", id="allowed decimal"),
        pytest.param("&amp;#x1;", "&#x1;", id="a text that looks so"),
    ],
)
def test_forbidden_characters_are_spaces(tmp_path, reference: str, kept: str):
    """JMeter writes those of a response as they are, and cannot read its own file then."""
    taken = read(tmp_path, xml(sample(lb=f"a{reference}b"), sample(f"<d>{reference}</d>", t="x")))

    assert endpoints(taken) == [f"a{kept}b"]
    assert taken.tally.shown[0].startswith("results.jtl:4: ")
    assert bool(taken.tally.notes) == (kept.strip() == "")


@pytest.mark.parametrize("size", [1, 2, 5, 7, 13, 64])
def test_forbidden_characters_between_blocks(tmp_path, monkeypatch, size: int):
    """A reference may begin in one block and end in the next."""
    monkeypatch.setattr(_jmeter_blocks, "_BLOCK", size)

    content = xml(sample(lb="a&#x1;b&#x1b;c&lt;&#xd83d;"), sample(lb="&#65;"))

    assert endpoints(read(tmp_path, content)) == ["a     b      c<        ", "A"]


def test_a_run_that_was_appended_to_a_killed_one(tmp_path):
    """JMeter begins anew behind the samples of a run that it could not end."""
    killed, whole = xml(sample()).replace("</testResults>\n", ""), xml(sample())

    with pytest.raises(SourceError, match=":4: it is no well-formed XML") as caught:
        read(tmp_path, killed + whole)

    assert "split the file before this line" in (caught.value.hint or "")


def test_another_encoding_is_read_where_the_file_names_it(tmp_path):
    """The declaration of the file says what its bytes mean."""
    content = xml(sample(lb="Requête"), head='<?xml version="1.0" encoding="ISO-8859-1"?>')

    assert endpoints(read(tmp_path, content.encode("latin-1"))) == ["Requête"]


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "x-none"])
def test_blank_lines_may_stand_before_it(tmp_path, encoding: str):
    """Though XML wants its declaration first; lines are counted from the first, blank one."""
    head = f'\n \n<?xml version="1.0" encoding="{encoding}"?>'
    content = xml(sample(lb="caf\xe9"), sample(t=-1), head=head)
    if encoding == "x-none":
        with pytest.raises(SourceError, match="no well-formed XML"):
            read(tmp_path, content)
        return

    taken = read(tmp_path, content.encode(encoding))

    assert endpoints(taken) == ["caf\xe9"]
    assert taken.tally.shown[0].startswith("results.jtl:6: its t is no whole number")


def test_many_samples_long_texts_and_compression(tmp_path):
    """Chunks lose nothing at their borders, and bodies of megabytes are passed over."""
    body = f"<responseData>{'x' * 10_000_000}</responseData>"
    content = xml(*(sample(lb=str(n)) for n in range(45_000)), sample(body, lb="big"))

    taken = read(tmp_path, gzip.compress(content.encode()))

    assert endpoints(taken) == [*map(str, range(45_000)), "big"]


@pytest.mark.parametrize(
    ("head", "score"),
    [
        pytest.param(xml().encode(), 1.0, id="declaration"),
        pytest.param(b"<html>", 0.0, id="another root"),
        pytest.param(b"a,<testResults>", 0.0, id="CSV"),
        pytest.param(b"", 0.0, id="nothing"),
    ],
)
def test_what_it_recognises(head: bytes, score: float):
    """Only XML with JMeter's root is claimed."""
    assert sniff(head) == score
