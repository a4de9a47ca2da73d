"""Which budgets a first spec has: carried over, from what was observed, or guessed.

What a k6 script demands is taken as it is. What was observed gets head-room, and says so. Only
where there is neither is a limit guessed, and says that, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal
from urllib.parse import urlsplit

from slogate.initial.k6 import Script, Threshold
from slogate.initial.measured import Measured
from slogate.store.observed import Observed
from slogate.units import format_count, format_duration, format_share

ROOM = Fraction(3, 2)
ERROR_ROOM = 2
MOST_USERS = 1_000
GUESSED_P95 = "500ms"
GUESSED_ERRORS = "1%"
# so many requests that even a few bad ones leave room for a verdict
NEEDED = {"p95": 100, "p99": 500}
Load = Literal["made", "own", "k6", "import"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """One key of a budget, its value as written, and where it comes from."""

    key: str
    value: str
    remark: str
    limit: Fraction = Fraction(0)


@dataclass(slots=True, kw_only=True)
class Budget:
    """One budget; `endpoint` None is the whole service."""

    endpoint: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    successes: bool = False
    demands: dict[str, Demand] = field(default_factory=dict)
    name: str = ""

    def add(self, demand: Demand) -> None:
        """Take a demand; of two on the same key the stricter."""
        old = self.demands.get(demand.key)
        looser = old is not None and (
            demand.limit < old.limit if demand.key == "throughput" else demand.limit > old.limit
        )
        if not looser:
            self.demands[demand.key] = demand


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What budgets can be made from; `planned` is how many requests a run has, by endpoint.

    `allowed` is the least share of failures that production is promised.
    """

    load: Load
    endpoints: Sequence[str]
    planned: Mapping[str, int] | None
    script: Script | None
    measured: Measured | None
    allowed: Fraction | None = None


@dataclass(slots=True, kw_only=True)
class _Making:
    """Budgets as they are made, and sentences about what is left."""

    basis: Basis
    made: dict[tuple[object, ...], Budget] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def at(
        self,
        endpoint: str | None,
        labels: Mapping[str, str] | None = None,
        *,
        successes: bool = False,
    ) -> Budget:
        """The budget that speaks of these requests."""
        where = labels or {}
        key = (endpoint, tuple(sorted(where.items())), successes)
        return self.made.setdefault(
            key, Budget(endpoint=endpoint, labels=where, successes=successes)
        )

    def carry(self, threshold: Threshold) -> None:
        """Take a threshold over, or say why not."""
        endpoint = _endpoint(threshold, self.basis)
        if self.basis.load in {"made", "own"}:
            if threshold.labels:
                tags = ", ".join(threshold.labels)
                self.left.append(f"{threshold.written}: requests of Locust have no tag {tags}")
                return
            if endpoint is not None and not _is_loaded(endpoint, self.basis.endpoints):
                self.left.append(f"{threshold.written}: the load test has no request of that name")
                return
        successes = threshold.successes and threshold.key.startswith(("p", "mean"))
        self.at(endpoint, threshold.labels, successes=successes).add(_carried(threshold))

    def observe(self, endpoint: str) -> None:
        """Demand what was observed, where nothing else is demanded."""
        for demand in _observed(endpoint, self.basis):
            self.at(endpoint).demands.setdefault(demand.key, demand)

    def guess(self, endpoint: str) -> None:
        """Demand what most services keep, where a run can tell."""
        planned = self.basis.planned
        if planned is None or planned.get(endpoint, 0) >= NEEDED["p95"]:
            self.at(endpoint).add(Demand(key="p95", value=GUESSED_P95, remark="a guess"))


def budgets(basis: Basis) -> tuple[list[Budget], list[str]]:
    """The budgets with their names, and sentences about what is not carried over."""
    making = _Making(basis=basis)
    if basis.script is not None:
        for threshold in basis.script.thresholds:
            making.carry(threshold)
        making.left += basis.script.left
    for endpoint in basis.endpoints:
        making.observe(endpoint)
    if not making.made:
        for endpoint in basis.endpoints:
            making.guess(endpoint)
    if not any("errors" in each.demands for each in making.made.values()):
        making.at(None).add(_errors(basis.measured, basis.allowed))
    return _named(list(making.made.values())), making.left


def _carried(threshold: Threshold) -> Demand:
    limit = threshold.limit
    value = {
        "errors": lambda: f"{_decimal(limit * 100)}%",
        "throughput": lambda: f"{_decimal(limit)}/s",
    }.get(threshold.key, lambda: duration_text(limit))()
    return Demand(key=threshold.key, value=value, remark=f"k6: {threshold.written}", limit=limit)


