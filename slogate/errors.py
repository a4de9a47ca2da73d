"""The exception tree. Each class owns its exit code; only the command line exits with it.

    SlogateError                 2   anything that stopped the gate; never mistaken for a breach
    ├── UsageError               2   the command was called wrongly
    ├── SettingsError            2   a setting in a file or in the environment is wrong
    ├── SpecError                2   specs with faults, all of them at once, each with its place
    ├── UnsupportedError         2   valid, but this version cannot judge it yet
    ├── StoreError               2   the store is missing, unreadable or from a newer version
    ├── SourceError              2   a foreign file cannot be read
    ├── ServiceError             2   the service under test did not start or never got ready
    ├── GeneratorError           2   the load generator did not start or left no run record
    ├── DeliveryError            2   a receiver of alerts could not be told
    ├── NoData                   3   there is no run to judge; absence is never a pass
    └── Interrupted            130   Ctrl-C or SIGTERM

A breach (1) is no error but a verdict, see `verdict.py`; so is a missing verdict (3) of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

EXIT_PASS = 0
EXIT_BREACH = 1
EXIT_ERROR = 2
EXIT_NO_VERDICT = 3
EXIT_INTERRUPTED = 130


class SlogateError(Exception):
    """Something stopped the gate; the message says what and where, the hint how to mend it."""

    exit_code: ClassVar[int] = EXIT_ERROR

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SlogateError):
    """The command was called wrongly."""


class SettingsError(SlogateError):
    """A setting is unknown, malformed or out of range."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One fault of a spec and its place; lines and columns count from 1.

    `rule` is the id under which the manual tells of it.
    """

    file: str
    line: int
    column: int
    path: str = ""
    message: str
    hint: str | None = None
    rule: str = "spec"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        path = f"{self.path}: " if self.path else ""
        hint = f"\n    {self.hint}" if self.hint else ""
        return f"{where}{path}{self.message}{hint}"


class SpecError(SlogateError):
    """One or more specs have faults; `faults` holds all of them, sorted by place."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults, key=lambda f: (f.file, f.line, f.column, f.message))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class UnsupportedError(SlogateError):
    """The spec is valid, but asks for something that this version cannot judge yet."""


class StoreError(SlogateError):
    """The series store is missing, unreadable, or written by a newer version."""


class SourceError(SlogateError):
    """A foreign file cannot be read as what it claims to be."""


class ServiceError(SlogateError):
    """The service under test did not start, died, or never became ready."""


class GeneratorError(SlogateError):
    """The load generator did not start the test or left no run record."""


class DeliveryError(SlogateError):
    """A receiver of alerts could not be told; what is due to it is kept."""


class NoData(SlogateError):
    """There is no run to judge."""

    exit_code: ClassVar[int] = EXIT_NO_VERDICT


class Interrupted(SlogateError):
    """The user or the system asked to stop."""

    exit_code: ClassVar[int] = EXIT_INTERRUPTED
