"""The verdict: findings, their outcome, and what the build does about it.

Outcomes are ordered from best to worst; there is no "warn": severity and policies decide
whether an outcome blocks, the outcome itself stays what was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from slogate.errors import EXIT_BREACH, EXIT_NO_VERDICT, EXIT_PASS
from slogate.model.definition import revision
from slogate.model.run import Run

SCHEMA = "slogate.verdict/v1"

Severity = Literal["error", "warn", "info"]
Omission = Literal["open", "corrected", "raw"]


class Outcome(StrEnum):
    """What was found."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no_data"
    INVALID = "invalid"


WORST_LAST = (
    Outcome.PASS,
    Outcome.INCONCLUSIVE,
    Outcome.NO_DATA,
    Outcome.INVALID,
    Outcome.FAIL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an objective is written: file, line and column (from 1), hash of its text."""

    file: str
    line: int
    column: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodShare:
    """The share of good requests: observed, its interval, and the share required."""

    observed: float
    interval: tuple[float, float] | None
    required: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect:
    """How much less a request tells than an independent one: measured, from history, used.

    `runs` are those whose history the floor comes from, newest first.
    """

    measured: float | None
    floor: float | None
    used: float
    runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found about one objective. Values are in `unit`; None is unbounded or unknown.

    `id` is `service/budget/key`; `text` the objective as written, `definition` what it means
    (`model/definition.py`), None in verdicts of before it was kept. `comparison` says of a
    regression what was compared. `waived` names the reason
    of a waiver in force; `downgraded` the policy that lets a missing verdict pass.
    """

    id: str
    service: str
    name: str
    kind: str
    text: str
    endpoint: str | None
    place: Place
    outcome: Outcome
    severity: Severity
    blocking: bool
    limit: float
    unit: Literal["us", "share", "per_second"]
    observed: float | None = None
    interval: tuple[float | None, float | None] | None = None
    confidence: float | None = None
    good: int | None = None
    total: int | None = None
    population: str = "all"
    failed: int = 0
    untimed: int = 0
    backfilled: int = 0
    uncorrected: float | None = None
    good_share: GoodShare | None = None
    design_effect: DesignEffect | None = None
    effective_n: float | None = None
    requests_needed: int | None = None
    seconds_needed: float | None = None
    window: tuple[int, int] | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    waived: str | None = None
    downgraded: str | None = None
    budget: Mapping[str, object] | None = None
    definition: Mapping[str, object] | None = None
    comparison: Mapping[str, object] | None = None

    @property
    def revision(self) -> str | None:
        """The hash of what the objective means; another one is another objective."""
        return None if self.definition is None else revision(self.definition)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How often requests of an endpoint failed in one way; the error in the source's words."""

    endpoint: str
    error: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The run that was judged and how its requests divide: warm-up + judged = rows.

    `stored` is how many rows of the series tell of them, None if as many. `paced` are those judged
    that users with a pace sent, who missed the `backfilled` starts while they waited; `omission`
    says what became of such starts: `open` where nobody waited, `corrected` where they are put
    back, `raw` where nobody knows them.
    `failures` are the commonest ones of the judged window, most frequent first; `stray` says
    that some rows carry times outside the run.
    """

    run: Run
    rows: int
    warmup: int
    judged: int
    backfilled: int
    window: tuple[int, int] | None = None
    failures: tuple[Failure, ...] = ()
    stray: bool = False
    stored: int | None = None
    paced: int = 0
    omission: Omission | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings of one judgement. `id` = hash of spec, subject, window and floor.

    `interleaved` is what base and head of a test in turns differ by, judged or not; `early_stop`
    what was seen at each look at a test that could end as soon as all was decided.
    """

    id: str
    version: str
    subject: Subject
    findings: tuple[Finding, ...]
    floor_runs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    specs: Mapping[str, str] = field(default_factory=dict)
    interleaved: Mapping[str, object] | None = None
    early_stop: Mapping[str, object] | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst outcome that blocks, else pass; without any finding there is no data."""
        if not self.findings:
            return Outcome.NO_DATA
        counted = [f.outcome for f in self.findings if f.blocking]
        return max(counted, key=WORST_LAST.index, default=Outcome.PASS)

    @property
    def exit_code(self) -> int:
        """1 if a breach blocks, else 3 if a missing verdict blocks, else 0; nothing judged is 3."""
        if not self.findings:
            return EXIT_NO_VERDICT
        blocking = {f.outcome for f in self.findings if f.blocking}
        if Outcome.FAIL in blocking:
            return EXIT_BREACH
        return EXIT_NO_VERDICT if blocking else EXIT_PASS
