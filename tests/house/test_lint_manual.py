"""The manual of the lint rules is made of the rules themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from slogate.cli.app import run
from slogate.cli.docs import find_page, pages
from slogate.slo.fault_rules import FAULT_RULES
from slogate.slo.ignoring import IGNORE_RULES
from slogate.slo.lint import RULES
from slogate.slo.manual import entries, page
from slogate.slo.openslo.profile import RULES as OPENSLO_RULES
from slogate.slo.openslo.read import read_documents
from slogate.slo.openslo_rules import EXAMPLES, openslo_entries

ROOT = Path(__file__).resolve().parents[2]
SLO = ROOT / "slogate" / "slo"
EVERY = entries()


def test_the_page_is_what_the_rules_say(update: bool) -> None:
    """The table of the manual is made anew; `--update` writes it."""
    shipped = ROOT / "slogate" / "docs" / "lint-rules.md"
    if update:
        shipped.write_text(page(), encoding="utf-8")

    assert shipped.read_text(encoding="utf-8") == page()


def test_every_rule_of_the_folder_is_told() -> None:
    """A room of rules that nobody listed would never be asked."""
    written = {
        found
        for file in SLO.glob("*_rules.py")
        for found in re.findall(r'\bid="([a-z-]+)"', file.read_text(encoding="utf-8"))
    }

    assert written == {rule.id for rule in (*RULES, *FAULT_RULES)}
    assert {rule.id for rule in EVERY} == written | {rule.id for rule in IGNORE_RULES}


def test_faults_are_told_by_ids_that_are_there() -> None:
    """Whatever id a fault is given where it is found, the manual has it."""
    given = {
        found
        for file in SLO.glob("*.py")
        for found in re.findall(r'\brule="([a-z-]+)"', file.read_text(encoding="utf-8"))
    }

    assert given <= {rule.id for rule in FAULT_RULES}
    assert {"unknown-key", "duplicate-key", "name-taken"} <= given


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_rule_is_printed(rule, capsys: pytest.CaptureFixture[str]) -> None:
    """`slogate docs RULE` says what it finds and why, and shows wrong and right."""
    assert run(["docs", rule.id]) == 0
    printed = capsys.readouterr().out

    if rule.id != "spec":  # there the manual has a page of its own
        assert printed.startswith(f"# {rule.id}\n\n{rule.severity}: {rule.help}\n")
        assert rule.why in printed
        assert printed.count("\n        ") >= 2
    assert f"| `{rule.id}`" in find_page(pages(), "lint-rules").text


def test_a_rule_is_near_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in the name of a rule is met with the rule."""
    assert run(["docs", "zero-erors"]) == 2
    assert "did you mean 'zero-errors'?" in capsys.readouterr().err


@pytest.mark.parametrize("rule", openslo_entries(), ids=lambda rule: rule.id)
def test_a_rule_of_openslo_is_printed(rule, capsys: pytest.CaptureFixture[str]) -> None:
    """Likewise, with its severity in both profiles, and how to ignore it where that can be."""
    assert run(["docs", rule.id]) == 0
    printed = capsys.readouterr().out
    known = OPENSLO_RULES[rule.id.removeprefix("openslo/")]

    assert printed.startswith(f"# {rule.id}\n\n{known.strict}")
    assert (f"{known.lenient} with `--profile lenient`" in printed) == (
        known.strict != known.lenient
    )
    assert ("slogate: ignore" in printed) == ((known.strict, known.lenient) != ("error", "error"))


@pytest.mark.parametrize("name", OPENSLO_RULES)
def test_an_example_of_openslo_breaks_its_rule(name: str) -> None:
    """The document is valid with the right fragment, and breaks the rule with the wrong one."""
    example = EXAMPLES[name]
    right, wrong = (
        read_documents([("f.yaml", text)], profile="strict").remarks
        for text in (
            example.document,
            example.document.replace(example.right, example.wrong, 1),
        )
    )

    assert example.right in example.document
    assert right == ()
    assert f"openslo/{name}" in {remark.rule for remark in wrong}
