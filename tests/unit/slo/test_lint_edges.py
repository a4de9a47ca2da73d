"""Where a lint rule begins to speak, and where it must not: both sides of each bound."""

from __future__ import annotations

import pytest

from slogate.errors import SpecError
from slogate.slo.ignoring import ignores_of
from slogate.slo.lint import lint
from slogate.slo.load import load_specs
from slogate.slo.rules import Held, budget, item, listed, slo, slo_item

NOW = 1_795_500_000_000_000  # 2026-11-24T06:00Z
SLICED = ("budgeting: timeslices", "slice_objective: 95%")
BOTH = "endpoint: POST /order"


def rules(example: str, *, held: dict[str, Held] | None = None) -> list[str]:
    """What is told of an example, in its order."""
    specs = load_specs([("spec.yaml", f"slogate: 1\nservice: shop\n{example}")])
    return [r.rule for spec in specs for r in lint(spec, now_ts=NOW, specs=specs, held=held)]


@pytest.mark.parametrize(
    ("example", "told"),
    [
        pytest.param(slo("objective: 1%"), ["percent-as-fraction"], id="1%"),
        pytest.param(slo("objective: 1.01%"), [], id="over 1%"),
        pytest.param(
            slo("policy: [{remaining: 0.99%, message: x}]"), ["remaining-as-fraction"], id="0.99%"
        ),
        pytest.param(slo("policy: [{remaining: 1%, message: x}]"), [], id="1% left"),
        pytest.param(slo("policy: [{remaining: 0%, message: x}]"), [], id="nothing left"),
        pytest.param(
            slo("policy: [{remaining: 99.9%, message: x, freeze: true}]"), [], id="99.9% frozen"
        ),
        pytest.param(slo("policy: [{remaining: 100%, message: Ship.}]"), [], id="told always"),
        pytest.param(slo("policy: [{remaining: 0%, message: Frozen.}]"), [], id="0% blocks"),
        pytest.param(
            slo("severity: warn", "policy: [{remaining: 0%, message: No more releases.}]"),
            ["freeze-in-words"],
            id="0% of what never blocks",
        ),
        pytest.param(
            slo("policy: [{remaining: 9%, message: Stop and release the kraken.}]"),
            ["freeze-in-words"],
            id="stop … release",
        ),
        pytest.param(
            slo("policy: [{remaining: 9%, message: Ask the release manager.}]"), [], id="no freeze"
        ),
        pytest.param(
            slo("window: {calendar: month, timezone: UTC}", "min_events: 199"),
            ["calendar-without-min-events"],
            id="199 events at 99.5%",
        ),
        pytest.param(
            slo("window: {calendar: month, timezone: UTC}", "min_events: 200"), [], id="200 events"
        ),
        pytest.param(
            slo(*SLICED, "slice: 1h", "objective: 99%", "window: 100h"), [], id="one slice"
        ),
        pytest.param(
            slo(*SLICED, "slice: 1h", "objective: 99%", "window: 99h"),
            ["budget-under-a-slice"],
            id="not quite",
        ),
        pytest.param(slo("where: {a: 'x*'}", "by: a"), [], id="several values"),
        pytest.param(slo("where: {b: x}", "by: a"), [], id="another label"),
    ],
)
def test_promises(example: str, told: list[str]) -> None:
    """Shares, policies, calendars and slices."""
    assert rules(example) == told


@pytest.mark.parametrize(
    ("example", "told"),
    [
        pytest.param(
            slo("window: 30d", "alerts: [{budget: 5%, long: 3d, short: 1h}]"), [], id="half"
        ),
        pytest.param(
            slo("window: 30d", "alerts: [{budget: 4.9%, long: 3d, short: 1h}]"),
            ["alert-too-easy"],
            id="under half",
        ),
        pytest.param(slo("alerts: google"), [], id="the workbook's"),
        pytest.param(slo("window: 7d", "alerts: google"), [], id="the workbook's, shrunk"),
        pytest.param(slo(*SLICED, "slice: 1m", "alerts: google"), [], id="of minutes"),
        pytest.param(slo(*SLICED, "slice: 5m", "alerts: google"), [], id="of five minutes"),
        pytest.param(
            slo(*SLICED, "slice: 15m", "alerts: google"), ["alert-under-a-slice"], id="of 15 min"
        ),
        pytest.param(
            slo("window: [28d, 30d]", "alerts: google"), [], id="of two windows, told apart"
        ),
    ],
)
def test_alerts(example: str, told: list[str]) -> None:
    """Factors and slices."""
    assert rules(example) == told


