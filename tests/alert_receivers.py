"""Whom alerts are sent to in tests: a real Alertmanager, and a server that remembers what it took.

And traffic that sets them off: an hour of failures, known to the minute.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from exporter import PATIENCE_S, wait_for
from ports import free_port
from series_strategies import table

from slogate.model.run import Reconciliation, Run
from slogate.store.layout import Store, open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPEC = """slogate: 1
service: shop
owner: payments
labels: {tier: gold, severity: none}
slos:
  - name: availability
    good: ok
    objective: 99%
    window: 30d
    by: region
    alerts:
      - {budget: 2%, long: 1h, short: 5m}
      - {budget: 5%, long: 6h, short: 30m}
      - {budget: 10%, long: 1d, short: 2h, severity: ticket}
"""
HOSTILE = '<!channel> {{ .x }} [y](http://evil)\x1b[31m\u202e"'
DAY, NEXT_DAY = "2025-11-04", "2025-11-05"
# all requests of these times fail
FAILING = ((f"{DAY}T10:00Z", f"{DAY}T11:00Z"), (f"{DAY}T15:00Z", f"{DAY}T15:30Z"))


def us(text: str) -> int:
    """ISO 8601 as µs since the epoch."""
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def shop(folder: Path, *regions: str) -> Store:
    """A store with a day of ten requests a minute in each region, and the spec beside it."""
    (folder / "shop.yaml").write_text(SPEC, encoding="utf-8")
    store = open_store(folder / "store", create=True)
    first, bad_times = us(f"{DAY}T00:00Z"), [(us(start), us(end)) for start, end in FAILING]

    def fine(ts: int) -> bool:
        return not any(start <= ts < end for start, end in bad_times)

    rows = [
        {"ts": first + second * 6_000_000, "duration_us": 1_000, "endpoint": "/a", "method": "GET",
         "status": None, "ok": fine(first + second * 6_000_000), "late_us": None, "pace_us": None,
         "error": None, "bytes": None, "worker": None, "trace_id": None,
         "labels": {"region": region}}
        for region in regions
        for second in range(14_400)
    ]  # fmt: skip
    part = write_part(store, "r", "shop", "production", table(rows), sequence=0, worker=None)
    run = Run(
        id="r", service="shop", kind="production", state="complete", start_ts=first,
        end_ts=max(row["ts"] for row in rows), parts=(str(part),),
        rows=Reconciliation(seen=len(rows), written=len(rows)),
    )  # fmt: skip
    write_run(store, run)
    return store


class Receiver:
    """A server that takes what is posted; it answers as `answers` say, 200 when they are over.

    An answer is a status, or None: the connection is closed without a word.
    """

    def __init__(self) -> None:
        """Serve on a free port of loopback."""
        self.posts: list[tuple[dict[str, str], Any]] = []
        self.answers: list[int | None] = []
        self.headers: dict[str, str] = {}
        self.words = ""
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    receiver.posts.append((dict(self.headers), json.loads(body)))
                    answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer is None:
                    self.close_connection = True
                    return
                self.send_response(answer)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                words = receiver.words.encode()
                self.send_header("Content-Length", str(len(words)))
                self.end_headers()
                self.wfile.write(words)

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler

    def alerts(self) -> list[dict[str, Any]]:
        """All alerts of all documents that were posted."""
        return [alert for _, document in self.posts for alert in document["alerts"]]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for as long as the block lasts."""
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()


def at_once(hook: str) -> dict[str, Any]:
    """Groups by SLO and notifies the hook without waiting."""
    route = {"receiver": "hook", "group_by": ["service", "slo"], "group_wait": "100ms"}
    hooks = [{"url": hook, "send_resolved": True}]
    return {
        "route": {**route, "group_interval": "300ms", "repeat_interval": "1h"},
        "receivers": [{"name": "hook", "webhook_configs": hooks}],
    }


@contextmanager
def alertmanager(program: str, folder: Path, config: Mapping[str, Any]) -> Iterator[str]:
    """The address of a real Alertmanager with that configuration, for instance `at_once`."""
    port = free_port()
    path = folder / "alertmanager.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen(
            [program, f"--config.file={path}", f"--storage.path={folder / 'alerts'}",
             f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(lambda: _is_ready(url), "Alertmanager")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _is_ready(url: str) -> bool:
    import urllib.request

    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def known(url: str) -> list[dict[str, Any]]:
    """The alerts that an Alertmanager holds to fire."""
    import urllib.request

    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as answer:
        return json.load(answer)
