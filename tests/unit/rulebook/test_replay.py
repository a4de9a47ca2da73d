"""promtool runs the rules on traffic with planted incidents: they fire when slogate says so.

`Watch` is what `slogate alerts check` follows alerts with, minute by minute.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from promtool import COUNTER, METRIC, Requests, run_expressions, series, traffic

from slogate.model.predicate import holds
from slogate.model.slots import Tally
from slogate.promises.course import State, watch
from slogate.promises.promise import MINUTE_US, Promise
from slogate.rulebook.book import Book, book
from slogate.rulebook.groups import prometheus_text
from slogate.rulebook.metric import Metric
from slogate.rulebook.promql import Matcher
from slogate.slo.asked import Asked, asked
from slogate.slo.load import load_specs

MINUTES = 320
PAIRS = """
    alerts:
      - {budget: 10%, long: 1h, short: 5m}
      - {budget: 15%, long: 2h, short: 20m, severity: ticket}
"""
SPEC = f"""
slogate: 1
service: shop
slos:
  - name: latency
    good: ok and duration <= 400ms
    objective: 99%
    window: 1d
    alerts: google
    by: region
  - name: errors
    good: status < 500
    objective: 99%
    window: [1d, 2d]{PAIRS}
  - name: slices
    good: ok and duration <= 400ms
    objective: 95%
    window: 2d
    budgeting: timeslices
    slice: 1m
    slice_objective: 97%{PAIRS}
  - name: shares
    good: ok
    objective: 98%
    window: 1d
    budgeting: ratio_timeslices
    slice: 1m{PAIRS}
"""
COUNTED = """
slogate: 1
service: shop
slos:
  - {name: errors, good: ok, objective: 99.5%, window: 1d, alerts: google, by: region}
"""
WHOSE = {"matchers": (Matcher("job", "=", "shop"),), "status": "code"}


def alone(made: Book) -> Book:
    """Without the budgets, which promtool would reckon anew for each minute."""
    return replace(made, sheets=tuple(replace(s, groups=s.groups[:1]) for s in made.sheets))


def followed(promise: Promise, requests: list[Requests]) -> dict[tuple[str, str | None], set[int]]:
    """The minutes at which alerts of a severity fire, for each value of the label."""
    made = watch(promise, MINUTE_US, MINUTES * MINUTE_US)
    values = ("eu", "us") if promise.by else (None,)
    counted = {
        account.id: {
            value: tuple(
                _tally(promise, account.slots, each)
                for each in requests
                if value in {None, each.region}
            )
            for value in values
        }
        for account in made.accounts
    }
    found: dict[tuple[str, str | None], set[int]] = defaultdict(set)
    for value, courses in made.courses(counted).items():
        for pair, turns in zip(promise.alerts, courses, strict=True):
            ends = [turn.ts for turn in turns[1:]] + [(MINUTES + 1) * MINUTE_US]
            for turn, end in zip(turns, ends, strict=True):
                if turn.state is State.FIRING:
                    minutes = range(turn.ts // MINUTE_US, end // MINUTE_US)
                    found[pair.severity, value].update(minutes)
    return found


def _tally(promise: Promise, slots, each: Requests) -> Tally:
    slot = slots.slot(each.minute * MINUTE_US + 1_000_000)
    good = holds(
        promise.selection.success,
        ok=None, status=each.status, duration_us=each.duration_ms * 1000,
    )  # fmt: skip
    sure = each.count if good else 0
    return Tally(slot, slot, each.count, sure, sure)


def firing(slos: list[Asked], requests: list[Requests]) -> list[tuple]:
    """What promtool has to answer at each minute when it is asked who fires."""
    found: dict[int, list] = defaultdict(list)
    for slo in slos:
        promise = slo.promise
        changes = 0
        for (severity, value), minutes in followed(promise, requests).items():
            labels = {
                "__name__": "ALERTS", "alertname": "ErrorBudgetBurn", "alertstate": "firing",
                "service": "shop", "slo": promise.name, "window": promise.window_text,
                "severity": severity, **({} if value is None else {"region": value}),
            }  # fmt: skip
            changes += sum(minute - 1 not in minutes for minute in minutes)
            for minute in minutes:
                found[minute].append((labels, 1))
        assert changes >= 2, promise.id
    query = 'ALERTS{alertname="ErrorBudgetBurn", alertstate="firing"}'
    unmeasured = ('ALERTS{alertname="ErrorBudgetNotMeasured"}', MINUTES, [])
    return [*((query, minute, found[minute]) for minute in range(1, MINUTES + 1)), unmeasured]


def left(made: Book, requests: list[Requests]) -> list[tuple]:
    """That the rule of COUNTED's budget tells what is left at the end, for each region."""
    (sheet,) = made.sheets
    expr = sheet.groups[1].rules[1].expr
    told = []
    for region in ("eu", "us"):
        mine = [each for each in requests if each.region == region]
        bad = sum(each.count for each in mine if each.status >= 500)
        spent = Fraction(bad) / (sum(each.count for each in mine) * Fraction("0.005"))
        here = f'label_replace(vector(1), "region", "{region}", "", "")'
        query = f"abs((({expr}) and on (region) {here}) - {float(1 - spent)}) < bool 1e-9"
        told.append((query, MINUTES, [({"region": region, **sheet.series.labels}, 1)]))
    return told


def test_rules_on_a_histogram_fire_at_the_minutes_of_slogate(system_program, tmp_path):
    """Each alert fires and resolves at the very minutes, by requests, slices and shares."""
    program = system_program("promtool", package="prometheus")
    slos = asked(load_specs([("shop.yaml", SPEC)]))
    requests = traffic(MINUTES, seed=5)
    made = book(slos, Metric(name=METRIC, kind="classic", **WHOSE))

    rules = prometheus_text(alone(made))
    told = run_expressions(
        program, tmp_path, series(requests, MINUTES), firing(slos, requests), rules=rules
    )

    assert told == ""


def test_rules_on_a_counter_fire_at_the_minutes_of_slogate(system_program, tmp_path):
    """Likewise from a counter, and what is left is that of all requests of the window."""
    program = system_program("promtool", package="prometheus")
    slos = asked(load_specs([("shop.yaml", COUNTED)]))
    requests = traffic(MINUTES, seed=5)
    made = book(slos, Metric(name=COUNTER, kind="counter", **WHOSE))

    rules = prometheus_text(alone(made))
    expected = [*firing(slos, requests), *left(made, requests)]
    told = run_expressions(program, tmp_path, series(requests, MINUTES), expected, rules=rules)

    assert told == ""
