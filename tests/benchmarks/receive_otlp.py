"""How many spans a second `slogate receive` takes, acknowledged on disk, and with what memory.

    python tests/benchmarks/receive_otlp.py [seconds=10] [clients=8]

Each client sends batches of 512 spans of a server as protobuf on a connection of its own, the
next when the last is acknowledged, as SDKs do. Encoding is done before.

On two cores with 8 clients, which share them: 41,000 spans/s, 70 ms to acknowledge a batch (p99
420 ms), 153 MB resident; through message objects 21,000 spans/s.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from receiving import receiving
from telemetry import encoded, span, traces

SPANS = 512
TRACE_ID = b"\x0a\x10"


def client(port: int, number: int, until: float, took: list[float]) -> None:
    """Send until the time is over; every batch has trace ids of its own."""
    body = bytearray(encoded(traces(*(span(n) for n in range(SPANS)))))
    places = [at for at in range(len(body)) if body[at : at + 10] == TRACE_ID + bytes(8)]
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for batch in count(number << 32):
        if time.monotonic() > until:
            return
        for at in places:
            body[at + 2 : at + 10] = batch.to_bytes(8, "big")
        began = time.monotonic()
        connection.request(
            "POST", "/v1/traces", bytes(body), {"content-type": "application/x-protobuf"}
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        took.append(time.monotonic() - began)


def main(seconds: int = 10, clients: int = 8) -> None:
    """Start a receiver, load it, print."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder, receiving(Path(folder)) as receiver:
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=client, args=(receiver.port, n + 1, until, took))
            for n in range(clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status = Path(f"/proc/{receiver.process.pid}/status").read_text(encoding="utf-8")
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        _, told, _ = receiver.stop()
    took.sort()
    print(
        f"{told['requests'] / seconds:,.0f} spans/s of {clients} clients, "
        f"{took[len(took) // 2] * 1000:.0f} ms to acknowledge a batch (p99 "
        f"{took[len(took) * 99 // 100] * 1000:.0f} ms), "
        f"{int(peak.split()[1]) / 1024:.0f} MB resident"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
