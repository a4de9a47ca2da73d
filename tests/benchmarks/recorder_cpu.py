"""What recording costs a generator: CPU a request, with and without; the budget is 2%.

Run: python tests/benchmarks/recorder_cpu.py [pairs] [seconds] [client] [load]
A pair is plain Locust and a recorded one, two processes of the same locustfile side by side on
one core, on which the kernel gives them turns, so that whatever else the machine does falls on
both alike; their server is another process. What is measured is the CPU time of a whole process
(user and system, native threads and the writing of rows included) over the time of load: not its
start, nor its end. Each pair is two new processes, as the memory layout of one alone is worth some
percent; who starts first, and the core, change from pair to pair. That each has but half a core
makes what is done by the second, not by the request, count double.
Prints the mean of the pairs' differences and its 95% interval (Student's t). The answer is the
least that a server can give, one request an iteration; the exit code says whether the upper end is
within the budget for each client and load. The seconds are a multiple of the ten between flushes.

Measured on a machine of two cores, quiet: FastHttpUser without a wait +0.9% (0.3% to 1.5%, 34
pairs), where 1.9% (1.5% to 2.4%, 68 pairs) was before Locust's counting was done in one call;
HttpUser -0.5% (-1.2% to 0.3%, 14 pairs): both within the budget. Paced beyond its power 2.4% (0.7%
to 4.0%, 10 pairs): not known to be. Paced within its power the pairs differ by 11%, which tells
nothing. A flush of rows every ten seconds is 0.4% of it. By instructions a recorded request costs
less than a plain one (recorder_instructions.py), but what is done once a request is cold in the
caches: the hook at a wait costs 0.9%, where it has no more instructions than what it replaces.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from scipy.stats import t

BUDGET = 0.02
CLIENTS = ("FastHttpUser", "HttpUser")
LOADS = {  # requests a second that each of 20 users asks for; 0: no wait
    "no wait": 0,
    "paced": 40,
    "paced beyond its power": 1000,
}
SIDES = {
    "plain": ("-m", "locust"),
    "recorded": ("-P", "-m", "slogate.recorders.locust"),
}
HERE = Path(__file__).parent
SERVER = """
import contextlib, os, select, socket

with contextlib.suppress(PermissionError):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
open = {}
while True:
    for number, _ in poll.poll():
        if number == listener.fileno():
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open[connection.fileno()] = connection
            poll.register(connection, select.EPOLLIN)
            continue
        try:
            asked = os.read(number, 65536)
        except ConnectionError:
            asked = b""
        if asked:
            os.write(number, b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
        else:
            poll.unregister(number)
            open.pop(number).close()
"""


def generator(side, host, store, given):
    """A generator of a side, begun."""
    recorder = {"SLOGATE_STORE": store, "SLOGATE_RUN": side, "SLOGATE_SERVICE": "s"}
    return subprocess.Popen(
        [sys.executable, *SIDES[side], "-f", HERE / "recorder_cpu_load.py", "--headless",
         "-u", "20", "-r", "100", "-H", host, "--only-summary"],
        env=os.environ | recorder | given, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def pair(host, number, seconds, given):
    """µs a request of each side, and requests a second of both."""
    order = list(SIDES)[:: 1 - 2 * (number % 2)]
    costs, rate = {}, 0.0
    with tempfile.TemporaryDirectory() as store, tempfile.TemporaryDirectory() as meet:
        given = given | {"MEET": meet, "SECONDS": str(seconds), "CORE": str(number // 2 % 2)}
        running = {side: generator(side, host, store, given) for side in order}
        told = {side: process.communicate() for side, process in running.items()}
    for side, (out, err) in told.items():
        lines = [line for line in out.splitlines() if line.startswith("{")]
        if not lines:
            sys.exit(err)
        measured = json.loads(lines[0])
        if measured["failed"]:
            sys.exit(f"{measured['failed']} requests failed: this measures something else")
        costs[side] = measured["cpu"] / measured["requests"] * 1e6
        rate += measured["requests"] / seconds
    return costs, rate


def judge(host, client, load, pairs, seconds):
    """Print what it costs a client under a load; the upper end of the interval."""
    given = {"CLIENT": client, "PER_USER": str(LOADS[load])}
    measured = [pair(host, number, seconds, given) for number in range(pairs)]
    plain = statistics.mean(costs["plain"] for costs, _ in measured)
    extra = [costs["recorded"] / costs["plain"] - 1 for costs, _ in measured]
    middle, spread = statistics.mean(extra), statistics.stdev(extra)
    reach = float(t.ppf(0.975, pairs - 1)) * spread / pairs**0.5
    rate = statistics.mean(rate for _, rate in measured) / 2
    print(
        f"{client}, {load}: {plain:.0f} µs a request, {rate:.0f} a second; recording costs "
        f"{middle:+.2%} ({middle - reach:+.2%} to {middle + reach:+.2%}), {pairs} pairs, "
        f"each ±{spread:.2%}",
        flush=True,
    )
    return middle + reach


def main(pairs="16", seconds="10", client=None, load=None):
    """Measure, print, judge."""
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    host = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        ends = [
            judge(host, each, under, int(pairs), float(seconds))
            for each in ((client,) if client else CLIENTS)
            for under in ((load,) if load else LOADS)
        ]
    finally:
        server.kill()
    return 0 if max(ends) <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
