"""Which runs a week had."""

from __future__ import annotations

from dataclasses import replace

from builders import SECOND, START
from builders import run as a_run

from slogate.model.calendar import Period
from slogate.model.turns import Interleaved
from slogate.weekly.stored import load_runs


def test_the_base_of_a_test_in_turns_is_no_run_of_its_own():
    """Nobody judges it, so the report does not say that somebody should."""
    mark = Interleaved(
        side="base", other="r1", words="./base", seed=1, slice_us=SECOND, settle_us=0
    )
    head = replace(a_run(id="r1"), interleaved=replace(mark, side="head", other="r1-base"))
    base = replace(a_run(id="r1-base"), interleaved=mark)
    week = Period(start_ts=START - SECOND, end_ts=START + 3_600 * SECOND)

    assert [each.id for each in load_runs([head, base], [], week)] == ["r1"]
