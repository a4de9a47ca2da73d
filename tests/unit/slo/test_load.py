"""Specs from text."""

from __future__ import annotations

import hashlib
import json
import random
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from spec_strategies import PIECES, SPECS, TEXTS

from slogate.errors import Fault, SpecError
from slogate.model.predicate import And, Comparison, Ok
from slogate.slo.load import load_specs
from slogate.slo.spec import Spec
from slogate.units import parse_duration, parse_share

HEAD = "slogate: 1\nservice: shop\n"


def _load(text: str) -> Spec:
    (spec,) = load_specs([("shop.yaml", text)])
    return spec


def _said(*files: tuple[str, str]) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load_specs(files)
    return [f"{f.file}:{f.line}:{f.column} {f.message}" for f in caught.value.faults]


def _faults(text: str) -> list[Fault]:
    try:
        load_specs([("f", text)])
    except SpecError as error:
        if not error.faults:
            raise AssertionError("a SpecError without a fault") from error
        return error.faults
    return []


def test_an_objective_knows_its_key_its_text_and_its_place() -> None:
    """The place is the key's; the hash is that of the whole text."""
    text = HEAD + "budgets:\n  - name: submit\n    p95: 0.3s\n"
    (objective,) = _load(text).objectives

    assert (objective.id, objective.text) == ("shop/submit/p95", "0.3s")
    assert (objective.limit, objective.quantile) == (Fraction(300_000), Fraction(95, 100))
    assert (objective.place.line, objective.place.column) == (5, 5)
    assert objective.place.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_defaults_hold_where_a_budget_says_nothing() -> None:
    """A budget's own settings win over the file's, the file's over the built-in ones."""
    text = HEAD + (
        "defaults: {warmup: 5s, severity: warn}\nok: ok and duration <= 2s\nbudgets:\n"
        "  - {name: a, errors: 1%}\n"
        "  - {name: b, errors: 1%, warmup: 0s, severity: info, ok: ok, failures: drop}\n"
    )
    first, second = (objective.scope for objective in _load(text).objectives)

    assert (first.warmup_us, first.severity, first.failures) == (5_000_000, "warn", "slow")
    assert first.selection.success == And(Ok(), Comparison("duration", "<=", 2_000_000))
    assert (second.warmup_us, second.severity, second.failures) == (0, "info", "drop")
    assert second.selection.success == Ok()


def test_a_waiver_holds_to_the_end_of_its_day_in_utc() -> None:
    """The last microsecond of the day is its end."""
    text = HEAD + "budgets:\n  - {name: a, max: 1s, waive: {until: 1970-01-02, reason: known}}\n"
    (objective,) = _load(text).objectives

    assert objective.scope.waiver is not None
    assert objective.scope.waiver.until_ts == 2 * 86_400_000_000 - 1


def test_a_budget_name_is_unique_across_the_files_of_a_service() -> None:
    """The second file's fault names the first; another service may use the name."""
    budget = "budgets:\n  - {name: submit, p95: 1s}\n"
    files = [("a.yaml", HEAD + budget), ("b.yaml", HEAD + "owner: me\n" + budget)]

    assert _said(*files) == ["b.yaml:5:12 the name 'submit' is already taken at a.yaml:4:12"]
    assert len(load_specs([files[0], ("c.yaml", HEAD.replace("shop", "cart") + budget)])) == 2


def test_two_services_cannot_share_an_id_in_the_history() -> None:
    """A slash in a name may make `a` + `b/c` and `a/b` + `c` alike."""
    files = [
        ("a.yaml", "slogate: 1\nservice: a\nbudgets:\n  - {name: b/c, max: 1s}\n"),
        ("b.yaml", "slogate: 1\nservice: a/b\nbudgets:\n  - {name: c, max: 1s}\n"),
    ]

    assert _said(*files) == ["b.yaml:4:15 the id 'a/b/c/max' is already taken at a.yaml:4"]


def test_all_faults_of_all_files_come_in_one_go_sorted() -> None:
    """A syntax error ends only its own file."""
    files = [
        ("b.yaml", HEAD + "budgets:\n  - {name: a, p95: 300}\n"),
        ("a.yaml", "slogate: 1\nservice: {\n"),
        ("c.yaml", HEAD + "budgets:\n  - {name: c, p95: 1s}\n"),
    ]

    assert [said.split()[0] for said in _said(*files)] == ["a.yaml:3:1", "b.yaml:4:20"]


def test_no_file_is_no_spec() -> None:
    """Whether that is an error is not for `load` to say."""
    assert load_specs([]) == []


