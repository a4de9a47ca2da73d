"""Which server a query is asked, and with whose credentials.

An address comes from the command line (`--prometheus URL`, or `NAME=URL` for a DataSource), from
the DataSource's own `connectionDetails`, from `SLOGATE_PROMETHEUS_URL`, or from the settings.
Credentials are of the environment and go to servers only that the command line or the environment
names: a spec that somebody sends in cannot have them sent elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from slogate.errors import UsageError
from slogate.model.indicator import Server
from slogate.sources._base import Remote
from slogate.sources._prometheus import settings

if TYPE_CHECKING:
    from slogate.sources._prometheus.client import Client

URL = f"{settings.PREFIX}URL"
TRIES = 3
_NAMED = re.compile(r"([A-Za-z0-9][-\w.]*)=(https?://.*)", re.ASCII)
_SECRETS = tuple(f"{settings.PREFIX}{name}" for name in ("TOKEN", "USER", "PASSWORD", "HEADERS"))
_HOW = (
    f"--prometheus URL, the variable {URL}, prometheus_url in the settings, or url in the "
    "connectionDetails of its DataSource"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the servers are, as far as the specs do not say; `told` are those of the user."""

    given: str | None = None
    named: Mapping[str, str] = field(default_factory=dict)
    project: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def remote(self, server: Server) -> Remote:
        """The server to ask; UsageError if nothing says where it is."""
        told = self.named.get(server.name or "")
        url = told or server.url or self.given or self._set or self.project
        if url is None:
            what = f"the DataSource '{server.name}'" if server.name else "a Prometheus"
            raise UsageError(f"an indicator asks {what}, and nothing says where it is", hint=_HOW)
        environment = dict(self.environment)
        trusted = filter(None, (told, self.given, self._set))
        if _origin(url) not in set(map(_origin, trusted)):
            for secret in _SECRETS:
                environment.pop(secret, None)
        return Remote(url=url, options=dict(server.options), environment=environment)

    @property
    def _set(self) -> str | None:
        return self.environment.get(URL, "").strip() or None


def addresses(
    words: Sequence[str], *, project: str | None, environment: Mapping[str, str]
) -> Addresses:
    """The addresses of the command line: URL once, NAME=URL as often as there are names."""
    given: str | None = None
    named: dict[str, str] = {}
    for word in words:
        match = _NAMED.fullmatch(word)
        if match is not None:
            named[match[1]] = match[2]
        elif given is not None:
            raise UsageError("--prometheus names two servers", hint="NAME=URL tells them apart")
        else:
            given = word
    return Addresses(given=given, named=named, project=project, environment=environment)


def _origin(url: str) -> tuple[str, str]:
    """What credentials are for: scheme, host and port."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def client_of(remote: Remote, pause: Callable[[float], None] | None = None) -> Client:
    """Whoever asks that server."""
    from slogate.sources._prometheus.client import Client

    accept = settings.flag(remote, "warnings", "accept")
    client = Client(access=settings.access(remote), accept_warnings=accept, tries=TRIES)
    if pause is not None:
        client.pause = pause
    return client
