"""The API of GitHub or GitLab: JSON both ways, page after page, with a token that nobody sees.

What may pass (a rate limit that is over soon, a 5xx, no answer) is `Passing`, for whoever knows
how to begin again; nothing is tried twice here, because a comment that was created without an
answer must be looked for first. Redirects are not followed, and no page on another server: the
token is for the address that was given.
"""

from __future__ import annotations

import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from slogate.errors import DeliveryError, UsageError
from slogate.notifiers._delivery import shown
from slogate.reports._base import plain
from slogate.web import (
    BROKEN,
    PASSING,
    Passing,
    cause,
    goal_of,
    opener,
    patiently,
    untrusted,
    wanted_pause,
)

_LARGEST = 1 << 24
_MOST_PAGES = 100
T = TypeVar("T")
TRIES = 4
_LIMITED = {403, 429}
# a secondary limit is over after a minute, and a job of CI can wait so long
LONGEST_WAIT_S = 90.0
_SECONDARY_S = 60.0


class Missing(DeliveryError):
    """What was asked for is not there, or not for this token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """An API's address with the headers that hold the token, which are never shown."""

    base: str
    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    hint: str = ""
    timeout_s: float = 20.0
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        """UsageError for an address or a token that nothing can be sent with."""
        if not _is_address(self.base):
            raise UsageError("the address of the API does not begin with https:// and a host")
        if "@" in urlsplit(self.base).netloc:
            raise UsageError("the address of the API holds a user or a password")
        if not self.secret.isascii() or not self.secret.isprintable() or " " in self.secret:
            raise UsageError("the token holds characters that no token has")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the API answers, or None if it answers nothing."""
        return self._ask(method, f"{self.base.rstrip('/')}{path}", body)[0]

    def pages(self, path: str, *, most: int = _MOST_PAGES) -> Iterator[dict[str, Any]]:
        """All items of a list, over its pages."""
        url: str | None = f"{self.base.rstrip('/')}{path}"
        for _ in range(most):
            if url is None:
                return
            items, url = self._ask("GET", url, None)
            if not isinstance(items, list):
                raise self.fail("it answers with something that is no list")
            yield from (item for item in items if isinstance(item, dict))

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Any, str | None]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": "slogate", "Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 (http and https only)
        tls = ssl.create_default_context() if url.startswith("https:") else None
        try:
            with opener(tls).open(request, timeout=self.timeout_s) as response:
                answer, links = response.read(_LARGEST), response.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except BROKEN as error:
            if fault := untrusted(error):
                hint = "SSL_CERT_FILE names the certificate of its authority"
                raise self.fail(f"its certificate is not trusted: {fault}", hint=hint) from None
            raise Passing(self.fail(f"it cannot be reached: {cause(error)}")) from None
        try:
            return (json.loads(answer) if answer.strip() else None), self._next(links)
        except ValueError:
            raise self.fail("it answers with something that is no JSON") from None

    def _next(self, links: str) -> str | None:
        """The address of the next page; only one on the same server is followed."""
        found = re.search(r'<([^<>]+)>\s*;[^,]*\brel="?next"?', links)
        if found is None:
            return None
        if shown(found[1]) != shown(self.base):
            raise self.fail("its next page is on another server")
        return found[1]

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        words = self._words(error)
        told = f"HTTP {error.code}: {words}"
        if 300 <= error.code < 400:
            return self.fail(f"it redirects to {goal_of(error) or 'somewhere else'}")
        pause = self._pause(error, words)
        if pause is not None:
            if pause > LONGEST_WAIT_S:
                return self.fail(f"the rate limit is used up for {int(pause)} s more")
            return Passing(self.fail(f"the rate limit is used up ({told})"), pause)
        if error.code in PASSING:
            return Passing(self.fail(told), wanted_pause(error))
        if error.code in {404, 410}:
            return Missing(f"{shown(self.base)}: {told}", hint=self.hint or None)
        return self.fail(told, hint=self.hint if error.code in {401, 403} else None)

    def _pause(self, error: urllib.error.HTTPError, words: str) -> float | None:
        """How long a rate limit lasts; None if something else was refused."""
        if error.code not in _LIMITED:
            return None
        if error.headers.get("Retry-After", "").isdecimal():
            return wanted_pause(error)
        if error.headers.get("X-RateLimit-Remaining") == "0":
            reset = error.headers.get("X-RateLimit-Reset", "")
            return max(0.0, float(reset) - self.now()) if reset.isdecimal() else 0.0
        if "secondary rate limit" in words.lower():  # GitHub need not say for how long
            return _SECONDARY_S
        return 0.0 if error.code == 429 else None

    def _words(self, error: urllib.error.HTTPError) -> str:
        """The server's own words in one line, without the token, should it repeat it."""
        try:
            body = error.read(4096)
            told = json.loads(body)
            said = str(told.get("message") or told.get("error") or error.reason)
        except (*BROKEN, ValueError, AttributeError, RecursionError):
            said = str(error.reason)
        return plain(said.replace(self.secret, "…") if self.secret else said)[:300]

    def fail(self, message: str, *, hint: str | None = None) -> DeliveryError:
        """The error to raise about this API; names its server only."""
        return DeliveryError(f"{shown(self.base)}: {message}", hint=hint)


def persistently(once: Callable[[], T], pause: Callable[[float], None]) -> T:
    """What it gives in the end, tried again while the forge may yet take it."""
    return patiently(once, tries=TRIES, pause=pause, longest_s=LONGEST_WAIT_S)


def _is_address(base: str) -> bool:
    """Whether something can be asked there."""
    try:
        parts = urlsplit(base)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and base.isascii()
