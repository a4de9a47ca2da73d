"""Logs that a real nginx writes under the load of wrk and hey, against what these counted."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from nginx import OTHER, nginx

from slogate.ingest import Imported, import_files
from slogate.store.layout import open_store
from slogate.store.reading import parts_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("nginx")]

IN_FLIGHT = 4
PATTERN = "%{host}|%{time}|%{request}|%{status}|%{duration_s}"
BEGAN = "2025-11-24T16:00:00Z"
ASKED = {"/browse": 400, "/busy": 120, "/slow": 16}


@dataclass(frozen=True)
class Load:
    """What nginx logged, and what the load tools wrote of it."""

    folder: Path
    known: dict[str, tuple[Imported, pa.Table]] = field(default_factory=dict)

    def rows(self, name: str, **options: str) -> tuple[Imported, pa.Table]:
        """What the import makes of a file, as a run of its own."""
        key = repr((name, options))
        if key not in self.known:
            self.known[key] = self._rows(name, options)
        return self.known[key]

    def _rows(self, name: str, options: dict[str, str]) -> tuple[Imported, pa.Table]:
        store = open_store(self.folder / f"store-{name}-{len(self.known)}", create=True)
        told = {"pattern": "pattern-log", "log_format": "nginx-log"}
        chosen = next((told[name] for name in options if name in told), "auto")
        done = import_files(
            store, [(name, self.folder / name)], service="shop", now_ts=1, options=options,
            format=chosen,
        )  # fmt: skip
        parts = [pq.read_table(part, partitioning=None) for part in parts_of(store, done.run)]
        return done, pa.concat_tables(parts)


@pytest.fixture(scope="module", name="load")
def fixture_load(
    system_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Load:
    """Nginx under wrk for a second, then under hey for a known number of requests."""
    server = system_program("nginx", package="nginx-light")
    wrk, hey = (system_program(name, package=name) for name in ("wrk", "hey"))
    folder = tmp_path_factory.mktemp("nginx")
    with nginx(server, folder) as running:
        for path, count in ASKED.items():
            asked = ["-n", str(count), "-c", "4", "-o", "csv", f"{running.url}{path}?id=7"]
            (folder / f"hey{path.replace('/', '-')}.csv").write_bytes(ran(hey, *asked))
        asked = ["-t", "1", "-c", str(IN_FLIGHT), "-d", "1s", "--latency", f"{running.url}/wrk"]
        (folder / "wrk.txt").write_bytes(ran(wrk, *asked))
    return Load(folder=folder)


def ran(*command: str) -> bytes:
    """The output of a load tool that ends well."""
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def counted(table: pa.Table) -> Counter[tuple[str, str, int]]:
    """Requests by method, endpoint and status."""
    columns = ("method", "endpoint", "status")
    return Counter(zip(*(table[name].to_pylist() for name in columns), strict=True))


EXPECTED = {
    ("GET", "/browse", 200): 400, ("GET", "/busy", 503): 120, ("GET", "/slow", 200): 16
}  # fmt: skip


def test_the_log_has_what_hey_and_wrk_counted(load: Load):
    """Each request of hey is in the log, and each of wrk's but those in flight when it stopped."""
    done, table = load.rows("timed.log")

    assert (done.run.source, done.bad, done.left_out) == ("nginx-log", {}, {})
    found = counted(table)
    wrk = found.pop(("GET", "/wrk", 404))
    assert found == EXPECTED
    told, _ = load.rows("wrk.txt", start=BEGAN)
    assert told.run.source == "wrk"
    assert told.requests <= wrk <= told.requests + IN_FLIGHT


def test_hey_agrees_request_by_request(load: Load):
    """The CSV of hey has as many rows as the log has requests of that path, of the same status."""
    table = load.rows("timed.log")[1]
    for path, count in ASKED.items():
        done, rows = load.rows(f"hey{path.replace('/', '-')}.csv", start=BEGAN)

        assert (done.run.source, rows.num_rows) == ("hey-csv", count)
        logged = table.filter(pc.equal(table["endpoint"], path))
        assert Counter(rows["status"].to_pylist()) == Counter(logged["status"].to_pylist())


def test_what_takes_time_took_it(load: Load):
    """Nginx and hey both measure what nginx holds back, and the start is before the end."""
    table = load.rows("timed.log")[1]
    slow = table.filter(pc.equal(table["endpoint"], "/slow"))
    client = load.rows("hey-slow.csv", start=BEGAN)[1]

    assert min(slow["duration_us"].to_pylist()) >= 100_000
    assert min(client["duration_us"].to_pylist()) >= 100_000
    assert max(table["duration_us"].to_pylist()) < 60_000_000


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("json.log", {}, id="json"),
        pytest.param("other.log", {"log_format": OTHER}, id="log_format"),
        pytest.param(
            "other.log", {"pattern": PATTERN, "time": "s", "timestamp": "end"}, id="pattern"
        ),
    ],
)
def test_every_form_of_the_log_says_the_same(load: Load, name: str, options: dict[str, str]):
    """The same requests, in the same order, with the same response times."""
    table = load.rows("timed.log")[1]
    done, other = load.rows(name, **options)

    assert done.bad == {}
    for column in ("method", "endpoint", "status", "duration_us"):
        assert other[column].to_pylist() == table[column].to_pylist()
    # $msec is finer than $time_local, which is cut to whole seconds
    gaps = pc.subtract(other["ts"], table["ts"]).cast(pa.int64()).to_pylist()
    assert (min(gaps) >= 0, max(gaps) < 1_000_000) == (True, True)


def test_without_request_time_there_are_no_response_times(load: Load):
    """The combined log as it comes: errors and throughput alone, and the import says so."""
    folder = load.folder
    ended = slogate_in(folder, "import", "combined.log", "--service", "shop", "--json")
    document: dict[str, Any] = json.loads(ended.stdout)

    assert (document["format"], document["bad"]) == ("nginx-log", {})
    assert document["requests"] == load.rows("timed.log")[0].requests
    assert "latencies cannot" in ended.stderr
    parts = sorted((folder / ".slogate").rglob(f"{document['run']}-*.parquet"))
    table = pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])
    assert table["duration_us"].null_count == table.num_rows
    assert table["status"].null_count == 0
