"""What the reader of a verdict should do now, in one sentence for every report and message.

`code` makes a name or a command stand out in the format at hand.
"""

from __future__ import annotations

from collections.abc import Callable

from slogate import units
from slogate.reports import _base
from slogate.verdict import Finding, Outcome, Verdict

Code = Callable[[str], str]
# longer than this no run is, as the reason says too
PRACTICAL_S = 6 * 3_600


def next_step(verdict: Verdict, code: Code, shown: str | None = None) -> str:
    """What to do; `None.` where there is nothing to be done.

    `shown`: what shows when and where; None: the page of the run, empty: nothing.
    """
    run = verdict.subject.run
    if shown is None:
        shown = f"{code(f'slogate report {run.id} --open')} shows"
    blocking = [each for each in _base.worst_first(verdict.findings) if each.blocking]
    worst = blocking[0] if blocking else None
    if worst is None:
        if not verdict.findings:
            return "Write budgets into the spec: nothing was judged."
        rest = [each for each in verdict.findings if each.outcome is not Outcome.PASS]
        return "Nothing blocks; look at what does not pass when you can." if rest else "None."
    name = code(_base.label(worst))
    if run.kind == "production":
        return _of_production(worst.outcome, name)
    if worst.outcome is Outcome.FAIL:
        where = f"; {shown} when and where" if shown else ""
        return f"Mend {name} first{where}. A retry is no remedy."
    if worst.outcome is Outcome.INCONCLUSIVE:
        return _undecided(worst, name)
    if worst.outcome is Outcome.NO_DATA:
        return f"Compare the spec with what was measured: {code(f'slogate runs show {run.id}')}."
    return "Mend the measurement, not the service: the reason says what was wrong with it."


def _of_production(worst: Outcome, name: str) -> str:
    if worst is Outcome.FAIL:
        return f"Mend {name} first: its error budget is what users feel."
    if worst is Outcome.NO_DATA:
        return f"Bring data of {name} into the store, or mend what it selects in the spec."
    return f"Look at the data of {name}: the reason says what is missing."


def _undecided(worst: Finding, name: str) -> str:
    if (worst.seconds_needed or 0) > PRACTICAL_S:
        return f"Move the limit of {name}, or improve the service: a longer run settles nothing."
    if worst.seconds_needed is not None:
        more = units.format_span(worst.seconds_needed)
        return f"Run longer: {more} of such load would settle {name}."
    if (worst.comparison or {}).get("design") == "sequential":
        return f"Run it again: {name} is decided by several runs of the base, see the reason."
    return f"Run longer: this load is too little to decide {name}."
