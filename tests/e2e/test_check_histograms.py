"""`slogate check` on runs that are stored as histograms, or rolled up since they were judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from builders import SECOND, START
from builders import run as a_run
from series_strategies import row, table
from step_strategies import step, step_parts

from slogate.cli.app import run
from slogate.model.run import Reconciliation
from slogate.slo.cuts import cuts_of
from slogate.slo.load import load_specs
from slogate.store.layout import open_store
from slogate.store.manifest import read_run, write_run
from slogate.store.parts import write_part
from slogate.store.rollup import roll_up

MS = 1_000
MINUTES = 40
SLO = Path("slo/shop.yaml")
SPEC = """slogate: 1
service: shop
defaults: {{warmup: {warmup}}}
budgets:
  - {{name: all, endpoint: GET /, {line}, on_inconclusive: {policy}}}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project with a store, in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slo").mkdir()
    return open_store(tmp_path / ".slogate", create=True)


def check(capsys, line, *, warmup="0s", policy="block"):
    """Exit code and document of a check of one budget."""
    text = SPEC.format(line=line, warmup=warmup, policy=policy)
    SLO.write_text(text, encoding="utf-8")
    code = run(["check", "--json"])
    return code, json.loads(capsys.readouterr().out)


def keep_histogram(project, rows, seconds=100):
    """A load run of so many seconds that is known by these rows only, as an import keeps it."""
    step_parts(project.root, rows)
    found = [str(path.relative_to(project.root)) for path in project.root.rglob("*.parquet")]
    end = START + seconds * SECOND
    write_run(
        project,
        a_run(
            id="run", ramped_ts=START, stop_ts=end, end_ts=end, parts=tuple(found),
            rows=Reconciliation(seen=len(rows), written=len(rows)),
        ),
    )  # fmt: skip


def each_second(buckets, seconds=100, step_s=1):
    """The same (lo, hi, count, ok) in every step."""
    return [
        step(0, lo, hi, count, step_s * SECOND, ok=ok) | {"ts": START + at * SECOND}
        for at in range(0, seconds, step_s)
        for lo, hi, count, ok in buckets
    ]


USUAL = [(-1, 250 * MS, 90, True), (250 * MS, 500 * MS, 9, True), (500 * MS, None, 1, False)]


@pytest.mark.parametrize(
    ("line", "code", "outcome"),
    [
        pytest.param("p95: 500ms", 0, "pass", id="a bound is the limit"),
        pytest.param("p95: 250ms", 1, "fail", id="another bound"),
        pytest.param("p95: 300ms", 3, "inconclusive", id="within a bucket"),
        pytest.param("p50: 300ms", 0, "pass", id="whatever is in the bucket"),
        pytest.param("errors: 2%", 0, "pass", id="failures need no bounds"),
        pytest.param("errors: 0", 1, "fail", id="a fact"),
        pytest.param("throughput: 90/s", 0, "pass", id="a rate"),
        pytest.param("max: 400ms", 1, "fail", id="over whatever is true"),
        pytest.param("max: 5s", 3, "inconclusive", id="without a bound"),
        pytest.param("mean: 1ms", 3, "inconclusive", id="no sums"),
    ],
)
def test_a_run_of_histograms_is_judged_where_its_buckets_allow(
    project, capsys, line, code, outcome
):
    """Exit code, outcome and a document that its schema knows."""
    from importlib.resources import files

    keep_histogram(project, each_second(USUAL))
    actual, document = check(capsys, line)
    schema = json.loads((files("slogate") / "schemas" / "verdict.v1.schema.json").read_text())
    jsonschema.validate(document, schema)

    assert (actual, document["objectives"][0]["outcome"]) == (code, outcome)
    assert (document["run"]["rows"], document["run"]["judged"]) == (10_000, 10_000)


def test_a_limit_within_a_bucket_is_told_with_what_would_be_decided(project, capsys):
    """The same sentence on the terminal as in the document."""
    keep_histogram(project, each_second(USUAL))
    _, document = check(capsys, "p95: 300ms")
    run(["check"])
    shown = " ".join(capsys.readouterr().out.split())

    assert document["objectives"][0]["reason"] == (
        "p95 of GET / is between 250 ms and 500 ms: 1% to 10% of 10,000 requests were slower or "
        "failed, 5% allowed; the 300 ms limit lies in the bucket 250 ms to 500 ms with 900 of "
        "them; with 250 ms or 500 ms instead it would be decided"
    )
    assert document["objectives"][0]["reason"] in shown


