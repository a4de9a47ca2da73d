"""`slogate import URL`: a real Prometheus that scraped a real exporter, through a restart of it."""

from __future__ import annotations

import json
import math
import random
import subprocess
from collections import Counter
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from exporter import (
    BOUNDS,
    NAME,
    NATIVE,
    SCHEMA,
    ask,
    exporter,
    native_index,
    prometheus,
    wait_for,
)
from ports import free_port
from recorded import Raw, Recorded

from slogate.errors import SourceError
from slogate.fetching import Wish, import_url
from slogate.store.layout import Store, open_store
from slogate.store.manifest import list_runs
from slogate.store.reading import parts_of

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

METHOD_AND_STATUS = "method is the label method, status is the label status"


def call(folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Run the command in a folder of its own: exit code, stdout, stderr."""
    ended = slogate_in(folder, "import", *words, environment=environment)
    return ended.returncode, ended.stdout, ended.stderr


def imported(folder: Path, recorded: Recorded, query: str, *words: str) -> dict[str, Any]:
    """The document of an import of all that was recorded, and the rows in `table`."""
    code, out, err = call(
        folder, recorded.url, "--query", query, "--from", "1h", "-O", "delay=0s",
        "--service", "shop", "--json", *words,
    )  # fmt: skip
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    return {**document, "table": stored(open_store(folder / ".slogate"))}


def stored(store: Store) -> pa.Table:
    """All histogram rows of a store."""
    parts = [part for run in list_runs(store) for part in parts_of(store, run)]
    return pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])


def by_bucket(table: pa.Table) -> Counter[tuple[Any, ...]]:
    """How many requests each endpoint, method, status and bucket has."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in table.select(
        ["endpoint", "method", "status", "lo_us", "hi_us", "count"]
    ).to_pylist():
        found[tuple(row.values())[:-1]] += row["count"]
    return found


def classic_truth(raw: Raw) -> Counter[tuple[Any, ...]]:
    """The buckets that the observed durations belong to."""
    ends = [*BOUNDS, math.inf]
    found: Counter[tuple[Any, ...]] = Counter()
    for (handler, method, status), duration in raw:
        high = next(end for end in ends if duration <= end)
        low = -1 if high == ends[0] else int(ends[ends.index(high) - 1] * 1e6)
        found[handler, method, int(status), low, None if high == math.inf else int(high * 1e6)] += 1
    return found


def test_classic_buckets_are_those_of_the_raw_requests(tmp_path, recorded):
    """Each bucket of each series holds exactly the requests that were observed, over a restart."""
    done = imported(tmp_path, recorded, NAME)

    assert by_bucket(done["table"]) == classic_truth(recorded.raw)
    assert (done["requests"], done["bad"], done["kind"]) == (len(recorded.raw), {}, "production")
    assert done["notes"] == [f"{NAME}_bucket: endpoint is the label handler, {METHOD_AND_STATUS}"]


def test_each_row_lies_between_two_scrapes(tmp_path, recorded):
    """The requests up to the end of each row are those that the exporter showed at a scrape."""
    table = imported(tmp_path, recorded, NAME, "-O", "step=scrape")["table"]

    at = Counter()
    for ts, step, count in zip(
        table["ts"].cast("int64").to_pylist(), table["step_us"].to_pylist(),
        table["count"].to_pylist(), strict=True,
    ):  # fmt: skip
        at[ts + step] += count
    reached = set(accumulate(at[end] for end in sorted(at)))
    assert reached <= recorded.shown
    assert len(reached) > 10


def test_native_buckets_are_those_of_the_raw_requests(tmp_path, recorded):
    """A native histogram gives its own fine buckets, and a method in the name is split off."""
    done = imported(tmp_path, recorded, NATIVE)

    base = 2 ** (2**-SCHEMA)
    found = sorted((hi, count) for (*_, hi), count in by_bucket(done["table"]).items())
    whole = Counter(native_index(duration) for _, duration in recorded.raw)
    assert [count for _, count in found] == [whole[index] for index in sorted(whole)]
    for (hi, _), index in zip(found, sorted(whole), strict=True):
        assert hi == pytest.approx(base**index * 1e6, abs=1.01)
    assert set(done["table"]["endpoint"].to_pylist()) == {"/rpc"}
    assert set(done["table"]["method"].to_pylist()) == {"GET"}


def test_counters_are_requests_without_a_duration(tmp_path, recorded):
    """A counter, named as an SLO's ratio names it, gives rows whose times are not told."""
    ratio = (
        'sum(rate(http_requests_total{job="metrics",status!~"5.."}[5m])) '
        '/ sum(rate(http_requests_total{job="metrics"}[5m]))'
    )
    done = imported(tmp_path, recorded, ratio)

    truth = Counter((*who[:2], int(who[2]), None, None) for who, _ in recorded.raw)
    assert by_bucket(done["table"]) == truth
    assert done["origin"]["query"] == 'http_requests_total{job="metrics"}'


def test_histogram_quantile_agrees(tmp_path, recorded):
    """The server's quantiles of the same samples are those of our rows."""
    rows = Counter()
    for (*_, low, high), count in by_bucket(imported(tmp_path, recorded, NAME)["table"]).items():
        rows[low, high] += count

    for q in (0.1, 0.5, 0.9, 0.99):
        increase = f"increase({NAME}_bucket[{recorded.end_ms - recorded.start_ms}ms])"
        query = f"histogram_quantile({q}, sum by (le) ({increase}))"
        [answer] = ask(recorded.url, query, recorded.end_ms / 1000)
        rank = q * sum(rows.values())
        for (low, high), count in sorted(rows.items(), key=lambda item: item[0][0]):  # noqa: B007
            if rank <= count:
                break
            rank -= count
        start = max(low, 0)
        expected = start if high is None else start + (high - start) * rank / count
        assert float(answer["value"][1]) * 1e6 == pytest.approx(expected, rel=1e-6)


