"""A real exporter and a real Prometheus: what the tests of importing from Prometheus share.

`Exporter` observes requests with the official client, serves them as text, and as a native
histogram in the protobuf format, and remembers how many it had seen at each scrape.
"""

from __future__ import annotations

import http.server
import json
import math
import random
import struct
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client import Counter as Requests

NAME = "http_request_duration_seconds"
NATIVE = "rpc_duration_seconds"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SCHEMA = 3
WHO = (("/browse", "GET", "200"), ("/cart", "POST", "200"), ("/cart", "POST", "503"))
INTERVAL_S = 0.2
PATIENCE_S = 120.0
PROTOBUF = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)


class Exporter:
    """One life of a service: what it observed, and how much of it each scrape saw."""

    def __init__(self, port: int, seed: int, begun: int = 0) -> None:
        """Serve on that port of loopback, so many requests seen; all series are there at once."""
        self.raw: list[tuple[tuple[str, str, str], float]] = []
        self.shown: dict[str, list[int]] = {"/metrics": [], "/native": []}
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        names = ("handler", "method", "status")
        self._seconds = Histogram(NAME, "Requests", names, buckets=BOUNDS, registry=self._registry)
        self._total = Requests("http_requests", "Requests", names, registry=self._registry)
        for who in WHO:
            self._seconds.labels(*who)
            self._total.labels(*who)
        self.observe(begun)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def observe(self, count: int) -> None:
        """Serve so many requests."""
        with self._lock:
            chosen = [
                (self._chance.choice(WHO), self._chance.lognormvariate(-3.5, 1.2))
                for _ in range(count)
            ]
        self.observe_all(chosen)

    def observe_all(self, requests: list[tuple[tuple[str, str, str], float]]) -> None:
        """Serve these requests: who, and how many seconds each took."""
        with self._lock:
            for who, duration in requests:
                self.raw.append((who, duration))
                self._seconds.labels(*who).observe(duration)
                self._total.labels(*who).inc()

    def scraped(self) -> int:
        """How often each of the two pages has been scraped at least."""
        return min(map(len, self.shown.values()))

    def stop(self) -> None:
        """End this life."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        page = self._page

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, kind = page(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler

    def _page(self, path: str) -> tuple[bytes, str]:
        with self._lock:
            self.shown[path].append(len(self.raw))
            if path == "/metrics":
                return generate_latest(self._registry), "text/plain; version=0.0.4"
            return native_page([duration for _, duration in self.raw]), PROTOBUF


@contextmanager
def exporter(port: int, seed: int, begun: int = 0) -> Iterator[Exporter]:
    """A life that ends."""
    service = Exporter(port, seed, begun)
    try:
        yield service
    finally:
        service.stop()


def native_index(duration: float) -> int:
    """The bucket of a native histogram of SCHEMA: base^(i-1) < duration <= base^i."""
    return math.ceil(math.log2(duration) * 2**SCHEMA)


def native_page(durations: list[float]) -> bytes:
    """A native histogram as the protobuf exposition format has it."""
    counts = Counter(map(native_index, durations))
    first, last = min(counts, default=0), max(counts, default=-1)
    row = [counts[index] for index in range(first, last + 1)]
    deltas = [count - before for before, count in zip([0, *row], row, strict=False)]
    span = _whole(1, _zigzag(first)) + _whole(2, len(row))
    histogram = (
        _whole(1, len(durations)) + _double(2, sum(durations)) + _whole(5, _zigzag(SCHEMA))
        + _double(6, 1e-9) + _whole(7, 0) + _bytes(12, span)
        + b"".join(_whole(13, _zigzag(delta)) for delta in deltas)
    )  # fmt: skip
    label = _bytes(1, b"route") + _bytes(2, b"GET /rpc")
    metric = _bytes(1, label) + _bytes(7, histogram)
    family = _bytes(1, NATIVE.encode()) + _whole(3, 4) + _bytes(4, metric)
    return _varint(len(family)) + family


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _whole(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _double(field: int, number: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", number)


def _bytes(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds; an AssertionError says what did not come."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


@contextmanager
def prometheus(
    program: str, folder: Path, port: int, target: int, *more: str, config: Any = None
) -> Iterator[str]:
    """A server that scrapes both pages of the target, with more configuration; its address."""
    jobs = [
        {
            "job_name": path.strip("/"), "metrics_path": path,
            "static_configs": [{"targets": [f"127.0.0.1:{target}"]}],
        }
        for path in ("/metrics", "/native")
    ]  # fmt: skip
    every = f"{INTERVAL_S * 1000:.0f}ms"
    often = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), every)
    told = {"global": often, "scrape_configs": jobs, **(config or {})}
    (folder / "prometheus.yml").write_text(json.dumps(told))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                program, f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
                "--enable-feature=native-histograms", *more,
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(PATIENCE_S)


def ask(url: str, query: str, at: float | None = None) -> list[dict[str, Any]]:
    """The result of an instant query; nothing while the server is not there yet."""
    form = {"query": query} | ({} if at is None else {"time": f"{at:.3f}"})
    try:
        with urllib.request.urlopen(
            f"{url}/api/v1/query?{urllib.parse.urlencode(form)}", timeout=PATIENCE_S
        ) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result
    except OSError:
        return []
