"""A run: one load test, or one import of production data, and what is known about it.

The manifest `runs/<run>.json` is this record. A run whose recorder died stays `running`
there; whoever reads it treats that as incomplete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from slogate.model.early import EarlyStop
from slogate.model.turns import Interleaved

Kind = Literal["load", "production"]
PRODUCTION = "production-"
State = Literal["running", "complete", "interrupted", "aborted", "incomplete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How the load generator itself did: shares of 1, microseconds, counts.

    `cpu` is the busiest generator process's peak share of one core over ten seconds;
    `lag_us` the largest and `lag_p99_us` the 99th percentile of its event loop's lag;
    `missed` the share of paced starts that the generator itself was late for. `left_processes`
    went in order while the test went on; `lost_processes` took their last rows with them.
    """

    cpu: float | None = None
    lag_us: int | None = None
    lag_p99_us: int | None = None
    missed: float | None = None
    processes: int = 1
    lost_processes: int = 0
    left_processes: int = 0
    lockstep: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Whose count says what; `written` must equal `seen`, and Locust's count must be explained.

    written = counted + uncountable + before_reset, where `counted` is the generator's own
    count, `uncountable` the events that it could not count (custom events without the four
    keywords that it needs, requests cut off still waiting for a response), `before_reset` what
    it had counted before its statistics were reset. `unreadable` rows of a foreign source are in
    none of these: what they held is not known.
    """

    seen: int = 0
    written: int = 0
    counted: int | None = None
    uncountable: int = 0
    before_reset: int = 0
    unreadable: int = 0

    @property
    def lost(self) -> int:
        """Rows that someone counted and that are not in the store; 0 if all agree."""
        expected = self.seen
        if self.counted is not None:
            expected = max(expected, self.counted + self.uncountable + self.before_reset)
        return max(0, expected - self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a part was when its run was closed; `sha256` is 64 hexadecimal digits."""

    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file held when it was imported: so many bytes, decompressed, from `after` on.

    `head` is the SHA-256 of the first of them, at most 4,096, `end` that of the last 4,096, empty
    where there are fewer. Who holds those before `after`, if any, is another run.
    """

    bytes: int
    head: str
    after: int = 0
    end: str = ""


@dataclass(frozen=True, slots=True)
class Users:
    """So many users there were from a moment on, until the next is told."""

    ts: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Times are microseconds since the epoch, UTC; None where not (yet) known.

    `start_ts` is the start of the test, `ramped_ts` the first moment all users were spawned
    (the test start with a custom shape), `stop_ts` the moment the test was told to stop,
    `end_ts` the later of the stop and the last start. `planned_us` is the intended run time.
    `contents` tells more of the files in `origin`, of production.
    `parts` are paths relative to the store; `seals` say what they were, for those that were
    closed. `rolled_up` is set where counts and histograms took the place of so many requests.
    `untold` says what the source is silent about: `failures`, where failed requests are not in it.
    `users` has each change of their number, looked at twice a second; `asked_users` is how many
    there were to be, None with a custom shape.
    `interleaved` is set where base and head took turns, and this is one of them; `early_stop` where
    the test could end as soon as all was decided.
    """

    id: str
    service: str
    kind: Kind
    state: State
    start_ts: int | None = None
    ramped_ts: int | None = None
    stop_ts: int | None = None
    end_ts: int | None = None
    planned_us: int | None = None
    planned_rate: float | None = None
    created_ts: int | None = None
    commit: str | None = None
    branch: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    source: str = "locust"
    origin: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, Content] = field(default_factory=dict)
    generator_exit: int | None = None
    note: str | None = None
    health: Health = Health()
    rows: Reconciliation = Reconciliation()
    parts: tuple[str, ...] = ()
    seals: Mapping[str, Seal] = field(default_factory=dict)
    rolled_up: int | None = None
    untold: tuple[str, ...] = ()
    interleaved: Interleaved | None = None
    early_stop: EarlyStop | None = None
    users: tuple[Users, ...] = ()
    asked_users: int | None = None

    @property
    def aspect(self) -> str:
        """What a verdict on production speaks of beside the rows of the store, else nothing."""
        return aspect_of(self.id)


def aspect_of(run_id: str) -> str:
    """What follows the moment in an id: `composed` of `production-20261126-2150-composed`."""
    return "-".join(run_id.split("-")[3:]) if run_id.startswith(PRODUCTION) else ""
