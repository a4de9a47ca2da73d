"""`slogate alerts check` for people and for machines: table, document, notes, exit codes."""

from __future__ import annotations

import json
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from importlib.resources import files
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from alert_receivers import DAY, HOSTILE, NEXT_DAY, SPEC, shop

from slogate.cli.app import run as slogate
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, update_run


@dataclass(frozen=True)
class Done:
    """What a call came to."""

    code: int
    out: str
    err: str


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    """A store of two regions, one of a hostile name, and the spec beside it."""
    folder = tmp_path_factory.mktemp("check")
    shop(folder, "eu", HOSTILE)
    return folder


def check(folder: Path, *words: str, spec: str | None = "shop.yaml", store: str = "store") -> Done:
    """Run the command line on the store of the folder."""
    out, err = StringIO(), StringIO()
    named = [] if spec is None else [str(folder / spec)]
    with redirect_stdout(out), redirect_stderr(err):
        code = slogate(
            ["alerts", "check", *named, f"--store={folder / store}", "--threads=1", *words]
        )
    return Done(code, out.getvalue(), err.getvalue())


def test_a_page_that_fires_is_exit_1(folder):
    """What fires comes first, since when, how fast, and when the budget is gone."""
    done = check(folder, "--at", f"{DAY}T10:40Z")

    assert done.code == 1
    head, *lines = done.out.splitlines()
    assert head == f"shop at {DAY} 10:40 UTC: 6 of 6 alerts fire"
    eu = next(line for line in lines if "30d/eu" in line and "1h, 5m" in line)
    assert eu.split() == [
        "shop/availability/30d/eu", "page", "1h,", "5m", "firing", "66.67,", "100", "14.4", DAY,
        "10:09", "UTC", "-525%", "gone",
    ]  # fmt: skip
    assert not set("\x1b\u202e") & set(done.out)


def test_the_document_is_that_of_the_schema(folder):
    """Exact counts, no wall clock: the same bytes at any time, on any number of threads."""
    once, again = (
        check(folder, "--at", f"{DAY}T10:40Z", "--json", "--threads", str(n)) for n in (1, 3)
    )

    document = json.loads(once.out)
    assert once.out == again.out
    schema = json.loads((files("slogate") / "schemas" / "alerts.v1.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    assert (document["outcome"], document["exit_code"]) == ("fail", 1)
    page = next(a for a in document["alerts"] if a["id"].endswith("/eu/page/1h/5m"))
    assert (page["long"]["bad"], page["long"]["total"]) == (400, 600)
    assert page["by"] == {"label": "region", "value": "eu"}


def test_tickets_alone_are_exit_0(folder):
    """At the end of an outage the pages are over; the ticket is told and does not block."""
    done = check(folder, "--at", f"{DAY}T12:30Z", "--json")

    found = {(a["severity"], a["state"]) for a in json.loads(done.out)["alerts"]}
    assert found == {("page", "quiet"), ("ticket", "firing")}
    assert done.code == 0


def test_before_and_after_all_data_nobody_knows(folder):
    """A moment without data is exit 3 and says why, never quiet."""
    before = check(folder, "--at", f"{DAY}T00:00Z")
    after = check(folder, "--at", f"{NEXT_DAY}T00:30Z")

    assert (before.code, after.code) == (3, 3)
    assert "no request of the last 1h is known" in before.out
    assert f"the data of the service end at {NEXT_DAY} 00:00 UTC" in after.out
    assert "no data" in before.out
    assert not set("\x1b\u202e") & set(before.out + after.out + before.err + after.err)


def test_a_replay_lists_what_fired(folder):
    """From one moment to another the minutes in which each fired, and it judges nothing."""
    done = check(folder, "--from", DAY, "--to", f"{DAY}T14:00Z")

    assert done.code == 0
    assert f"shop from {DAY} 00:01" not in done.out
    assert f"{DAY} 10:09  {DAY} 11:05  page      shop/availability/30d/eu/page/1h/5m" in done.out
    document = json.loads(check(folder, "--from", DAY, "--to", f"{DAY}T10:30Z", "--json").out)
    spans = [s for a in document["alerts"] for s in a["spans"] if s["state"] == "firing"]
    assert {span["to"] for span in spans} == {None}


def test_what_began_together_is_told_though_some_of_it_goes_on(folder):
    """A page that ended and a ticket that still fires, from the first minute on."""
    done = check(folder, "--from", f"{DAY}T10:40Z", "--to", f"{DAY}T11:20Z")

    assert done.code == 0, done.err
    assert f"{DAY} 10:40  {DAY} 11:05  page " in done.out
    assert f"{DAY} 10:40  still firing      ticket" in done.out


@pytest.mark.parametrize("name", ["availability", "shop/availability", "shop/availability/30d"])
def test_one_slo_alone(folder, name):
    """An SLO by its name, with its service, or by its id."""
    assert check(folder, "--at", f"{DAY}T12:30Z", "--only", name).code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--only", "latency"], "no slo with alerts is named 'latency'"),
        (["--to", DAY], "--to needs a --from"),
        (["--from", DAY, "--to", "2025-11-02"], "--to is before --from"),
        (["--from", DAY, "--at", DAY], "are for one moment"),
        (["--at", DAY, "--max-age", "1h"], "not for another moment"),
        (["--at", "yesterday"], "is no moment"),
        (["--at", "9999-12-31T00:00Z"], "is not between 1970-01-02 and 9000"),
        (["--from", f"{DAY}T10:00:10Z", "--to", f"{DAY}T10:00:50Z"], "no whole minute"),
        (["--service", "none"], "no spec speaks of the service"),
    ],
)
def test_wrong_words_are_exit_2(folder, words, told):
    """A sentence about what is wrong, and nothing on stdout."""
    done = check(folder, *words)

    assert (done.code, done.out) == (2, "")
    assert told in done.err


