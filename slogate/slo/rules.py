"""What a lint rule is; the rules are in the `*_rules.py` of this folder.

`error` is a contradiction, `warning` what weakens a verdict or leaves it undecided, `info` what
a reader should know. A rule sees the spec and the facts handed in, nothing else. Each tells why it
is there and has an example of wrong and right: the manual is made of them, and so are the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from slogate.objectives._base import Objective
from slogate.promises.promise import Promise
from slogate.slo.spec import Spec
from slogate.slo.spots import Spot

Level = Literal["error", "warning", "info"]
Fact = Literal["clock", "files", "plan", "store"]
Found = tuple[Objective | Promise | Spot, str, str | None]
"""Where, the sentence, and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The load to come: how long from the first moment all users are there, at what rate.

    `rates` are those of an earlier run by the id of an objective: only its own requests.
    """

    run_us: int
    rate: float | None = None
    rates: Mapping[str, float] = field(default_factory=dict)

    def rate_of(self, objective: Objective) -> float | None:
        """Requests a second that an objective will judge, or at most will."""
        return self.rates.get(objective.id, self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a store holds of a service's production: endpoints with their requests, since when.

    `edges_us` are the bounds of the buckets of what is kept as histograms, None where single
    requests are kept as well.
    """

    endpoints: tuple[tuple[str, int], ...]
    span_us: int
    edges_us: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may know beside the spec; `now_ts` in µs since the epoch.

    `specs` are all that are looked at together, `held` what the store holds by service; None where
    no store was asked.
    """

    now_ts: int
    planned: Planned | None = None
    specs: tuple[Spec, ...] = ()
    held: Mapping[str, Held] | None = None

    def of_service(self, spec: Spec) -> tuple[Spec, ...]:
        """The specs of the same service, this one among them, in their order."""
        return tuple(each for each in self.specs if each.service == spec.service) or (spec,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the manual tells of a rule.

    `help` is what is found, `why` why that hurts. `wrong` and `right` are specs without their head;
    `given` are the options without which `lint` cannot know. `fix` says what `--fix` does.
    """

    id: str
    severity: Level
    help: str
    why: str
    wrong: str
    right: str
    given: tuple[str, ...] = ()
    fix: str | None = None
    lenient: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Entry):
    """One rule: `check` yields what it finds.

    `asks` names what a rule needs beyond the spec; `files` are the others of the service. Without
    it nothing can be found.
    """

    check: Callable[[Spec, Facts], Iterator[Found]] = field(repr=False)
    asks: frozenset[Fact] = frozenset()


def budgets_of(spec: Spec) -> Iterator[list[Objective]]:
    """The objectives of each budget."""
    for _, group in groupby(spec.objectives, key=lambda objective: objective.scope.name):
        yield list(group)


def firsts(spec: Spec) -> Iterator[Objective]:
    """The first objective of each budget, the place of what is said of all of it."""
    return (budget[0] for budget in budgets_of(spec))


def slos_of(spec: Spec) -> Iterator[list[Promise]]:
    """The promises of each SLO, one a window."""
    for _, group in groupby(spec.promises, key=lambda promise: promise.name):
        yield list(group)


def heads(spec: Spec) -> Iterator[Promise]:
    """The first promise of each SLO of stored requests: the place of what is said of them all."""
    return (slo[0] for slo in slos_of(spec))


def promised(spec: Spec) -> Iterator[Promise]:
    """All promises, of stored requests and of what a server answers."""
    yield from spec.promises
    yield from spec.queried


def promised_heads(spec: Spec) -> Iterator[Promise]:
    """The first of each SLO among them."""
    for _, group in groupby(promised(spec), key=lambda promise: promise.name):
        yield next(group)


def budget(*lines: str) -> str:
    """An example of one budget: these lines, with a name and an endpoint where they have none."""
    return listed("budgets", item(*lines, name="order", endpoint="POST /order"))


def slo(*lines: str) -> str:
    """An example of one SLO, likewise."""
    return listed("slos", slo_item(*lines))


def slo_item(*lines: str) -> str:
    """One SLO as an item of a list."""
    usual = {"good": "ok and duration <= 400ms", "objective": "99.5%", "window": "28d"}
    return item(*lines, name="fast", endpoint="POST /order", **usual)


def item(*lines: str, **usual: str) -> str:
    """An item of a list: these lines, before them what they leave out of what is usual."""
    written = {line.partition(":")[0] for line in lines}
    rows = [f"{key}: {value}" for key, value in usual.items() if key not in written and value]
    rows = sorted([*rows, *lines], key=lambda row: not row.startswith("name:"))
    return "".join(f"  {'- ' if at == 0 else '  '}{row}\n" for at, row in enumerate(rows))


def listed(room: str, *items: str) -> str:
    """A list under its key."""
    return f"{room}:\n{''.join(items)}"
