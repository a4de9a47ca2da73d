"""Locust's arguments: what the project's settings give, and behind them the user's own.

Locust takes the last of an argument that is given twice, so what stands after `--` wins. What its
own configuration says, and slogate's settings do not, is left to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from slogate.cli.locustconf import Configured
from slogate.config import Settings
from slogate.errors import UsageError
from slogate.units import US_PER_SECOND, parse_duration

STOP_TIMEOUT_S = 10
WEB_PORT = 8089
_WEB = ("--web-host", "--web-port", "-P", "--autostart", "--class-picker")


def is_worker(own: Sequence[str], configured: Configured) -> bool:
    """Whether the user's words make this process a worker of a master elsewhere."""
    return "--worker" in own or configured.where("worker") is not None


def is_master(own: Sequence[str], configured: Configured) -> bool:
    """Whether the user's words make it a master of workers that are started elsewhere."""
    return "--master" in own or configured.where("master") is not None


def variables(environment: Mapping[str, str], configured: Configured) -> dict[str, str]:
    """The environment for Locust; that of one that is to have its arguments alone."""
    if not configured.ignored:
        return dict(environment)
    own = {name: value for name, value in environment.items() if not name.startswith("LOCUST_")}
    return {**own, "SLOGATE_LOCUST_CONFIG": "none"}


def shows_web_ui(own: Sequence[str], *, web: bool) -> bool:
    """Whether Locust is to show its web UI, where people start and stop the test."""
    wanted = web or any(argument.startswith(_WEB) for argument in own)
    return wanted and "--headless" not in own


def web_port(own: Sequence[str], configured: Configured) -> int:
    """The port of Locust's web UI."""
    given = _last(own, "-P", "--web-port") or configured.text("web-port")
    return int(given) if given is not None and given.isdecimal() else WEB_PORT


def own_host(own: Sequence[str]) -> str | None:
    """The host among the user's own arguments, which wins over that of the settings."""
    return _last(own, "-H", "--host")


def own_run_time(own: Sequence[str]) -> int | None:
    """The run time in µs among the user's own arguments; None if none, or none that we read."""
    given = _last(own, "-t", "--run-time")
    if given is None:
        return None
    try:
        return parse_duration(f"{given}s" if given.isdecimal() else given)
    except ValueError:
        return None  # Locust itself will say so


def _last(own: Sequence[str], short: str, long: str) -> str | None:
    """The last value of an option, in any of the ways in which it can be written."""
    found = None
    for word, following in zip(own, [*own, None][1:], strict=True):
        if word in {short, long}:
            found = following
        elif word.startswith(f"{long}="):
            found = word.removeprefix(f"{long}=")
        elif word.startswith(short) and not word.startswith("--"):
            found = word.removeprefix(short)
    return found


def arguments(
    settings: Settings, own: Sequence[str], web: bool, configured: Configured
) -> list[str]:
    """All arguments for Locust; UsageError if there is no locustfile."""
    named = _names_file(own) or ("locustfile" in configured and not settings.locustfiles)
    given = [] if named else [f"--locustfile={path}" for path in _files(settings)]
    if is_worker(own, configured):
        return [*given, *own]
    if not shows_web_ui(own, web=web):
        given += ["--headless", "--only-summary"]
    given += [
        f"--users={settings.users}",
        f"--spawn-rate={spawn_rate(settings):g}",
        f"--run-time={-(-settings.run_time // US_PER_SECOND)}s",  # Locust knows whole ones only
    ]
    if "stop-timeout" not in configured:
        given.append(f"--stop-timeout={STOP_TIMEOUT_S}")
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
