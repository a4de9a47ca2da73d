"""What earlier runs showed of each objective of a spec: the ground that a plan stands on.

Runs are counted anew with the spec as it is now, so that a limit that was changed this morning is
planned for as it stands; nothing is taken from stored verdicts. A run that was not finished, that
is not to be trusted or that has nothing to judge is left out and named. Without a single usable
run there is no plan: NoData says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from slogate.comparing.taking import Taken, Taker
from slogate.errors import NoData
from slogate.evaluate import judge
from slogate.gate import counted
from slogate.model.run import Run
from slogate.model.window import Window
from slogate.objectives._base import Allowance
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.store.manifest import list_runs
from slogate.trust import distrust
from slogate.units import US_PER_SECOND
from slogate.verdict import Finding, Outcome, Subject

LAST = 10
# with so many runs unusable in a row nobody wants to wait for older ones
MOST_LEFT_OUT = 10
HINT = (
    "record one: slogate run --run-time 60s; or let `slogate run --run-time auto` make a pilot run"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one run showed: its findings by objective, and its requests a second."""

    run: Run
    findings: dict[str, Finding]
    rate: float
    taken: Taken | None = None

    @property
    def ramp_us(self) -> int:
        """How long it took to spawn all users."""
        if self.run.ramped_ts is None or self.run.start_ts is None:
            return 0
        return max(0, self.run.ramped_ts - self.run.start_ts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The usable runs, newest first, and those left out with the reason."""

    shown: tuple[Shown, ...]
    left_out: tuple[tuple[str, str], ...]

    def of(self, objective: str) -> list[Finding]:
        """What was found of an objective, newest first, where there was enough to judge."""
        found = [each.findings[objective] for each in self.shown if objective in each.findings]
        return [each for each in found if each.outcome is not Outcome.NO_DATA]


def past_of(
    store: Store,
    specs: Sequence[Spec],
    service: str,
    *,
    runs: Sequence[Run] | None = None,
    lines: Sequence[Allowance] | None = None,
    last: int = LAST,
    version: str,
) -> Past:
    """What the newest runs of the service showed, or those named; NoData if none is usable.

    `lines` are what is measured for comparisons, without: the regression budgets of the specs.
    """
    candidates = list_runs(store, service=service, kind="load") if runs is None else runs
    if lines is None:
        lines = [line for spec in specs for line in spec.regressions]
    taker = Taker(store, lines) if lines else None
    shown: list[Shown] = []
    left_out: list[tuple[str, str]] = []
    for run in candidates:
        if len(shown) == last or (not shown and len(left_out) == MOST_LEFT_OUT):
            break
        found, why = _shown(store, specs, run, version)
        if found is None:
            left_out.append((run.id, why))
        else:
            shown.append(replace(found, taken=taker.take(run) if taker else None))
    if not shown:
        raise NoData(_nothing(store, service, left_out), hint=HINT)
    return Past(shown=tuple(shown), left_out=tuple(left_out))


def _shown(store: Store, specs: Sequence[Spec], run: Run, version: str) -> tuple[Shown | None, str]:
    """What the run showed, or None and why it cannot be used."""
    if run.state != "complete":
        return None, "it was not finished"
    if run.interleaved is not None and run.interleaved.side == "base":
        return None, f"it was the base that run {run.interleaved.other} was held against"
    run, evidence, subject = counted(store, specs, run)
    if (trouble := distrust(subject)) is not None:
        return None, trouble
    findings = judge(specs, subject, evidence, {}, version).findings
    usable = {
        each.id: replace(each, window=_own(run, each.window))
        for each in findings
        if each.outcome is not Outcome.NO_DATA
    }
    rate = _rate(subject, _own(run, subject.window))
    if rate <= 0.0 or (findings and not usable):
        reasons = [each.reason for each in findings]
        return None, reasons[0] if reasons else "it has no requests to judge"
    return Shown(run=run, findings=usable, rate=rate), ""


def _own(run: Run, window: tuple[int, int] | None) -> tuple[int, int] | None:
    """The window; of a run that took turns with a base as long as it was its turn."""
    if window is None or run.interleaved is None:
        return window
    start, end = window
    mark = run.interleaved
    return start, start + mark.turns.settled_of(mark.side, Window(start_ts=start, end_ts=end))


def _rate(subject: Subject, window: tuple[int, int] | None) -> float:
    if window is None:
        return 0.0
    start, end = window
    return subject.judged * US_PER_SECOND / (end - start) if end > start else 0.0


def _nothing(store: Store, service: str, left_out: Sequence[tuple[str, str]]) -> str:
    if not left_out:
        return f"no plan: {store.root} has no load run of the service '{service}' to plan from"
    why = "".join(f"\nleft out: {run}, {reason}" for run, reason in left_out)
    return f"no plan: no load run of the service '{service}' is usable{why}"
