"""What the caller tells the recorder, read once from the environment that is handed in.

SLOGATE_STORE, SLOGATE_RUN and SLOGATE_SERVICE belong together; without a store nothing is
written (a worker ships its rows to its master). SLOGATE_RUN_INFO is a JSON object with any of
commit, branch, labels, planned_us, planned_rate, note, against (see `turns.py`).
SLOGATE_STATUS_FD is a file descriptor for one line of progress a second, SLOGATE_FLUSH_S how
often rows are written (10 seconds: each time costs the CPU of some fifty requests). With
SLOGATE_LOCUST_CONFIG=none Locust reads no configuration but its arguments and LOCUST_ variables.
Refuses what is half given or malformed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slogate.errors import UsageError

if TYPE_CHECKING:
    from slogate.recorders.locust.turns import Against


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where to write, as which run of which service, and what is known about it beforehand."""

    store: Path | None = None
    run: str = ""
    service: str = ""
    status_fd: int | None = None
    flush_s: float = 10.0
    commit: str | None = None
    branch: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    planned_us: int | None = None
    planned_rate: float | None = None
    note: str | None = None
    against: Against | None = None
    reads_config: bool = True


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of an environment; UsageError says which variable is wrong."""
    store = environment.get("SLOGATE_STORE")
    run, service = (environment.get(f"SLOGATE_{name}", "") for name in ("RUN", "SERVICE"))
    if store and not (run and service):
        raise UsageError("SLOGATE_STORE needs SLOGATE_RUN and SLOGATE_SERVICE beside it")
    return Settings(
        store=Path(store) if store else None,
        run=run,
        service=service,
        status_fd=_descriptor(environment.get("SLOGATE_STATUS_FD")),
        flush_s=_seconds(environment.get("SLOGATE_FLUSH_S") or "10"),
        reads_config=environment.get("SLOGATE_LOCUST_CONFIG") != "none",
        **_info(environment.get("SLOGATE_RUN_INFO") or "{}"),
    )


def _descriptor(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"SLOGATE_STATUS_FD is '{text}', it must be the number of an open file")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 3600:
        raise UsageError(f"SLOGATE_FLUSH_S is '{text}', it must be between 0.05 and 3600")
    return seconds


def _info(text: str) -> dict[str, Any]:
    known: dict[str, type | tuple[type, ...]] = {
        "commit": str, "branch": str, "labels": dict, "planned_us": int,
        "planned_rate": (int, float), "note": str, "against": dict,
    }  # fmt: skip
    try:
        given = json.loads(text)
    except ValueError as error:
        raise UsageError(f"SLOGATE_RUN_INFO is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise UsageError("SLOGATE_RUN_INFO must be a JSON object")
    info = {name: value for name, value in given.items() if name in known and value is not None}
    for name, value in info.items():
        if not isinstance(value, known[name]):
            raise UsageError(f"SLOGATE_RUN_INFO: {name} is {value!r}")
    if "labels" in info:
        info["labels"] = {str(key): str(value) for key, value in info["labels"].items()}
    if "against" in info:
        from slogate.recorders.locust.turns import Against

        try:
            info["against"] = Against.read(info["against"])
        except (KeyError, ValueError) as error:
            raise UsageError(f"SLOGATE_RUN_INFO: against is half given: {error}") from None
    return info
