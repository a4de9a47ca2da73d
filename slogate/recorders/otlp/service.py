"""OTLP/HTTP: requests in, answers out, by the specification's status codes.

200 once the rows are on disk, with `partial_success` where some were refused; 400 for what is no
OTLP, 404, 405, 411, 413, 415 for what this is not; 408 for what takes too long to come; 429 with
Retry-After where there is no room, 503 while it stops or when the disk refuses. Bodies of errors
are Status messages. Where there are too many connections, the one is closed that has asked nothing
whole for longest.
"""

from __future__ import annotations

import io
import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slogate.errors import SourceError
from slogate.recorders.otlp.answers import (
    INTERNAL,
    INVALID,
    JSON,
    LATE,
    PROTOBUF,
    UNAVAILABLE,
    UNKNOWN_PATH,
    Signal,
    status,
    success,
)
from slogate.recorders.otlp.bodies import Body, Refused
from slogate.recorders.otlp.budget import Budget
from slogate.recorders.otlp.patience import Patient
from slogate.recorders.otlp.router import Router
from slogate.recorders.otlp.writer import Writer
from slogate.sources._otlp.telemetry import Losses, Malformed

PATHS: dict[str, Signal] = {"/v1/traces": "traces", "/v1/metrics": "metrics"}
MOST_CONNECTIONS = 500
RETRY_AFTER_S = 1
PATIENCE_S = 60.0
IDLE_S = 150.0
ROOM_S = 5.0


@dataclass(slots=True)
class Totals:
    """What came, for people: by status of the answers, and by reason what was not kept."""

    answers: Counter[int] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


