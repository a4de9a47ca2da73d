"""`--run-time auto`: as long as the budgets need, by the plan from the history or from a pilot run.

Says what it chose and why, before any load is sent. At least so much is judged that error rates are
stated for it, at most `--max-time` is spent. Without history a pilot run comes first; it is kept
and judged like any other, with the label pilot=auto, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from slogate.cli.against import base_of
from slogate.cli.judging import of_one_service, read
from slogate.cli.locusting import own_run_time, shows_web_ui, spawn_rate
from slogate.cli.options import given_duration, given_run_time, note
from slogate.cli.planning import Request
from slogate.cli.refusing import refuse_undecidable
from slogate.config import AUTO, Settings
from slogate.errors import EXIT_PASS, GeneratorError, NoData, UsageError
from slogate.evaluate import MIN_SECONDS, objectives_of
from slogate.gate import refuse_empty, refuse_unsupported
from slogate.objectives._share import SHORT_RUN_S
from slogate.planning.line import Line
from slogate.planning.past import past_of
from slogate.planning.plan import Plan, Wish, plan_of
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs
from slogate.units import (
    US_PER_SECOND,
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_span,
)
from slogate.verdict import Verdict

if TYPE_CHECKING:
    from slogate.slo.spec import Spec

WORD = "auto"
POWER = Fraction(99, 100)
PILOT_S = 30
LABEL = "pilot=auto"

LoadTest = Callable[[Request, Callable[[Sequence[Verdict]], int]], int]


def run_time_of(text: str | None) -> int | None:
    """The microseconds of `--run-time`, or `AUTO`; None if it is not given."""
    if text is None:
        return None
    return AUTO if text.strip().lower() == WORD else given_run_time(text)


def is_auto(text: str | None) -> bool:
    """Whether `--run-time` says that the run time is to be found."""
    return run_time_of(text) == AUTO


def max_time_of(text: str | None) -> int | None:
    """The microseconds of `--max-time`; None if it is not given."""
    return None if text is None else given_duration(text, "--max-time")


def settled(
    request: Request, load_test: LoadTest, version: str, *, said: bool, bounded: bool = False
) -> Request:
    """The request with a run time in its settings; may send the load of a pilot run.

    `said`: by a flag, not only by the settings, which do not bind those who say otherwise.
    UsageError if it is `bounded` by `--max-time` and has a run time.
    """
    settings = request.settings
    if settings.run_time != AUTO:
        if bounded:
            raise UsageError("--max-time bounds --run-time auto", hint="say --run-time MAX instead")
        return request
    own = own_run_time(request.locust) is not None or request.is_worker
    if not said and (own or shows_web_ui(request.locust, web=request.web)):
        return replace(request, settings=replace(settings, run_time=Settings().run_time))
    if request.is_worker:
        return request  # its master has the run time
    if shows_web_ui(request.locust, web=request.web):
        raise UsageError("--run-time auto plans a run, and with --web a person starts and stops it")
    if own_run_time(request.locust) is not None:
        raise UsageError("--run-time auto, and a run time among Locust's own arguments")
    service, specs = of_one_service(read(request.settings.specs), request.settings.service)
    refuse_unsupported(specs)
    refuse_empty(specs)
    _refuse_before_load(request, specs)
    plan, max_time_us = _plan(request, service, specs, version), settings.max_time
    if plan is None:
        plan = _after_pilot(request, service, specs, load_test, version)
    chosen = chosen_us(plan, max_time_us, in_turns=request.against is not None)
    chosen = max(chosen, request.min_time)
    for sentence in why(plan, chosen, max_time_us, in_turns=request.against is not None):
        note(sentence, quiet=request.quiet)
    return replace(request, settings=replace(settings, run_time=chosen))


def _refuse_before_load(request: Request, specs: list[Spec]) -> None:
    """UsageError for what the test itself would refuse, before a pilot run is sent for it."""
    refuse_undecidable(request, specs)
    max_time_us = request.settings.max_time
    if request.min_time > max_time_us:
        raise UsageError(f"--min-time is over --max-time, {format_duration(max_time_us)}")
    if request.against is not None:
        base_of(
            request.against, request.settings, request.locust, request.configured, specs,
            run_id="planned", planned_us=max_time_us, web=request.web,
        )  # fmt: skip


def _plan(request: Request, service: str, specs: Sequence[Spec], version: str) -> Plan | None:
    """The plan by the history; None where there is none."""
    store = open_store(request.settings.store, create=True)
    try:
        past = past_of(store, specs, service, version=version)
    except NoData:
        return None
    return plan_of(service, specs, past, Wish(power=POWER))


def _after_pilot(
    request: Request,
    service: str,
    specs: Sequence[Spec],
    load_test: LoadTest,
    version: str,
) -> Plan:
    """The plan by a pilot run; GeneratorError if that has nothing to plan from."""
    settings = request.settings
    warmup_us = max((each.scope.warmup_us for each in objectives_of(specs)), default=0)
    ramp_us = int(settings.users / spawn_rate(settings) * US_PER_SECOND)
    pilot_us = min(settings.max_time, warmup_us + ramp_us + PILOT_S * US_PER_SECOND)
    note(
        f"no history of '{service}' to plan from: a pilot run of {_span(pilot_us)} first",
        quiet=request.quiet,
    )
    found: list[Verdict] = []

    def tell(verdicts: Sequence[Verdict]) -> int:
        found.extend(verdicts)
        return EXIT_PASS

    pilot = replace(
        request,
        settings=replace(settings, run_time=pilot_us),
        labels=(*request.labels, LABEL),
        against=None,
        early_stop=False,
        min_time=0,
    )
    load_test(pilot, tell)
    store = open_store(settings.store)
    names = {each.subject.run.id for each in found}
    runs = [run for run in list_runs(store, service=service, kind="load") if run.id in names]
    try:
        past = past_of(store, specs, service, runs=runs, version=version)
    except NoData as nothing:
        hint = "give a run time: --run-time 2m"
        raise GeneratorError(f"the pilot run tells nothing: {nothing.message}", hint=hint) from None
    return plan_of(service, specs, past, Wish(power=POWER))


def chosen_us(plan: Plan, max_time_us: int, *, in_turns: bool = False) -> int:
    """The run time: what the plan needs, no less than error rates are stated for, no more than max.

    Of two that take turns each has half of the time, and regression budgets need theirs.
    """
    wanted = max(plan.whole_us or 0, _stated_us(plan))
    if in_turns:
        changes = [plan.run_time_us(line) or 0 for line in plan.lines if line.how == "change"]
        wanted = max(2 * wanted, *changes, 0)
    return min(wanted, max_time_us)


def _stated_us(plan: Plan) -> int:
    """The shortest run time that error rates are stated for, in whole seconds."""
    warmup_us = max((line.warmup_us for line in plan.budgets), default=0)
    before_s = -(-(plan.ramp_us + warmup_us) // US_PER_SECOND)
    return (before_s + SHORT_RUN_S) * US_PER_SECOND


def why(plan: Plan, chosen: int, max_time_us: int, *, in_turns: bool = False) -> list[str]:
    """What was chosen, and the reason; what stays open all the same."""
    runs = len(plan.past.shown)
    source = f"{runs} runs" if runs > 1 else f"run {plan.past.shown[0].run.id}"
    head = f"planned from {source}: {_span(chosen)}"
    never = [each.id.partition("/")[2] for each in plan.never if each.blocking]
    note = [f"note: no practical length is known to decide {', '.join(never)}"] if never else []
    if in_turns:
        return [_in_turns(plan, head, chosen, max_time_us), *note]
    if not plan.budgets:
        return [f"{head}; regressions against stored runs take more runs, not longer ones", *note]
    if plan.longest is None:
        return [f"{head}; no budget can be decided by any practical length"]
    return [_alone(plan, plan.longest, head, max_time_us), *note]


def _in_turns(plan: Plan, head: str, chosen: int, max_time_us: int) -> str:
    """The reason where base and head share the time."""
    known = [line for line in plan.changes if plan.run_time_us(line) is not None]
    longest = max(known, key=lambda line: plan.run_time_us(line) or 0, default=None)
    half = f"of which base and head have {_span(chosen // 2)} each"
    if longest is None:
        return f"{head}, {half}"
    needed, name = plan.run_time_us(longest) or 0, longest.id.partition("/")[2]
    if needed > max_time_us:
        return f"{head}, which is --max-time; {name} would take {_span(needed)} side by side"
    return f"{head}, {half}; {name} takes {_span(needed)} side by side"


def _alone(plan: Plan, line: Line, head: str, max_time_us: int) -> str:
    """The reason where one service has all of the time, by the line that takes longest."""
    needed, stated = plan.run_time_us(line) or 0, _stated_us(plan)
    name = line.id.partition("/")[2]
    reason = f"for {name}"
    if line.requests and line.rate and (line.seconds or 0) > MIN_SECONDS:
        reason += f": {format_count(line.requests)} requests at {format_rate(line.rate)}"
    enough = f"{_span(needed)} would decide all budgets, {reason}"
    if needed > max_time_us:
        return f"{head}, which is --max-time; {name} may stay inconclusive: {enough}"
    if stated > max_time_us:
        short = f"error rates are stated from {SHORT_RUN_S} s judged on"
        return f"{head}, which is --max-time; {enough}; {short}"
    if needed < stated:
        return f"{head}, from which on error rates are stated; {enough}"
    return f"{head}, {reason}, decided in {format_share(POWER)} of runs"


def _span(us: int) -> str:
    return format_span(us / US_PER_SECOND)
