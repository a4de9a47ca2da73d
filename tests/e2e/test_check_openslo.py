"""`slogate check` on real files of OpenSLO and Sloth: each row of the index is judged, or says why.

A row is evaluated against a real Prometheus where it can be; the others are exit 2 with a sentence.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from backfilled import END_S, HTTP, START_S, Backfilled
from foreign import DATA, needs_data

from slogate.cli.app import run

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

AT = "2026-03-31T12:00Z"
SLOW = "apiserver_request_duration_seconds"
_ROW = re.compile(r"\| ((?:openslo|sloth)/\S+\.(?:ya?ml|json)) \| (\w+) \|")
EXAMPLES = "openslo/spec/examples"
JUDGED = {
    "openslo/oslo/validate/v1.yaml",
    "sloth/getting-started.yml",
    "sloth/home-wifi.yml",
    "sloth/kubernetes-apiserver.yml",
    "sloth/openslo-getting-started.yml",
    "sloth/openslo-kubernetes-apiserver.yml",
}
NO_SLO = {
    "openslo/spec/README.blocks/03-L181.yaml",
    "openslo/spec/README.blocks/11-L711.yaml",
    "openslo/spec/README.blocks/13-L749.yaml",
    "openslo/spec/README.blocks/14-L761.yaml",
}
SERVICES = tuple(f"openslo/oslo/{part}" for part in ("format", "validate/mix", "validate/rec"))
OF_ANY = {
    f"{EXAMPLES}/budgeting-method/occurences-slo.yaml",
    f"{EXAMPLES}/budgeting-method/ratio-timeslices.yaml",
    f"{EXAMPLES}/treat-low-traffic-as-equally-important/timeslices-slo.yaml",
}


def rows() -> list[tuple[str, str]]:
    """File and what is expected of it; none where the real files are not."""
    index = DATA / "INDEX.md"
    return _ROW.findall(index.read_text()) if index.exists() else []


@pytest.fixture(name="check")
def _check(history, tmp_path, monkeypatch, capsys) -> Any:
    """Exit code, objectives by id, and what was said, of a check of a file."""
    monkeypatch.chdir(tmp_path)

    def check(file: Path) -> tuple[int, dict[str, Any], str]:
        code = run(["check", str(file), "--json", "--prometheus", history.url, "--at", AT])
        printed = capsys.readouterr()
        found = json.loads(printed.out)["objectives"] if printed.out else []
        return code, {each["id"]: each for each in found}, printed.err

    return check


def test_every_row_is_read() -> None:
    """The table of the index is found, so that no row is lost in silence."""
    needs_data()

    assert len(rows()) == 47
    assert {file for file, _ in rows()} >= JUDGED | NO_SLO | OF_ANY


@pytest.mark.parametrize(("file", "expected"), rows(), ids=str)
def test_a_row_of_the_index(check, file, expected) -> None:
    """Judged where there is something to ask, refused with the reason where there is not."""
    code, found, said = check(DATA / file)

    assert "Traceback" not in said
    if file in JUDGED:
        assert found, said
        assert code in {0, 1, 3}
        return
    assert (code, found) == (2, {})
    if expected == "golden":
        assert "rules of Prometheus are no specs" in said
    elif file in OF_ANY:
        assert "sources of the type 'any' cannot be asked" in said
    elif file in NO_SLO or file.startswith(SERVICES):
        assert "these files hold no SLO" in said
    else:
        assert re.search(rf"{re.escape(file)}:\d+:\d+: ", said)


def exact(history: Backfilled, bad: set[str]) -> tuple[int, int]:
    """Bad requests of the service and all of them, by the traffic itself."""
    chosen = (lambda labels: labels["code"] in bad, lambda _: True)
    counts = [history.count(HTTP, START_S, END_S, each) for each in chosen]
    return counts[0], counts[1]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("sloth/openslo-getting-started.yml", "my-service/sloth-slo-my-service/30d"),
        ("sloth/getting-started.yml", "myservice/requests-availability/30d"),
    ],
)
def test_availability_is_that_of_the_traffic(check, history, file, name) -> None:
    """The same SLO, as OpenSLO and as Sloth spell it: the same events."""
    needs_data()

    code, found, _ = check(DATA / file)

    assert (found[name]["failed"], found[name]["total"]) == exact(history, {"429", "500", "503"})
    assert (code, found[name]["outcome"]) == (1, "fail")
    text = (DATA / file).read_text().splitlines()
    place = found[name]["spec"]
    assert re.search("target: 0.999|requests-availability", text[place["line"] - 1])


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (
            "sloth/openslo-kubernetes-apiserver.yml",
            ("requests-latency-openslo-1", "requests-latency-openslo-2"),
        ),
        ("sloth/kubernetes-apiserver.yml", ("requests-latency",)),
    ],
)
def test_latency_is_that_of_the_buckets(check, history, file, names) -> None:
    """Each objective has the bucket that it names, without the verbs that it leaves out."""
    needs_data()

    def verb(labels: dict[str, str]) -> bool:
        return labels["verb"] != "WATCH"

    code, found, said = check(DATA / file)

    total = history.count(f"{SLOW}_count", START_S, END_S, verb)
    for name, le in zip(names, ("0.4", "5"), strict=False):
        good = history.count(
            f"{SLOW}_bucket", START_S, END_S, lambda it, le=le: verb(it) and it["le"] == le
        )
        [mine] = [each for each in found.values() if each["name"] == name]
        assert (mine["good"], mine["total"]) == (good, total), said
    assert code in {0, 1}


def test_a_metric_that_the_server_never_had_is_no_verdict(check) -> None:
    """Not a pass, and not a lack of data."""
    needs_data()

    code, found, _ = check(DATA / "openslo/oslo/validate/v1.yaml")

    [mine] = found.values()
    assert (code, mine["outcome"], mine["budget"]["unit"]) == (3, "invalid", "slices")
    assert "has never had a metric http_requests" in mine["reason"]
