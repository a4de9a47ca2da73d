"""Whose spans they are: the labels of a resource, and the numbers of what its spans tell.

Resources that were read once are shared, and so are kinds: both are known by what they are, not
by what they hold. What is remembered is good until the rows that wait are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from slogate.sources._otlp.requests import Columns, Kind, Requests
from slogate.sources._otlp.semantics import word
from slogate.sources._otlp.telemetry import Attributes

_MOST = 1_000


def labels(attributes: Attributes, keys: Sequence[str]) -> dict[str, str]:
    """The attributes that are kept as labels."""
    return {key: word(str(value)) for key in keys if (value := attributes.get(key)) is not None}


@dataclass(slots=True)
class Owner:
    """A resource: its labels, the keys of those that its spans may have."""

    attributes: Attributes
    labels: dict[str, str]
    own: list[str]
    requests: Requests
    taken: int
    _numbers: dict[Kind, int] = field(default_factory=dict)

    def numbers_of(self, columns: Columns) -> dict[int, int]:
        """The numbers of kinds of rows, by the places of kinds in the columns."""
        found = {}
        for at in set(columns.of):
            kind = columns.kinds[at]
            if (number := self._numbers.get(kind)) is None:
                told = labels(kind.attributes, self.own)
                number = self.requests.kind(kind.told, {**self.labels, **told})
                self._numbers[kind] = number
            found[at] = number
        return found


@dataclass(slots=True)
class Owners:
    """The last resources, by who they are."""

    _known: dict[int, Owner] = field(default_factory=dict)

    def of(self, attributes: Attributes, keys: Sequence[str], requests: Requests) -> Owner:
        """Who has these attributes."""
        found = self._known.get(id(attributes))
        if found is None or found.taken != requests.taken:
            if len(self._known) >= _MOST:
                self._known.clear()
            own = [key for key in keys if key not in attributes]
            found = Owner(attributes, labels(attributes, keys), own, requests, requests.taken)
            # it holds the attributes, so that no others are taken for them
            self._known[id(attributes)] = found
        return found
