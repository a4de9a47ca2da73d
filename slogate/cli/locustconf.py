"""What Locust's own configuration says of a test: it holds where slogate's settings say nothing.

Read as Locust reads it, the last word first: `LOCUST_…` variables, the file of `--config`,
`[tool.locust]` in pyproject.toml, locust.conf, ~/.locust.conf. Only what slogate would otherwise
fill in or has to know is looked for; Locust reads the rest itself, unless it is to read none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slogate.errors import SettingsError

_NAMES = (
    "host", "users", "spawn-rate", "run-time", "locustfile", "stop-timeout", "web-port",
    "processes", "worker", "master", "headless",
)  # fmt: skip
# whose variable is called otherwise
_VARIABLES = {"worker": "LOCUST_MODE_WORKER", "master": "LOCUST_MODE_MASTER"}
_YES = ("true", "yes", "on", "1")
# those that are settings of slogate as well
_SETTINGS = ("host", "users", "spawn-rate", "run-time")


@dataclass(frozen=True, slots=True)
class Configured:
    """What Locust's configuration says: by name, where it stands and its text.

    `ignored`: Locust itself is to read none of it.
    """

    found: Mapping[str, tuple[str, str]]
    ignored: bool = False

    def __contains__(self, name: str) -> bool:
        """Whether Locust's configuration has a value of this name."""
        return name in self.found

    def text(self, name: str) -> str | None:
        """The value of this name; None if there is none."""
        return self.found[name][1] if name in self.found else None

    def where(self, name: str) -> str | None:
        """Where a flag of this name is set; None if it is not."""
        place, text = self.found.get(name, ("", ""))
        return place if text.lower() in _YES else None

    def settings(self) -> list[tuple[str, str, str]]:
        """(where it stands, key of slogate's settings, value in its spelling) of each."""
        told = []
        for name in _SETTINGS:
            if name in self.found:
                where, text = self.found[name]
                if name == "run-time" and text.isdecimal():  # seconds, for Locust
                    text = f"{text}s"
                told.append((f"{where}: {name}", name.replace("-", "_"), text))
        return told


IGNORED = Configured({}, ignored=True)


def configured(folder: Path, environment: Mapping[str, str], own: Sequence[str] = ()) -> Configured:
    """What holds in this folder; SettingsError for a file that cannot be read."""
    found: dict[str, tuple[str, str]] = {}
    for path in _files(folder, environment, own):
        values = _toml(path) if path.suffix == ".toml" else _conf(path)
        found |= {name: (path.name, _text(values[name])) for name in _NAMES if name in values}
    for name in _NAMES:
        variable = _VARIABLES.get(name, f"LOCUST_{name.upper().replace('-', '_')}")
        if environment.get(variable):
            found[name] = (variable, environment[variable])
    return Configured(found)


def _files(folder: Path, environment: Mapping[str, str], own: Sequence[str]) -> Iterator[Path]:
    usual = [folder / "locust.conf", folder / "pyproject.toml"]
    if environment.get("HOME"):
        usual.insert(0, Path(environment["HOME"]) / ".locust.conf")
    for word, following in zip(own, [*own, ""][1:], strict=True):
        name, _, value = word.partition("=")
        if name == "--config":
            usual.append(folder / (value or following))  # Locust itself says what is not there
    return (path for path in usual if _is_there(path))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _toml(path: Path) -> Mapping[str, Any]:
    values: Any = _read(path, tomllib.loads)
    for section in ("tool", "locust"):
        values = values.get(section, {}) if isinstance(values, dict) else {}
    return values if isinstance(values, dict) else {}


def _conf(path: Path) -> Mapping[str, Any]:
    from configargparse import DefaultConfigFileParser

    def parse(text: str) -> Any:
        return DefaultConfigFileParser().parse(text.splitlines())

    values: Any = _read(path, parse)
    return {key.removeprefix("--"): value for key, value in values.items()}


def _read(path: Path, parse: Any) -> Any:
    try:
        return parse(path.read_text(encoding="utf-8"))
    except Exception as error:  # noqa: BLE001 (each format has its own)
        raise SettingsError(f"{path} cannot be read: {error}") from None
