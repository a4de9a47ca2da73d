"""Requests go to whose turn it is, and rows are told apart by when they started."""

from __future__ import annotations

import pytest
from builders import SECOND, START
from builders import run as a_run
from series_strategies import row, table

from slogate.model.run import Reconciliation
from slogate.model.turns import Turns
from slogate.recorders.locust import turns as room
from slogate.recorders.locust.turns import Against, Beside, Switch, split, without

TURNS = Turns(seed=3, slice_us=SECOND, settle_us=SECOND // 5)
AGAINST = Against(run="r1-base", words="./base", base="http://b:2/", head="http://h:1", turns=TURNS)


def at_turn_of(side, monkeypatch):
    """Let it be that side's turn."""
    first = TURNS.slice_of(START)
    number = next(n for n in (first, first + 1) if TURNS.side(n) == side)
    monkeypatch.setattr(room, "time", lambda: number * TURNS.slice_us / 1e6 + 0.5)


@pytest.mark.parametrize(
    ("url", "turned"),
    [
        ("http://h:1/x?y=1", "http://b:2/x?y=1"),
        ("http://h:1", "http://b:2"),
        ("http://h:1?x", "http://b:2?x"),
        ("http://h:12/x", "http://h:12/x"),
        ("http://other/x", "http://other/x"),
    ],
)
def test_requests_to_the_head_go_to_the_base_in_its_turn(url, turned, monkeypatch):
    """Those to other hosts stay; in the head's turn all do."""
    switch = Switch(AGAINST)
    at_turn_of("base", monkeypatch)
    assert switch.turn(url) == turned
    assert switch.turned == (turned != url)

    at_turn_of("head", monkeypatch)
    assert switch.turn(url) == url


def test_rows_are_split_by_turns():
    """Each row once, on the side whose turn it was, with its slice and whether it had settled."""
    rows = [row(ts=n * SECOND // 10, duration_us=n) for n in range(200)]
    sides = split(table(rows), TURNS, {"region": "eu"})
    found = [(side, each) for side, rows in sides.items() for each in rows.to_pylist()]

    assert sorted(each["duration_us"] for _, each in found) == list(range(200))
    for side, each in found:
        labels, ts = dict(each["labels"]), START + each["duration_us"] * SECOND // 10
        number = TURNS.slice_of(ts)
        assert TURNS.side(number) == side
        assert labels == {
            "region": "eu",
            "slice": str(number),
            "settled": "yes" if ts >= TURNS.window(number).start_ts else "no",
        }


def test_the_count_of_one_side_lacks_the_other():
    """What is lost of both is lost of each."""
    rows = Reconciliation(seen=100, written=95, counted=100)

    assert without(rows, 40) == Reconciliation(seen=60, written=55, counted=60)
    assert without(rows, 40).lost == rows.lost == 5


def test_requests_that_did_not_go_to_the_base_are_told():
    """Those of another client, in the base's turn."""
    switch = Switch(AGAINST)
    switch.turned = 90
    kept = Beside(AGAINST, switch)
    kept.written = 94
    assert kept.trouble() is None

    kept.written = 120
    assert kept.trouble() is not None
    assert "30 of the 120 requests" in kept.trouble()


def test_the_runs_name_each_other():
    """The base's began just before, and has no commit of its own."""
    kept = Beside(AGAINST, Switch(AGAINST))
    head = kept.head(a_run(commit="abc", branch="main", created_ts=START))
    base = kept.base(head)

    assert (head.interleaved.side, head.interleaved.other) == ("head", "r1-base")
    assert (base.interleaved.side, base.interleaved.other) == ("base", head.id)
    assert (base.commit, base.branch, base.created_ts) == (None, None, START - 1)


def test_half_a_base_is_refused():
    """As another program than ours may tell it."""
    with pytest.raises((KeyError, ValueError)):
        Against.read({"run": "r", "words": "w", "base": "http://b", "head": "http://h"})
