"""HTTP as every room speaks it: no redirects followed, what passes tried again, later each time.

Credentials are for the address that was given, so that a redirect is an answer like any other, and
whoever asks says what to make of it.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

LONGEST_PAUSE_S = 30.0
_SECRET = 4
PASSING = {429, 500, 502, 503, 504}
BROKEN = (OSError, http.client.HTTPException, EOFError)

T = TypeVar("T")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect to whoever reports errors: not even its address is looked at."""

    def http_error_302(self, *_arguments: Any, **_more: Any) -> None:
        return None

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class Passing(Exception):
    """A trouble that may pass; `last` is what to raise when it has not."""

    def __init__(self, trouble: Exception, after_s: float = 0.0) -> None:
        super().__init__(str(trouble))
        self.after_s = after_s
        self._trouble = trouble

    def last(self) -> Exception:
        """The error for the last try."""
        return self._trouble


def opener(tls: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    """What opens addresses, by that context where they are https."""
    return urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=tls))


def patiently(
    once: Callable[[], T],
    *,
    tries: int,
    pause: Callable[[float], None],
    longest_s: float = LONGEST_PAUSE_S,
) -> T:
    """What it gives in the end, tried again while the trouble is `Passing`."""
    for wait in (*(2.0**n / 2 for n in range(tries - 1)), None):
        try:
            return once()
        except Passing as passing:
            if wait is None:
                raise passing.last() from None
            pause(min(max(wait, passing.after_s), longest_s))
    raise AssertionError  # the last try raises


def wanted_pause(error: urllib.error.HTTPError) -> float:
    """The seconds that a server wants to be left alone."""
    after = error.headers.get("Retry-After", "")
    return float(after) if after.isdecimal() else 0.0


def goal_of(error: urllib.error.HTTPError) -> str:
    """Where a redirect leads, without credentials and query; nothing if that is no address."""
    try:
        goal = urlsplit(error.headers.get("Location", ""))
        port = f":{goal.port}" if goal.port else ""
    except ValueError:
        return ""
    host = f"[{goal.hostname}]" if ":" in (goal.hostname or "") else goal.hostname
    return f"{goal.scheme}://{host}{port}{goal.path}" if host else goal.path


def untrusted(error: Exception) -> str | None:
    """What is wrong with a certificate; None if something else is."""
    reason = getattr(error, "reason", error)
    return reason.verify_message if isinstance(reason, ssl.SSLCertVerificationError) else None


def is_late(error: Exception) -> bool:
    """Whether no answer came in time."""
    return isinstance(getattr(error, "reason", error), TimeoutError)


def cause(error: Exception) -> str:
    """Why no answer came, in the system's words."""
    if isinstance(error, http.client.InvalidURL):  # its words are part of the address
        return "its address, or that of a proxy, cannot be used"
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def secrets_of(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What of these headers nobody may read: values, tokens, a password and its encoded form."""
    values = [value for name, value in headers.items() if name != "X-Scope-OrgID"]
    found = set(values)
    for value in values:
        scheme, _, secret = value.partition(" ")
        found.add(secret)
        if scheme == "Basic":
            with contextlib.suppress(ValueError):
                found.add(base64.b64decode(secret).decode().partition(":")[2])
    return tuple(sorted((each for each in found if len(each) >= _SECRET), key=len, reverse=True))


def own_words(error: urllib.error.HTTPError, *, secrets: Sequence[str] = ()) -> str:
    """The server's own words: of a JSON answer its error, else the first line.

    Servers repeat what they were sent; `secrets` are left out.
    """
    body = error.read(4096)
    try:
        if error.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        document = json.loads(body)
        told = str(document["error"])
    except (ValueError, KeyError, TypeError, OSError, EOFError, RecursionError):
        lines = body.decode("utf-8", "replace").strip().splitlines()
        told = lines[0] if lines and not lines[0].startswith("<") else str(error.reason)
    for secret in secrets:
        told = told.replace(secret, "…")
    return told[:300]
