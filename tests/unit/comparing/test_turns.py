"""Base and head in turns, from a store whose truth is known, as a user calls `check`."""

from __future__ import annotations

import contextlib
import io
import json
import math
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from builders import SECOND, START
from builders import run as a_run
from jsonschema import Draft202012Validator
from series_strategies import row, table

from slogate.cli.app import run
from slogate.model.run import Reconciliation
from slogate.model.turns import Interleaved, Turns
from slogate.store.layout import open_store
from slogate.store.manifest import update_run, write_run
from slogate.store.parts import write_part

SCHEMA = Path(__file__).parents[3] / "slogate/schemas/verdict.v1.schema.json"
TURNS = Turns(seed=3, slice_us=SECOND, settle_us=SECOND // 5)
SECONDS, RATE = 40, 60
SPEC = """slogate: 1
service: shop
budgets:
  - name: browse
    endpoint: GET /browse
    p95: 300ms
    regression: {against: main, p95: 20%}
  - name: search
    endpoint: GET /search
    regression: {against: main, p50: 20%}
  - name: service
    throughput: 50/s
    regression: {against: main, errors: 1%}
"""


def record(folder: Path, *, browse=1.0, search=1.0, failing=0.0, head_failing=0.0, settling=1.0):
    """A minute of 60 requests a second that base and head take turns to answer."""
    store = open_store(folder / "store", create=True)
    rng = random.Random(1)
    rows: dict[str, list[object]] = {"base": [], "head": []}
    for at in range(SECONDS * RATE):
        ts = 2 * SECOND + at * SECOND // RATE
        number = TURNS.slice_of(START + ts)
        side = TURNS.side(number)
        settled = START + ts >= TURNS.window(number).start_ts
        endpoint = rng.choice(["/browse", "/browse", "/search"])
        factor = {"/browse": browse, "/search": search}[endpoint] if side == "head" else 1.0
        drift = math.sin(at / 700) * 0.3
        bad = rng.random() < (head_failing if side == "head" else failing)
        rows[side].append(
            row(
                ts=ts,
                duration_us=int(
                    50_000
                    * factor
                    * (1.0 if settled else settling)
                    * math.exp(drift + rng.gauss(0, 0.3))
                ),
                endpoint=endpoint,
                status=500 if bad else 200,
                ok=not bad,
                labels=[("settled", "yes" if settled else "no"), ("slice", str(number))],
            )
        )
    ids = {"head": "r1", "base": "r1-base"}
    for side, other in (("head", "base"), ("base", "head")):
        part = write_part(
            store, ids[side], "shop", "load", table(rows[side]), sequence=0, worker=None
        )
        count = len(rows[side])
        it = a_run(
            seconds=SECONDS + 2,
            id=ids[side],
            created_ts=START - (side == "base"),
            parts=(part,),
            rows=Reconciliation(seen=count, written=count, counted=count),
        )
        mark = Interleaved(
            side=side, other=ids[other], words="./base --port {port}", seed=3,
            slice_us=TURNS.slice_us, settle_us=TURNS.settle_us,
        )  # fmt: skip
        write_run(store, replace(it, interleaved=mark))
    (folder / "slo").mkdir()
    (folder / "slo/shop.yaml").write_text(SPEC)


def judged(folder: Path, monkeypatch, *arguments: str):
    """(exit code, document, text) of `slogate check` there."""
    monkeypatch.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as told:
        code = run(["check", "--store", "store", "--json", *arguments])
    out = told.getvalue()
    document = json.loads(out)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    return code, document, out


def outcomes(document):
    """Outcome by id."""
    return {each["id"].removeprefix("shop/"): each["outcome"] for each in document["objectives"]}


@pytest.fixture(scope="module")
def slower(tmp_path_factory) -> Path:
    """Browse is half as slow again, search a third faster."""
    folder = tmp_path_factory.mktemp("slower")
    record(folder, browse=1.5, search=0.65, settling=30.0)
    return folder


@pytest.fixture(scope="module")
def found(slower):
    """Its verdict."""
    with pytest.MonkeyPatch.context() as patch:
        return judged(slower, patch)


def test_a_slower_endpoint_fails_and_a_faster_one_is_told(found):
    """Each by its own change; what is slow for a moment after a turn is left out."""
    code, document, _ = found
    turns = document["interleaved"]
    moved = {(each["endpoint"], each["key"]): each["moved"] for each in turns["lines"]}
    browse = next(each for each in document["objectives"] if each["id"].endswith("sion/p95"))

    assert code == 1
    assert outcomes(document) == {
        "browse/p95": "pass",
        "service/throughput": "pass",
        "browse/regression/p95": "fail",
        "search/regression/p50": "pass",
        "service/regression/errors": "pass",
    }
    assert 0.35 < browse["comparison"]["change"] < 0.65
    assert browse["comparison"]["change_interval"][0] > 0.2
    assert browse["comparison"]["design"] == "interleaved"
    assert browse["comparison"]["base_runs"] == ["r1-base"]
    assert (moved["GET /browse", "p95"], moved["GET /search", "p50"]) == ("worse", "better")
    assert (turns["seed"], turns["base_run"], turns["base"]) == (
        3,
        "r1-base",
        "./base --port {port}",
    )


def test_the_same_store_gives_the_same_bytes(slower, found, monkeypatch):
    """On one thread or on as many as there are."""
    assert judged(slower, monkeypatch, "--threads", "1")[2] == found[2]


def test_few_requests_are_pooled(found):
    """Twenty requests a slice are too few for a p95 of a third of them; pairs stay enough."""
    _, document, _ = found
    pairs = {
        (each["endpoint"], each["key"]): each["pairs"] for each in document["interleaved"]["lines"]
    }

    assert pairs["GET /search", "p50"] > pairs["GET /search", "p95"] >= 5


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_reports_tell_of_it(slower, found, monkeypatch, capsys, form):
    """Point and interval of each change, judged or not, and the base as it was called."""
    assert found[0] == 1
    monkeypatch.chdir(slower)
    run(["report", "--store", "store", "--format", form])
    told = capsys.readouterr().out

    assert "Head against base" in told
    assert "GET /search" in told
    assert "faster for sure" in told
    assert "{port}" in told.replace("&#123;", "{")
    if form == "html":
        assert told.count("by percentile</figcaption>") == 3


def test_a_rate_counts_only_its_own_turns(found):
    """Sixty requests a second in half of the time are sixty, not thirty."""
    _, document, _ = found
    rate = next(each for each in document["objectives"] if each["kind"] == "throughput")

    assert 57 < rate["observed"] < 63


@pytest.fixture(scope="module")
def same(tmp_path_factory) -> Path:
    """Twice the same service."""
    folder = tmp_path_factory.mktemp("same")
    record(folder)
    return folder


def test_the_same_service_fails_nothing(same, monkeypatch):
    """And nothing got better or worse for sure."""
    code, document, _ = judged(same, monkeypatch)

    assert code in {0, 3}
    assert {each["moved"] for each in document["interleaved"]["lines"]} == {None}


def spoilt(folder: Path, tmp_path: Path) -> Path:
    """A copy to be spoilt."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


@pytest.mark.parametrize("fault", ["gone", "incomplete"])
def test_a_base_that_is_not_there_is_no_pass(same, tmp_path, monkeypatch, fault):
    """Whatever happened to it: no verdict, and other budgets are judged as ever."""
    folder = spoilt(same, tmp_path)
    store = open_store(folder / "store")
    if fault == "gone":
        (store.runs / "r1-base.json").unlink()
    else:
        update_run(store, "r1-base", lambda now: replace(now, state="incomplete"))
    code, document, _ = judged(folder, monkeypatch)
    outcome = outcomes(document)

    assert code == 3
    assert {outcome[name] for name in outcome if "regression" in name} == {"invalid"}
    assert outcome["browse/p95"] == "pass"


def test_a_base_that_fails_is_no_pass(tmp_path, monkeypatch):
    """Fewer errors than a broken base is no improvement."""
    record(tmp_path, failing=0.6)
    code, document, _ = judged(tmp_path, monkeypatch)
    outcome = outcomes(document)

    assert code == 3
    assert {outcome[name] for name in outcome if "regression" in name} == {"invalid"}


def test_no_failures_in_few_requests_are_no_pass(same, tmp_path, monkeypatch):
    """None in a thousand requests does not show that there is not one more in ten thousand."""
    folder = spoilt(same, tmp_path)
    spec = folder / "slo/shop.yaml"
    spec.write_text(spec.read_text().replace("errors: 1%", "errors: 0.01%"))
    code, document, _ = judged(folder, monkeypatch)
    errors = next(it for it in document["objectives"] if it["id"].endswith("sion/errors"))

    assert code == 3
    assert errors["outcome"] == "inconclusive"
    assert errors["comparison"]["change_interval"][1] > 0.0001
    assert "too few to show it, about" in errors["reason"]


def test_a_head_that_fails_breaches(tmp_path, monkeypatch):
    """A percentile without an upper bound any more is worse than any budget."""
    record(tmp_path, head_failing=0.7)
    code, document, _ = judged(tmp_path, monkeypatch)
    outcome = outcomes(document)

    assert code == 1
    assert outcome["service/regression/errors"] == "fail"
    assert outcome["browse/regression/p95"] == "fail"


def test_a_base_in_turns_is_no_base_of_others(same, monkeypatch, capsys):
    """Neither the run before, nor the latest: it is other code, and judged beside its head."""
    monkeypatch.chdir(same)
    code = run(["compare", "--store", "store", "previous", "latest"])
    told = capsys.readouterr()

    assert code == 3
    assert "no valid run to compare with" in told.err
    assert "r1-base" not in told.out