def test_regressions_know_their_base_and_their_place() -> None:
    """Each line by itself, beside the objectives, with the scope of its budget."""
    text = HEAD + (
        "budgets:\n  - name: a\n    endpoint: GET /a\n"
        "    regression: {against: main, p99.9: 10%, errors: 0.1%}\n"
    )
    spec = _load(text)
    first, second = spec.regressions

    assert (spec.objectives, spec.unsupported) == ((), ())
    assert (first.id, first.against) == ("shop/a/regression/p99.9", "main")
    assert (first.budget, first.quantile) == (Fraction(1, 10), Fraction(999, 1000))
    assert (second.budget, second.quantile) == (Fraction(1, 1000), None)
    assert str(second.scope.selection) == "GET /a"
    assert second.place is not None
    assert (second.place.line, second.place.column) == (6, 45)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("p95: 10%, p95.0: 5%", "'p95.0' is the same objective as 'p95'"),
        ("p100: 10%", "no percentile between 0 and 100"),
        ("p95: 300ms", "'300ms' is not a percentage"),
        ("throughput: 5/s", "'5/s' is not a percentage"),
    ],
)
def test_regressions_that_cannot_be_are_faults(line: str, said: str) -> None:
    """The same thing twice, no percentile, no share."""
    text = f"{HEAD}budgets:\n  - {{name: a, regression: {{against: main, {line}}}}}\n"

    (fault,) = _said(("f", text))
    assert said in fault


def _written(data: dict[str, Any], style: str) -> str:
    if style == "json":
        return json.dumps(data, ensure_ascii=False)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, default_flow_style=False)


@given(SPECS, st.sampled_from(["json", "block"]))
def test_what_was_written_is_what_is_read(data: dict[str, Any], style: str) -> None:
    """Every value of a valid spec arrives in its objectives, in flow and in block style."""
    spec = _load(_written(data, style))
    expected = [
        (budget["name"], key, str(value))
        for budget in data["budgets"]
        for key, value in budget.items()
        if key in {"max", "mean", "errors", "throughput"} or key[0] == "p"
    ]

    assert [(o.scope.name, o.key, o.text) for o in spec.objectives] == expected
    defaults = data.get("defaults", {})
    by_name = {budget["name"]: {**defaults, **budget} for budget in data["budgets"]}
    for objective in spec.objectives:
        budget, scope = by_name[objective.scope.name], objective.scope
        assert scope.service == data["service"]
        assert scope.warmup_us == parse_duration(budget.get("warmup", "0s"))
        assert scope.confidence == parse_share(budget.get("confidence", "95%"))
        assert scope.severity == budget.get("severity", "error")
        assert (scope.waiver is None) == ("waive" not in budget)
        assert {key for key, _ in scope.selection.where} == set(budget.get("where", {}))


@given(TEXTS)
def test_any_text_is_a_spec_or_a_spec_error(text: str) -> None:
    """No text whatsoever raises anything else; every fault has a place in the file."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1

    for fault in _faults(text):
        assert 1 <= fault.line <= lines + 1
        assert fault.column >= 1


@given(SPECS, st.randoms(use_true_random=False))
def test_a_damaged_spec_is_a_spec_or_a_spec_error(
    data: dict[str, Any], dice: random.Random
) -> None:
    """Pieces put into and cut out of a valid file raise nothing else."""
    text = _written(data, dice.choice(["json", "block"]))
    for _ in range(3):
        at, length = dice.randrange(len(text) + 1), dice.randrange(4)
        text = text[:at] + dice.choice(PIECES) + text[at + length :]

    assert all(fault.message for fault in _faults(text))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("confidence: 99.9999999999999999%", "'99.9999999999999999%' is over 99.9999%"),
        ("confidence: 99.99991%", "'99.99991%' is over 99.9999%"),
        ("confidence: 50%", "'50%' is not over 50%"),
        ("errors: 99.9999999999999999999%", "'99.9999999999999999999%' is finer than can be"),
        ("errors: 99.9999999%", "'99.9999999%' is finer than can be judged"),
        ("errors: 0.0000001%", "'0.0000001%' is finer than can be judged"),
        (f"errors: 0.{'0' * 180}1%", "is finer than can be judged"),
        ("p99.9999999: 1s", "unknown key 'p99.9999999'"),
    ],
)
def test_a_share_that_no_arithmetic_tells_from_its_end_is_a_fault(line: str, said: str) -> None:
    """Found with its place before any load, not as a crash after it."""
    (fault,) = _faults(HEAD + f"budgets:\n  - {{name: a, max: 1s, {line}}}\n")

    assert said in fault.message
    assert (fault.line, fault.column > 20) == (4, True)


@pytest.mark.parametrize(
    "line",
    ["confidence: 99.9999%", "confidence: 50.0001%", "errors: 99.999999%", "errors: 0.000001%",
     "errors: 0%", "p99.999999: 1s", "p0.000001: 1s"],
)  # fmt: skip
def test_the_finest_shares_are_read(line: str) -> None:
    """As floats they lie strictly between their ends."""
    spec = _load(HEAD + f"budgets:\n  - {{name: a, max: 1s, {line}}}\n")

    assert all(0.5 < float(objective.scope.confidence) < 1 for objective in spec.objectives)
    assert all(float(objective.limit) != 1 for objective in spec.objectives)
