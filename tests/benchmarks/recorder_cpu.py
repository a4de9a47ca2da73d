"""What recording costs a generator: CPU a request, with and without; the budget is 2%.

Run: python tests/benchmarks/recorder_cpu.py [pairs] [seconds]
Pairs of Locust processes, one with and one without recording, in alternating order and at the
same time on the same core: whatever else the machine does falls on both. The server has a
process of its own. CPU is that of the generator, native threads included, from a second after
the ramp-up to the end of the test with its last flush; start-up is not counted. The users are
paced, and faster than the generator can be. Prints the median of the paired differences and its
interval of at least 95% (order statistics: a disturbed run does not matter much); the exit code
says whether the upper end is within the budget.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from scipy.stats import binom

BUDGET = 0.02

SERVER = """
import socketserver

class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            if line == b"\\r\\n":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")

class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

with Server(("127.0.0.1", 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
"""

LOAD = """
import os
import time
from locust import FastHttpUser, constant_throughput, events, task
import gevent

class Visitor(FastHttpUser):
    wait_time = constant_throughput(1000)

    @task
    def browse(self):
        self.client.get("/browse")

mark = {}

@events.spawning_complete.add_listener
def begin(**_):
    def watch():
        gevent.sleep(1)
        mark.update(cpu=time.process_time(), requests=runner().stats.total.num_requests)
        gevent.sleep(float(os.environ["SECONDS"]))
        runner().quit()
    gevent.spawn(watch)

@events.init.add_listener
def keep(environment, **_):
    mark["environment"] = environment

def runner():
    return mark["environment"].runner

@events.test_stop.add_listener
def end(**_):
    requests = runner().stats.total.num_requests - mark["requests"]
    print("CPU", (time.process_time() - mark["cpu"]) / requests * 1e6, requests, flush=True)
"""


def pin():
    """Both sides on the first core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})


def start(folder, host, seconds, module, run):
    """One side of a pair."""
    given = {
        "SECONDS": str(seconds), "SLOGATE_STORE": "store", "SLOGATE_RUN": run,
        "SLOGATE_SERVICE": "s",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module, "-f", "load.py", "--headless", "-u", "20", "-r", "100",
         "-H", host, "--only-summary"],
        cwd=folder, env=os.environ | given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, preexec_fn=pin,  # noqa: PLW1509 (there are no threads)
    )  # fmt: skip


def cpu_of(process):
    """CPU µs a request of one side, and how many requests there were."""
    output, _ = process.communicate()
    words = next(line for line in output.splitlines() if line.startswith("CPU")).split()
    return float(words[1]), int(words[2])


def measure(pairs, seconds):
    """Relative cost of recording, one figure a pair."""
    costs = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "load.py").write_text(LOAD)
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        host = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        for pair in range(pairs):
            sides = ["locust", "slogate.recorders.locust"][:: 1 - 2 * (pair % 2)]
            started = {side: start(folder, host, seconds, side, f"r{pair}") for side in sides}
            got = {side: cpu_of(process) for side, process in started.items()}
            (plain, n), (recorded, m) = got["locust"], got["slogate.recorders.locust"]
            costs.append(recorded / plain - 1)
            print(f"{pair}: plain {plain:.1f} µs ({n}), recorded {recorded:.1f} µs ({m})")
        server.kill()
    return costs


def main(pairs=20, seconds=6):
    """Measure, print, judge."""
    costs = sorted(measure(pairs, seconds))
    rank = max(0, int(binom.ppf(0.025, pairs, 0.5)) - 1)
    low, middle, high = costs[rank], statistics.median(costs), costs[-1 - rank]
    print(f"recording costs {middle:+.2%} CPU a request ({low:+.2%} to {high:+.2%})")
    return 0 if high <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
