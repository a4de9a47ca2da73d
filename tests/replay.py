"""Answers as servers do that are not in Debian: Prometheus 3, Mimir, Thanos, and broken ones.

Samples are replayed through the few questions of the HTTP API that imports ask. `first` are
answers to give before: (status, headers, body). Ranges are open at their start, as in version 3.
"""

from __future__ import annotations

import gzip
import http.server
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
START_S = 1_764_000_000


@dataclass
class Replay:
    """A server's series, and what it was asked: (path, parameters, headers).

    `series` are (labels, {ms: value or histogram}); more than `most` samples in one answer are
    refused. `told` is added to each answer; `before` is called before each answer to a range.
    `ranges` are the (labels, {ms: value}) of queries that the server reckons, step by step.
    """

    series: list[tuple[dict[str, str], dict[int, Any]]]
    path: str = ""
    most: int = 10**9
    now_s: float = START_S + 100_000
    told: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, list[tuple[dict[str, str], dict[int, str]]]] = field(default_factory=dict)
    first: list[Answer] = field(default_factory=list)
    before: Callable[[], Answer | None] = lambda: None
    asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, form: dict[str, list[str]]) -> Answer:
        """What it says to a question."""
        if self.first:
            return self.first.pop(0)
        if not path.startswith(f"{self.path}/api/v1/"):
            return 404, {}, b"404 page not found"
        name = path.removeprefix(f"{self.path}/api/v1/")
        if name == "query":
            return self._query(form["query"][0], form)
        if name == "query_range":
            return self._range(form)
        if name == "metadata":
            kind = self.types.get(form["metric"][0])
            return self._said({form["metric"][0]: [{"type": kind}]} if kind else {})
        matching = [
            s for match in form.get("match[]", ["{}"]) for s, _ in self.series if matches(match, s)
        ]
        if name == "labels":
            return self._said(sorted({label for series in matching for label in series}))
        return self._said(sorted({series["__name__"] for series in matching}))

    def _query(self, query: str, form: dict[str, list[str]]) -> Answer:
        if query == "time()":
            return self._said({"resultType": "scalar", "result": [self.now_s, str(self.now_s)]})
        if broken := self.before():
            return broken
        selector, length = re.fullmatch(r"(.*)\[(\d+)ms\]", query).groups()
        end = int(float(form["time"][0]) * 1000 + 0.5)
        result, samples = [], 0
        for labels, points in self.series:
            inside = {at: v for at, v in points.items() if end - int(length) < at <= end}
            if not inside or not matches(selector, labels):
                continue
            entry: dict[str, Any] = {"metric": labels}
            for at, value in inside.items():
                key = "values" if isinstance(value, str) else "histograms"
                entry.setdefault(key, []).append([at / 1000, value])
            samples += len(inside)
            result.append(entry)
        if samples > self.most:
            error = {"status": "error", "errorType": "execution", "error": "too many samples"}
            return 422, {}, json.dumps(error).encode()
        return self._said({"resultType": "matrix", "result": result})

    def _range(self, form: dict[str, list[str]]) -> Answer:
        start, end, step = (
            int(float(form[key][0]) * 1000 + 0.5) for key in ("start", "end", "step")
        )
        result = [
            {
                "metric": labels,
                "values": [
                    [at / 1000, points[at]] for at in range(start, end + 1, step) if at in points
                ],
            }
            for labels, points in self.ranges.get(form["query"][0], [])
        ]
        if sum(len(each["values"]) for each in result) > self.most:
            return 422, {}, b'{"status": "error", "error": "too many samples"}'
        return self._said({"resultType": "matrix", "result": result})

    def _said(self, data: Any) -> Answer:
        body = json.dumps({"status": "success", "data": data, **self.told}).encode()
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(body)


def matches(selector: str, labels: dict[str, str]) -> bool:
    """Whether a series is selected; equality is all that is needed here."""
    name, _, inner = selector.partition("{")
    wanted = dict(re.findall(r'(\w+)="([^"]*)"', inner)) | ({"__name__": name} if name else {})
    return all(labels.get(key) == value for key, value in wanted.items())


@contextmanager
def serving(replay: Replay, tls: Any = None) -> Iterator[Replay]:
    """The server at `replay.url`, until the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(b"")

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])))

        def reply(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            form = urllib.parse.parse_qs(body.decode() or query)
            replay.asked.append((path, form, dict(self.headers)))
            status, headers, content = replay.answer(path, form)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked was killed
                self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    replay.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}{replay.path}"
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def counter(*values: int | str, every_s: int = 15, **labels: str) -> Any:
    """A series of `requests_total`: one value a scrape, None where there was none."""
    points = {
        (START_S + i * every_s) * 1000: str(value)
        for i, value in enumerate(values)
        if value is not None
    }
    return {"__name__": "requests_total", **labels}, points


def histogram(name: str, scrapes: list[dict[str, Any] | None], **labels: str) -> Any:
    """A native histogram: one a scrape."""
    points = {(START_S + i * 15) * 1000: h for i, h in enumerate(scrapes) if h is not None}
    return {"__name__": name, **labels}, points


def native(*buckets: tuple[int, str, str, str], count: str | None = None) -> dict[str, Any]:
    """A native histogram as the API writes it: (boundary rule, low, high, count)."""
    total = count or str(sum(int(float(bucket[3])) for bucket in buckets))
    return {"count": total, "sum": "1.5", "buckets": [list(bucket) for bucket in buckets]}
