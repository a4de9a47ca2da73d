"""What recording costs a generator: CPU a request, with and without; the budget is 2%.

Run: python tests/benchmarks/recorder_cpu.py [seconds] [requests an iteration]
One generator process against a server of its own, with and without recording in turns of a few
hundredths of a second (see recorder_cpu_load.py): thousands of requests on each side see the
same machine and the same process, whose memory layout alone is worth some percent between two
processes. Prints the median of the paired differences and its 95% interval (order statistics).
Writing the rows falls into some spells only, which a median does not see: it is measured by
itself, for as many rows as such a generator makes between two flushes, and added. Both of
Locust's clients are measured with the least answer a server can give; the exit code says
whether the upper end is within the budget with each.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import greenlet
from scipy.stats import binom

from slogate.model.run import Run
from slogate.recorders.locust.arrow import warm_up
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.health import HealthMonitor
from slogate.recorders.locust.pacing import STATE, Pacing, UserState
from slogate.recorders.locust.session import Session, now_us
from slogate.recorders.locust.source import OwnUsers
from slogate.store.layout import open_store

BUDGET = 0.02
FLUSH_S = 5
FLUSHES = 10
HERE = Path(__file__).parent
SERVER = """
import socketserver

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            if line == b"\\r\\n":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass

with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
"""


def generate(host, client, seconds, requests):
    """What a generator measured of itself: pairs of µs a request, and requests a second."""
    with tempfile.TemporaryDirectory() as store:
        given = {
            "SECONDS": str(seconds), "CLIENT": client, "REQUESTS": str(int(requests)),
            "SLOGATE_STORE": store,
            "SLOGATE_RUN": "r", "SLOGATE_SERVICE": "s",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-P", "-m", "slogate.recorders.locust",
             "-f", HERE / "recorder_cpu_load.py", "--headless", "-u", "20", "-r", "100",
             "-H", host, "--only-summary"],
            env=os.environ | given, capture_output=True, text=True, check=False,
        )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(done.stderr)
    measured = json.loads(lines[0])
    if measured["failed"]:
        sys.exit(f"{measured['failed']} requests failed: this measures something else")
    return measured["pairs"], measured["rate"]


def flush_cost(rows):
    """CPU µs a row of writing as many rows: columns, part, manifest, their threads included."""
    capture = Capture()
    pacing = Pacing(capture.learn)
    response, start = SimpleNamespace(status_code=200), time.time()
    setattr(greenlet.getcurrent(), STATE, UserState(watched=False))
    warm_up()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(id="r", service="s", kind="load", state="running", start_ts=now_us())
        session = Session(
            open_store(Path(folder), create=True), run,
            OwnUsers(capture, HealthMonitor(pacing), pacing), counted=lambda: 0, flush_s=FLUSH_S,
        )  # fmt: skip
        session.begin()
        costs = []
        for _ in range(FLUSHES):
            for number in range(rows):
                capture.on_request(
                    request_type="GET", name="/browse", response_time=1 + number % 97 / 7,
                    response_length=2, response=response, start_time=start + number / 4000,
                )  # fmt: skip
            before = time.process_time()
            session.flush()
            costs.append(time.process_time() - before)
    return statistics.median(costs) / rows * 1e6


def judge(client, pairs, rate):
    """Print what it costs with a client; the upper end of the interval."""
    base = statistics.median(plain for plain, _ in pairs)
    costs = sorted(recorded - plain for plain, recorded in pairs)
    rank = max(0, int(binom.ppf(0.025, len(costs), 0.5)) - 1)
    flush = flush_cost(max(1, int(rate * FLUSH_S)))
    low, middle, high = (
        (cost + flush) / base for cost in (costs[rank], statistics.median(costs), costs[-1 - rank])
    )
    print(f"{client}: {base:.0f} µs a request, {rate:.0f} a second, {len(pairs)} pairs")
    print(
        f"  recording costs {middle:+.2%} ({low:+.2%} to {high:+.2%}), of it flushes {flush:.2f} µs"
    )
    return high


def main(seconds=60, requests=1):
    """Measure both clients, print, judge."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    host = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        ends = [
            judge(client, *generate(host, client, seconds, requests))
            for client in ("HttpUser", "FastHttpUser")
        ]
    finally:
        server.kill()
    return 0 if max(ends) <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