@pytest.mark.parametrize(
    ("correction", "told"),
    [
        pytest.param("2026-10-27T00:00Z, end: 2026-10-27T07:00Z", [], id="just reached"),
        pytest.param("2026-10-27T00:00Z, end: 2026-10-27T05:00Z", ["correction-over"], id="over"),
        pytest.param("2027-11-24T00:00Z, end: 2027-11-24T05:00Z", [], id="within a year"),
        pytest.param(
            "2027-11-26T00:00Z, end: 2027-11-26T05:00Z", ["correction-far-ahead"], id="over a year"
        ),
        pytest.param(
            "2020-01-01T00:00Z, end: 2020-01-01T12:00Z, rrule: FREQ=DAILY", ["corrected-away"],
            id="half of each day",
        ),
        pytest.param(
            "2020-01-01T00:00Z, end: 2020-01-01T11:59Z, rrule: FREQ=DAILY", [], id="less"
        ),
        pytest.param(
            "2020-01-01T00:00Z, end: 2020-01-01T01:00Z, rrule: FREQ=DAILY;COUNT=5",
            ["correction-over"],
            id="recurred five times",
        ),
    ],
)  # fmt: skip
def test_corrections(correction: str, told: list[str]) -> None:
    """What no window reaches, what covers a window; a window of 28 days."""
    assert rules(f"{slo()}corrections:\n  - {{reason: x, start: {correction}}}\n") == told


@pytest.mark.parametrize(
    ("demand", "promise", "told"),
    [
        pytest.param("p99: 400ms", "99%", [], id="the same"),
        pytest.param("p99: 401ms", "99%", ["budget-slower-than-slo"], id="slower"),
        pytest.param("p95: 401ms", "99%", ["budget-slower-than-slo"], id="less of it"),
        pytest.param("p99.9: 401ms", "99%", [], id="more of it"),
        pytest.param("p95: 2s", "96%", ["budget-slower-than-slo"], id="nothing else demanded"),
        pytest.param("max: 400ms", "99%", [], id="all of it"),
        pytest.param("p95: 390ms", "99%", [], id="less of it, as fast"),
        pytest.param("p99: 134ms", "99%", [], id="under three times"),
        pytest.param("p99: 133ms", "99%", ["slo-looser-than-budget"], id="three times"),
        pytest.param("errors: 1%", "99%", [], id="as many failures"),
        pytest.param("errors: 1.01%", "99%", ["budget-fails-more-than-slo"], id="more failures"),
        pytest.param("mean: 5s", "99%", [], id="a mean says nothing of it"),
    ],
)
def test_budgets_beside_slos(demand: str, promise: str, told: list[str]) -> None:
    """An SLO of requests within 400 ms."""
    assert rules(budget(demand) + slo(f"objective: {promise}")) == told


@pytest.mark.parametrize(
    "example",
    [
        pytest.param(
            budget("p99: 900ms", "endpoint: GET /order") + slo("objective: 99%"), id="endpoint"
        ),
        pytest.param(budget("p99: 900ms", "where: {a: b}") + slo("objective: 99%"), id="labels"),
        pytest.param(
            listed("budgets", item("name: a", BOTH, "p99: 900ms"),
                   item("name: b", BOTH, "p99.5: 300ms", "failures: drop"))
            + slo("objective: 99%"),
            id="another budget guards it",
        ),
        pytest.param(
            budget("p99: 900ms")
            + slo("objective: 99%", "good: ok and (duration <= 400ms or status == 201)"),
            id="no plain limit",
        ),
        pytest.param(
            listed("budgets", item("name: a", BOTH, "p95: 900ms"),
                   item("name: b", BOTH, "p95: 300ms", "failures: drop")),
            id="another population",
        ),
        pytest.param(
            listed("budgets", item("name: a", BOTH, "p95: 900ms"),
                   item("name: b", BOTH, "p95: 300ms", "severity: warn")),
            id="another severity",
        ),
        pytest.param(
            listed("slos", slo_item("name: a"), slo_item("name: b", "objective: 99.9%")),
            id="another objective",
        ),
        pytest.param(listed("slos", slo_item("name: a1"), slo_item("name: a2", "window: 7d")),
                     id="other names"),
        pytest.param(
            listed("slos", slo_item("name: a", "good: duration <= 400ms"),
                   slo_item("name: b", "good: ok", "endpoint: GET /order").replace(
                       "    endpoint: GET /order\n", "")),
            id="failures of the service count",
        ),
    ],
)  # fmt: skip
def test_pairs_that_are_no_pairs(example: str) -> None:
    """Other requests, other populations, other severities."""
    assert rules(example) == []


def test_contradictions_between_budgets() -> None:
    """A p99 under the p95 of another budget of the same requests."""
    two = listed(
        "budgets", item("name: a", BOTH, "p95: 300ms"), item("name: b", BOTH, "p99: 200ms")
    )

    assert rules(two) == ["limits-out-of-order"]
    assert rules(two.replace("200ms", "300ms")) == []
    assert rules(two.replace("p99: 200ms", "p95: 200ms")) == ["budget-twice"]


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("/logo.*", []),
        ("/items/{id}", []),
        ("/items/:id", []),
        ("/items/[id]", []),
        ("/v1.0/files/*.*", []),
        ("/a-b/(new)", []),
        ("get cart", []),
        ("Post comment", []),
        ("POST /post", []),
        ("get /cart", ["lower-case-method"]),
        ("GET", ["method-alone"]),
        ("/items/.*", ["endpoint-regex"]),
        ("^/items", ["endpoint-regex"]),
        ("/items/[0-9]+", ["endpoint-regex"]),
        ("/items/[^/]", ["endpoint-regex"]),
        (r"/items/\d", ["endpoint-regex"]),
        ("/(a|b)", ["endpoint-regex"]),
    ],
)
def test_endpoints(endpoint: str, told: list[str]) -> None:
    """Names that tools give, and regular expressions."""
    assert rules(budget(f"endpoint: '{endpoint}'", "p95: 300ms")) == told


