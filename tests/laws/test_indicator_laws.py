"""Laws of counters: whatever they do, the counts are those of a reckoning event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from asking import judged, query
from hypothesis import given, settings
from hypothesis import strategies as st
from replay import START_S, Replay, serving

from slogate.verdict import WORST_LAST, Finding, Outcome

EVERY_S = 20
SCRAPES = 90
MINUTES = SCRAPES * EVERY_S // 60


@dataclass(frozen=True)
class Target:
    """A service: (good, bad) events before each scrape, and the scrapes before which it restarts.

    The series of bad events is there from the first one on.
    """

    steps: Sequence[tuple[int, int]]
    restarts: frozenset[int] = field(default_factory=frozenset)

    def series(self, instance: str) -> list[tuple[dict[str, str], dict[int, str]]]:
        """What a server has of it."""
        found: list[tuple[dict[str, str], dict[int, str]]] = []
        for side, code in enumerate(("200", "500")):
            labels = {"__name__": "requests_total", "instance": instance, "code": code}
            value, points = 0, {}
            for number, step in enumerate(self.steps):
                value = step[side] if number in self.restarts else value + step[side]
                if value or code == "200":
                    points[(START_S + number * EVERY_S) * 1000] = str(value)
            found.append((labels, points))
        return found

    def shown(self) -> tuple[int, int]:
        """(good, bad) events that the scrapes after the first one show.

        A restart that has caught up by the next scrape cannot be seen.
        """
        counts = []
        for _, points in self.series(""):
            values = [int(text) for text in points.values()]
            late = START_S * 1000 not in points
            grown = sum(b - a if b >= a else b for a, b in pairwise(values))
            counts.append(grown + (values[0] if values and late else 0))
        return counts[0], counts[1]


steps = st.tuples(st.integers(0, 9), st.sampled_from([0, 0, 0, 0, 1, 3]))
targets = st.builds(
    Target,
    steps=st.lists(steps, min_size=SCRAPES + 1, max_size=SCRAPES + 1),
    restarts=st.frozensets(st.integers(1, SCRAPES), max_size=4),
)
fewer = settings(max_examples=12)


def found_of(services: Sequence[Target], *, most: int = 10**9, **keys: Any) -> Finding:
    """What is found of their events at the last scrape."""
    series = [each for n, service in enumerate(services) for each in service.series(str(n))]
    indicator = {
        "bad": query('sum(rate(requests_total{code="500"}[5m]))'),
        "total": query("sum(rate(requests_total[5m]))"),
    }
    with serving(Replay(series, most=most)) as replay:
        return judged(replay, indicator, minutes=MINUTES, **keys)


@fewer
@given(st.lists(targets, min_size=1, max_size=3))
def test_every_event_after_the_first_scrape_counts_once(services):
    """Through restarts and first failures; the order of two targets changes nothing."""
    found = found_of(services)

    good, bad = (sum(service.shown()[side] for service in services) for side in (0, 1))
    assert (found.total, found.failed) == (good + bad, bad)
    again = found_of(services[::-1])
    assert (again.total, again.failed, again.outcome) == (found.total, bad, found.outcome)


@fewer
@given(targets)
def test_slices_are_counted_by_their_own_scrapes(service):
    """Each minute has three scrapes, and no other."""
    service = Target(service.steps)
    found = found_of(
        [service], budgeting="timeslices", slice="1m", slice_objective="90%", objective="90%"
    )

    minutes = [service.steps[n : n + 3] for n in range(1, SCRAPES + 1, 3)]
    sums = [(sum(g + b for g, b in some), sum(b for _, b in some)) for some in minutes]
    known = [(total, bad) for total, bad in sums if total]
    if known:
        assert found.budget is not None
        expected = sum(10 * bad > total for total, bad in known), len(known)
        assert (found.budget["bad"], found.budget["total"]) == expected


@fewer
@given(targets, st.integers(1, SCRAPES), st.integers(1, 50))
def test_more_bad_events_never_help(service, at, more):
    """The outcome gets worse, or stays."""
    worse_steps = list(service.steps)
    worse_steps[at] = (service.steps[at][0], service.steps[at][1] + more)

    before = found_of([service])
    after = found_of([Target(worse_steps, service.restarts)])

    if before.outcome is not Outcome.NO_DATA:
        assert WORST_LAST.index(after.outcome) >= WORST_LAST.index(before.outcome)


@fewer
@given(targets, st.integers(20, 200))
def test_how_it_is_read_changes_nothing(service, most):
    """In one piece or in many: the same finding."""
    whole, pieces = found_of([service]), found_of([service], most=most)

    assert (whole.outcome, whole.total, whole.failed) == (
        pieces.outcome, pieces.total, pieces.failed,
    )  # fmt: skip


def test_without_any_data_nothing_passes():
    """Neither with a server that has nothing, whatever the policy."""
    for policy in ("block", "warn", "pass"):
        found = found_of([], on_no_data=policy)
        assert (found.outcome, found.blocking) == (Outcome.INVALID, True)
