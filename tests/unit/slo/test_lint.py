"""What is valid and most likely not meant."""

from __future__ import annotations

import pytest

from slogate.slo.lint import RULES, Remark, lint
from slogate.slo.load import load_specs
from slogate.slo.rules import Planned

DAY_US = 86_400_000_000
END_OF_2026_12_01 = 20_789 * DAY_US - 1


def _lint(budget: str, *, now_ts: int = 0, planned: Planned | None = None) -> list[Remark]:
    text = f"slogate: 1\nservice: shop\nbudgets:\n  - {{name: a, endpoint: GET /a, {budget}}}\n"
    (spec,) = load_specs([("shop.yaml", text)])
    return lint(spec, now_ts=now_ts, planned=planned)


def _rules(budget: str, *, now_ts: int = 0, planned: Planned | None = None) -> list[str]:
    return [remark.rule for remark in _lint(budget, now_ts=now_ts, planned=planned)]


@pytest.mark.parametrize(
    ("budget", "rules"),
    [
        pytest.param("p50: 1s, p95: 1s, p99: 2s, max: 2s", [], id="limits that rise"),
        pytest.param("p99: 1s, p95: 2s", ["limits-out-of-order"], id="p99 under p95"),
        pytest.param("p95: 2s, max: 1s", ["limits-out-of-order"], id="max under p95"),
        pytest.param("mean: 2s, max: 1s", ["mean-over-max"], id="mean over max"),
        pytest.param("mean: 1s, max: 1s", [], id="mean at max"),
        pytest.param("p95: 1s, confidence: 89.9%", ["low-confidence"], id="low confidence"),
        pytest.param("p95: 1s, confidence: 90%", [], id="confidence of 90%"),
        pytest.param("p95: 1s, judge: observed", ["point-rule"], id="point rule"),
        pytest.param("p95: 1s, on_no_data: warn", ["no-data-passes"], id="absence passes"),
        pytest.param("p95: 1s, on_no_data: warn, severity: info", [], id="never blocks anyway"),
        pytest.param("errors: 1%, ok: not ok", ["success-without-meaning"], id="success inverted"),
        pytest.param("errors: 1%, ok: ok or status == 404", [], id="404 is a success"),
    ],
)
def test_a_rule_speaks_where_it_should_and_only_there(budget: str, rules: list[str]) -> None:
    """Each rule on either side of its bound."""
    assert _rules(budget) == rules


@pytest.mark.parametrize(
    ("days", "rules"),
    [
        pytest.param(91, ["waiver-without-end"], id="91 days before"),
        pytest.param(90, [], id="90 days before"),
        pytest.param(0, [], id="at its end"),
        pytest.param(-1, ["waiver-over"], id="a day after"),
    ],
)
def test_a_waiver_has_an_end_in_sight(days: int, rules: list[str]) -> None:
    """Run out, or further away than 90 days, is remarked on; the clock is an argument."""
    waiver = "p95: 1s, waive: {until: 2026-12-01, reason: known}"

    assert _rules(waiver, now_ts=END_OF_2026_12_01 - days * DAY_US) == rules


@pytest.mark.parametrize(
    ("budget", "planned", "rules"),
    [
        pytest.param("throughput: 95/s", (60, 100.0), [], id="95% of the rate"),
        pytest.param("throughput: 96/s", (60, 100.0), ["throughput-out-of-reach"], id="over it"),
        pytest.param("throughput: 96/s", (60, None), [], id="rate not known"),
        pytest.param("p95: 1s", (15, 4.9), [], id="73 requests for p95"),
        pytest.param("p95: 1s", (15, 4.8), ["too-few-requests"], id="72 requests for p95"),
        pytest.param("p99: 1s", (60, 6.2), [], id="372 requests for p99"),
        pytest.param("p99: 1s, warmup: 1s", (60, 6.2), ["too-few-requests"], id="less the warm-up"),
        pytest.param("errors: 1%", (60, 6.0), ["too-few-requests"], id="errors need them too"),
        pytest.param("errors: 0", (60, 6.0), ["zero-errors"], id="no errors are a fact"),
        pytest.param(
            "p99: 1s, judge: observed", (60, 1.0), ["point-rule"], id="a point needs no interval"
        ),
        pytest.param("max: 1s, warmup: 51s", (60, None), ["too-short"], id="9 s are too short"),
        pytest.param("max: 1s, warmup: 50s", (60, None), [], id="10 s are enough"),
    ],
)
def test_a_plan_shows_what_it_cannot_decide(
    budget: str, planned: tuple[int, float | None], rules: list[str]
) -> None:
    """The least number is the judge's own: 73 requests for p95 if none is bad."""
    seconds, rate = planned

    assert _rules(budget, planned=Planned(run_us=seconds * 1_000_000, rate=rate)) == rules


@pytest.mark.parametrize(
    ("budget", "hint"),
    [
        pytest.param("p99: 1s", "run for 62 s or more, or promise a lower percentile", id="p99"),
        pytest.param("errors: 1%", "run for 62 s or more, or allow more failures", id="errors"),
    ],
)
def test_too_few_requests_are_mended_by_kind(budget: str, hint: str) -> None:
    """Nobody can promise a lower percentile of failures."""
    (remark,) = _lint(budget, planned=Planned(run_us=10_000_000, rate=6.0))

    assert remark.hint == hint


def test_a_remark_has_its_place_and_says_how_to_mend_it() -> None:
    """Printed as file:line:column, severity, rule, sentence and hint."""
    (remark,) = _lint("p99: 1s, p95: 2s")

    assert str(remark) == (
        "shop.yaml:4:33: error: [limits-out-of-order] p99 1s is under p95 2s\n"
        "    raise p99 or lower p95"
    )


def test_rules_are_named_once_and_explain_themselves() -> None:
    """Ids are unique, each with a sentence."""
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert all(rule.help.endswith(".") for rule in RULES)
