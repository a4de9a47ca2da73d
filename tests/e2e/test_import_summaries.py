"""`slogate import` of histogram logs and summaries: real files, and real wrk, hey and ab."""

from __future__ import annotations

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from foreign import DATA, needs_data
from summaries import Rows, at, counted

pytestmark = pytest.mark.e2e
START = ("-O", "start=2026-11-24T10:00:00Z")


def call(folder: Path, *words: object) -> tuple[int, str, str]:
    """Run the command in a folder of its own: exit code, stdout, stderr."""
    ended = slogate_in(folder, "import", *words, "--service", "shop", "--json")
    return ended.returncode, ended.stdout, ended.stderr


def imported(folder: Path, *words: object) -> tuple[dict[str, Any], Rows]:
    """The document of an import that works, and the rows of its histogram."""
    code, out, err = call(folder, *words)
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    parts = sorted((folder / ".slogate").rglob(f"histograms/**/{document['run']}-*.parquet"))
    table = pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])
    return document, table.to_pylist()


def real(name: str) -> Path:
    """One of the real files; the test is skipped where they are not."""
    needs_data()
    return DATA / name


@pytest.mark.parametrize(
    ("name", "options", "requests", "steps", "p999_us", "max_us"),
    [
        pytest.param("jHiccup-2.0.7S.logV2.hlog", "unit=ns", 48_761, 62, 1_745_879, 1_796_210,
                     id="jHiccup"),
        # 602 intervals, and nothing in one of them
        pytest.param("ycsb.logV1.hlog", "unit=us", 300_056, 601, 1_214_463, 1_546_239, id="YCSB"),
        pytest.param("tagged-Log.logV2.hlog", "unit=ns tags=all", 32_290, 21, None, None,
                     id="tagged"),
    ],
)  # fmt: skip
def test_logs_of_hdr_histogram(tmp_path, name, options, requests, steps, p999_us, max_us):
    """Requests, steps, p99.9 and longest are those that the logs' authors state."""
    words = [word for option in options.split() for word in ("-O", option)]

    done, rows = imported(tmp_path, real(f"hdrhistogram/{name}"), *words)

    assert (done["format"], done["requests"], done["bad"]) == ("hdr-log", requests, {})
    assert len({row["ts"] for row in rows}) == steps
    if p999_us is not None:
        # stated as the highest value of a three-digit bucket, which the log's own bucket meets
        assert at(rows, 99.9)[0] < p999_us <= at(rows, 99.9)[1]
        assert at(rows, 100)[0] < max_us <= at(rows, 100)[1]


