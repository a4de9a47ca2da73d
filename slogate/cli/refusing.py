"""Refuses what was asked for and cannot come to a verdict, before any load is sent.

A test that nothing can be decided of early, and a base that nothing is judged against: whoever asks
for a comparison and gets a green build for other budgets believes that it was compared.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate.cli.planning import Request
from slogate.errors import UsageError
from slogate.evaluate import objectives_of
from slogate.sequential import is_fact
from slogate.slo.spec import Spec

REGRESSION = "regression: {against: main, p95: 10%}"


def refuse_undecidable(request: Request, specs: Sequence[Spec]) -> None:
    """UsageError where the specs have nothing that such a test could decide."""
    if request.early_stop:
        _refuse_early_stop(request, specs)
    if request.against is not None and not any(spec.regressions for spec in specs):
        names = ", ".join(dict.fromkeys(spec.service for spec in specs))
        raise UsageError(
            f"--against has nothing to judge: no budget of '{names}' has a `regression:`",
            hint=f"add to a budget a line like `{REGRESSION}`; with `severity: warn` on the "
            "budget it only informs",
        )


def _refuse_early_stop(request: Request, specs: Sequence[Spec]) -> None:
    if request.against is not None:
        raise UsageError("--early-stop does not go with --against: its pairs are judged at the end")
    if all(map(is_fact, objectives_of(specs))):
        hint = "max, throughput, `errors: 0` and regressions are judged at the end"
        raise UsageError("no budget of the specs can be decided before the end", hint=hint)
