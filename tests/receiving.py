"""A running `slogate receive` for tests, and plain requests to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from slogate.model.series import Series
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs
from slogate.store.reading import parts_of

COMMAND = [sys.executable, "-P", "-m", "slogate", "receive", "--bind", "127.0.0.1:0"]
READY = re.compile(r"receiving OTLP on http://127\.0\.0\.1:(\d+) into")
PATIENCE_S = 60


class Running:
    """A receiver that is ready: its process, its port, and what it said before."""

    def __init__(self, process: subprocess.Popen[str], port: int, said: list[str]) -> None:
        self.process = process
        self.port = port
        self.said = said

    def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """One request on a connection of its own: status, body, headers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request("POST", path, body, {"content-type": "application/json", **named})
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.getheaders())
        finally:
            connection.close()

    def send(self, message: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        """A message as JSON to where it belongs."""
        signals = "traces" if "resourceSpans" in message else "metrics"
        return self.post(f"/v1/{signals}", json.dumps(message).encode())

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, dict[str, Any], str]:
        """End it: exit code, the document it printed, what it said."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, json.loads(out) if out else {}, err


@contextmanager
def receiving(folder: Path, *options: str) -> Iterator[Running]:
    """A receiver with the store `st` in the folder; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, "--store", "st", "--json", *options], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said: list[str] = []
        while not (found := READY.search(said[-1] if said else "")):
            line = process.stderr.readline()
            assert line, f"it did not get ready: {said} {process.wait()}"
            said.append(line)
        yield Running(process, int(found[1]), said)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stored(folder: Path, series: Series = "requests") -> list[dict[str, Any]]:
    """All rows of a series in the store, of all its runs."""
    store = open_store(folder / "st")
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    tables = [pq.read_table(p, partitioning=None) for p in parts if series in p.parts]
    return pa.concat_tables(tables).to_pylist() if tables else []
