"""Asks a server of Prometheus's HTTP API: one question, one answer, in bounded memory.

    question ──retries──► answer, SourceError, or TooMuch: ask for less

What passes (429, 5xx, a broken connection) is tried again, later each time, as the server
says. Redirects are not followed: credentials are for the address that was given. Warnings of
a success are a refusal unless they are accepted: what a server could not read is not zero.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from slogate.errors import SourceError
from slogate.sources._prometheus.answer import clock_of, data_of, infos_of, warnings_of
from slogate.sources._prometheus.settings import PREFIX, Access
from slogate.web import (
    BROKEN,
    PASSING,
    Passing,
    cause,
    goal_of,
    is_late,
    opener,
    own_words,
    patiently,
    secrets_of,
    untrusted,
    wanted_pause,
)

LARGEST_ANSWER = 32 << 20
TRIES = 5
_PIECE = 1 << 20
_GZIP = 16 + zlib.MAX_WBITS
_LESS = {413, 422, 503, 504}
_CREDENTIALS = f"set {PREFIX}TOKEN, or {PREFIX}USER and {PREFIX}PASSWORD"

Parameters = Sequence[tuple[str, str]]


class TooMuch(Exception):
    """The answer is too large, or took too long; a question about less may be answered.

    `troubled`: that may also be because the server answers nothing at all.
    """

    def __init__(self, told: str, *, troubled: bool = False) -> None:
        super().__init__(told)
        self.troubled = troubled


@dataclass(slots=True, kw_only=True)
class Client:
    """A server and how to ask it; `size` is that of the last answer.

    `pause` waits seconds, `clock` counts them. `ends`: NaN among its samples marks an end.
    `remarks` are what the server said beside its answers (`infos`), each once.
    """

    access: Access
    accept_warnings: bool = False
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    size: int = 0
    tries: int = TRIES
    ends: bool = False
    remarks: dict[str, None] = field(default_factory=dict)
    _opener: Any = field(default=None, repr=False)

    def ask(self, path: str, parameters: Parameters, *, post: bool = True) -> Any:
        """The data of the answer at `/api/v1/<path>`; TooMuch where less can be asked."""
        return patiently(
            lambda: self._once(path, parameters, post=post), tries=self.tries, pause=self.pause
        )

    def now(self) -> float | None:
        """The seconds since 1970 there, if it says so; how it does gives VictoriaMetrics away."""
        data = self.ask("query", [("query", "time()")])
        self.ends = isinstance(data, dict) and data.get("resultType") == "vector"
        return clock_of(data)

    def fail(self, message: str, *, hint: str | None = None) -> SourceError:
        """The error to raise about this server."""
        return SourceError(f"{self.access.url}: {message}", hint=hint)

    def _once(self, path: str, parameters: Parameters, *, post: bool) -> Any:
        try:
            with self._open(path, parameters, post=post) as response:
                body = self._body(response)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error) from None
        except (*BROKEN, zlib.error) as error:
            raise self._unreachable(error) from None
        return self._data(body)

    def _open(self, path: str, parameters: Parameters, *, post: bool) -> Any:
        form = urlencode(parameters)
        address = f"{self.access.url}/api/v1/{path}"
        headers = {"Accept-Encoding": "gzip", "User-Agent": "slogate", **self.access.headers}
        request = urllib.request.Request(  # noqa: S310 (http and https only, see settings)
            address if post or not form else f"{address}?{form}",
            data=form.encode() if post else None,
            headers=headers,
        )
        if self._opener is None:
            self._opener = opener(self.access.tls)
        return self._opener.open(request, timeout=self.access.timeout_s)

    def _body(self, response: Any) -> bytes:
        """The whole answer, unpacked; each piece of it in time, and all of it."""
        unpacked = zlib.decompressobj(_GZIP)
        packed = response.headers.get("Content-Encoding") == "gzip"
        body, came, all_of_it = bytearray(), 0, response.length
        until = self.clock() + self.access.timeout_s
        while came != all_of_it and (piece := response.read1(_PIECE)):
            came += len(piece)
            body += unpacked.decompress(piece, LARGEST_ANSWER + 1) if packed else piece
            if len(body) > LARGEST_ANSWER:
                raise TooMuch(f"its answer is over {LARGEST_ANSWER >> 20} MiB")
            if self.clock() > until:
                raise TimeoutError
        if all_of_it is not None and came < all_of_it:
            raise http.client.IncompleteRead(bytes(body), all_of_it - came)
        if packed and not unpacked.eof:
            raise EOFError("its answer ends too early")
        self.size = len(body)
        return bytes(body)

    def _data(self, body: bytes) -> Any:
        try:
            document = json.loads(body)
            warned = warnings_of(document)
            self.remarks |= dict.fromkeys(infos_of(document))
            data = data_of(document)
        except (ValueError, RecursionError) as error:
            own = isinstance(error, ValueError) and not isinstance(
                error, json.JSONDecodeError | UnicodeDecodeError
            )
            told = str(error) if own else "this is no answer of Prometheus's HTTP API"
            hint = "give its base address, with its path if it has one: http://host/prometheus"
            raise self.fail(told, hint=hint) from None
        if warned and not self.accept_warnings:
            raise self.fail(
                f"the server warns that its answer may not be whole: {warned}",
                hint="take it nevertheless with --option warnings=accept",
            )
        return data

    def _refused(self, error: urllib.error.HTTPError) -> Exception:
        """What to raise for an answer that is not 200."""
        told = f"HTTP {error.code}: {own_words(error, secrets=secrets_of(self.access.headers))}"
        if 300 <= error.code < 400:
            where = goal_of(error)
            return self.fail(
                f"it redirects to {where or 'somewhere else'}",
                hint="if that is right, give that address",
            )
        if error.code in PASSING:
            less = TooMuch(told, troubled=True) if error.code in _LESS else None
            return Passing(less or self.fail(told), wanted_pause(error))
        if error.code in _LESS:
            return TooMuch(told)
        hint = None
        if error.code in {401, 403}:
            hint = _CREDENTIALS
        elif error.code == 404:
            hint = "give its base address, with its path if it has one: http://host/prometheus"
        return self.fail(told, hint=hint)

    def _unreachable(self, error: Exception) -> Exception:
        """What to raise where no answer came; a certificate does not get better by waiting."""
        if fault := untrusted(error):
            hint = "name its authority: --option ca=FILE"
            return self.fail(f"its certificate is not trusted: {fault}", hint=hint)
        if is_late(error):
            # not asked again: that would take as long, and less may be answered at once
            return TooMuch(f"no answer within {self.access.timeout_s:g} s", troubled=True)
        return Passing(self.fail(f"it cannot be reached: {cause(error)}"))
