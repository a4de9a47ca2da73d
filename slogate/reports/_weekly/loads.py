"""What is said of the load tests of a week: how many passed, and why others did not."""

from __future__ import annotations

from collections.abc import Sequence

from slogate import units
from slogate.reports import _base
from slogate.reports._weekly.week import LoadRun, Week, failed
from slogate.verdict import Outcome


def counts(runs: Sequence[LoadRun]) -> str:
    """`14 load runs: 11 passed, 2 failed, 1 without a verdict`."""
    if not runs:
        return "no load run"
    found = {
        "passed": sum(run.outcome is Outcome.PASS for run in runs),
        "failed": sum(run.outcome is Outcome.FAIL for run in runs),
        "without a verdict": sum(run.outcome not in {Outcome.PASS, Outcome.FAIL} for run in runs),
    }
    noun = "load run" if len(runs) == 1 else "load runs"
    told = ", ".join(f"{count} {word}" for word, count in found.items() if count)
    return f"{units.format_count(len(runs))} {noun}: {told}"


def word(run: LoadRun) -> str:
    """The outcome of a run; one that nobody judged has none."""
    return "never judged" if run.outcome is None else _base.word(run.outcome)


def reasons(run: LoadRun) -> list[str]:
    """Why it has no pass."""
    found = [_base.plain(each) for each in run.reasons]
    if run.trouble is not None:
        found.insert(0, f"it did not end in order: {run.trouble}")
    if run.outcome is None:
        found.append(f"nobody judged it: slogate check --run {_base.plain(run.id)}")
    return found or ["no reason was stored"]


def without_pass(week: Week) -> list[LoadRun]:
    """Runs of the week without a pass."""
    return failed(week.runs)
