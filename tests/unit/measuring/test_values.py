"""Queries that a server has to reckon: ratios, thresholds, weights, and what is no value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asking import START_US, judged, query
from replay import Replay, serving

from slogate.errors import SourceError
from slogate.measuring.servers import TRIES
from slogate.sources._prometheus.spans import TROUBLES
from slogate.verdict import Outcome

START_MS = START_US // 1000


@pytest.fixture(name="ask")
def _ask() -> Iterator[Any]:
    """Judge an indicator whose queries have these values, one a minute; None: no value."""
    with serving(Replay([({"__name__": "x"}, {START_MS: "1"})])) as replay:

        def ask(indicator: Any, *, step: int = 60_000, **keys: Any) -> Any:
            values = {name: keys.pop(name) for name in ("x / y", "x * 1", "y * 1") if name in keys}
            for name, some in values.items():
                points = {
                    START_MS + (i + 1) * step: str(value)
                    for i, value in enumerate(some)
                    if value is not None
                }
                replay.ranges[name] = [({}, points)]
            return judged(replay, indicator, **keys)

        ask.replay = replay  # type: ignore[attr-defined]
        yield ask


def raw(kind: str = "success") -> dict[str, Any]:
    """A ratio that is reckoned elsewhere."""
    return {"raw": query("x / y"), "raw_type": kind}


def threshold(op: str, value: str) -> dict[str, Any]:
    """A value that is compared."""
    return {"threshold": query("x / y"), "op": op, "value": float(value)}


WEIGHED = {"good": query("x * 1"), "total": query("y * 1")}


@pytest.mark.parametrize(
    ("kind", "values", "bad"),
    [
        ("success", [0.999] * 59 + [0.5], 0.559),
        ("failure", [0.001] * 59 + [0.5], 0.559),
        ("success", [1] * 60, 0),
        ("success", [1, "NaN"] * 30, 0),
    ],
)
def test_a_ratio_is_the_mean_of_its_minutes(ask, kind, values, bad):
    """It has no counts: each minute counts alike, and NaN says that there was nothing."""
    found = ask(raw(kind), **{"x / y": values})

    assert found.budget["bad"] == pytest.approx(bad, abs=1e-6)
    assert found.budget["total"] == sum(value != "NaN" for value in values)
    assert found.budget["source"]["method"] == "sampled"
    assert any("not counted, but reckoned" in each for each in found.warnings)


def test_no_value_is_not_zero_and_not_good(ask):
    """From the first value on it is unknown: bad in the worst case, good in the best."""
    late = ask(raw(), **{"x / y": [None] * 30 + [1] * 30})
    gaps = ask(raw(), **{"x / y": [1] * 20 + [None] * 20 + [1] * 20})
    stopped = ask(raw(), **{"x / y": [1] * 40})

    assert late.outcome is Outcome.PASS
    assert any("coverage" in each for each in late.warnings)
    assert (gaps.outcome, gaps.budget["bad"]) == (Outcome.INCONCLUSIVE, 20)
    assert gaps.budget["best_case"]["bad"] == 0
    assert stopped.outcome is Outcome.INCONCLUSIVE
    assert any("no value at 20 of 60 steps" in each for each in stopped.warnings)


@pytest.mark.parametrize("value", ["1.5", "-0.5", "+Inf", "-Inf"])
def test_what_is_no_share_never_passes(ask, value):
    """A ratio over 1 is of another unit than a share."""
    found = ask(raw(), **{"x / y": [value] * 60})

    assert found.outcome in {Outcome.INVALID, Outcome.FAIL}
    passing = ask(raw(), **{"x / y": [1] * 55 + [value] * 5, "objective": "50%"})
    assert passing.outcome is Outcome.INVALID
    assert "no share of good events" in passing.reason


@pytest.mark.parametrize(("op", "bad"), [("lte", 1), ("lt", 2), ("gte", 1), ("gt", 2)])
def test_a_value_is_compared_as_it_is(ask, op, bad):
    """The limit itself is good with `lte` and `gte`, and 0.3 is 0.3."""
    other = "0.30000000000000004" if op in {"lt", "lte"} else "0.29999999999999999"

    found = ask(threshold(op, "0.3"), **{"x / y": ["0.3", other] * 30})

    assert (found.failed, found.total) == (30 * bad, 60)


def test_infinite_values_are_compared_and_nan_is_nothing(ask):
    """A quantile beyond the last bucket is over any limit; without traffic there is no point."""
    found = ask(threshold("lte", "0.5"), **{"x / y": ["+Inf", "NaN", *["0.1"] * 58]})

    assert (found.failed, found.total, found.budget["unit"]) == (1, 59, "points")


def test_points_of_a_slice_share_it(ask):
    """A slice is good while enough of its minutes are."""
    values = [1.0] * 60
    values[3] = values[4] = values[17] = 9.0

    found = ask(
        threshold("lt", "2"), budgeting="timeslices", slice="10m", slice_objective="90%",
        **{"x / y": values},
    )  # fmt: skip

    assert (found.budget["bad"], found.budget["total"], found.total) == (1, 6, 60)


def test_weights_are_summed_not_averaged(ask):
    """A busy minute counts more than a quiet one; parts of events are carried on."""
    totals = [1000] + [0.5] * 58 + [0]
    good = [500] + [0.5] * 58 + [0]

    found = ask(WEIGHED, **{"y * 1": totals, "x * 1": good})

    assert (found.total, found.failed) == (1029, 500)


def test_rates_are_events_of_a_step(ask):
    """What is a rate a second is so many events a minute."""
    ask.replay.ranges = {
        "rate(x[1m]) * 1": [({}, {START_MS + i * 60_000: "0.5" for i in range(1, 61)})],
        "rate(y[1m]) * 1": [({}, {START_MS + i * 60_000: "0.1" for i in range(1, 61)})],
    }
    indicator = {"bad": query("rate(y[1m]) * 1"), "total": query("rate(x[1m]) * 1")}

    found = ask(indicator)

    assert (found.total, found.failed) == (1800, 360)


def test_slices_of_weights_are_judged_by_their_share(ask):
    """However small the values, and several series are added up."""
    indicator = {"good": query("x * 1"), "total": query("y * 1")}
    at = [START_MS + i * 60_000 for i in range(1, 61)]
    ask.replay.ranges["x * 1"] = [
        ({"pod": "a"}, dict.fromkeys(at, "0.0001")), ({"pod": "b"}, dict.fromkeys(at, "0.0008")),
    ]  # fmt: skip
    ask.replay.ranges["y * 1"] = [({}, dict.fromkeys(at, "0.001"))]

    strict = ask(indicator, budgeting="timeslices", slice="1m", slice_objective="91%")
    loose = ask(indicator, budgeting="timeslices", slice="1m", slice_objective="90%")

    assert (strict.budget["bad"], loose.budget["bad"]) == (60, 0)


def test_a_window_in_the_query_is_that_of_the_step(ask):
    """`{{.window}}` is the slice, so that slices share nothing and miss nothing."""
    ask.replay.ranges = {"f(x[300000ms]) / 1": [({}, {START_MS + 300_000: "1"})]}
    indicator = {"raw": query("f(x[{{.window}}]) / 1"), "raw_type": "success"}

    ask(indicator, budgeting="ratio_timeslices", slice="5m")

    asked = [form for path, form, _ in ask.replay.asked if path.endswith("query_range")]
    assert {form["query"][0] for form in asked} == {"f(x[300000ms]) / 1"}
    assert {form["step"][0] for form in asked} == {"300.000"}


def test_several_series_are_refused_where_one_is_needed(ask):
    """Nobody knows which of them would be the ratio."""
    points = {START_MS + 60_000: "1"}
    ask.replay.ranges["x / y"] = [({"pod": "a"}, points), ({"pod": "b"}, points)]

    with pytest.raises(SourceError, match="it gives 2 series at once"):
        ask(raw())


def test_what_is_too_much_is_asked_in_pieces(ask):
    """The same values, whatever the server allows in one answer."""
    ask.replay.most = 7

    assert ask(raw(), **{"x / y": [1] * 60}).budget["total"] == 60


@pytest.mark.parametrize(
    ("told", "found"),
    [({"infos": ["metric might not be a counter"]}, Outcome.INVALID), ({}, Outcome.PASS)],
)
def test_remarks_of_the_server_never_pass(ask, told, found):
    """It says that the query may not mean what it seems to."""
    ask.replay.told = told

    assert ask(raw(), **{"x / y": [1] * 60}).outcome is found


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"warnings": ["a store is unavailable"]}, "a store is unavailable"),
        ({"warnings": "a store is unavailable"}, "a store is unavailable"),
        ({"isPartial": True}, "isPartial"),
    ],
)
def test_warnings_of_the_server_are_errors(ask, told, said):
    """A part of the answer is no answer, in whatever form that is told; the hint fits here."""
    ask.replay.told = told

    with pytest.raises(SourceError, match=f"may not be whole: {said}") as raised:
        ask(raw(), **{"x / y": [1] * 60})

    assert "warnings: accept in connectionDetails" in str(raised.value.hint)


def test_metrics_that_never_were_are_no_lack_of_data(ask):
    """A slip in the query is not what on_no_data is for."""
    never = ask({"raw": query("nothing / x"), "raw_type": "success"}, on_no_data="pass")
    silent = ask({"raw": query("x / x"), "raw_type": "success"}, on_no_data="pass")

    assert (never.outcome, never.blocking) == (Outcome.INVALID, True)
    assert "has never had a metric nothing" in never.reason
    assert (silent.outcome, silent.blocking) == (Outcome.NO_DATA, False)


class Troubled(Replay):
    """A server that reckons nothing in time, so many times."""

    left = 0

    def _range(self, form: dict[str, list[str]]) -> Any:
        self.left -= 1
        if self.left < 0:
            return super()._range(form)
        return 504, {}, b"upstream timed out"


@pytest.mark.parametrize("times", [4, 1_000])
def test_a_server_that_reckons_nothing_is_given_up_soon(times):
    """Asked for less and less a few times; one that answers again meanwhile is gone on with."""
    points = {START_MS + minute * 60_000: "1" for minute in range(1, 61)}
    troubled = Troubled([({"__name__": "x"}, {START_MS: "1"})], ranges={"x / y": [({}, points)]})
    troubled.left = times * TRIES
    with serving(troubled) as replay:
        if times < TROUBLES:
            assert judged(replay, raw()).outcome is Outcome.PASS
        else:
            with pytest.raises(SourceError, match="upstream timed out") as caught:
                judged(replay, raw())

            assert caught.value.hint == "call it again when the server is well"
            assert sum("query_range" in path for path, *_ in replay.asked) == TROUBLES * TRIES


def test_a_server_that_does_not_say_what_a_metric_is():
    """It is told, like any other trouble of a server."""

    class Mute(Replay):
        def answer(self, path: str, form: dict[str, list[str]]) -> Any:
            if path.endswith("metadata"):
                return 504, {}, b"upstream timed out"
            return super().answer(path, form)

    mute = serving(Mute([({"__name__": "x"}, {START_MS: "1"})]))
    with mute as replay, pytest.raises(SourceError, match="errors is a counter: HTTP 504"):
        judged(replay, {"bad": query("errors"), "total": query("requests")})