def test_no_policy_lets_a_doubtful_budget_pass_that_may_be_over_its_limit(project, capsys):
    """`on_inconclusive: pass` asks for an observed value within the limit, in any case."""
    keep_histogram(project, each_second(USUAL))

    assert check(capsys, "p95: 300ms", policy="pass")[0] == 3


@pytest.mark.parametrize(
    ("line", "warmup", "code", "words"),
    [
        pytest.param("p95: 500ms", "0s", 3, "no telling how they cluster", id="no interval"),
        pytest.param("p95: 500ms, judge: observed", "0s", 0, "within the 500 ms", id="observed"),
        pytest.param("errors: 2%", "5s", 3, "in steps across the ends of the 95 s", id="warm-up"),
        pytest.param("throughput: 90/s", "0s", 0, "at least the 90/s", id="a rate"),
    ],
)
def test_a_single_step_of_the_whole_run_decides_facts_only(
    project, capsys, line, warmup, code, words
):
    """As tools that print one summary have it: hey, wrk, ab."""
    keep_histogram(
        project, each_second([(lo, hi, n * 100, ok) for lo, hi, n, ok in USUAL], 100, 100)
    )
    actual, document = check(capsys, line, warmup=warmup)

    assert (actual, words in document["objectives"][0]["reason"]) == (code, True)


def test_one_request_is_too_few(project, capsys):
    """However exactly it is known."""
    keep_histogram(project, [step(0, 99, 100) | {"ts": START}])
    code, document = check(capsys, "p95: 300ms")

    assert (code, document["objectives"][0]["outcome"]) == (3, "no_data")


def test_a_lost_row_of_a_histogram_makes_the_run_invalid(project, capsys):
    """The manifest says how many rows there were."""
    keep_histogram(project, each_second(USUAL))
    kept = read_run(project, "run")
    write_run(project, replace(kept, rows=Reconciliation(seen=301, written=301)))
    code, document = check(capsys, "errors: 2%")

    assert (code, document["outcome"]) == (3, "invalid")
    assert "holds 300 of its rows, 301 were written" in document["objectives"][0]["reason"]


def keep_requests(project):
    """Forty minutes of two requests a second, a spell of slow ones and some failures in them."""
    rows = [
        row(0, duration_us=(60 + at % 50 + (300 if 1_000 <= at < 1_090 else 0)) * MS,
            ok=at % 97 > 0, status=500 if at % 97 == 0 else 200)
        | {"ts": START + 1_234_567 + at * 500_000}
        for at in range(MINUTES * 120)
    ]  # fmt: skip
    part = write_part(project, "run", "shop", "load", table(rows), sequence=0, worker=None)
    first, last = rows[0]["ts"], rows[-1]["ts"]
    kept = a_run(
        id="run", start_ts=first, ramped_ts=first, stop_ts=last, end_ts=last, parts=(part,),
        rows=Reconciliation(seen=len(rows), written=len(rows)),
    )  # fmt: skip
    write_run(project, kept)
    return kept


@pytest.mark.parametrize(
    "line",
    ["p95: 150ms", "p99: 150ms", "p50: 70ms", "errors: 2%", "errors: 1%", "errors: 0", "max: 409ms",
     "max: 408ms", "mean: 120ms", "mean: 80ms", "throughput: 2/s", "throughput: 1/s"],
)  # fmt: skip
def test_a_verdict_outlives_the_requests_it_was_made_of(project, capsys, line):
    """Rolled up by the limits of the spec, the run gives the same outcome and the same counts."""
    kept = keep_requests(project)
    before = check(capsys, line)
    roll_up(project, kept, cuts_of(load_specs([(str(SLO), SLO.read_text())])))
    after = check(capsys, line)
    one, other = (document["objectives"][0] for _, document in (before, after))
    alike = ("outcome", "good", "total", "failed", "limit")

    assert after[0] == before[0]
    assert [other[key] for key in alike] == [one[key] for key in alike]
    assert after[1]["run"]["judged"] == before[1]["run"]["judged"] == MINUTES * 120


def test_a_limit_that_was_no_cut_is_decided_by_the_histogram_or_not_at_all(project, capsys):
    """Hours are too long for batches of forty minutes, so that a percentile has no interval."""
    kept = keep_requests(project)
    roll_up(project, kept, (500 * MS,))

    assert check(capsys, "p95: 2s")[0] == 0
    code, document = check(capsys, "p95: 150ms")
    assert (code, document["outcome"]) == (3, "inconclusive")
    assert check(capsys, "p95: 150ms, judge: observed")[0] == 0
