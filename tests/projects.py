"""A user's project in a folder: a spec, a locustfile, settings that serve the sample shop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from builders import run
from commands import slogate_in
from ports import free_port
from recording import wait_for
from series_strategies import row, table

from slogate.model.run import Reconciliation
from slogate.store.layout import open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

LOCUSTFILE = """
import random
import time

from locust import FastHttpUser, constant_throughput, task


class Customer(FastHttpUser):
    wait_time = constant_throughput(2)

    def on_start(self):
        time.sleep(random.uniform(0.5, 1.0))

    @task(2)
    def browse(self):
        self.client.get("/browse", name="/browse")

    @task(1)
    def cart(self):
        self.client.post("/cart", json={"items": [1]}, name="/cart")
"""

SPEC = """slogate: 1
service: shop
defaults: {warmup: 1s}
budgets:
  - name: browse
    endpoint: GET /browse
    p95: 600ms
  - name: cart
    endpoint: POST /cart
    p95: 600ms
  - name: service
    errors: 5%
    max: 20s
    throughput: 10/s
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its stdout as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder; the shop listens on `port` when served."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where the shop is served."""
        return f"http://127.0.0.1:{self.port}"

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def serve(self, *options: str, ready_timeout: str = "20s") -> None:
        """Set the project up to serve the shop with these options."""
        quoted = " ".join(f"'{option}'" for option in options)
        self.write(
            "slogate.toml",
            f'serve = "python -m slogate.shop --port {self.port} --seed 7 {quoted}"\n'
            f'ready = "{self.url}/ready"\nready_timeout = "{ready_timeout}"\n'
            f'host = "{self.url}"\nusers = 40\nspawn_rate = 40\nrun_time = "13s"\n',
        )

    def slogate(self, *arguments: str, environment: dict[str, str] | None = None) -> Done:
        """Run a command of slogate in the folder; one that starts Locust as the program."""
        if arguments[0] in {"run", "demo"}:
            done = subprocess.run(
                [sys.executable, "-m", "slogate", *arguments],
                cwd=self.folder, env={**os.environ, **(environment or {})},
                capture_output=True, text=True, timeout=150, check=False,
            )  # fmt: skip
        else:
            done = slogate_in(self.folder, *arguments, environment=environment)
        return Done(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of slogate in a session of its own, to be signalled."""
        return subprocess.Popen(
            [sys.executable, "-m", "slogate", *arguments],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, env={**os.environ, **environment},
        )  # fmt: skip

    def load(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a long load test, to be cut short, and wait until it has written requests."""
        process = self.start("run", "--run-time", "10m", *arguments, SLOGATE_FLUSH_S="0.5")
        series = self.folder / ".slogate" / "series"
        wait_for(lambda: process.poll() is not None or any(series.rglob("*.parquet")))
        return process


def new_project(folder: Path, *shop_options: str) -> Project:
    """A fresh project that serves the shop on a free port."""
    project = Project(folder, free_port())
    project.write("loadtests/locustfile.py", LOCUSTFILE)
    project.write("slo/shop.yaml", SPEC)
    project.serve(*shop_options)
    return project


def record(project: Project, service: str, *, milliseconds: int = 10) -> Path:
    """Keep a healthy run of that service, 20 requests a second for 200 s; its one part."""
    store = open_store(project.folder / ".slogate", create=True)
    rows = table([row(i * 50_000, duration_us=milliseconds * 1_000) for i in range(4_000)])
    part = write_part(store, f"{service}-1", service, "load", rows, sequence=0, worker="w")
    counts = Reconciliation(seen=4_000, written=4_000, counted=4_000)
    write_run(store, run(id=f"{service}-1", service=service, parts=(part,), rows=counts))
    return store.root / part


def budget(project: Project, service: str, line: str = "p95: 100ms") -> None:
    """Let one spec of the project judge that service."""
    text = f"slogate: 1\nservice: {service}\nbudgets: [{{name: all, {line}}}]\n"
    project.write(f"slo/{service}.yaml", text)


def rows_on_disk(project):
    """How many rows lie in the project's Parquet files."""
    parts = (project.folder / ".slogate" / "series").rglob("*.parquet")
    return sum(pq.read_metadata(part).num_rows for part in parts)
