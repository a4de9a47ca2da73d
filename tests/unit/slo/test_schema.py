"""The JSON Schema says what `load` says, as far as a schema can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft7Validator, Draft202012Validator
from spec_strategies import SPECS

from slogate.errors import SpecError
from slogate.slo.document import Listing, Node, Scalar, Table, read_document
from slogate.slo.load import load_specs
from slogate.slo.schema import schema, schema_text

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "slogate" / "schemas" / "slogate.schema.json"
GOLDEN = ROOT / "tests" / "golden" / "spec"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/spec.yaml"))
REFUSED = [
    "a-list", "bare-numbers", "everything-at-once", "no-values", "no-version", "newer-format",
    "openslo", "regression", "unknown-key", "unknown-key-at-top", "unknown-words", "wrong-types",
]  # fmt: skip


def _plain(node: Node | None) -> Any:
    """Nodes as an editor's YAML 1.2 parser would hand them to a schema."""
    if isinstance(node, Table):
        return {key.text: _plain(value) for key, value in node.pairs}
    if isinstance(node, Listing):
        return [_plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    match node.kind:
        case "null":
            return None
        case "bool":
            return node.text.lower() == "true"
        case "number":
            return int(node.text) if node.text.lstrip("+-").isdigit() else float(node.text)
    return node.text


def _text(case: str) -> str:
    return (GOLDEN / case / "spec.yaml").read_bytes().decode()


def _accepted(case: str) -> bool:
    try:
        load_specs([("f", _text(case))])
    except SpecError:
        return False
    return True


def test_the_shipped_schema_is_the_generated_one() -> None:
    """After a change: `slogate spec schema > slogate/schemas/slogate.schema.json`."""
    assert SHIPPED.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("validator", [Draft7Validator, Draft202012Validator])
def test_the_schema_is_valid_in_both_drafts(validator: Any) -> None:
    """Editors read draft-07, newer tools 2020-12."""
    validator.check_schema(schema())


@pytest.mark.parametrize("validator", [Draft7Validator, Draft202012Validator])
@pytest.mark.parametrize("case", [case for case in CASES if _accepted(case)])
def test_what_load_accepts_the_schema_accepts(case: str, validator: Any) -> None:
    """An editor never marks a file that the gate takes."""
    document = _plain(read_document("f", _text(case))[0])

    assert [error.message for error in validator(schema()).iter_errors(document)] == []


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_schema_can_see_it_refuses(case: str) -> None:
    """Unknown keys and words, wrong types, bare numbers, missing keys."""
    document = _plain(read_document("f", _text(case))[0])

    assert not Draft7Validator(schema()).is_valid(document)


@given(SPECS)
def test_any_valid_spec_is_valid_by_the_schema(data: dict[str, Any]) -> None:
    """Whatever the generator of valid specs makes, the schema takes."""
    assert [error.message for error in Draft7Validator(schema()).iter_errors(data)] == []
