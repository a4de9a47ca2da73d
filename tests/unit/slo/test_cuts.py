"""Which durations a spec judges by."""

from __future__ import annotations

import pytest

from slogate.slo.cuts import cuts_of
from slogate.slo.load import load_specs

HEAD = "slogate: 1\nservice: shop\n"
SLO = 'slos: [{{name: a, good: "{}", objective: 99%, window: 28d}}]\n'
BUDGET = "budgets: [{{name: a, {}}}]\n"


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        pytest.param(BUDGET.format("p95: 300ms, p99: 1s"), (300_000, 1_000_000), id="percentiles"),
        pytest.param(BUDGET.format("mean: 2ms, max: 5s"), (2_000, 5_000_000), id="mean and max"),
        pytest.param(BUDGET.format("errors: 1%, throughput: 5/s"), (), id="no durations"),
        pytest.param(SLO.format("ok and duration <= 400ms"), (400_000,), id="at most"),
        pytest.param(SLO.format("duration < 400ms"), (399_999,), id="under"),
        pytest.param(SLO.format("not duration > 1ms"), (1_000,), id="not over"),
        pytest.param(SLO.format("duration >= 1ms"), (999,), id="at least"),
        pytest.param(SLO.format("duration == 1ms"), (999, 1_000), id="exactly"),
        pytest.param(SLO.format("duration < 0ms or status < 500"), (), id="never"),
        pytest.param(
            "ok: ok and duration <= 2s\n" + SLO.format("ok and duration <= 1s"),
            (1_000_000, 2_000_000),
            id="a success by duration",
        ),
    ],
)
def test_cuts_are_all_limits_of_a_file(text, cuts):
    """Of budgets, of goods, and of what counts as a success."""
    specs = load_specs([("slo/shop.yaml", HEAD + text)])

    assert cuts_of(specs) == cuts
    assert cuts_of([*specs, *specs]) == cuts
