"""A real Alertmanager, and someone on duty whom it tells: what arrives is kept."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Notification = dict[str, Any]


class OnDuty:
    """A webhook on a port of loopback; `notes` are the notifications that came, in order."""

    def __init__(self) -> None:
        """Listen."""
        self.notes: list[Notification] = []
        notes = self.notes

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                notes.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def told(self, **labels: str) -> list[Notification]:
        """The notifications whose alerts all carry these labels."""
        return [note for note in list(self.notes) if labels.items() <= note["commonLabels"].items()]

    def stop(self) -> None:
        """Hear nothing any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def on_duty() -> Iterator[OnDuty]:
    """Someone who listens as long as needed."""
    found = OnDuty()
    try:
        yield found
    finally:
        found.stop()


@contextmanager
def alertmanager(program: str, folder: Path, port: int, config: Any) -> Iterator[str]:
    """A server with this configuration, alone; its address without the scheme."""
    (folder / "alertmanager.yml").write_text(json.dumps(config))
    with (folder / "alertmanager.log").open("wb") as log:
        server = subprocess.Popen(
            [
                program, f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alerts'}", f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)
