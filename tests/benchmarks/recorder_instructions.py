"""What recording costs a generator, counted instead of timed: instructions a request.

Run: python tests/benchmarks/recorder_instructions.py [requests] [client] [load]
Valgrind (a system package) counts the instructions of a whole process, libraries included, while
it makes so many requests. A count has no noise of machines, and says nothing of caches:
recorder_cpu.py measures those too, where the machine is quiet enough. A process under Valgrind is
slow; what it does by the second, which would be counted many times too often, is told to wait: the
recorder's watch over its own health and the writing of rows (0.3 µs a request, by themselves).

Counted with Python 3.11 and Locust 2.47, FastHttpUser without a wait: 509,000 instructions a
request, recorded -4.4%, as the listener stands for Locust's hook, a task set's user is read without
a frame of Python, and a request is counted in one call. Before the last of these: -1.3% to -2.7%;
paced beyond its power -1.4%; HttpUser, 2,178,000 instructions, -0.1%.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from recorder_cpu import LOADS, SERVER, SIDES

BUDGET = 0.02
HERE = Path(__file__).parent


def count(side, host, given):
    """Instructions a request of one side."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counted"
        recorder = {
            "SLOGATE_STORE": folder, "SLOGATE_RUN": side, "SLOGATE_SERVICE": "s",
            "SLOGATE_FLUSH_S": "3600", "PYTHONHASHSEED": "0",
        }  # fmt: skip
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
             sys.executable, *SIDES[side], "-f", HERE / "recorder_instructions_load.py",
             "--headless", "-u", "20", "-r", "100", "-H", host, "--only-summary"],
            env=os.environ | recorder | given, text=True, capture_output=True, check=False,
        )  # fmt: skip
        made = re.search(r"^MADE (\d+) FAILED 0$", done.stdout, re.MULTILINE)
        if made is None:
            sys.exit(done.stderr)
        files = [file.read_text() for file in Path(folder).glob("counted*")]
    totals = [re.search(r"^totals: (\d+)", text, re.MULTILINE) for text in files]
    return sum(int(total[1]) for total in totals if total) / int(made[1])


def main(requests="2000", client="FastHttpUser", load="no wait"):
    """Count, print, judge."""
    given = {"REQUESTS": requests, "CLIENT": client, "PER_USER": str(LOADS[load])}
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    host = f"http://127.0.0.1:{server.stdout.readline().strip()}"
    try:
        counts = {side: count(side, host, given) for side in SIDES}
    finally:
        server.kill()
    extra = counts["recorded"] / counts["plain"] - 1
    told = ", ".join(f"{side} {found:,.0f}" for side, found in counts.items())
    print(f"{client}, {load}: instructions a request: {told}; recording costs {extra:+.2%}")
    return 0 if extra <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
