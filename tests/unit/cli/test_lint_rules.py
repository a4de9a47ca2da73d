"""Each lint rule by its own examples, as `slogate spec lint` tells them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import SECOND, START
from builders import run as a_run
from series_strategies import row, table
from step_strategies import step, step_table

from slogate.cli.app import run
from slogate.model.run import Reconciliation
from slogate.slo.lint import RULES
from slogate.slo.manual import entries
from slogate.slo.openslo_examples import STANDARD
from slogate.slo.rules import Entry
from slogate.store.layout import Store, open_store
from slogate.store.manifest import write_run
from slogate.store.parts import write_part

EVERY = entries()
HOUR = 3_600 * SECOND
DAYS = 3


def spec(example: str) -> str:
    """An example as a file."""
    service = "" if example.startswith("service:") else "service: shop\n"
    return f"slogate: 1\n{service}{example}"


def _store(folder: Path) -> Store:
    return open_store(folder, create=True)


def _keep(store: Store, part: str, rows: int) -> None:
    counts = Reconciliation(seen=rows, written=rows)
    write_run(store, a_run(id="log", kind="production", parts=(part,), rows=counts))


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two orders an hour over three days."""
    store = _store(tmp_path_factory.mktemp("requests") / "store")
    rows = [row(at * HOUR // 2, endpoint="/order", method="POST") for at in range(DAYS * 48 + 1)]
    part = write_part(store, "log", "shop", "production", table(rows), sequence=0, worker=None)
    _keep(store, part, len(rows))
    return store.root


@pytest.fixture(scope="module")
def histograms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of as many, known by the buckets to 250 ms, 500 ms and 1 s."""
    store = _store(tmp_path_factory.mktemp("histograms") / "store")
    edges = [(0, 250_000), (250_000, 500_000), (500_000, 1_000_000)]
    rows = [
        {**step(0, lo, hi, 1_000, 60 * SECOND, method="POST"), "endpoint": "/order"}
        | {"ts": START + day * 24 * HOUR}
        for day in range(DAYS)
        for lo, hi in edges
    ]
    part = write_part(
        store, "log", "shop", "production", step_table(rows), sequence=0, worker=None,
        series="histograms",
    )  # fmt: skip
    _keep(store, part, len(rows))
    return store.root


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the working directory, no store named by the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLOGATE_STORE", raising=False)
    return tmp_path


def told(
    text: str, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and remarks of a lint of one file."""
    Path("spec.yaml").write_bytes(text.encode())
    code = run(["spec", "lint", "spec.yaml", "--json", "--quiet", *options])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_a_rule_tells_wrong_from_right(
    rule: Entry,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    requests: Path,
    histograms: Path,
) -> None:
    """Of the wrong example the rule is told, nothing else, at a place; of the right one nothing."""
    store = histograms if rule.id == "limit-inside-a-bucket" else requests
    given = [str(store) if word == ".slogate" else word for word in rule.given]

    code, wrong = told(spec(rule.wrong), capsys, *given)
    _, right = told(spec(rule.right), capsys, *given)

    assert {(remark["rule"], remark["severity"]) for remark in wrong} - _ignored(rule) == {
        (rule.id, rule.severity)
    }
    assert code == (2 if rule.severity == "error" else 0)
    assert [remark for remark in right if remark["ignored"] is None] == []
    assert all(remark["line"] > 1 and remark["column"] > 0 for remark in wrong)


def _ignored(rule: Entry) -> set[tuple[str, str]]:
    """What the examples of comments would ignore and do not."""
    return {
        "ignore-unknown": {("point-rule", "info")},
        "ignore-without-reason": {("zero-errors", "info")},
    }.get(rule.id, set())


@pytest.mark.parametrize("rule", [r for r in RULES if not r.given], ids=lambda rule: rule.id)
def test_a_rule_can_be_ignored(rule: Entry, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a reason it is told as ignored and no longer decides; without, nothing changes."""
    head = f"# slogate: ignore {rule.id}: known here\n"
    code, remarks = told(head + spec(rule.wrong), capsys, "--strict")
    bare, told_still = told(head.replace(": known here", "") + spec(rule.wrong), capsys, "--strict")

    assert {(remark["rule"], remark["ignored"]) for remark in remarks} == {(rule.id, "known here")}
    assert code == 0
    assert bare == 2
    assert {remark["ignored"] for remark in told_still} == {None}


def test_ids_are_unique_and_are_words() -> None:
    """An id is written in files of users: small letters and hyphens, taken once."""
    ids = [rule.id for rule in EVERY]

    assert len({*ids}) == len(ids)
    assert all(word.replace("-", "").isalpha() and word.islower() for word in ids)
    assert all(rule.help.endswith(".") and rule.why.endswith((".", "?")) for rule in EVERY)


@pytest.mark.parametrize(
    ("comment", "ignored"),
    [
        pytest.param("p95: 1s\n    errors: 0  # {}", True, id="behind the key"),
        pytest.param("p95: 1s\n    # {}\n    errors: 0", True, id="above the key"),
        pytest.param("p95: 1s\n    # {}\n    # more\n\n    errors: 0", True, id="above others"),
        pytest.param("p95: 1s  # {}\n    errors: 0", False, id="behind another key"),
        pytest.param("p95: 1s\n    errors: 0\n    # {}", False, id="below the key"),
        pytest.param("errors: 0\n    p95: '1s # {}'", False, id="within a text"),
    ],
)
def test_a_comment_speaks_of_its_key(
    comment: str, ignored: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the comment stands says what it is about."""
    mark = "slogate: ignore zero-errors: payments"
    head = "slogate: 1\nservice: shop\nbudgets:\n  - name: order\n    endpoint: POST /order\n    "
    _, remarks = told(f"{head}{comment.format(mark)}\n", capsys)
    found = [remark["ignored"] for remark in remarks if remark["rule"] == "zero-errors"]

    assert found == (["payments"] if ignored else [None] if "'" not in comment else [])


@pytest.mark.parametrize("above", [True, False], ids=["above", "behind"])
def test_a_comment_at_an_item_speaks_of_all_of_it(
    above: bool, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And of the next item not; several rules may be named."""
    mark = "# slogate: ignore zero-errors, point-rule: payments: all of them"
    first = f"  {mark}\n  - name: a\n" if above else f"  - name: a  {mark}\n"
    body = "    endpoint: POST /{}\n    judge: observed\n    errors: 0\n"
    text = f"{first}{body.format('a')}  - name: b\n{body.format('b')}"
    _, remarks = told(f"slogate: 1\nservice: shop\nbudgets:\n{text}", capsys)

    assert [(remark["rule"], remark["ignored"]) for remark in remarks] == [
        ("point-rule", "payments: all of them"),
        ("zero-errors", "payments: all of them"),
        ("point-rule", None),
        ("zero-errors", None),
    ]


def test_what_is_ignored_is_counted_and_shown(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody can forget it: it stays in the list with its reason."""
    text = spec("budgets:\n  - {name: a, endpoint: GET /, errors: 0}  # slogate: ignore %s: why\n")
    Path("spec.yaml").write_text(text % "zero-errors")

    assert run(["spec", "lint", "spec.yaml"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[1:] == ["    because: why"]
    assert ": info, ignored: [zero-errors] a single failed request" in printed.out
    assert printed.err == "1 spec, 1 objective: no findings, 1 ignored\n"


def test_faults_cannot_be_ignored(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be read stays one."""
    text = spec("# slogate: ignore unknown-key: no\nbudgets:\n  - {name: a, p95: 1s, x: 1}\n")

    assert [remark["rule"] for remark in told(text, capsys)[1]] == ["unknown-key"]


def test_specs_of_a_service_are_looked_at_together(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A budget in one file and a promise in another may contradict each other."""
    Path("slo").mkdir()
    budget = "budgets:\n  - {name: a, endpoint: POST /order, p99: 800ms}\n"
    promise = "slos:\n  - {name: fast, endpoint: POST /order, good: ok and duration <= 400ms, "
    Path("slo/a.yaml").write_text(spec(budget))
    Path("slo/b.yaml").write_text(spec(f"{promise}objective: 99%, window: 28d}}\n"))
    run(["spec", "lint", "--json", "--quiet"])
    found = json.loads(capsys.readouterr().out)

    assert [(remark["rule"], remark["file"]) for remark in found] == [
        ("budget-slower-than-slo", "slo/a.yaml")
    ]


def test_openslo_is_told_what_native_specs_are(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An SLO of OpenSLO is looked at as any other, at its place, and can be ignored likewise."""
    silent, _, _ = STANDARD.partition("  alertPolicies:")
    hourly = silent.replace("timeSliceWindow: 5m", "timeSliceWindow: 1h").replace("28d", "7d")
    mark = "  # slogate: ignore budget-under-a-slice: few checkouts"
    code, remarks = told(hourly, capsys, "--strict")
    calm, ignored = told(
        hourly.replace("targetPercent: 99.5", f"targetPercent: 99.5{mark}"), capsys, "--strict"
    )

    line = 1 + hourly.splitlines().index("      targetPercent: 99.5")
    assert [(r["rule"], r["line"], r["ignored"]) for r in remarks] == [
        ("budget-under-a-slice", line, None)
    ]
    assert [(r["rule"], r["ignored"]) for r in ignored] == [
        ("budget-under-a-slice", "few checkouts")
    ]
    assert (code, calm) == (2, 0)


def test_a_store_that_is_not_there_is_said(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rules that need it are left out with a note, nothing fails."""
    Path("spec.yaml").write_text(
        spec("slos:\n  - {name: a, endpoint: GET /, good: ok, objective: 99%, window: 1d}\n")
    )

    assert run(["spec", "lint", "spec.yaml", "--store", "nope"]) == 0
    assert "note: there is no store nope" in capsys.readouterr().err


def test_rates_of_the_last_run_say_what_cannot_be_decided(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a store each budget is held against its own share of the last load test."""
    Path("slo").mkdir()
    Path("slo/shop.yaml").write_text(
        spec("budgets:\n  - {name: a, endpoint: GET /a, p99: 1s}\n")
        + "  - {name: b, endpoint: GET /b, p99: 1s}\n"
    )
    rows = [row(at * SECOND // 20, endpoint="/b" if at % 20 else "/a") for at in range(2_000)]
    store = _store(here / ".slogate")
    part = write_part(store, "r1", "shop", "load", table(rows), sequence=0, worker="w")
    counts = Reconciliation(seen=2_000, written=2_000, counted=2_000)
    write_run(store, a_run(seconds=100, parts=(part,), rows=counts))
    run(["check", "--quiet"])
    capsys.readouterr()

    assert run(["spec", "lint", "--store", ".slogate"]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("[too-few-requests]") == 1
    assert "p99 needs 371 requests even if none is bad; this run judges about 60" in printed.out
    assert run(["spec", "lint", "--store", ".slogate", "--run-time", "10m", "--strict"]) == 0


def test_openslo_that_cannot_be_judged_is_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `check` would refuse is a warning before, as it is of native specs."""
    code, remarks = told(STANDARD.replace("type: prometheus", "type: splunk"), capsys, "--strict")

    assert {remark["rule"] for remark in remarks} == {"unsupported"}
    assert "'splunk'" in remarks[0]["message"]
    assert code == 2
