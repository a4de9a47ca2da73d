"""Every engine sorts requests into short spans as the reference does, and as evidence says."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, START, needs, parts, rows

from slogate import plugins
from slogate.engines import memory
from slogate.model.lot import pooled
from slogate.model.window import Window

engine = pytest.mark.parametrize("name", plugins.names("engines"))
WHOLE = Window(start_ts=START - 400, end_ts=START + LENGTH + 400)


@engine
@settings(max_examples=12)
@given(data=rows(), wanted=needs(), step=st.integers(20, 400))
def test_lots_equal_the_reference(name, data, wanted, step):
    """Names, nulls, predicates and missed starts, by the span that each started in."""
    wanted = [replace(need, window=WHOLE, limit_us=None) for need in wanted]
    with tempfile.TemporaryDirectory() as folder:
        found = parts(Path(folder), data[::2], data[1::2])
        with plugins.find("engines", name).reading(found, 1) as series:
            actual = series.lots(wanted, step)
        with memory.PLUGIN.reading(found, 1) as series:
            expected = series.lots(wanted, step)

    assert {
        key: {n: replace(lot, durations=list(lot.durations)) for n, lot in lots.items()}
        for key, lots in actual.items()
    } == expected


@settings(max_examples=12)
@given(data=rows(), wanted=needs(), step=st.integers(20, 400))
def test_pooled_they_say_what_evidence_says(data, wanted, step):
    """All spans together give the totals, the longest and the quantiles of the whole window."""
    wanted = [replace(need, window=WHOLE, limit_us=None) for need in wanted]
    with tempfile.TemporaryDirectory() as folder:
        found = parts(Path(folder), data)
        with memory.PLUGIN.reading(found, 1) as series:
            lots, gathered = series.lots(wanted, step), series.gather(wanted)

    for need in wanted:
        one, other = pooled([*lots[need.id].values()]).evidence(need), gathered[need.id]
        assert (one.matched, one.failed, one.max_us, one.total) == (
            other.matched, other.failed, other.max_us, other.total,
        )  # fmt: skip
        if need.quantile is not None and other.ladder and need.measure == "latency":
            assert one.quantile(need.quantile) == other.quantile(need.quantile)
