from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from foreign import Taken, take
from hypothesis import given
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources._template import expression_words, template_words

AT = datetime(2025, 11, 24, 16, 0, tzinfo=UTC)
LINE = "2025-11-24T16:00:00Z GET /a?b=1 200 34"
PATTERN = "%{time} %{method} %{path} %{status} %{duration_ms}"


def read(folder: Path, *lines: str, **options: str) -> Taken:
    """What these lines give by the pattern of the options."""
    content = "".join(f"{line}\n" for line in lines)
    return take(folder, content, source=plugins.find("sources", "pattern-log"), **options)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        pytest.param(PATTERN, LINE, id="template"),
        pytest.param("<%{time}>;%{method};%{path};%{status};%{duration_ms}ms",
                     "<2025-11-24T16:00:00Z>;GET;/a?b=1;200;34ms", id="without spaces"),
        pytest.param('[%{time}] "%{request}" %{status} %{duration_s}',
                     '[24/Nov/2025:18:00:00 +0200] "GET /a HTTP/1.1" 200 0.034', id="clf"),
pytest.param("%{time} <%{request}> %{status} in %{duration_us} us",
                     "2025-11-24T16:00:00Z <GET /a> 200 in 34000 us", id="a word with spaces"),
        pytest.param(r"\[%{HTTPDATE:time}\] %{WORD:method} %{URIPATHPARAM:path} %{INT:status} "
                     "%{NUMBER:duration_ms}",
                     "[24/Nov/2025:16:00:00 +0000] GET /a?b 200 34", id="grok"),
        pytest.param(r"^(?P<time>\S+) (?P<method>\w+) (?P<path>[^ ?]+)\S* (?P<status>\d+) "
                     r"(?P<duration_ms>[\d.]+)$", LINE, id="expression"),
        pytest.param(r"(?<time>\S+) (?<method>\w+) (?<path>\S+) (?<status>\d+) (?<duration_ms>\d+)",
                     LINE, id="other named groups"),
        pytest.param("%{time}\t%{method}\t%{path}\t%{status}\t%{duration_ms}",
                     LINE.replace(" ", "\t"), id="tabs"),
    ],
)  # fmt: skip
def test_a_pattern_picks_the_words(tmp_path, pattern: str, line: str):
    """Templates, Grok and regular expressions: the same request comes out of all."""
    rows, tally = read(tmp_path, line, pattern=pattern)

    assert (len(rows), tally.bad) == (1, {})
    row = rows[0]
    assert (row["ts"], row["method"], row["endpoint"], row["status"], row["duration_us"]) == (
        AT, "GET", "/a", 200, 34_000
    )  # fmt: skip


def test_other_words_are_labels(tmp_path):
    """A name that means nothing here is a label, under the name that it has."""
    row = read(tmp_path, f"{LINE} eu-west 7", pattern=f"{PATTERN} %{{region}} %{{line}}").rows[0]

    assert dict(row["labels"]) == {"region": "eu-west", "line": "7"}


def test_the_rest_of_a_line_is_one_word(tmp_path):
    """What is last takes all that is left, spaces too."""
    row = read(tmp_path, f"{LINE} timed out: try again", pattern=f"{PATTERN} %{{error}}").rows[0]

    assert row["error"] == "timed out: try again"


def test_a_pattern_in_a_file(tmp_path):
    """A pattern can be kept in a file."""
    (tmp_path / "pattern").write_text(f"{PATTERN}\n")

    assert len(read(tmp_path, LINE, pattern=f"@{tmp_path / 'pattern'}").rows) == 1


@pytest.mark.parametrize(
    ("time", "options"),
    [
        pytest.param("1764000000", {}, id="s"),
        pytest.param("1764000000000", {}, id="ms"),
        pytest.param("1764000000000000", {}, id="us"),
        pytest.param("1764000000000000000", {}, id="ns"),
        pytest.param("1764000000.000", {"time": "s"}, id="decimals"),
        pytest.param("2025-11-24T18:00:00.000+02:00", {}, id="iso"),
        pytest.param("2025-11-24T16:00:00", {"timezone": "UTC"}, id="local"),
        pytest.param("2025-11-24T18:00:00", {"timezone": "+02:00"}, id="offset"),
        pytest.param("24.11.2025,16:00", {"time": "%d.%m.%Y,%H:%M"}, id="a format"),
        pytest.param("2025-11-24T16:00:00.034Z", {"timestamp": "end"}, id="end"),
    ],
)
def test_kinds_of_times(tmp_path, time: str, options: dict[str, str]):
    """Plain kinds are known, others are said."""
    line = LINE.replace("2025-11-24T16:00:00Z", time)

    assert read(tmp_path, line, pattern=PATTERN, **options).rows[0]["ts"] == AT


