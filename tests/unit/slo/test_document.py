"""YAML as nodes with places."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from slogate.slo.document import LONGEST, MOST_ALIASED, Listing, Scalar, Table, read_document

GOLDEN = Path(__file__).parents[2] / "golden" / "spec"


def _scalar(text: str) -> Scalar:
    node, faults = read_document("f", f"key: {text}")
    assert faults == []
    assert isinstance(node, Table)
    value = node.get("key")
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("true", "bool", id="true"),
        pytest.param("FALSE", "bool", id="false in capitals"),
        pytest.param("", "null", id="nothing"),
        pytest.param("~", "null", id="tilde"),
        pytest.param("null", "null", id="null"),
        pytest.param("0", "number", id="zero"),
        pytest.param("-12", "number", id="negative"),
        pytest.param("1.5e3", "number", id="exponent"),
        pytest.param(".5", "number", id="no leading zero"),
        pytest.param("on", "string", id="on"),
        pytest.param("yes", "string", id="yes"),
        pytest.param("010", "string", id="leading zero"),
        pytest.param("0x1f", "string", id="hexadecimal"),
        pytest.param("1_000", "string", id="underscore"),
        pytest.param("12:30", "string", id="sexagesimal"),
        pytest.param("2026-11-24", "string", id="date"),
        pytest.param(".inf", "string", id="infinity"),
        pytest.param("'1'", "string", id="quoted number"),
        pytest.param('"true"', "string", id="quoted boolean"),
        pytest.param("٣", "string", id="digit of another script"),
    ],
)
def test_scalars_are_those_of_the_core_schema_decimal_only(text: str, kind: str) -> None:
    """A plain scalar is null, boolean or decimal number, else text; its text is kept."""
    scalar = _scalar(text)

    assert scalar.kind == kind
    assert scalar.text == text.strip("'\"")


def test_every_key_and_value_knows_its_line_and_column() -> None:
    """Places count from 1, in characters, in block and flow style."""
    node, _ = read_document("f", "ключ: 1\nb:\n  - {x: y}\n  - 'z'\n")

    assert isinstance(node, Table)
    items = node.get("b")
    assert isinstance(items, Listing)
    first, second = items.items
    assert isinstance(first, Table)
    key, value = first.pairs[0]
    places = [(n.line, n.column) for n in (node.pairs[0][1], items, key, value, second)]
    assert places == [(1, 7), (3, 3), (3, 6), (3, 9), (4, 5)]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        pytest.param("abc", 8, id="plain"),
        pytest.param("'abc'", 9, id="quoted"),
        pytest.param('"\\x61bc"', 6, id="escaped: the value itself"),
    ],
)
def test_a_character_of_a_value_has_a_column(text: str, column: int) -> None:
    """An offset in the text becomes a column where the text stands as written."""
    assert _scalar(text).column_of(2) == column


def _faults(text: str) -> list[str]:
    return [f"{f.line}:{f.column} {f.message}" for f in read_document("f", text)[1]]


def test_a_file_that_is_too_long_is_refused() -> None:
    """A million characters are the most."""
    assert _faults("a" * (LONGEST + 1)) == ["1:1 longer than 1,000,000 characters"]


def test_aliases_may_repeat_some_values_and_not_many() -> None:
    """The bound counts every node that aliases stand for."""
    fits = "a: &a [" + "x," * (MOST_ALIASED - 1) + "]\nb: *a\n"

    assert _faults(fits) == []
    assert _faults(fits + "c: *a\n") == ["3:4 aliases repeat more than 1,000 values"]


def test_a_nested_flood_ends_early() -> None:
    """Depth is bounded before the parser's or Python's own limits."""
    assert _faults("[" * 60 + "]" * 60) == ["1:51 nested more than 50 deep"]
    assert _faults("[" * 100_000) == ["1:1001 nested more than 50 deep"]
    assert _faults("- " * 100_000) == ["1:101 nested more than 50 deep"]


def test_faults_before_a_syntax_error_are_told_too() -> None:
    """A syntax error ends its file, what was seen before it is kept."""
    assert _faults("a: 1\na: 2\nb: [\n") == [
        "2:1 'a' is written twice, first at 1:1",
        "4:1 a value is missing here",
    ]


@pytest.mark.parametrize("case", sorted(path.parent.name for path in GOLDEN.glob("*/spec.yaml")))
def test_both_parsers_read_alike(case: str) -> None:
    """Without libyaml the Python parser gives the same nodes, and faults on the same lines."""
    text = (GOLDEN / case / "spec.yaml").read_bytes().decode()
    fast, slow = (
        read_document("f", text, loader=loader) for loader in (yaml.CSafeLoader, yaml.SafeLoader)
    )

    assert slow[0] == fast[0]
    assert [f.line for f in slow[1]] == [f.line for f in fast[1]]
