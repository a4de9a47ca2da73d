"""`slogate import` of what k6, vegeta, oha and hey write a request: real files, a real hey."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from foreign import DATA, needs_data

pytestmark = pytest.mark.e2e
START = ("-O", "start=2026-11-24T10:00:00Z")


def call(folder: Path, *words: object, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run the command in a folder of its own: exit code, stdout, stderr."""
    ended = slogate_in(folder, "import", *words, "--service", "shop", "--json", stdin=stdin)
    return ended.returncode, ended.stdout, ended.stderr


def imported(folder: Path, *words: object, stdin: bytes = b"") -> tuple[dict[str, Any], pa.Table]:
    """The document of an import that works, and its rows."""
    code, out, err = call(folder, *words, stdin=stdin)
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    parts = sorted((folder / ".slogate").rglob(f"{document['run']}-*.parquet"))
    return document, pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])


def test_a_real_file_of_k6(tmp_path):
    """Two successes, two failed connections without a duration, over four seconds of ends."""
    needs_data()

    done, table = imported(tmp_path, DATA / "k6/taurus/k6_kpi.csv")

    assert (done["format"], done["rows"], done["bad"], done["left_out"]) == ("k6-csv", 4, {}, {})
    assert table["ok"].to_pylist() == [True, True, False, False]
    assert table["duration_us"].to_pylist() == [245_592, 238_033, None, None]
    assert table["error"].to_pylist() == [None, None, *["lookup: no such host"] * 2]
    assert table["status"].to_pylist() == [200, 200, None, None]
    ends = [ts.timestamp() + (us or 0) / 1e6
            for ts, us in zip(table["ts"].to_pylist(), table["duration_us"].to_pylist(),
                              strict=True)]  # fmt: skip
    assert np.round(ends).tolist() == [1633706790, 1633706792, 1633706832, 1633706833]


def peer(number: int) -> dict[str, Any]:
    """The n-th result of the formula with which vegeta's own tests check its report."""
    seconds = number - 1
    return {
        "attack": "", "seq": number, "code": [500, 200, 302][number % 3], "latency": number * 1000,
        "timestamp": f"2026-11-24T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z",
        "bytes_out": 1024, "bytes_in": 512, "error": ["Internal server error", ""][number % 2],
        "body": None, "method": "GET", "url": "http://h/",
    }  # fmt: skip


def peer_csv(number: int) -> str:
    """The same as a row of CSV."""
    found = peer(number)
    ns = (1_795_478_400 + number - 1) * 10**9
    return f"{ns},{found['code']},{found['latency']},1024,512,{found['error']},,,{number},GET,http://h/,"


@pytest.mark.parametrize("name", ["json", "csv", "gzip"])
def test_vegetas_own_case(tmp_path, name):
    """10,000 results, two thirds successes, Hazen percentiles as vegeta reports them."""
    line = peer_csv if name == "csv" else lambda number: json.dumps(peer(number))
    content = "".join(f"{line(number)}\n" for number in range(1, 10_001)).encode()
    (tmp_path / "results").write_bytes(gzip.compress(content) if name == "gzip" else content)

    done, table = imported(tmp_path, "results")

    durations = table["duration_us"].to_numpy()
    assert (done["format"], done["rows"], done["bad"]) == (
        "vegeta-csv" if name == "csv" else "vegeta-json", 10_000, {}
    )  # fmt: skip
    assert np.percentile(durations, [50, 90, 95, 99], method="hazen").tolist() == [
        5000.5, 9000.5, 9500.5, 9900.5
    ]  # fmt: skip
    assert sum(table["ok"].to_pylist()) == 6_667
    assert (done["start"], done["end"]) == (
        "2026-11-24T00:00:00+00:00", "2026-11-24T02:46:39+00:00"
    )  # fmt: skip


def test_k6_through_a_pipe_in_order(tmp_path):
    """A compressed stream of several blocks, other metrics between, gives its requests in order."""
    point = (
        '{{"metric":"{}","type":"Point","data":{{"time":"2026-11-24T10:00:{:02}.{:06}789Z","value":'
        '{},"tags":{{"expected_response":"true","method":"GET","name":"/a","status":"200"}}}}}}'
    )
    lines = [
        point.format(metric, number // 1000, number % 1000, number / 1000)
        for number in range(10_000)
        for metric in ("http_reqs", "http_req_duration", "http_req_waiting")
    ]
    lines[20_000] = lines[20_000][:50]

    done, table = imported(tmp_path, "-", stdin=gzip.compress("\n".join(lines).encode(), 1))

    assert (done["format"], done["rows"], done["bad"]) == (
        "k6-json", 10_000, {"it is no JSON object": 1}
    )  # fmt: skip
    assert table["duration_us"].to_pylist() == list(range(10_000))
    assert done["shown"] == ["stdin:20001: it is no JSON object"]


class _Handler(BaseHTTPRequestHandler):
    """Answers one of four requests with a failure, by the path that it counts."""

    count = 0

    def do_GET(self) -> None:
        """Answer with nothing."""
        type(self).count += 1
        self.send_response_only(500 if self.count % 4 == 0 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_real_hey(tmp_path, system_program):
    """As many requests and failures as the server answered, and what the file does not say."""
    hey = system_program("hey", package="hey")
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        words = [hey, "-n", "40", "-c", "1", "-o", "csv", url]
        printed = subprocess.run(words, capture_output=True, timeout=60, check=True).stdout
        server.shutdown()
        thread.join()

    done, table = imported(tmp_path, "-", *START, "-O", "endpoint=GET /", stdin=printed)

    assert (done["format"], done["rows"], done["endpoints"]) == ("hey-csv", 40, 1)
    assert sorted(table["status"].to_pylist()) == [200] * 30 + [500] * 10
    assert "says nothing about the error rate" in done["notes"][0]
    assert done["start"].startswith("2026-11-24T10:00:00")


def test_the_note_of_a_file_without_errors_stays_with_its_run(tmp_path):
    """Whoever looks at the run later reads it too."""
    header = "request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status\n"
    (tmp_path / "oha.csv").write_text(f"{header}0.5,0,0,0,0.1,612,200\n")

    code, _, err = call(tmp_path, "oha.csv")
    done, _ = imported(tmp_path, "oha.csv", *START)

    assert (code, "--option start=2026-11-24T10:00:00Z" in err) == (2, True)
    [manifest] = (tmp_path / ".slogate").rglob(f"{done['run']}*.json")
    assert "says nothing about the error rate" in json.loads(manifest.read_text())["note"]
