"""A plan for people: what it stands on, a row for each objective, and what to do."""

from __future__ import annotations

from slogate.planning.line import Line
from slogate.planning.plan import Plan, in_time
from slogate.stats.proportion import FLOOR_BAD
from slogate.units import (
    US_PER_SECOND,
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_span,
    significant,
)

HEAD = (
    "objective",
    "limit",
    "likely",
    "of allowed",
    "design effect",
    "requests",
    "run time",
    "then",
)
HEAD_IN_TIME = ("objective", "limit", "likely", "requests", "passes up to", "fails from", "decided")
HEAD_CHANGES = ("regression", "budget", "side by side", "from stored runs")
SHORT_S = 120
_UNSEEN = "no run has requests of it, so nothing is known"
_ONLY_CHANGES = (
    "there are regression budgets alone: `slogate run --against` decides them side by side, more "
    "stored runs by history"
)


def grounds(plan: Plan) -> str:
    """What the plan stands on, in a line or two."""
    shown = plan.past.shown
    runs = f"run {shown[0].run.id}" if len(shown) == 1 else f"{len(shown)} runs"
    newest = "" if len(shown) == 1 else f", the newest {shown[0].run.id}"
    rate = f"{format_rate(plan.rate).removesuffix('/s')} requests a second"
    if plan.wish.rate is not None:
        rate += f" ({format_rate(plan.seen_rate).removesuffix('/s')} seen)"
    left = len(plan.past.left_out)
    out = f"; {left} unusable left out" if left else ""
    return (
        f"{plan.service}: from {runs}{newest}{out}; {rate}; "
        f"all budgets together decided in {format_share(plan.wish.power)} of runs\n"
    )


def rows(plan: Plan) -> list[list[str]]:
    """A row for each objective that a load test decides, under `HEAD`."""
    return [
        [
            line.id.partition("/")[2],
            _limit(line),
            _likely(line),
            _allowed(line),
            _design_effect(line),
            format_count(line.requests) if line.requests and line.decidable else "",
            _time(plan, line),
            _then(line),
        ]
        for line in plan.budgets
    ]


def rows_in_time(plan: Plan) -> list[list[str]]:
    """The same for a given run time, under `HEAD_IN_TIME`."""
    return [
        [
            line.id.partition("/")[2],
            _limit(line),
            _likely(line),
            "" if line.requests_in_time is None else format_count(line.requests_in_time),
            "" if line.passes_up_to is None else format_share(line.passes_up_to, 2),
            "" if line.fails_from is None else format_share(line.fails_from, 2),
            _decided(plan, line),
        ]
        for line in plan.budgets
    ]


def rows_of_changes(plan: Plan) -> list[list[str]]:
    """The regression budgets, under `HEAD_CHANGES`."""
    return [
        [
            line.id.partition("/")[2],
            line.text.partition(": ")[2],
            _time(plan, line) if line.how == "change" else "not known",
            line.note.removeprefix("from the store: "),
        ]
        for line in plan.changes
    ]


def _limit(line: Line) -> str:
    return line.text.partition(": ")[2]


def _likely(line: Line) -> str:
    if line.likely is None:
        return ""
    if line.how == "mean":
        return format_duration(line.likely)
    if line.supposed:
        return f"{format_share(line.likely, 2)}?"
    return f"{format_share(line.likely, 2)}" if line.bad else f"<{format_share(line.likely, 2)}"


def _allowed(line: Line) -> str:
    return format_share(line.allowed) if line.how == "share" and line.allowed is not None else ""


def _design_effect(line: Line) -> str:
    if line.design_effect is None:
        return ""
    return f"{significant(line.design_effect, 2)}{'?' if _is_unclear(line) else ''}"


def _is_unclear(line: Line) -> bool:
    """Whether too few bad requests were seen to tell how they cluster."""
    return line.bad is not None and line.bad < FLOOR_BAD


def _time(plan: Plan, line: Line) -> str:
    run_time = plan.run_time_us(line)
    if run_time is None:
        return "not known" if line.how == "unknown" else "never"
    return format_span(run_time / US_PER_SECOND)


def _then(line: Line) -> str:
    words = [line.outcome.value] if line.outcome and line.decidable else []
    words += ["does not block"] if not line.blocking else []
    return "; ".join([*words, *([line.note] if line.note else [])])


