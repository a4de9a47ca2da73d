"""Whose spans they are: the labels of a resource, and the numbers of what its spans tell.

Kinds are shared, and known by which they are, not by what they hold. What is remembered is good
until the rows that wait are taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slogate.sources._otlp.requests import Columns, Kind, Requests
from slogate.sources._otlp.semantics import word
from slogate.sources._otlp.telemetry import Attributes, Resource

_MOST = 1_000


def labels(attributes: Attributes, keys: Sequence[str]) -> dict[str, str]:
    """The attributes that are kept as labels."""
    return {key: word(str(value)) for key in keys if (value := attributes.get(key)) is not None}


@dataclass(slots=True)
class Owner:
    """Whose spans have these labels, and the others that its spans may have."""

    labels: dict[str, str]
    own: list[str]
    requests: Requests
    taken: int
    _numbers: dict[Kind, int] = field(default_factory=dict)

    def number(self, kind: Kind) -> int:
        """The number of the kind of rows that spans of a kind are."""
        if (found := self._numbers.get(kind)) is None:
            told = labels(kind.attributes, self.own)
            found = self._numbers[kind] = self.requests.kind(kind.told, {**self.labels, **told})
        return found


@dataclass(slots=True)
class Owners:
    """The last resources, and all that have the same labels as one."""

    _met: dict[Resource, Owner] = field(default_factory=dict)
    _known: dict[tuple[str, ...], Owner] = field(default_factory=dict)

    def of(self, resource: Resource, keys: Sequence[str], requests: Requests) -> Owner:
        """Who has the labels of the resource."""
        found = self._met.get(resource)
        if found is not None and found.taken == requests.taken:
            return found
        told = labels(resource.attributes, keys)
        key = (*told, *told.values())
        found = self._known.get(key)
        if found is None or found.taken != requests.taken:
            own = [each for each in keys if each not in told]
            found = Owner(told, own, requests, requests.taken)
        for known in (self._met, self._known):
            if len(known) >= _MOST:
                known.clear()
        self._met[resource] = self._known[key] = found
        return found

    def numbers(self, columns: Columns, keys: Sequence[str], requests: Requests) -> Iterator[int]:
        """The numbers of the kinds of rows that spans are."""
        owners = {at: self.of(columns.resources[at], keys, requests) for at in set(columns.whose)}
        if len(owners) == 1:
            (owner,) = owners.values()
            of_one = {kind: owner.number(columns.kinds[kind]) for kind in set(columns.of)}
            return map(of_one.__getitem__, columns.of)
        pairs = list(zip(columns.whose, columns.of, strict=True))
        known = {(at, kind): owners[at].number(columns.kinds[kind]) for at, kind in set(pairs)}
        return map(known.__getitem__, pairs)
