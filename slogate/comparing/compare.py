"""Chooses the runs of a comparison, has them measured, and judges: the shell of this room.

Runs of a base are taken newest first until enough of them can be trusted; what cannot is named. A
base of fewer than three is helped by the runs before the head on the base's branch: they tell how
much runs differ, nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from slogate.comparing.contest import Compared, Contest
from slogate.comparing.judge import judge
from slogate.comparing.sides import Side, UnknownSide, base_of, head_of, moment
from slogate.comparing.taking import Taken, Taker
from slogate.errors import NoData
from slogate.model.run import Run
from slogate.objectives._base import Allowance
from slogate.slo.spec import Spec
from slogate.stats.between_runs import LEAST_RUNS
from slogate.store.layout import Store
from slogate.store.manifest import list_runs

LAST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What `slogate compare` was asked for; `pair_label` holds runs side by side together."""

    base: str
    head: str
    last: int = LAST
    pair_label: str | None = None
    threads: int | None = None


def compare(
    store: Store, runs: Sequence[Run], lines: Sequence[Allowance], wish: Wish
) -> tuple[Contest, list[Compared]]:
    """The comparison of one service's runs, newest first; errors say what names no run."""
    runs = _own(runs, wish.base, wish.head)
    head = head_of(wish.head, runs, wish.last if wish.pair_label else 1)
    base = base_of(wish.base, runs, head.runs, beside=wish.pair_label is not None)
    taker = Taker(store, lines, threads=wish.threads)
    contest = _contest(taker, runs, base, head, wish)
    if not contest.base and wish.pair_label is None:
        why = "".join(f"\nleft out: {run}, {reason}" for run, reason in contest.left_out)
        hint = "of a branch only runs before the head count, and never the head itself"
        raise NoData(f"no verdict: {base.words} has no valid run to compare with{why}", hint=hint)
    return contest, judge([(contest, lines)])


def _own(runs: Sequence[Run], *refs: str) -> list[Run]:
    """The runs without bases of tests in turns, which are other code, unless one is named."""
    return [
        run
        for run in runs
        if run.interleaved is None or run.interleaved.side == "head" or run.id in refs
    ]


def regressions(
    store: Store, specs: Sequence[Spec], run: Run, *, threads: int | None = None
) -> list[Compared]:
    """The `regression:` budgets of the specs on a run, each against its own base, judged as one."""
    lines = [line for spec in specs for line in spec.regressions]
    if not lines:
        return []
    runs = _own(list_runs(store, service=run.service, kind=run.kind), run.id)
    taker, head = Taker(store, lines, threads=threads), Side(words=f"run {run.id}", runs=(run,))
    contests = []
    for against in dict.fromkeys(line.against for line in lines):
        wish = Wish(base=against, head=run.id, threads=threads)
        contest = _contest(taker, runs, _base(against, runs, run), head, wish)
        contests.append((contest, [line for line in lines if line.against == against]))
    found = {each.line.id: each for each in judge(contests)}
    return [found[line.id] for line in lines]


def _base(against: str, runs: Sequence[Run], run: Run) -> Side:
    """The base that a spec names; none yet where nothing of that name was ever run."""
    try:
        return base_of(against, runs, [run])
    except (UnknownSide, NoData):
        return Side(words=f"'{against}'", runs=())


def _contest(taker: Taker, runs: Sequence[Run], base: Side, head: Side, wish: Wish) -> Contest:
    heads = [taker.take(run) for run in head.runs[: wish.last]]
    # a single head that is not to be trusted is judged as such; of several the others are
    heads = [each for each in heads if each.usable] or heads[:1]
    bases = list(taker.usable(base.runs, wish.last))
    contest = Contest(
        service=heads[0].run.service,
        base_words=base.words,
        head_words=head.words,
        base=tuple(bases),
        head=tuple(heads),
        left_out=_left_out(taker, [*base.runs, *head.runs]),
    )
    if wish.pair_label is not None:
        pairs = _pairs(bases, heads, wish.pair_label)
        return replace(
            contest,
            base=tuple(each for each, _ in pairs),
            head=tuple(each for _, each in pairs) or tuple(heads),
            pairs=tuple(pairs),
            pair_label=wish.pair_label,
        )
    if bases and max(len(bases), len(heads)) < LEAST_RUNS:
        return replace(contest, spread=_spread(taker, runs, bases, heads, wish.last))
    return contest


def _left_out(taker: Taker, runs: Sequence[Run]) -> tuple[tuple[str, str], ...]:
    """The runs that were looked at and cannot be used, and why."""
    looked = [taker.take(run) for run in runs if taker.has(run)]
    return tuple((each.run.id, each.trouble or each.empty or "") for each in looked
                 if not each.usable)  # fmt: skip


def _pairs(bases: Sequence[Taken], heads: Sequence[Taken], label: str) -> list[tuple[Taken, Taken]]:
    """Base and head with the same value of the label; of several the newest."""
    by_value: dict[str, Taken] = {}
    for base in bases:
        if value := base.run.labels.get(label):
            by_value.setdefault(value, base)
    found = []
    for head in heads:
        other = by_value.pop(head.run.labels.get(label, ""), None)
        if other is not None and head.usable:
            found.append((other, head))
    return found


def _spread(
    taker: Taker, runs: Sequence[Run], bases: Sequence[Taken], heads: Sequence[Taken], last: int
) -> tuple[Taken, ...] | None:
    """The runs of the base's branch that tell how runs differ; None if these are too few."""
    names = {each.run.id for each in heads}
    newest = max(moment(each.run) for each in (*bases, *heads))
    branch = bases[0].run.branch
    others = [
        run
        for run in runs
        if run.id not in names and run.branch == branch and moment(run) <= newest
    ]
    found = tuple(taker.usable(others, last))
    return found if len(found) >= LEAST_RUNS else None
