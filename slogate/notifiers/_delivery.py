"""Brings what a notifier made to its address, tried again while the trouble may pass.

Passwords and tokens come from the environment or from files, never from the command line, and are
never shown; of an address only the server is, since the path of a chat's webhook is a secret.
Refuses addresses that hold a password.
"""

from __future__ import annotations

import base64
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from slogate.errors import DeliveryError, UsageError
from slogate.web import (
    BROKEN,
    PASSING,
    Passing,
    cause,
    goal_of,
    opener,
    own_words,
    patiently,
    secrets_of,
    untrusted,
    wanted_pause,
)

PREFIX = "SLOGATE_ALERTS_"
TRIES = 4
_ANSWER = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What goes with each post. `headers` hold secrets and are never shown.

    `prefix` begins the names of the variables that they come from.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    prefix: str = PREFIX
    ca: str | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An address, and who posts there. `pause` waits seconds."""

    url: str = field(repr=False)
    access: Access
    pause: Callable[[float], None] = time.sleep

    @property
    def shown(self) -> str:
        """The server alone."""
        return shown(self.url)

    def deliver(self, bodies: Sequence[bytes]) -> int:
        """Post them one after the other; how many arrived, or DeliveryError for the first not."""
        tls = None
        if self.url.startswith("https:"):
            tls = _tls(self.access.ca)
        opened = opener(tls)
        for body in bodies:
            patiently(lambda body=body: self._once(opened, body), tries=TRIES, pause=self.pause)  # type: ignore[misc]
        return len(bodies)

    def _once(self, opened: urllib.request.OpenerDirector, body: bytes) -> None:
        headers = {
            "Content-Type": "application/json", "User-Agent": "slogate", **self.access.headers
        }  # fmt: skip
        request = urllib.request.Request(self.url, data=body, headers=headers, method="POST")  # noqa: S310 (http and https only)
        try:
            with opened.open(request, timeout=self.access.timeout_s) as response:
                response.read(_ANSWER)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except BROKEN as error:
            if fault := untrusted(error):
                hint = "name its authority: --ca FILE"
                raise self.fail(f"its certificate is not trusted: {fault}", hint=hint) from None
            raise Passing(self.fail(f"it cannot be reached: {cause(error)}")) from None

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        parts = urlsplit(self.url)
        place = [each for each in (parts.query, parts.path) if len(each) > 1]
        secrets = (*secrets_of(self.access.headers), *place)
        told = f"HTTP {error.code}: {own_words(error, secrets=secrets)}"
        if 300 <= error.code < 400:
            goal = goal_of(error)
            where = shown(goal) if "://" in goal else "somewhere else"
            return self.fail(f"it redirects to {where}", hint="if that is right, give that address")
        if error.code in PASSING:
            return Passing(self.fail(told), wanted_pause(error))
        prefix = self.access.prefix
        hint = f"set {prefix}TOKEN, or {prefix}USER and {prefix}PASSWORD"
        return self.fail(told, hint=hint if error.code in {401, 403} else None)

    def fail(self, message: str, *, hint: str | None = None) -> DeliveryError:
        """The error to raise about this receiver."""
        return DeliveryError(f"{self.shown}: {message}", hint=hint)


def shown(url: str) -> str:
    """The server of an address, without user, path and query."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}:{parts.port}" if parts.port else f"{parts.scheme}://{where}"


def check_address(url: str, *, prefix: str = PREFIX) -> str:
    """The address, if something can be posted there; UsageError, which does not show it, if not."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or not _plain(url):
        raise UsageError(
            "--to: an address begins with http:// or https:// and a host",
            hint="alertmanager=http://127.0.0.1:9093, or webhook=https://chat.example/hook",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"--to: the address of {host} holds a user or a password",
            hint=f"put them into the variables {prefix}USER and {prefix}PASSWORD",
        )
    return url


def _plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and " " not in url


def headers_of(
    environment: Mapping[str, str], *, token: str | None = None, password: str | None = None,
    prefix: str = PREFIX,
) -> dict[str, str]:  # fmt: skip
    """The headers of the environment's credentials, or of those that were read from files."""
    told = {
        name: environment.get(f"{prefix}{name}", "").strip()
        for name in ("TOKEN", "USER", "PASSWORD", "HEADERS")
    }
    token, user = token or told["TOKEN"], told["USER"]
    lines = [line for line in told["HEADERS"].splitlines() if line.strip()]
    headers = dict(_header(line, prefix) for line in lines)
    if token and user:
        raise UsageError("both a user and a token are given", hint="leave one out")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    elif user:
        pair = base64.b64encode(f"{user}:{password or told['PASSWORD']}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"the header {name} holds characters that no header may have")
    return headers


def _header(line: str, prefix: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z0-9-]+", name.strip()):
        raise UsageError(f"{prefix}HEADERS has a line that is not `Name: value`")
    return name.strip(), value.strip()


def _tls(ca: str | None) -> Any:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
        raise UsageError(f"--ca {ca}: {reason}") from None
