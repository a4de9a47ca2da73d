"""The master's side: takes the rows out of the workers' reports and knows who is still to report.

A worker is a member once it has sent a report of ours. Its counters run on, so what it shipped
and what arrived can be compared at any time: a message that was lost on the way shows. A member
that began the test, or was there when it started, and never said that it had stopped is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slogate.model.run import Health
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.columns import Chunk
from slogate.recorders.locust.health import worst
from slogate.recorders.locust.naming import worker_name
from slogate.recorders.locust.source import Tally
from slogate.recorders.locust.wire import KEY, Report, unpack


@dataclass(slots=True)
class Member:
    """The latest report of a worker, and the one that was the latest when the test started."""

    report: Report
    base: Report = field(default_factory=Report)
    present: bool = False
    left: bool = False

    def stopped(self, test: int) -> bool:
        """Whether it has said that this test is over and all its rows are sent."""
        began = self.report.generation > self.base.generation
        over = self.report.stopped and (began or self.report.leaving)
        return over or self.report.asked >= test

    @property
    def takes_part(self) -> bool:
        """Whether the test is incomplete without its last report."""
        return self.present or self.report.generation > self.base.generation


class Fleet:
    """The source of a master: its workers, and `own`, what code on the master itself requests.

    `test` numbers the tests of this process.
    """

    def __init__(
        self, own: Capture, index_of: Callable[[str], int], connected: Callable[[str], bool]
    ) -> None:
        self.members: dict[str, Member] = {}
        self.test = 0
        self._own = own
        self._own_base = 0
        self._index_of = index_of
        self._connected = connected
        self._inbox: list[Chunk] = []
        self._unread = 0

    def receive(self, client_id: str, data: Mapping[str, Any]) -> Report | None:
        """Take what is ours out of a report; None if there is nothing; ValueError if damaged."""
        if KEY not in data:
            return None
        try:
            report = unpack(data[KEY], worker_name(client_id, self._index_of(client_id)))
        except ValueError:
            self._unread += 1
            raise
        member = self.members.setdefault(client_id, Member(report))
        member.report = report
        self._inbox.extend(report.chunks)
        return report

    def begin(self) -> None:
        """A test starts: what was reported before is no part of it."""
        self.test += 1
        self._own.discard()
        self._own_base = self._own.seen
        self._inbox.clear()
        self._unread = 0
        for name, member in self.members.items():
            member.base = member.report
            member.present = self._connected(name)
            member.left = False

    def leave(self, client_id: str) -> None:
        """A worker goes in order, and the test goes on."""
        self.members[client_id].left = True

    def outstanding(self) -> list[str]:
        """The workers that take part and have not yet said that they have stopped."""
        return [
            name
            for name, member in self.members.items()
            if member.takes_part and not member.stopped(self.test)
        ]

    def take(self, *, final: bool) -> list[Chunk]:
        """The buffers that have arrived."""
        chunks, self._inbox = self._inbox, []
        return chunks + self._own.take(final=final)

    def pending(self) -> int:
        """Rows that have arrived and were not taken."""
        return sum(chunk.rows for chunk in self._inbox) + self._own.pending

    def tally(self) -> Tally:
        """What the workers saw since `begin`."""

        def since(name: str) -> int:
            return sum(
                getattr(m.report, name) - getattr(m.base, name) for m in self.members.values()
            )

        return Tally(
            seen=since("shipped") + since("failed") + self._own.seen - self._own_base,
            before_reset=since("before_reset"),
            faults=since("faults") + self._unread,
        )

    def health(self) -> Health:
        """The worst of the workers that take part."""
        members = [member for member in self.members.values() if member.takes_part]
        healths = [member.report.health or Health() for member in members]
        left = sum(member.left for member in members)
        return worst(healths, lost=len(self.outstanding()), left=left)