def test_tagged_intervals_sum_to_the_untagged(tmp_path):
    """The tag is the endpoint, and which of them to take must be said."""
    file = real("hdrhistogram/tagged-Log.logV2.hlog")

    code, _, err = call(tmp_path, file, "-O", "unit=ns")
    _, rows = imported(tmp_path, file, "-O", "unit=ns", "-O", "tags=all")

    assert (code, "tags=only" in err) == (2, True)
    columns = ("endpoint", "ts", "lo_us", "hi_us", "count")
    found = sorted(tuple(row[name] for name in columns) for row in rows)
    untagged, tagged = found[: len(found) // 2], found[len(found) // 2 :]
    assert [row[0] for row in (untagged[0], untagged[-1], tagged[0])] == ["", "", "A"]
    assert [row[1:] for row in untagged] == [row[1:] for row in tagged]


def test_wrk2(tmp_path):
    """The samples, percentiles, longest and rate that wrk2's authors show."""
    done, rows = imported(tmp_path, real("wrk2/README.latency.txt"), *START)

    assert (done["format"], done["requests"], list(done["left_out"].values())) == (
        "wrk2", 39_500, [60_018 - 39_500],
    )  # fmt: skip
    assert [at(rows, share)[1] for share in (50, 90, 99, 99.9, 100)] == [
        6671, 9143, 11_207, 12_311, 12_503
    ]  # fmt: skip
    assert f"{done['requests'] / rows[0]['step_us'] * 1e6:.2f}" == "2000.28"


def test_vegeta(tmp_path):
    """The spectrum's samples and median; a report whose counts contradict each other is refused."""
    plot = real("vegeta/README.hdrplot.txt")
    report = real("vegeta/README.report.json")

    done, rows = imported(tmp_path, plot, *START, "-O", "duration=20s")
    code, _, err = call(tmp_path, report)
    told, rows_told = imported(tmp_path, report, "-O", "from=percentiles")

    assert (done["format"], done["requests"], at(rows, 50)) == ("hdrplot", 1998, (505, 514))
    assert (code, "its buckets count 10000 requests, its requests 100" in err) == (2, True)
    assert (told["format"], told["requests"]) == ("vegeta-report", 100)
    assert counted(rows_told, "status", "ok") == {(200, True): 100}


class _Handler(BaseHTTPRequestHandler):
    """Answers at once, and every fifth request with a failure."""

    protocol_version = "HTTP/1.1"
    seen: Counter[int]
    lock: threading.Lock

    def do_GET(self) -> None:
        """Answer with five bytes."""
        with self.lock:
            status = 503 if self.seen.total() % 5 == 4 else 200
            self.seen[status] += 1
        head = f"HTTP/1.1 {status} x\r\nContent-Length: 5\r\n\r\n"
        self.wfile.write(f"{head}hello".encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, Counter[int]]]:
    """A server's URL, and how often it answered with which status."""
    seen: Counter[int] = Counter()
    handler = type("Handler", (_Handler,), {"seen": seen, "lock": threading.Lock()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        served.daemon_threads = True
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}/cart", seen
        served.shutdown()
        thread.join()


def printed(folder: Path, *words: str) -> Path:
    """A file with what a load tool prints."""
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    path = folder / f"{Path(words[0]).name}.txt"
    path.write_text(ended.stdout)
    return path


def test_wrk_agrees_with_the_server(tmp_path, server, system_program):
    """What wrk counted is what the server answered, but for those on their way at the end."""
    url, seen = server
    wrk = system_program("wrk", package="wrk")
    file = printed(tmp_path, wrk, "-t1", "-c2", "-d1s", "--timeout", "30s", "--latency", url)

    done, rows = imported(tmp_path, file, *START)

    assert done["format"] == "wrk"
    assert 0 <= seen.total() - done["requests"] <= 2
    assert 0 <= seen[503] - counted(rows, "ok")[False] <= 2
    assert {row["endpoint"] for row in rows} == {"/cart"}
    assert at(rows, 50) < at(rows, 100)


def test_hey_agrees_with_the_server(tmp_path, server, system_program):
    """Each status as often as the server gave it; the slowest bounds all."""
    url, seen = server
    hey = system_program("hey", package="hey")
    file = printed(tmp_path, hey, "-n", "200", "-c", "2", url)

    done, rows = imported(tmp_path, file, *START, "-O", "endpoint=GET /cart")

    assert (done["format"], done["requests"]) == ("hey-summary", 200)
    assert counted(rows, "status") == dict(seen) == {200: 160, 503: 40}
    assert {(row["method"], row["endpoint"]) for row in rows} == {("GET", "/cart")}


def test_ab_agrees_with_the_server(tmp_path, server, system_program):
    """Complete requests and those without a status 2xx are the server's."""
    url, seen = server
    ab = system_program("ab", package="apache2-utils")
    plot = tmp_path / "plot.tsv"
    file = printed(tmp_path, ab, "-q", "-n", "100", "-c", "2", "-g", str(plot), url)

    done, rows = imported(tmp_path, file, *START)
    code, out, _ = call(tmp_path, plot)

    assert (done["format"], done["requests"]) == ("ab", 100)
    assert counted(rows, "ok") == {True: seen[200], False: seen[503]} == {True: 80, False: 20}
    assert (code, json.loads(out)["format"], json.loads(out)["requests"]) == (0, "ab-gnuplot", 100)