def test_the_quantile_of_native_buckets_agrees(tmp_path, recorded):
    """What the server says of a native histogram lies in the bucket that holds the rank."""
    samples = ask(recorded.url, f"{NATIVE}[1h]")[0]["histograms"]
    span = int(samples[-1][0] * 1000 + 0.5) - int(samples[0][0] * 1000 + 0.5)
    query = f"histogram_quantile(0.9, increase({NATIVE}[{span}ms]))"
    [answer] = ask(recorded.url, query, samples[-1][0])
    rows = sorted(
        (low, high, count)
        for (*_, low, high), count in by_bucket(
            imported(tmp_path, recorded, NATIVE)["table"]
        ).items()
    )

    rank = 0.9 * sum(count for *_, count in rows)
    for low, high, count in rows:  # noqa: B007
        if rank <= count:
            break
        rank -= count
    assert low <= float(answer["value"][1]) * 1e6 <= high


def fetched(store: Store, recorded: Recorded, start_ms: int, end_ms: int) -> int:
    """How many requests an import of this span adds."""
    options = {
        "query": NAME, "from": f"{start_ms / 1000:.3f}", "to": f"{end_ms / 1000:.3f}",
        "delay": "0s", "step": "1s",
    }  # fmt: skip
    wish = Wish(url=recorded.url, service="shop", options=options)
    return import_url(store, wish, environment={}, now_ts=1).requests


@pytest.mark.parametrize("seed", range(6))
def test_overlapping_spans_count_nothing_twice(tmp_path, recorded, seed):
    """Whatever spans are imported before, with the whole after them each request is there once."""
    chance = random.Random(seed)
    store = open_store(tmp_path / ".slogate", create=True)
    span = range(recorded.start_ms - 500, recorded.end_ms + 500)
    for _ in range(5):
        start, end = sorted(chance.sample(span, 2))
        with suppress(SourceError):  # a span may hold no scrape
            fetched(store, recorded, start, end)
    fetched(store, recorded, span[0], span[-1])

    assert by_bucket(stored(store)) == classic_truth(recorded.raw)
    assert fetched(store, recorded, span[0], span[-1]) == 0


def test_importing_twice_changes_nothing(tmp_path, recorded):
    """The second import says so, and what only part of a span is new of is told."""
    words = (recorded.url, "--query", NAME, "--from", "1h", "-O", "delay=0s", "-s", "shop")
    first, again = call(tmp_path, *words), call(tmp_path, *words)

    assert first[0] == 0, first[2]
    assert again[0] == 0
    assert again[1].startswith("already imported as ")
    assert len(list_runs(open_store(tmp_path / ".slogate"))) == 1


def test_a_server_that_wants_tls_and_a_password(tmp_path, system_program):
    """Both come from where they are not seen, and without them the server's no is told."""
    openssl = system_program("openssl", package="openssl")
    htpasswd = system_program("htpasswd", package="apache2-utils")
    program = system_program("prometheus", package="prometheus")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=h",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "ca.pem"],
        check=True, capture_output=True, cwd=tmp_path,
    )  # fmt: skip
    hashed = subprocess.run(
        [htpasswd, "-nbB", "-C", "5", "ann", "s3cret"], check=True, capture_output=True, text=True
    )  # fmt: skip
    users = {"ann": hashed.stdout.strip().partition(":")[2]}
    files = {"cert_file": "ca.pem", "key_file": "key.pem"}
    web = tmp_path / "web.yml"
    web.write_text(json.dumps({"tls_server_config": files, "basic_auth_users": users}))
    port = free_port()
    with (
        exporter(port, seed=3) as service,
        prometheus(program, tmp_path, free_port(), port, f"--web.config.file={web}") as url,
    ):
        for _ in range(4):
            seen = service.scraped()
            wait_for(lambda seen=seen: service.scraped() > seen, "a scrape")
            service.observe(10)
        address = url.replace("http://", "https://ann@")
        words = (address, "--query", NAME, "--from", "1h", "-O", "delay=0s", "-s", "shop")
        untrusted = call(tmp_path, *words, SLOGATE_PROMETHEUS_PASSWORD="s3cret")
        unknown = call(tmp_path, *words, "-O", "ca=ca.pem", SLOGATE_PROMETHEUS_PASSWORD="wr0ng")
        known = call(tmp_path, *words, "-O", "ca=ca.pem", SLOGATE_PROMETHEUS_PASSWORD="s3cret")

    assert "its certificate is not trusted: self-signed certificate" in untrusted[2]
    assert (unknown[0], "HTTP 401" in unknown[2], "wr0ng" in unknown[2]) == (2, True, False)
    assert known[0] == 0, known[2]
    manifests = [path.read_text() for path in tmp_path.rglob("runs/*.json")]
    assert len(manifests) == 1
    assert not any(word in manifests[0] for word in ("s3cret", "ann@"))


def test_what_the_server_does_not_have_is_exit_2(tmp_path, recorded):
    """Neither an unknown metric, nor a gauge, nor a query of two metrics is imported."""

    def told(query: str) -> str:
        words = ("--from", "1h", "-O", "delay=0s", "-s", "shop")
        code, out, err = call(tmp_path, recorded.url, "--query", query, *words)
        assert (code, out, "Traceback" in err) == (2, "", False)
        return err

    assert "there are no series nothing" in told("nothing_total")
    assert "scrape_duration_seconds is a" in told("scrape_duration_seconds")
    assert "several metrics (a_total, b_total)" in told("a_total / b_total")
    assert not list(tmp_path.rglob("*.parquet"))
