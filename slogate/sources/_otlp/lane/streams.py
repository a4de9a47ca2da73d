"""Numbers for the series that are counted on, and for each of their starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from slogate.sources._otlp.increases import MOST_IN_FILE, STARTS_KEPT
from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.silence import Silence

# whether its buckets are explicit, whether it is of deltas
Kind = tuple[bool, bool]


@dataclass(slots=True)
class Streams:
    """What was numbered so far, in the order of the numbers."""

    numbers: dict[Hashable, int] = field(default_factory=dict)
    identities: list[Hashable] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    starts: Counter[int] = field(default_factory=Counter)
    keys: dict[tuple[int, int], int] = field(default_factory=dict)

    def number(self, identity: Hashable, kind: Kind) -> int:
        """The number of a series; Odd if its kind changed."""
        found = self.numbers.setdefault(identity, len(self.identities))
        if found == len(self.identities):
            self.identities.append(identity)
            self.kinds.append(kind)
        if self.kinds[found] != kind:
            raise Odd
        return found

    def key(self, stream: int, start: int, silence: Silence | None = None) -> int:
        """The number of what counted from this start; Odd where there are too many.

        With `silence` also where it may have been counted, and let go, before.
        """
        found = self.keys.get((stream, start))
        if found is None:
            if silence and start < silence.counted_ns(self.identities[stream]):
                raise Odd
            found = self.keys[stream, start] = len(self.keys)
            self.starts[stream] += 1
            if self.starts[stream] > STARTS_KEPT or len(self.keys) > MOST_IN_FILE:
                raise Odd
        return found
