"""Which series were silent for long, for receivers, and files, longer than what they listen to.

The pods of a fleet come and go, and each is a series of its own. Of those that are held, the one
that has been silent for longest is let go where a new one needs the room and the silence is over
an hour. What is kept of it is until when it counted, so that what it counted before is not
counted again should it come back. Of those that were let go, too, so many are remembered; of the
ones before only the latest of their times, for all together.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from slogate.sources._otlp.telemetry import Malformed

SILENT_NS = 3_600 * 10**9
REMEMBERED = 200_000
AHEAD_NS = 3_600 * 10**9
AHEAD = "it lies over an hour after now by the receiver's clock"


@dataclass(slots=True)
class Silence:
    """When each series was heard last; `now_ns` is by the clock of who listens, 0 for a file.

    `most` series that were let go are remembered by themselves; of all others it is only known
    that they have not been counted since `forgotten_ns`.
    """

    now_ns: int = 0
    most: int = REMEMBERED
    forgotten_ns: int = 0
    # the oldest of each is asked for again and again, and found at once in these
    _heard: OrderedDict[Hashable, int] = field(default_factory=OrderedDict)
    _gone: OrderedDict[int, int] = field(default_factory=OrderedDict)

    def check(self, time_ns: int) -> None:
        """Malformed where a time is of the future: all that comes in time would look old then."""
        if self.now_ns and time_ns > self.now_ns + AHEAD_NS:
            raise Malformed(AHEAD)

    def hear(self, identity: Hashable) -> None:
        """A series was heard just now."""
        if self.now_ns:
            self._heard[identity] = self.now_ns
            self._heard.move_to_end(identity)

    def stalest(self) -> Hashable | None:
        """The series that has been silent for longest, if that is over an hour."""
        for identity, heard_ns in self._heard.items():
            return identity if self.now_ns - heard_ns > SILENT_NS else None
        return None

    def let_go(self, identity: Hashable, counted_ns: int) -> None:
        """Remember of a series only that it counted until then."""
        heard_ns = self._heard.pop(identity, counted_ns)
        key = hash(identity)
        before_ns = self._gone.pop(key, 0)
        self._gone[key] = max(before_ns, counted_ns)
        if len(self._gone) > self.most:
            _, oldest_ns = self._gone.popitem(last=False)
            # a clock that is ahead by years must not make all that comes look old
            self.forgotten_ns = max(self.forgotten_ns, min(oldest_ns, heard_ns))

    def counted_ns(self, identity: Hashable) -> int:
        """Until when a series that is not held may have been counted; 0 if it cannot have been."""
        return self._gone.get(hash(identity), self.forgotten_ns)
