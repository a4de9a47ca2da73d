"""Base and head that took turns in one test: measures both slice by slice, and pairs them up.

A pair is a slice of the base and one of the head, next to each other in an order that was drawn, so
that whatever the machine did meanwhile may as well have hit the other (statistics.md, section 3).
Where slices have too few requests for a percentile, or so few that a single failure leaves it
without an upper bound, two neighbouring pairs are pooled, then four, and so on: of whole pools the
order is as much chance as of single pairs, and whether to pool depends only on both sides taken
together, so that the test stays exact. Never fewer pools than it takes to show anything.

A base that cannot be trusted, or half of whose requests failed, is nothing to compare with: no
verdict, whatever the head did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from fractions import Fraction

from slogate import plugins
from slogate.comparing.contest import Compared, Contest
from slogate.comparing.judge import judge
from slogate.comparing.lines import lines_of
from slogate.comparing.taking import ENGINE, Taken, contrast_of, subject_of
from slogate.engines._base import Engine, Reading
from slogate.errors import StoreError
from slogate.evaluate import judged_window, settled
from slogate.model.evidence import Evidence, Need
from slogate.model.lot import Lot, pooled
from slogate.model.run import Run
from slogate.model.turns import Interleaved, Side
from slogate.model.window import Window
from slogate.objectives._base import Allowance, Measured, Scope
from slogate.slo.spec import Spec
from slogate.stats.sign_flip import pairs_needed
from slogate.store.layout import Store
from slogate.store.manifest import read_run
from slogate.store.reading import parts_of
from slogate.trust import distrust
from slogate.units import format_count, format_share

SHIFTS = (10, 25, 50, 75, 90, 95, 99)
FAILING = 0.5
SIDES: tuple[Side, Side] = ("base", "head")
Both = tuple[Measured, Measured]


@dataclass(frozen=True, slots=True, kw_only=True)
class InTurns:
    """What was found of a test in turns: of each line, and how far whole distributions moved."""

    contest: Contest
    lines: tuple[Compared, ...]
    shifts: tuple[Compared, ...]

    @property
    def judged(self) -> list[Compared]:
        """The lines with a budget."""
        return [each for each in self.lines if each.line.budget is not None]


@dataclass(slots=True)
class _Bench:
    """Both sides, opened to be measured: the requests of each line by the number of the slice."""

    mark: Interleaved
    open: Mapping[Side, Reading]
    needs: dict[str, Need] = field(default_factory=dict)
    lots: dict[Side, dict[str, dict[int, Lot]]] = field(default_factory=dict)

    def read(self, lines: Sequence[Allowance], starts: Sequence[int]) -> None:
        """Read what lines of the same warm-up need of these pairs."""
        step = self.mark.slice_us
        window = Window(start_ts=starts[0] * step, end_ts=(starts[-1] + 2) * step - 1)
        needs = [settled(contrast_of(line).needs(line, window)) for line in lines]
        self.needs |= {need.id: need for need in needs}
        for side in SIDES:
            self.lots.setdefault(side, {}).update(self.open[side].lots(needs, step))

    def evidence(self, side: Side, line: Allowance, group: Sequence[int]) -> Evidence:
        """What a side has of a line in these pairs."""
        found = self.lots[side][line.id]
        lots = [
            lot
            for first in group
            for number in (first, first + 1)
            if (lot := found.get(number)) is not None
        ]
        return (lots[0] if len(lots) == 1 else pooled(lots)).evidence(self.needs[line.id])

    def failing(self, line: Allowance) -> str | None:
        """Why so many requests of the base failed that nothing can be compared with it."""
        lots = self.lots.get("base", {}).get(line.id, {}).values()
        failed, matched = sum(lot.failed for lot in lots), sum(lot.matched for lot in lots)
        if matched == 0 or failed < FAILING * matched:
            return None
        return (
            f"{format_count(failed)} of {format_count(matched)} requests of "
            f"{line.scope.selection} to the base failed; under {format_share(FAILING)} have to, "
            "to compare anything with it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pool:
    """What a pool of pairs measured: by side, by line."""

    measured: Mapping[Side, dict[str, Both]]

    def holds(self, line: Allowance) -> bool:
        """Whether both sides have a bounded value of the line."""
        return all(
            line.id in self.measured[side]
            and all(it.value is not None for it in self.measured[side][line.id])
            for side in SIDES
        )

    def has(self, line: Allowance) -> bool:
        """Whether both sides have a value, bounded or not."""
        return all(line.id in self.measured[side] for side in SIDES)


def in_turns(
    store: Store, specs: Sequence[Spec], run: Run, *, threads: int | None = None
) -> InTurns | None:
    """What was found of a run that is the head of such a test; None for any other."""
    mark = run.interleaved
    if mark is None or mark.side != "head":
        return None
    lines = lines_of(specs, run.service)
    shifts = _shifts(lines)
    contest = Contest(
        service=run.service,
        base_words=mark.words,
        head_words=f"run {run.id}",
        base=(),
        head=(Taken(run=run, rows=0, measured={}),),
        pairs=(),
        mark=mark,
    )
    try:
        base = read_run(store, mark.other)
        parts = {
            "base": parts_of(store, base, whole=True), "head": parts_of(store, run, whole=True)
        }  # fmt: skip
    except StoreError as error:
        contest = replace(contest, refused={line.id: error.message for line in lines})
    else:
        runs: dict[Side, Run] = {"base": base, "head": run}
        engine: Engine = plugins.find("engines", ENGINE)
        with ExitStack() as stack:
            opened: dict[Side, Reading] = {
                side: stack.enter_context(
                    engine.reading([str(part) for part in parts[side]], threads)
                )
                for side in SIDES
            }
            contest = _measured(contest, runs, opened, [*lines, *shifts])
    return InTurns(
        contest=contest,
        lines=tuple(judge([(contest, lines)])),
        shifts=tuple(judge([(contest, shifts)])),
    )


def _shifts(lines: Sequence[Allowance]) -> list[Allowance]:
    """Percentiles from end to end of everything that is compared, to draw how all of it moved."""
    scopes: dict[object, Scope] = {}
    for line in lines:
        scope = line.scope
        scopes.setdefault((scope.selection, scope.failures, scope.warmup_us), scope)
    return [
        Allowance(
            kind="percentile",
            key=f"p{each}",
            quantile=Fraction(each, 100),
            scope=replace(scope, name=f"{scope.name}/shift"),
        )
        for scope in scopes.values()
        for each in SHIFTS
    ]


def _measured(
    contest: Contest,
    runs: Mapping[Side, Run],
    opened: Mapping[Side, Reading],
    lines: Sequence[Allowance],
) -> Contest:
    """The contest with all that both sides measured, and with why that cannot be compared."""
    head, mark = runs["head"], runs["head"].interleaved
    if mark is None:
        return contest
    troubles = {side: _trouble(runs[side], opened[side]) for side in SIDES}
    bench = _Bench(mark, opened)
    pairs: list[tuple[Taken, Taken]] = []
    for warmup in sorted({line.scope.warmup_us for line in lines}):
        mine = [line for line in lines if line.scope.warmup_us == warmup]
        for pools, chosen in _levels(bench, mine, judged_window(head, warmup)):
            names = {line.id for line in chosen}
            pairs += [
                (
                    _taken(runs["base"], pool.measured["base"], names, None),
                    _taken(head, pool.measured["head"], names, troubles["head"]),
                )
                for pool in pools
            ]
    refused = {line.id: why for line in lines if (why := bench.failing(line)) is not None}
    if any(run.rolled_up is not None for run in runs.values()):
        refused = {
            line.id: "requests were rolled up, so slices cannot be told apart any more"
            for line in lines
        }
    if troubles["base"] is not None and troubles["head"] is None:
        refused = {line.id: f"the base cannot be trusted: {troubles['base']}" for line in lines}
    nothing = Taken(run=head, rows=0, measured={}, trouble=troubles["head"])
    return replace(
        contest,
        base=tuple(base for base, _ in pairs),
        head=tuple(each for _, each in pairs) or (nothing,),
        pairs=tuple(pairs),
        refused=refused,
    )


def _taken(run: Run, measured: dict[str, Both], names: set[str], trouble: str | None) -> Taken:
    kept = {name: both for name, both in measured.items() if name in names}
    return Taken(run=run, rows=0, measured=kept, trouble=trouble)


def _trouble(run: Run, series: Reading) -> str | None:
    rows, first, last = series.span()
    closed = run if run.end_ts is not None else replace(run, end_ts=last)
    return distrust(subject_of(closed, rows, first, last, series))


def _levels(
    bench: _Bench, lines: Sequence[Allowance], window: Window | None
) -> Iterator[tuple[list[_Pool], list[Allowance]]]:
    """Pools as small as serve, with the lines that they serve."""
    starts = [] if window is None else list(bench.mark.turns.pairs(window))
    if not starts:
        return
    bench.read(lines, starts)
    pending, size, rough = list(lines), 1, {line.id: 1 for line in lines}
    known: dict[int, list[_Pool]] = {}
    while pending:
        known[size] = pools = [_pool(bench, pending, group) for group in _groups(starts, size)]
        served = [line for line in pending if all(pool.holds(line) for pool in pools)]
        rough |= {line.id: size for line in pending if all(pool.has(line) for pool in pools)}
        if served:
            yield pools, served
        pending = [line for line in pending if line not in served]
        size *= 2
        yield from _given_up(known, rough, pending, len(starts) // size)
        pending = [line for line in pending if len(starts) // size >= _needed(line)]


def _given_up(
    known: Mapping[int, list[_Pool]],
    rough: Mapping[str, int],
    lines: Sequence[Allowance],
    left: int,
) -> Iterator[tuple[list[_Pool], list[Allowance]]]:
    """Lines that no more pooling serves, with the largest pools that have a value of them."""
    for size, pools in known.items():
        chosen = [line for line in lines if left < _needed(line) and rough[line.id] == size]
        if chosen:
            yield pools, chosen


def _needed(line: Allowance) -> int:
    return pairs_needed(float(1 - line.scope.confidence))


def _groups(starts: Sequence[int], size: int) -> list[Sequence[int]]:
    """Neighbouring pairs, so many a group; what is left over belongs to the last."""
    count = max(1, len(starts) // size)
    return [
        starts[at * size : (at + 1) * size if at < count - 1 else len(starts)]
        for at in range(count)
    ]


def _pool(bench: _Bench, lines: Sequence[Allowance], group: Sequence[int]) -> _Pool:
    turns = bench.mark.turns
    length = len(group) * (turns.slice_us - turns.settle_us)
    lasted = Window(start_ts=0, end_ts=length)
    measured: dict[Side, dict[str, Both]] = {}
    for side in SIDES:
        found = {}
        for line in lines:
            contrast = contrast_of(line)
            measure = contrast.in_pairs or contrast.measure
            value = measure(line, bench.evidence(side, line, group), None, lasted)
            if value is not None:
                found[line.id] = (value, value)
        measured[side] = found
    return _Pool(measured=measured)
