"""The text of a first spec, with where each limit comes from beside it.

What lint would remark on is let be in writing, with the reason, where it was carried over: the
text is linted before it is handed out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slogate.initial.budgets import Budget
from slogate.initial.promises import Promise
from slogate.slo.lint import lint
from slogate.slo.load import load_specs
from slogate.slo.writing import flow_text, node_of
from slogate.units import format_share

WARMUP, WINDOW = "5s", "28d"
_PROMISING = (
    "# What production kept, with room: promise what your users need and you can keep.",
    "# To be told when a budget burns too fast: `alerts: google`, see `slogate docs alerts`.",
)
_SHORT = "a load test of minutes cannot tell so little"
_SHOWN = "as the data show"
_WHY = {"budget-fails-more-than-slo": _SHORT, "slo-looser-than-budget": _SHOWN}


def spec_text(
    service: str,
    budgets: Sequence[Budget],
    *,
    origin: str,
    left: Sequence[str],
    warmup: bool,
    now_ts: int,
    promises: Sequence[Promise] = (),
) -> str:
    """The spec; SpecError if what came in cannot be written as one, which is a bug of ours."""
    lines = [
        *_heading(origin, left),
        "slogate: 1",
        f"service: {_yaml(service)}",
        *([f"defaults: {{warmup: {WARMUP}}}"] if warmup else []),
        "",
        "budgets:",
    ]
    for budget in budgets:
        lines += _budget(budget)
    if promises:
        lines += ["", *_PROMISING, "slos:"]
    for promise in promises:
        lines += _promise(promise)
    return _let_be("\n".join([*lines, ""]), now_ts)


def comment(text: str) -> str:
    """Foreign text as part of a comment: on one line, without what commands a terminal."""
    shown = re.sub(r"[^\x20-\x22\x24-\x7e\xa1-\u1fff\u3001-\ud7ff]", "?", text)[:300]
    return re.sub(r"slogate(?=\s*:)", "slogate,", shown)  # no comment of theirs lets be


def _heading(origin: str, left: Sequence[str]) -> Iterator[str]:
    yield f"# Written by `slogate init` from {comment(origin)}; it is yours now."
    yield "# Limits are what a load test demands. Look at `slogate report latest`, then promise"
    yield "# what you can keep. `slogate docs spec` explains the keys, `slogate spec lint` checks."
    if left:
        yield "# Not carried over:"
    for each in left[:50]:
        yield f"#   {comment(each)}"
    if len(left) > 50:
        yield f"#   and {len(left) - 50} more"


def _budget(budget: Budget) -> Iterator[str]:
    yield f"  - name: {_yaml(budget.name)}"
    if budget.endpoint is not None:
        yield f"    endpoint: {_yaml(budget.endpoint)}"
    if budget.labels:
        yield f"    where: {flow_text(node_of(dict(budget.labels)))}"
    if budget.successes:
        yield "    failures: drop"
    for demand in budget.demands.values():
        yield f"    {demand.key}: {demand.value}  # {comment(demand.remark)}"


def _promise(promise: Promise) -> Iterator[str]:
    yield f"  - name: {_yaml(promise.name)}"
    if promise.endpoint is not None:
        yield f"    endpoint: {_yaml(promise.endpoint)}"
    yield f"    good: {promise.good}"
    yield f"    # shown: {comment(promise.shown)}"
    yield f"    objective: {format_share(promise.objective, 9)}"
    yield f"    window: {WINDOW}"


def _yaml(text: str) -> str:
    return flow_text(node_of(text))


def _let_be(text: str, now_ts: int) -> str:
    """The text with a comment that ignores, and says why, above each line that lint remarks on."""
    lines = text.split("\n")
    above: dict[int, dict[str, None]] = {}
    for each in load_specs([("slo/new.yaml", text)]):
        for remark in lint(each, now_ts=now_ts):
            above.setdefault(remark.line, {})[remark.rule] = None
    for line, rules in sorted(above.items(), reverse=True):
        old = lines[line - 1]
        indent = " " * (len(old) - len(old.lstrip()))
        why = " and ".join(
            dict.fromkeys(_WHY.get(rule, "carried over as it was") for rule in rules)
        )
        why = f"{indent}# slogate: ignore {', '.join(rules)}: {why}"
        lines.insert(line - 1, why)
    return "\n".join(lines)