def test_specs_without_alerts_are_exit_2(folder):
    """There is nothing to say, and it is said how to have something."""
    (folder / "none.yaml").write_text(
        "slogate: 1\nservice: shop\nslos: [{name: a, good: ok, objective: 99%, window: 7d}]\n"
    )

    done = check(folder, spec="none.yaml")

    assert done.code == 2
    assert "alerts: google" in done.err


def test_a_service_without_data_hides_no_breach(folder):
    """Of two services one has never been heard of: the other's page is exit 1 nevertheless."""
    (folder / "two.yaml").write_text(SPEC.replace("service: shop", "service: other"))

    both = check(folder, "-f", str(folder / "two.yaml"), "--at", f"{DAY}T10:40Z")
    alone = check(folder, "--at", f"{DAY}T10:40Z", spec="two.yaml")

    assert (both.code, alone.code) == (1, 3)
    assert "no production data of the service 'other'" in both.err


def test_old_data_are_told_and_may_be_too_old(folder):
    """The data are not of today: a note, or exit 3 with --max-age."""
    plain, strict = check(folder), check(folder, "--max-age", "10m", "--json", "--quiet")

    assert "note: the newest production data of shop are" in plain.err
    assert "error: the newest production data of shop are" in strict.err
    assert "old, too old\n" in strict.err
    assert (plain.code, strict.code) == (0, 3)
    assert json.loads(strict.out)["outcome"] == "no_data"


def test_an_unfinished_run_is_no_quiet(folder, tmp_path):
    """Where rows may be missing nothing is quiet."""
    shop(tmp_path, "eu")
    store = open_store(tmp_path / "store")
    (run,) = list_runs(store)
    update_run(store, run.id, lambda it: replace(it, state="incomplete"))

    done = check(tmp_path, "--at", f"{DAY}T09:00Z")

    assert done.code == 3
    assert "was not finished" in done.out


def test_what_cannot_be_followed_still_fires(folder):
    """Windows between seconds: it is known that the alert fires, not since when."""
    (folder / "odd.yaml").write_text(
        SPEC.replace("long: 1h, short: 5m", "long: 3600001ms, short: 5m")
    )

    done = check(folder, "--at", f"{DAY}T10:40Z", "--json", spec="odd.yaml")

    odd = [a for a in json.loads(done.out)["alerts"] if "3600001ms" in a["id"]]
    assert {(alert["state"], alert["since"]) for alert in odd} == {("firing", None)}
    assert done.code == 1
    assert check(folder, "--from", DAY, spec="odd.yaml").code == 2


def test_alerts_of_thousands_of_values_are_refused(folder, tmp_path, monkeypatch):
    """Nobody is told of thousands of alerts at once, and nobody takes that for quiet."""
    monkeypatch.setattr("slogate.alerting.MOST_VALUES", 1)

    done = check(folder, "--at", f"{DAY}T10:30Z")

    assert (done.code, done.out) == (2, "")
    assert "the label region has 2 values, and alerts of each of more than 1" in done.err
    assert "take a label with fewer" in done.err


def test_a_fast_clock_does_not_move_the_moment(tmp_path):
    """One host two hours ahead does not hide what the others tell up to now."""
    now_ms = time.time_ns() // 1_000_000
    rows = [(now_ms - 1_000 * n, n % 2 == 0) for n in range(1, 400)]
    rows += [(now_ms + 7_200_000 - 1_000 * n, True) for n in range(1, 400)]
    lines = "".join(f"{ms},20,GET /,{200 if ok else 500},{str(ok).lower()}\n" for ms, ok in rows)
    (tmp_path / "a.jtl").write_text(f"timeStamp,elapsed,label,responseCode,success\n{lines}")
    (tmp_path / "shop.yaml").write_text(
        "slogate: 1\nservice: shop\nslos:\n"
        "  - {name: a, good: ok, objective: 99%, window: 28d, alerts: google}\n"
    )
    store = f"--store={tmp_path / 'store'}"
    words = ["import", str(tmp_path / "a.jtl"), "-s", "shop", "--kind", "production", store, "-q"]
    assert slogate(words) == 0

    done = check(tmp_path)

    assert done.code == 1, done.out
    assert "into the future, so that a clock is fast; as of now" in done.err
