"""Counters of a server as counts of an SLO: growth, restarts, new series, silences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asking import MINUTE_US, START_US, events, judged, query
from replay import Replay, counter, histogram, native, serving

from slogate.errors import SourceError
from slogate.verdict import Outcome

SCRAPES = 241  # an hour, one every 15 s
WHO = {"job": "shop", "instance": "a:1"}


def ok(*values: Any, **labels: str) -> Any:
    """The counter of successes of a target."""
    return counter(*values, **{**WHO, "code": "200", **labels})


def failed(*values: Any, **labels: str) -> Any:
    """The counter of failures of a target."""
    return counter(*values, **{**WHO, "code": "500", **labels})


STEADY = ok(*range(1000, 1000 + 10 * SCRAPES, 10))


@pytest.fixture(name="ask")
def _ask() -> Iterator[Any]:
    """Judge an SLO on the series."""
    with serving(Replay([])) as replay:

        def ask(*series: Any, indicator: Any = None, **keys: Any) -> Any:
            replay.series = list(series)
            return judged(replay, indicator or events(), **keys)

        ask.replay = replay  # type: ignore[attr-defined]
        yield ask


def figures(finding: Any) -> tuple[Outcome, int | None, int]:
    """Outcome, all events, bad ones."""
    return finding.outcome, finding.total, finding.failed


def test_what_counters_grew_by_is_counted(ask):
    """Every event is counted once, and nothing is extrapolated to the ends of the window."""
    bad = [5] * 100 + [12] * 141

    found = ask(STEADY, failed(*bad))

    assert figures(found) == (Outcome.PASS, 2407, 7)
    assert found.budget["unit"] == "events"
    assert found.budget["source"] == {
        "type": "prometheus", "server": ask.replay.url, "method": "counted",
        "queries": {"bad": 'requests_total{code="500"}', "total": "requests_total"},
        "series": 3, "samples": 3 * SCRAPES, "resets": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "count"),
    [
        pytest.param([100, 110, 3, 5, *[5] * 237], 15, id="a restart"),
        pytest.param([100, 110, 0, 110, *[110] * 237], 120, id="a restart that caught up"),
        pytest.param([100, *[None] * 8, 130, *[130] * 231], 30, id="some scrapes missed"),
        pytest.param([*[None] * 20, 4, *[9] * 220], 9, id="the first failures"),
        pytest.param([7, *[None] * 80, 4, *[9] * 159], 9, id="the first after a restart"),
    ],
)
def test_restarts_and_first_failures_are_counted(ask, bad, count):
    """A counter that dropped counts from zero, so does a series that was not there before."""
    found = ask(STEADY, failed(*bad), objective="90%")

    assert found.failed == count
    assert not any("restarted" in each for each in found.warnings)


def test_a_slot_holds_what_came_to_light_after_its_start_up_to_its_end(ask):
    """A window that moves by a minute takes four scrapes on and leaves four."""
    bad = failed(*(i * i for i in range(2 * SCRAPES)))
    whole = ok(*(i * i * 50 for i in range(2 * SCRAPES)))

    for minutes in (61, 62, 90):
        scrapes = range(minutes * 4 - 240, minutes * 4)
        assert ask(bad, whole, minutes=minutes).failed == sum(2 * i + 1 for i in scrapes), minutes


def test_slices_are_those_of_a_plain_reckoning(ask):
    """A slice is bad by what its own scrapes showed."""
    steps = [(7 * i) % 11 for i in range(SCRAPES - 1)]
    bad = [sum(steps[:i]) for i in range(SCRAPES)]
    slices = [sum(steps[i : i + 20]) for i in range(0, SCRAPES - 1, 20)]

    found = ask(
        ok(*range(0, 100 * SCRAPES, 100)), failed(*bad), budgeting="timeslices", slice="5m",
        slice_objective="95.2%",
    )  # fmt: skip

    expected = sum(1000 * n > 48 * (n + 2000) for n in slices)
    assert 0 < expected < 12
    assert (found.budget["bad"], found.budget["total"]) == (expected, 12)


def test_ratios_of_slices_are_exact(ask):
    """The bad shares of slices are summed as fractions."""
    found = ask(
        ok(*range(0, 10 * SCRAPES, 10)), failed(*range(SCRAPES)),
        budgeting="ratio_timeslices", slice="1m", objective="90%",
    )  # fmt: skip

    assert found.budget["bad"] == pytest.approx(60 / 11, abs=1e-12)
    assert found.budget["total"] == 60


def test_sums_and_differences_of_counters(ask):
    """Queries that add up several counters are counted term by term."""
    indicator = {
        "good": query(
            "sum(rate(requests_total[5m])) - "
            '(sum(rate(requests_total{code="500"}[5m])) or vector(0))'
        ),
        "total": query("sum(rate(requests_total[1m]))"),
    }

    found = ask(STEADY, failed(*[5] * 100, *[12] * 141), indicator=indicator)

    assert figures(found) == (Outcome.PASS, 2407, 7)


def test_samples_are_events_where_the_query_counts_samples(ask):
    """Of probes each sample is an event, good while it is 1."""
    probes = (
        {"__name__": "probe_success", "instance": "a"},
        {(START_US // 1000) + i * 15_000: str(int(i % 60 != 3)) for i in range(SCRAPES)},
    )
    indicator = {
        "good": query("sum_over_time(probe_success[5m])"),
        "total": query("count_over_time(probe_success[5m])"),
    }

    assert figures(ask(probes, indicator=indicator))[1:] == (240, 4)


def test_what_a_new_target_had_counted_is_left_out_and_told(ask):
    """Nobody knows when that was; if its failures could break the promise nothing passes."""
    young = [None] * 120
    fine = ask(STEADY, failed(*[0] * SCRAPES), ok(*young, *[500] * 121, instance="b:1"))
    doubtful = ask(
        STEADY, failed(*[0] * SCRAPES), ok(*young, *[500] * 121, instance="b:1"),
        failed(*young, *[300] * 121, instance="b:1"),
    )  # fmt: skip

    assert figures(fine) == (Outcome.PASS, 2400, 0)
    assert any("left out: 500 events" in each for each in fine.warnings)
    assert figures(doubtful) == (Outcome.INCONCLUSIVE, 2400, 0)
    assert "300 bad events of before their target was scraped" in doubtful.reason


def test_no_series_of_failures_is_no_failure_if_its_labels_are_known(ask):
    """A service that never failed has no such series; with a slip in the query nothing passes."""
    assert figures(ask(STEADY)) == (Outcome.PASS, 2400, 0)
    for slip in ('requests_total{kode="500"}', 'request_total{code="500"}'):
        found = ask(STEADY, indicator=events(bad=slip))
        assert found.outcome is Outcome.INVALID
        assert slip in found.reason


def test_no_events_at_all_are_no_data(ask):
    """Only that is what on_no_data is for; a metric that was never there is none of it."""
    silent = ok(*[None] * SCRAPES, 5)

    found = ask(silent, on_no_data="pass")
    unheard = ask(STEADY, indicator=events("nothing_total", "nothing_total"), on_no_data="pass")
    half = ask(failed(*range(SCRAPES)), indicator=events(total='requests_total{code="200"}'))

    assert (found.outcome, found.blocking) == (Outcome.NO_DATA, False)
    assert (unheard.outcome, unheard.blocking) == (Outcome.INVALID, True)
    assert (half.outcome, half.blocking) == (Outcome.INVALID, True)


@pytest.mark.parametrize("sample", ["NaN", "-1", "1.5", "+Inf"])
def test_samples_that_are_no_counts_never_pass(ask, sample):
    """What cannot be read is not passed over, and hides no breach."""
    odd = failed(*[0] * 100, sample, *[0] * 140)
    broken = failed(*[0] * 100, sample, *range(140))

    assert ask(STEADY, odd).outcome is Outcome.INVALID
    assert ask(STEADY, broken).outcome is Outcome.FAIL


def test_a_silence_in_which_counters_ended_never_passes(ask):
    """A restart while nothing was scraped: what was counted until then is not known."""
    fine = [0] * SCRAPES
    whole = list(range(1000, 1000 + 10 * SCRAPES, 10))
    gone = [None if 80 <= i < 160 else v for i, v in enumerate(whole)]
    restarted = [v if v is None or i < 160 else v - 2600 for i, v in enumerate(gone)]

    bridged = ask(ok(*gone), failed(*fine))
    lost = ask(ok(*restarted), failed(*[None if v is None else 0 for v in restarted]))
    ended = ask(ok(*whole[:100]), failed(*fine[:100]))

    assert figures(bridged) == (Outcome.PASS, 2400, 0)
    assert lost.outcome is Outcome.INCONCLUSIVE
    assert any("restarted: 1 series" in each for each in lost.warnings)
    assert "in which nothing was scraped" in lost.reason
    assert ended.outcome is Outcome.INCONCLUSIVE


def test_slices_of_a_silence_are_open(ask):
    """They are bad in the worst case and good in the best, so that nothing passes by them."""
    values = [None if 80 <= i < 160 else 10 * i for i in range(SCRAPES)]
    zero = [None if v is None else 0 for v in values]

    found = ask(
        ok(*values), failed(*zero), budgeting="timeslices", slice="1m", slice_objective="99%"
    )

    assert found.outcome is Outcome.INCONCLUSIVE
    assert 18 <= found.budget["bad"] <= 22
    assert found.budget["best_case"]["bad"] == 0


def test_corrections_cover_a_silence(ask):
    """Downtime that was planned is no gap."""
    whole = list(range(1000, 1000 + 10 * SCRAPES, 10))
    restarted = [None if 80 <= i < 160 else v if i < 80 else v - 2600 for i, v in enumerate(whole)]
    down = {"start": "2025-11-24T16:15Z", "end": "2025-11-24T16:45Z", "reason": "upgrade"}

    found = ask(
        ok(*restarted), failed(*[None if v is None else 0 for v in restarted]), corrections=[down]
    )

    assert found.outcome is Outcome.PASS


def test_more_good_events_than_events_contradict_each_other(ask):
    """Two queries that cannot both be right are no evidence."""
    indicator = {
        "good": query("requests_total"), "total": query('requests_total{code="500"}'),
    }  # fmt: skip

    found = ask(STEADY, failed(*range(SCRAPES)), indicator=indicator)

    assert found.outcome is Outcome.INVALID
    assert "contradict each other" in found.reason


def test_a_rate_of_an_increase_is_no_share(ask):
    """What is measured in different units is refused, with the place of the SLO."""
    indicator = {
        "good": query("rate(requests_total[5m])"), "total": query("increase(requests_total[5m])"),
    }  # fmt: skip

    with pytest.raises(SourceError, match=r"slo/shop\.yaml:1: shop/a/1h: .* no share of events"):
        ask(STEADY, indicator=indicator)


def test_a_native_histogram_is_no_counter(ask):
    """It is refused with what to write instead."""
    with pytest.raises(SourceError, match="histogram_count"):
        ask(histogram("requests_total", [native((0, "0", "1", "5"))]))


def test_samples_out_of_order_are_refused(ask):
    """Whatever was left out for being late might be what failed."""
    labels, points = failed(*range(SCRAPES))

    with pytest.raises(SourceError, match="not in the order of their times"):
        ask(STEADY, (labels, dict(reversed(points.items()))))


def test_the_moment_is_the_servers(ask):
    """Without one that is named, a minute is left for scrapes that are still arriving."""
    ask.replay.now_s = START_US / 1e6 + 3_630

    found = ask(STEADY, failed(*[0] * SCRAPES), minutes=None)

    assert found.window == (START_US - MINUTE_US * 1, START_US + 59 * MINUTE_US)


def test_a_long_window_is_read_in_pieces(ask):
    """A server that refuses so many samples is asked for fewer, and the counts are the same."""
    series = (STEADY, failed(*range(SCRAPES)))
    whole = ask(*series)
    ask.replay.most = 60

    assert figures(ask(*series)) == figures(whole)