def _endpoint(threshold: Threshold, basis: Basis) -> str | None:
    """The endpoint that the tags name; where Locust loads, a URL is its path."""
    name, method = threshold.name, threshold.method
    if name is None:
        return None if method is None else f"{method.upper()} *"
    if basis.load in {"made", "own"}:
        name = urlsplit(name).path if re.match("https?://", name) else name
        if method is None:
            same = [each for each in basis.endpoints if each.partition(" ")[2] == name]
            return same[0] if len(same) == 1 else name
    return f"{method.upper()} {name}" if method else name


def _is_loaded(endpoint: str, known: Sequence[str]) -> bool:
    if endpoint.endswith(" *"):
        return any(each.startswith(endpoint[:-1]) for each in known)
    return any(endpoint in {each, each.partition(" ")[2]} for each in known)


def _observed(endpoint: str, basis: Basis) -> Iterator[Demand]:
    """The percentiles that were observed of an endpoint, with head-room."""
    found = basis.measured.endpoints.get(endpoint) if basis.measured else None
    if found is None or basis.measured is None:
        return
    enough = (
        found.requests
        if basis.planned is None
        else min(found.requests, basis.planned.get(endpoint, 0))
    )
    for key, took in (("p95", found.p95_us), ("p99", found.p99_us)):
        if took is None or enough < NEEDED[key]:
            continue
        limit = rounded_up(took * ROOM)
        remark = (
            f"observed {format_duration(took)} of {format_count(found.requests)} requests "
            f"in {basis.measured.file}, half as much again"
        )
        yield Demand(key=key, value=duration_text(limit), remark=remark, limit=limit)


def _errors(measured: Measured | None, allowed: Fraction | None) -> Demand:
    """Twice what was observed, no more than production is promised, and no less than 1%."""
    whole: Observed | None = measured.whole if measured else None
    if whole is None or measured is None or not whole.requests:
        return Demand(key="errors", value=GUESSED_ERRORS, remark="a guess")
    share = Fraction(whole.failed, whole.requests)
    limit = rounded_up(share * ERROR_ROOM * 1000) / 1000
    limit = max(Fraction(1, 100), limit if allowed is None else min(limit, allowed))
    remark = f"observed {format_share(share)} in {measured.file}"
    if limit >= Fraction(1, 2):
        limit = Fraction(1, 100)
        remark += "; that is too much to promise"
    return Demand(key="errors", value=f"{_decimal(limit * 100)}%", remark=remark, limit=limit)


def at_least(throughput: Demand | None) -> int:
    """How many users of one request a second a demand needs, with room; 0 without one."""
    return 0 if throughput is None else min(int(throughput.limit * ROOM) + 1, MOST_USERS)


def rounded_up(value: Fraction) -> Fraction:
    """Up to two significant digits."""
    unit = Fraction(1)
    while value >= 100 * unit:
        unit *= 10
    return -(-value // unit) * unit


def duration_text(us: Fraction) -> str:
    """A limit in µs as specs write it, exact; what is finer is a whole µs, the next."""
    whole = -(-us // 1)
    if whole % 1_000_000 == 0:
        return f"{whole // 1_000_000}s"
    return f"{_decimal(Fraction(whole, 1000))}ms" if whole >= 1000 else f"{whole}us"


def _decimal(value: Fraction) -> str:
    """A fraction with a finite decimal form, as that; others with nine digits."""
    digits = f"{value.numerator * 10**9 // value.denominator:010d}"
    return f"{digits[:-9]}.{digits[-9:]}".rstrip("0").rstrip(".")


def _named(made: list[Budget]) -> list[Budget]:
    taken: set[str] = set()
    for budget in made:
        words = [budget.endpoint or "service", *budget.labels.values()]
        words += ["successes"] if budget.successes else []
        budget.name = unique("-".join(words), taken)
    return made


def unique(text: str, taken: set[str], *, between: str = "-") -> str:
    """A short name of letters and digits for a text, which no other has but for punctuation."""
    slug = re.sub(r"[^a-z0-9]+", between, text.lower()).strip(between)[:50].strip(between)
    slug = slug or "one"
    name, number = slug, 1
    while name.replace(between, "") in taken:
        number += 1
        name = f"{slug}{between}{number}"
    taken.add(name.replace(between, ""))
    return name