class Receiver(ThreadingHTTPServer):
    """The server; `stopping` turns requests away while those in flight are finished."""

    daemon_threads = True
    request_queue_size = 256
    block_on_close = False

    def __init__(
        self,
        address: tuple[str, int],
        *,
        router: Router,
        writer: Writer,
        budget: Budget,
        most_body: int,
        signals: frozenset[Signal],
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)
        self.router = router
        self.writer = writer
        self.budget = budget
        self.most_body = most_body
        self.signals = signals
        self.totals = Totals()
        self.stopping = False
        self._order = threading.Lock()
        self._counting = threading.Condition()
        self._busy = 0
        self._connections = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._idle: dict[socket.socket, None] = {}

    def answer(self, signal: Signal, kind: str, content: bytes) -> bytes:
        """The body of success; Refused or Malformed for anything else."""
        with self._order:
            if self.stopping or self.writer.failure is not None:
                raise Refused(503, UNAVAILABLE, "the receiver is stopping", close=True)
            rows, losses = self.router.take(signal, kind, content)
            submission = self.writer.submit(rows) if rows else None
        if submission is not None and not submission.done.wait(PATIENCE_S):
            # it will be written, and known when it comes again
            raise Refused(503, UNAVAILABLE, "writing takes too long; send it again")
        if submission is not None and submission.failed:
            raise Refused(503, UNAVAILABLE, "the store cannot be written", close=True)
        self._count(losses)
        rejected = losses.bad.total()
        why = "; ".join(f"{n} × {reason}" for reason, n in losses.bad.most_common(5))
        return success(kind, signal, rejected, why)

    def _count(self, losses: Losses) -> None:
        with self._counting:
            for known, more in (
                (self.totals.bad, losses.bad), (self.totals.left_out, losses.left_out)
            ):  # fmt: skip
                for reason, count in more.items():
                    # the words of senders are in some reasons: they must not fill the memory
                    known[reason if reason in known or len(known) < 100 else "other"] += count

    def counted(self, code: int) -> None:
        """One more answer of that status."""
        with self._counting:
            self.totals.answers[code] += 1

    def enter(self) -> None:
        """A request is being worked on."""
        with self._counting:
            self._busy += 1

    def leave(self) -> None:
        """A request is answered."""
        with self._counting:
            self._busy -= 1
            self._counting.notify_all()

    def idle(self, connection: socket.socket, *, now: bool) -> None:
        """Whether a connection is waiting for its next request from now on."""
        with self._counting:
            self._idle.pop(connection, None)
            if now:
                self._idle[connection] = None

    def _make_room(self) -> bool:
        """Close the connection that has asked nothing for longest; whether there is room then."""
        with self._counting:
            longest = next(iter(self._idle), None)
            if longest is not None:
                del self._idle[longest]
                with suppress(OSError):
                    longest.shutdown(socket.SHUT_RDWR)
        return longest is not None and self._connections.acquire(timeout=ROOM_S)

    def drain(self, patience_s: float) -> bool:
        """Turn new requests away, and wait for those in flight; whether all were answered."""
        self.stopping = True
        with self._counting:
            return self._counting.wait_for(lambda: self._busy == 0, patience_s)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread of its own, unless there are too many."""
        if not self._connections.acquire(blocking=False) and not self._make_room():
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection, and make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._connections.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "slogate"
    sys_version = ""
    timeout = IDLE_S
    # headers and body leave together, or the body waits for the other side's acknowledgement
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Receiver

    def setup(self) -> None:
        """Read by deadlines from the start."""
        super().setup()
        self._patient = Patient(self.connection)
        self.rfile = io.BufferedReader(self._patient)

    def handle_one_request(self) -> None:
        """Wait for a request, and let its headers come."""
        self._patient.wait(IDLE_S)
        self.server.idle(self.connection, now=True)
        try:
            super().handle_one_request()
        finally:
            self.server.idle(self.connection, now=False)

    def do_POST(self) -> None:
        """An export."""
        self._patient.wait(PATIENCE_S)
        kind = (self.headers.get_content_type() or "").lower()
        self.server.enter()
        try:
            self._answered(kind)
        finally:
            self.server.leave()

    def _answered(self, kind: str) -> None:
        body = Body(self.server.budget, self.server.most_body)
        try:
            content = body.read(self.rfile, self.headers)
            # who is slow to send makes room as well: it will send it again
            self.server.idle(self.connection, now=False)
            signal = self._signal(kind)
            self._send(200, kind, self.server.answer(signal, kind, content))
        except Refused as refused:
            self.close_connection = self.close_connection or refused.close
            self._send(refused.http, kind, status(kind, refused.code, refused.message))
        except Malformed as error:
            self._send(400, kind, status(kind, INVALID, str(error)))
        except TimeoutError:
            self.close_connection = True
            self._send(408, kind, status(kind, LATE, "the request took too long to come"))
        except OSError:
            self.close_connection = True
            raise
        except SourceError as error:
            told = f"{error.message}; {error.hint}" if error.hint else error.message
            self._send(415, kind, status(kind, INVALID, told))
        except Exception as error:  # noqa: BLE001 (a fault of ours, told when the receiver ends)
            self.server.totals.bad[f"internal error: {type(error).__name__}: {error}"[:200]] += 1
            self._send(500, kind, status(kind, INTERNAL, "an internal error"))
        finally:
            body.release()

    def _signal(self, kind: str) -> Signal:
        path = self.path.partition("?")[0].rstrip("/") or "/"
        signal = PATHS.get(path)
        if signal is None or signal not in self.server.signals:
            taken = ", ".join(p for p, s in PATHS.items() if s in self.server.signals)
            raise Refused(404, UNKNOWN_PATH, f"there is nothing at {path[:100]}, but at {taken}")
        if kind not in {PROTOBUF, JSON}:
            raise Refused(415, INVALID, f"the content type must be {PROTOBUF} or {JSON}")
        return signal

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body, at once."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def do_GET(self) -> None:
        """Nothing can be fetched here."""
        self.close_connection = True
        self._send(405, JSON, status(JSON, UNKNOWN_PATH, "telemetry is sent with POST"))

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 (the library's names)

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.server.counted(code)
        self.connection.settimeout(PATIENCE_S)
        self.send_response(code)
        self.send_header("Content-Type", kind if kind in {PROTOBUF, JSON} else PROTOBUF)
        self.send_header("Content-Length", str(len(content)))
        if code in {429, 503}:
            self.send_header("Retry-After", str(RETRY_AFTER_S))
        if code == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "POST")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say what the library refuses by itself as all else is: broken heads, other methods."""
        del explain
        self.close_connection = True
        # of a head that is no HTTP, whatever it begins with
        self.request_version = self.protocol_version
        told = message or HTTPStatus(code).phrase
        self._send(code, JSON, status(JSON, INVALID, told[:200]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Requests are counted, not logged."""