def _decided(plan: Plan, line: Line) -> str:
    if line.how == "unknown":
        return f"no: {line.note}"
    then = f", {line.outcome.value}" if line.outcome else ""
    if in_time(line, plan.chance):
        return f"yes{then}"
    count, least = line.requests_in_time, line.least
    if count is not None and least is not None and count < least:
        return f"no: {format_count(least)} requests needed even if none is bad"
    if not line.decidable:
        return f"no: {line.note}"
    need = format_span((plan.run_time_us(line) or 0) / US_PER_SECOND)
    chance = f"in {format_share(line.in_time or 0.0, 2)} of runs" if line.in_time else "no"
    return f"{chance}: {need} would do"


def advice(plan: Plan) -> list[str]:
    """What follows, sentence by sentence."""
    found = []
    if plan.wish.run_time_us is None:
        found += _whole(plan)
    else:
        found.append(_given(plan, plan.wish.run_time_us))
    never = [line for line in plan.never if line.how != "unknown"]
    if never:
        found.append(
            f"{_names(never)}: no practical length of run decides; move the limit or the service"
        )
    unknown = [line for line in plan.never if line.how == "unknown"]
    if unknown:
        found += [f"{_names([line])}: {line.note or _UNSEEN}" for line in unknown]
    if any(line.supposed for line in plan.budgets):
        found.append("likely with a ?: no bad request yet, so a quarter of the allowed is supposed")
    if any(map(_is_unclear, plan.budgets)) and plan.wish.run_time_us is None:
        found.append(
            f"design effect with a ?: under {FLOOR_BAD} bad requests seen, so that it is hardly "
            "known how they cluster"
        )
    return found


def _whole(plan: Plan) -> list[str]:
    if plan.whole_us is None or plan.longest is None:
        return ["no budget can be decided by any run"] if plan.budgets else [_ONLY_CHANGES]
    seconds, line = plan.whole_us // US_PER_SECOND, plan.longest
    before_us = plan.ramp_us + line.warmup_us
    name = line.id.partition("/")[2]
    run = f"slogate run --run-time {seconds}s decides {_what(plan)}"
    before = f"; ramp and warm-up take {format_duration(before_us)} of it" if before_us else ""
    found = [f"{run}; the longest is {name}{before}"]
    if seconds - before_us / US_PER_SECOND < SHORT_S:
        found.append(
            f"under {SHORT_S} s judged no error rate is claimed for a service right at its limit: "
            f"--run-time {SHORT_S + -(-before_us // US_PER_SECOND)}s has it"
        )
    longest = max((_judged_s(each.run) for each in plan.past.shown), default=0.0)
    if longest and seconds > 3 * longest:
        found.append(
            f"the runs it is from judged at most {format_span(longest)}: bad spells longer than "
            "that are not known; plan again after the first run of this length"
        )
    return found


def _what(plan: Plan) -> str:
    left = [line for line in plan.budgets if line.blocking and not line.decidable]
    if not left:
        return "all budgets but those of regressions" if plan.changes else "all budgets"
    return f"all but {len(left)} budget{'s' if left[1:] else ''}"


def _judged_s(run: object) -> float:
    ramped, end = getattr(run, "ramped_ts", None), getattr(run, "end_ts", None)
    return 0.0 if ramped is None or end is None else max(0.0, (end - ramped) / US_PER_SECOND)


def _given(plan: Plan, run_time_us: int) -> str:
    decided = [line for line in plan.budgets if in_time(line, plan.chance)]
    span = format_span(run_time_us / US_PER_SECOND)
    if not plan.budgets:
        sure = sum(in_time(line, plan.chance) for line in plan.changes)
        return f"{span} side by side decide {sure} of {len(plan.changes)} regression budgets"
    if len(decided) == len(plan.budgets):
        return f"{span} decide all {len(decided)} budgets"
    more = ""
    if plan.whole_us is not None and plan.whole_us > run_time_us:
        more = f"; for all that can be: --run-time {plan.whole_us // US_PER_SECOND}s"
    return f"{span} decide {len(decided)} of {len(plan.budgets)} budgets{more}"


def _names(lines: list[Line]) -> str:
    return ", ".join(line.id.partition("/")[2] for line in lines)