@pytest.mark.parametrize(
    ("good", "told"),
    [
        ("ok", []),
        ("status >= 100", []),
        ("status < 600", []),
        ("not (status == 404)", []),
        ("status == 200", []),
        ("ok or not ok", ["success-without-meaning"]),
        ("status < 300 and status > 400", ["success-without-meaning"]),
        ("duration > 1s", ["success-without-meaning"]),
        ("not ok", ["success-without-meaning"]),
        ("ok and duration >= 0ms", []),
        (" or ".join(f"status == {200 + at}" for at in range(40)), []),
    ],
)
def test_what_is_good(good: str, told: list[str]) -> None:
    """Always, never, or the wrong way round; a response at all is a meaning."""
    every = {"fast-failures-good", "slo-looser-than-budget"}

    assert [rule for rule in rules(slo(f"good: {good}")) if rule not in every] == told


@pytest.mark.parametrize(
    ("example", "held", "told"),
    [
        pytest.param(slo(), None, ["service-without-data"], id="nothing"),
        pytest.param(slo(), (("GET /x", 10**6),), ["endpoint-without-data"], id="another endpoint"),
        pytest.param(slo(), (("POST /order", 10**6),), [], id="enough"),
        pytest.param(
            slo("objective: 99%", "window: 10d"), (("POST /order", 100),), [], id="one request"
        ),
        pytest.param(
            slo("objective: 99%", "window: 10d"), (("POST /order", 99),),
            ["budget-under-a-request"], id="not quite",
        ),
        pytest.param(
            slo("objective: 90%", "window: 10d", "min_events: 100"), (("POST /order", 100),), [],
            id="as many",
        ),
        pytest.param(
            slo("objective: 90%", "window: 10d", "min_events: 101"), (("POST /order", 100),),
            ["min-events-out-of-reach"], id="one more",
        ),
    ],
)  # fmt: skip
def test_stores(example: str, held: tuple[tuple[str, int], ...] | None, told: list[str]) -> None:
    """Ten days of production, with so many requests."""
    found = Held(endpoints=held or (), span_us=10 * 86_400_000_000)

    assert rules(example, held={"shop": found} if held else {}) == told
    assert rules(example) == []


@pytest.mark.parametrize(
    ("edges", "told"),
    [
        pytest.param(None, [], id="single requests"),
        pytest.param((400_000, 500_000), [], id="a bound"),
        pytest.param((250_000, 500_000), ["limit-inside-a-bucket"], id="inside"),
        pytest.param((390_000, 410_000), [], id="inside a narrow one"),
        pytest.param((389_000, 410_000), ["limit-inside-a-bucket"], id="not so narrow"),
        pytest.param((100_000, 200_000), [], id="beyond all of them"),
    ],
)
def test_buckets(edges: tuple[int, ...] | None, told: list[str]) -> None:
    """A limit of 400 ms, against the bounds of what is kept."""
    held = Held(endpoints=(("POST /order", 10**6),), span_us=10**12, edges_us=edges)

    assert rules(slo(), held={"shop": held}) == told


@pytest.mark.parametrize(
    "text",
    ["# slogate: ignore x: y", "a: [\n# slogate: ignore x: y", "a: 1\r# slogate: ignore x: y", ""],
)
def test_comments_of_what_cannot_be_read(text: str) -> None:
    """No document, no YAML, line ends of another age: nothing is ignored, nothing breaks."""
    assert ignores_of(text) == []


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("objective: 1%", "per cent, not a fraction: 99.9%"),
        ("objective: 0.95%", "per cent, not a fraction: 95%"),
        ("window: 28", "write 28d if it is days"),
        ("window: 30m", "write one like 28d"),
        ("window: month", "write one like 28d, or {calendar: month, timezone: UTC}"),
        ("window: 1M", "write one like 28d, or {calendar: month, timezone: UTC}"),
    ],
)
def test_what_a_hint_says_to_write_is_read(key: str, hint: str) -> None:
    """No remedy leads to the next fault: neither an objective of 100% nor a window of 28 s."""
    files = [("spec.yaml", f"slogate: 1\nservice: shop\n{slo(key)}")]
    try:
        specs = load_specs(files)
    except SpecError as error:
        (fault,) = error.faults
        assert fault.hint == hint
    else:
        (remark,) = (r for spec in specs for r in lint(spec, now_ts=NOW, specs=specs))
        assert remark.hint == hint
