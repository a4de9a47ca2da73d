"""What makes a spec unreadable, by the ids under which the manual tells of it.

Faults are found while a file is read; nothing here looks for them. They cannot be ignored.
"""

from __future__ import annotations

from slogate.slo.rules import Entry, budget, item, listed, slo

_AT = ("endpoint: POST /order",)
_SLICED = ("budgeting: timeslices", "slice_objective: 95%")


def _asking(server: str) -> str:
    """An example of an SLO whose indicator asks such a server."""
    source = f"{{type: {server}, spec: {{query: good:ratio}}}}"
    lines = (f"indicator: {{raw: {source}, raw_type: success}}",)
    return listed("slos", item(*lines, name="fast", objective="99.5%", window="28d"))


FAULT_RULES: tuple[Entry, ...] = (
    Entry(
        id="spec",
        severity="error",
        help="The file cannot be read as a spec.",
        why="Nothing is guessed: no value, a value of another type, or out of range is a fault.",
        wrong=budget("p95: soon"),
        right=budget("p95: 300ms"),
    ),
    Entry(
        id="unknown-key",
        severity="error",
        help="A key that no spec has.",
        why="A key with a slip would be left out in silence, and a limit with it.",
        wrong=budget("P95: 300ms"),
        right=budget("p95: 300ms"),
        fix="spells it right where case, hyphens or underscores alone are wrong",
    ),
    Entry(
        id="unknown-word",
        severity="error",
        help="A word that is none of those a key may have.",
        why="Falling back to a default would turn what blocks into what does not.",
        wrong=budget("p95: 300ms", "severity: Warn"),
        right=budget("p95: 300ms", "severity: warn"),
        fix="spells it right where case, hyphens or underscores alone are wrong",
    ),
    Entry(
        id="missing-key",
        severity="error",
        help="A key that must be there is not.",
        why="Without a window or an objective there is no promise to judge.",
        wrong=slo("objective:").replace("    objective:\n", ""),
        right=slo(),
    ),
    Entry(
        id="missing-unit",
        severity="error",
        help="A number without its unit.",
        why="0.999 is 99.9% for one reader and 0.999% for the next; 300 may be ms or s.",
        wrong=slo("objective: 0.999"),
        right=slo("objective: 99.9%"),
    ),
    Entry(
        id="duplicate-key",
        severity="error",
        help="The same key twice in one place.",
        why="Most readers of YAML let the last one win: the limit above it is no limit.",
        wrong=budget("p95: 300ms", "p95: 500ms"),
        right=budget("p95: 300ms"),
    ),
    Entry(
        id="name-taken",
        severity="error",
        help="Two budgets, or two SLOs, of a service have one name.",
        why="Names are ids in the history: what was learned of one would count for the other.",
        wrong=listed("budgets", item("name: a", *_AT, "p95: 1s"), item("name: a", *_AT, "p99: 2s")),
        right=listed("budgets", item("name: a", *_AT, "p95: 1s", "p99: 2s")),
    ),
    Entry(
        id="whole-objective",
        severity="error",
        help="An objective of 100%.",
        why=(
            "It leaves no error budget: the first bad request breaks it for the whole window, and "
            "every burn rate is infinite."
        ),
        wrong=slo("objective: 100%"),
        right=slo("objective: 99.99%"),
    ),
    Entry(
        id="slice-too-long",
        severity="error",
        help="A slice is not shorter than the window.",
        why="The window would hold no slice, and there would be nothing to judge.",
        wrong=slo(*_SLICED, "window: 1d", "slice: 1d"),
        right=slo(*_SLICED, "window: 1d", "slice: 5m"),
    ),
    Entry(
        id="unreachable-alert",
        severity="error",
        help="An alert that no traffic can set off.",
        why=(
            "The burn rate is never over 1 ÷ (1 − objective), at 90% never over 10: a factor of "
            "14.4 stays silent in a total outage."
        ),
        wrong=slo("objective: 90%", "window: 30d", "alerts: google"),
        right=slo(
            "objective: 90%",
            "window: 30d",
            "alerts: [{budget: 2%, long: 3h, short: 15m}]",
        ),
    ),
    Entry(
        id="alert-windows",
        severity="error",
        help="An alert's windows are out of order, or longer than the SLO's.",
        why="The short window ends an alarm soon after the trouble: it must be the shorter one.",
        wrong=slo("alerts: [{budget: 2%, long: 1h, short: 1h}]"),
        right=slo("alerts: [{budget: 2%, long: 1h, short: 5m}]"),
    ),
    Entry(
        id="freeze-without-effect",
        severity="error",
        help="A policy freezes releases of an SLO that never fails the check.",
        why="`severity: warn` and `info` never change the exit code: nothing would be frozen.",
        wrong=slo("severity: warn", "policy: [{remaining: 0%, message: Stop., freeze: true}]"),
        right=slo("severity: error", "policy: [{remaining: 0%, message: Stop., freeze: true}]"),
    ),
    Entry(
        id="unsupported",
        severity="warning",
        help="What is valid and cannot be judged by this version yet.",
        why="It is named rather than left out in silence; `check` ends in exit 2 as long as it is.",
        wrong=_asking("splunk"),
        right=_asking("prometheus"),
    ),
)
