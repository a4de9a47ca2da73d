"""One connection: read a request, wait as the endpoint's latency says, answer, again.

All that changes while the shop runs is in `Shop`. Freezes hold back every request and every
answer, readiness included; the fail window answers everything with 503.
"""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

from slogate.shop.answer import Answer, encode, error_answer, json_answer
from slogate.shop.catalogue import BadRequest
from slogate.shop.endpoints import Endpoint, route, wrong_method
from slogate.shop.options import Options
from slogate.shop.request import Refused, Request, read_request

IDLE_S = 120.0


@dataclass(slots=True, kw_only=True)
class Shop:
    """The shop as it runs: its options, its random generator, and what is going on."""

    options: Options
    rng: Random
    born: float
    first_request: float | None = None
    in_flight: int = 0
    stopping: bool = False
    quiet: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[StreamWriter] = field(default_factory=set)

    def begin(self) -> None:
        """Count one more request in flight."""
        self.in_flight += 1
        self.quiet.clear()

    def end(self) -> None:
        """Count one less; `quiet` is set while there is none."""
        self.in_flight -= 1
        if not self.in_flight:
            self.quiet.set()

    def elapsed_us(self) -> int:
        """Say how long ago the first shop request came; before it, 0."""
        if self.first_request is None:
            return 0
        return int((time.monotonic() - self.first_request) * 1_000_000)

    def ready(self) -> bool:
        """Say whether the shop has started and is not about to stop."""
        age_us = (time.monotonic() - self.born) * 1_000_000
        return not self.stopping and age_us >= self.options.delay_ready_us


async def talk(shop: Shop, reader: StreamReader, writer: StreamWriter) -> None:
    """Serve one connection until either side closes it."""
    shop.open.add(writer)
    try:
        while await _serve_next(shop, reader, writer):
            pass
    except (ConnectionError, TimeoutError):
        pass
    except asyncio.CancelledError:
        # Cancelled only as the loop ends; passed on, asyncio 3.11 prints it as a traceback.
        writer.transport.abort()
    finally:
        shop.open.discard(writer)
        writer.close()


async def _serve_next(shop: Shop, reader: StreamReader, writer: StreamWriter) -> bool:
    try:
        async with asyncio.timeout(IDLE_S):
            request = await read_request(reader, writer)
    except Refused as refusal:
        answer = error_answer(refusal.status, str(refusal))
        writer.write(encode(answer, keep_alive=False, with_body=True))
        await writer.drain()
        return False
    if request is None:
        return False
    shop.begin()
    try:
        return await _answer(shop, request, writer)
    finally:
        shop.end()


async def _answer(shop: Shop, request: Request, writer: StreamWriter) -> bool:
    begun = time.monotonic()
    if shop.first_request is None and request.path != "/ready":
        shop.first_request = begun
    await _thaw(shop)
    answer = await _decide(shop, request)
    await _thaw(shop)
    keep_alive = request.keep_alive and not shop.stopping
    with_body = request.method != "HEAD"
    writer.write(encode(answer, keep_alive=keep_alive, with_body=with_body))
    await writer.drain()
    if shop.options.access_log:
        _log(request, answer, time.monotonic() - begun, writer)
    if not keep_alive:
        writer.close()
        await writer.wait_closed()
    return keep_alive


async def _thaw(shop: Shop) -> None:
    freeze = shop.options.freeze
    if freeze and (left_us := freeze.left_us(shop.elapsed_us())):
        await asyncio.sleep(left_us / 1_000_000)


async def _decide(shop: Shop, request: Request) -> Answer:
    window = shop.options.fail_window
    if window and shop.first_request is not None and window.covers(shop.elapsed_us()):
        return error_answer(HTTPStatus.SERVICE_UNAVAILABLE, "the shop is down")
    if request.path == "/ready":
        return _readiness(shop, request)
    if request.path == "/":
        return _index(shop, request)
    endpoint = route(shop.options.endpoints, request.method, request.path)
    return endpoint if isinstance(endpoint, Answer) else await _perform(shop, endpoint, request)


async def _perform(shop: Shop, endpoint: Endpoint, request: Request) -> Answer:
    duration_us, fails = endpoint.duration_us(shop.rng), endpoint.fails(shop.rng)
    await asyncio.sleep(duration_us / 1_000_000)
    if fails:
        return error_answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"{endpoint.path} has failed")
    try:
        return json_answer(HTTPStatus.OK, endpoint.reply(request))
    except BadRequest as fault:
        return error_answer(HTTPStatus.BAD_REQUEST, str(fault))


def _readiness(shop: Shop, request: Request) -> Answer:
    if request.method not in ("GET", "HEAD"):
        return wrong_method(request.path, ["GET"])
    ready = shop.ready()
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return json_answer(status, {"ready": ready})


def _index(shop: Shop, request: Request) -> Answer:
    if request.method not in ("GET", "HEAD"):
        return wrong_method(request.path, ["GET"])
    rows = "".join(f"<li>{e.method} {e.path}</li>" for e in shop.options.endpoints)
    page = f"<!doctype html><title>shop</title><h1>The sample shop</h1><ul>{rows}</ul>\n"
    return Answer(status=HTTPStatus.OK, body=page.encode(), content_type="text/html")


def _log(request: Request, answer: Answer, took_s: float, writer: StreamWriter) -> None:
    """Write the Common Log Format and the seconds taken, as nginx's $request_time."""
    peer = (writer.get_extra_info("peername") or ["-"])[0]
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    line = request.line.encode("unicode_escape").decode().replace('"', "%22")
    entry = f'{peer} - - [{now}] "{line}" {answer.status.value} {len(answer.body)} {took_s:.6f}'
    sys.stderr.write(entry + "\n")
