"""Looking at a running test that may end early: what is counted, and what late answers change."""

from __future__ import annotations

from itertools import pairwise

import pytest
from builders import SECOND
from builders import run as a_run
from series_strategies import row, table

from slogate.cli.judging import read
from slogate.live import EarlyLooks, look_early
from slogate.model.early import EarlyStop
from slogate.sequential import all_decided
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part
from slogate.verdict import Outcome

WHOLE = EarlyStop(max_us=202 * SECOND)


class Test:
    """A running test of at most 200 s after its ramp: 20 requests a second, written bit by bit."""

    __test__ = False

    def __init__(self, folder, budgets):
        spec = folder / "shop.yaml"
        spec.write_text(f"slogate: 1\nservice: shop\nbudgets: [{{name: all, {budgets}}}]\n")
        self.specs = read([spec])
        self.store = open_store(folder / ".slogate", create=True)
        self.parts = []
        self.looks = EarlyLooks()

    def records(self, seconds, *, slow=False):
        """Requests that started in these seconds after the start."""
        part = write_part(
            self.store, "r1", "shop", "load",
            table([row(at * 50_000, duration_us=900_000 if slow else 10_000)
                   for second in seconds for at in range(20 * second, 20 * second + 20)]),
            sequence=len(self.parts), worker="w",
        )  # fmt: skip
        self.parts.append(part)
        write_run(self.store, a_run(id="r1", parts=tuple(self.parts), state="running"))

    def looked(self):
        """What the looks so far say."""
        return look_early(self.store, "r1", self.specs, WHOLE, self.looks, version="0")


@pytest.fixture
def running(tmp_path):
    """A test whose percentile is decided at the second look, its errors at the fourth."""
    return Test(tmp_path, "p95: 100ms, errors: 2%, max: 5s")


def outcomes(verdict):
    """What was found, by the key of the objective; without facts."""
    found = {each.id.rpartition("/")[2]: each.outcome for each in verdict.findings}
    return {key: found[key] for key in ("p95", "errors")}


def test_before_the_first_look_nothing_is_said(running):
    """It is due 20 s after the ramp."""
    running.records(range(20))

    assert running.looked() is None


def test_each_look_is_counted_once_and_only_for_what_is_open(running):
    """Facts are never counted, and nothing that is decided, but to be sure at the end."""
    counted = []
    for start, until in ((0, 24), (24, 44), (44, 54), (54, 64)):
        running.records(range(start, until))
        found = running.looked()
        counted.append(set(running.looks.counted))

    assert [sorted(new - old) for old, new in pairwise([set(), *counted])] == [
        ["shop/all/errors@1", "shop/all/p95@1"],
        ["shop/all/errors@2", "shop/all/p95@2"],
        ["shop/all/errors@3"],
        ["shop/all/errors@4"],
    ]
    assert outcomes(found) == {"p95": Outcome.PASS, "errors": Outcome.PASS}
    assert all_decided(running.specs, found)


def test_late_answers_take_a_decision_back(running):
    """Slow requests are written last, so that what decided is counted anew before the stop."""
    running.records(range(54))
    before = running.looked()
    running.records((20, 30, 40), slow=True)
    running.records(range(54, 64))
    after = running.looked()
    decided = running.looks.decided
    later = running.looked()

    assert outcomes(before) == {"p95": Outcome.PASS, "errors": Outcome.INCONCLUSIVE}
    assert outcomes(after)["p95"] is not Outcome.PASS
    assert not all_decided(running.specs, after)
    assert decided == {"shop/all/errors"}
    assert outcomes(later) == {"p95": Outcome.INCONCLUSIVE, "errors": Outcome.PASS}