@pytest.mark.parametrize(
    ("pattern", "line", "options", "fault"),
    [
        pytest.param("", LINE, {}, "there is no pattern", id="none"),
        pytest.param("@/nowhere/at/all", LINE, {}, "cannot be read", id="no file"),
        pytest.param("%{method} %{path}", LINE, {}, "has no word 'time'", id="no time"),
        pytest.param("%{time} %{status} %{status}", LINE, {}, "names 'status' twice", id="twice"),
        pytest.param("%{time} %{duration}", LINE, {}, "in which unit", id="no unit"),
        pytest.param("%{time} %{duration}", LINE, {"unit": "h"}, "unit is 'h'", id="odd unit"),
        pytest.param("x %{time}", LINE, {}, "none of its first 1 lines", id="no match"),
        pytest.param("(?P<time>[)", LINE, {}, "no regular expression", id="bad expression"),
        pytest.param(r"(?P<time>\S+) (.)\2", LINE, {}, "unbounded time", id="back-reference"),
        pytest.param("%{NOPE:time}", LINE, {}, "Grok's NOPE", id="unknown in Grok"),
        pytest.param("{time} %{time}", LINE, {}, "holds a brace", id="brace"),
        pytest.param("%{time}", "16:00", {}, "is not plain", id="odd time"),
        pytest.param("%{time}", "17640000000.5", {}, "is not plain", id="decimals"),
        pytest.param("%{time}", "17640000000", {}, "is not plain", id="no unit fits"),
        pytest.param("%{time}", "2025-11-24T16:00:00", {}, "has no time zone", id="no zone"),
        pytest.param("%{time}", LINE, {"time": "noon"}, "option time is 'noon'", id="odd kind"),
    ],
)
def test_what_is_not_clear_is_asked(tmp_path, pattern, line, options, fault):
    """Nothing is guessed: the error says what to say."""
    with pytest.raises(SourceError, match=fault):
        read(tmp_path, line, pattern=pattern, **options)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("something else", id="other"),
        pytest.param(f"{LINE} more", id="more words"),
        pytest.param(LINE.replace(" 200", ""), id="fewer words"),
        pytest.param(LINE.replace("34", "3x4"), id="no number"),
    ],
)
def test_lines_that_do_not_match_are_bad(tmp_path, line: str):
    """They are counted and named, the others kept."""
    rows, tally = read(tmp_path, LINE, line, LINE, pattern=PATTERN)

    assert (len(rows), tally.bad.total()) == (2, 1)
    assert tally.shown[0].startswith("results.jtl:2: ")


TEXTS = st.text(alphabet="ab[]<>:;|=", max_size=3)
WORDS = st.text(alphabet="0123xyz/.-", min_size=1, max_size=8)


@given(
    pieces=st.lists(st.tuples(TEXTS, WORDS, TEXTS), min_size=1, max_size=7),
)
def test_splitting_picks_what_the_expression_does(pieces: list[tuple[str, str, str]]):
    """Words that stand alone come out the same, whichever way they are taken."""
    import duckdb

    names = [f"w{at}" for at in range(len(pieces))]
    template = " ".join(f"{a}{{{n}}}{b}" for n, (a, _, b) in zip(names, pieces, strict=True))
    line = " ".join(f"{a}{word}{b}" for a, word, b in pieces)
    wanted = frozenset(names)
    split = template_words(template, wanted, strict=True)
    expression = "^" + " ".join(
        f"{escaped(a)}(?P<{n}>[^ ]*){escaped(b)}"
        for n, (a, _, b) in zip(names, pieces, strict=True)
    )

    found = []
    with duckdb.connect() as connection:
        for words in (split, expression_words(expression, wanted)):
            for name, value in words.parameters.items():
                connection.execute(f"SET VARIABLE {name} = ?", [value])
            relation = "(SELECT ? AS text)"
            for name, sql in words.steps:
                relation = f"(SELECT *, {sql} AS {name} FROM {relation})"
            picked = ", ".join(words.words[name] for name in names)
            query = f"SELECT {picked}, {words.fits} FROM {relation}"
            found.append(connection.execute(query, [line]).fetchone())

    assert found[0] == found[1] == (*(word for _, word, _ in pieces), True)


def escaped(text: str) -> str:
    """The text as an expression that matches it."""
    return re.escape(text)


def test_a_moment_of_a_date_and_a_time(tmp_path):
    """Most programs write them with a space between, and quotes may hold quotes."""
    lines = (
        r'2025-11-24 16:00:00,250 INFO "GET /a?b=\"c" 200 34',
        r'2025-11-24 16:00:01,250 INFO "GET /b" 200 34',
    )
    pattern = '%{time} %{} "%{request}" %{status} %{duration_ms}'

    rows = take(
        tmp_path, "\n".join(lines), source=plugins.find("sources", "pattern-log"),
        pattern=pattern, timezone="UTC",
    ).rows  # fmt: skip

    assert [row["endpoint"] for row in rows] == ["/a", "/b"]
    assert [row["ts"].second for row in rows] == [0, 1]
