"""Locust's arguments: what the project's settings give, and behind them the user's own.

Locust takes the last of an argument that is given twice, so what stands after `--` wins.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slogate.config import Settings
from slogate.errors import UsageError

STOP_TIMEOUT_S = 10
_WEB = ("--web-host", "--web-port", "--autostart", "--class-picker")


def is_worker(own: Sequence[str]) -> bool:
    """Whether the user's arguments make this process a worker of a master elsewhere."""
    return "--worker" in own


def arguments(settings: Settings, own: Sequence[str], *, web: bool) -> list[str]:
    """All arguments for Locust; UsageError if there is no locustfile."""
    given = [] if _names_file(own) else [f"--locustfile={path}" for path in _files(settings)]
    if is_worker(own):
        return [*given, *own]
    if not web and not any(argument.startswith(_WEB) for argument in own):
        given += ["--headless", "--only-summary"]
    given += [
        f"--users={settings.users}",
        f"--spawn-rate={spawn_rate(settings):g}",
        f"--run-time={max(1, settings.run_time // 1_000_000)}s",
        f"--stop-timeout={STOP_TIMEOUT_S}",
    ]
    if settings.host is not None:
        given.append(f"--host={settings.host}")
    return [*given, *own]


def spawn_rate(settings: Settings) -> float:
    """Users spawned a second: all within two seconds unless the settings say otherwise."""
    return settings.spawn_rate or max(1.0, settings.users / 2)


def _names_file(own: Sequence[str]) -> bool:
    return any(
        argument.startswith(("--locustfile", "-f")) and not argument.startswith("--f")
        for argument in own
    )


def _files(settings: Settings) -> list[Path]:
    if settings.locustfiles:
        for path in settings.locustfiles:
            if not path.exists():
                raise UsageError(f"there is no locustfile {path}")
        return list(settings.locustfiles)
    folder = Path("loadtests")
    found = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    if found:
        return found
    if Path("locustfile.py").is_file():
        return [Path("locustfile.py")]
    raise UsageError(
        "there is no locustfile: neither loadtests/*.py nor locustfile.py",
        hint="name one: slogate run -f FILE",
    )
