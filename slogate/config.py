"""Settings of a project: flag > environment > file > default.

The file is `slogate.toml`, or `[tool.slogate]` in `pyproject.toml`, in the working directory.
Both at once, an unknown key or a wrong type is a SettingsError that names the file and the key.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slogate.errors import SettingsError
from slogate.units import parse_duration

DEFAULT_STORE = Path(".slogate")
# the run time that is to be found out: as long as the budgets need
AUTO = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project sets once. Durations in µs.

    `serve` is the command that starts the service under test, `ready` the URL that answers
    when it is ready, `ready_timeout` how long that may take. A `run_time` of `AUTO` is at most
    `max_time`.
    """

    store: Path = DEFAULT_STORE
    serve: str | None = None
    ready: str | None = None
    ready_timeout: int = 60_000_000
    service: str | None = None
    host: str | None = None
    users: int = 10
    spawn_rate: float | None = None
    run_time: int = 60_000_000
    max_time: int = 900_000_000
    locustfiles: tuple[Path, ...] = ()
    specs: tuple[Path, ...] = ()
    prometheus_url: str | None = None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError("must be a whole number, 1 or more")
    return value


def _rate(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ValueError("must be a number over 0")
    return number


def _duration(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError(f"must be a duration with its unit, for example '{value}s'")  # noqa: TRY004
    microseconds = parse_duration(value)
    if microseconds == 0:
        raise ValueError("must be longer than 0")
    return microseconds


def _run_time(value: Any) -> int:
    return AUTO if value == "auto" else _duration(value)


def _paths(value: Any) -> tuple[Path, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) and v for v in values):
        raise ValueError("must be a path or a list of paths")
    return tuple(Path(v) for v in values)


_READ: dict[str, Callable[[Any], Any]] = {
    "store": lambda value: Path(_text(value)),
    "serve": _text,
    "ready": _text,
    "ready_timeout": _duration,
    "service": _text,
    "host": _text,
    "users": _whole,
    "spawn_rate": _rate,
    "run_time": _run_time,
    "max_time": _duration,
    "locustfiles": _paths,
    "specs": _paths,
    "prometheus_url": _text,
}


def load_settings(
    folder: Path, environment: Mapping[str, str], beneath: Sequence[tuple[str, str, Any]] = ()
) -> Settings:
    """The settings of the project in `folder`; flags are laid over them by the commands.

    `beneath`, (where it stands, key, value) each, holds where the project says nothing.
    SettingsError names all that is wrong, in one go.
    """
    given = [
        (f"{origin}: {key}", key, value)
        for origin, table in _tables(folder)
        for key, value in table.items()
    ]
    given += [
        (name, key, environment[name])
        for key in _READ
        if environment.get(name := f"SLOGATE_{key.upper()}")
    ]
    found: dict[str, Any] = {}
    faults = []
    said = {key for _, key, _ in given}
    given += [each for each in beneath if each[1] not in said]
    for where, key, value in given:
        try:
            found[key] = _value(where, key, value)
        except SettingsError as fault:
            faults.append(fault)
    if faults:
        raise _all_of(faults)
    return replace(Settings(), **found)


def _all_of(faults: list[SettingsError]) -> SettingsError:
    """One fault as it is, several as one error with a line each."""
    if len(faults) == 1:
        return faults[0]
    lines = [f"{fault.message}{f' ({fault.hint})' if fault.hint else ''}" for fault in faults]
    return SettingsError("\n".join([f"{len(faults)} settings are wrong", *lines]))


def _value(where: str, key: str, value: Any) -> Any:
    if key not in _READ:
        near = difflib.get_close_matches(key, _READ, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(_READ)}"
        if key == "tool":
            hint = "in slogate.toml leave out [tool.slogate]: the keys stand at the top"
        raise SettingsError(f"{where} is no setting of slogate", hint=hint)
    try:
        return _READ[key](value)
    except ValueError as error:
        raise SettingsError(f"{where} {error}") from None


def _tables(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    own = _toml(folder / "slogate.toml")
    tools = (_toml(folder / "pyproject.toml") or {}).get("tool", {})
    if not isinstance(tools, dict):
        raise SettingsError("pyproject.toml: tool must be a table, as in [tool.slogate]")
    tool = tools.get("slogate")
    if own is not None and tool is not None:
        raise SettingsError(
            "settings stand in both slogate.toml and pyproject.toml [tool.slogate]",
            hint="keep one of them",
        )
    if own is not None:
        return [("slogate.toml", own)]
    if tool is not None and not isinstance(tool, dict):
        raise SettingsError("pyproject.toml: tool.slogate must be a table, [tool.slogate]")
    return [("pyproject.toml [tool.slogate]", tool)] if tool is not None else []


def _toml(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from None
