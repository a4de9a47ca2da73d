"""The rules in a real Prometheus: alerts reach a real Alertmanager, once, and resolve.

The three kinds of metrics, each by rules of its own. Windows are as short as a spec takes them.
"""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_receivers import Receiver, alertmanager, receiving
from exporter import (
    NAME,
    NATIVE,
    Exporter,
    ask,
    exporter,
    prometheus,
    wait_for,
)
from ports import free_port

from slogate.cli.app import run as slogate

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("prometheus")]

# over 30% of the requests of two minutes
SPEC = """
slogate: 1
service: shop
owner: payments
slos:
  - name: {name}
    good: {good}
    objective: 90%
    window: 1h
    alerts: [{{budget: 10%, long: 2m, short: 1m}}]
    {more}
"""
CASES = {
    "classic": (
        "ok and duration <= 50ms", "by: method",
        ["--metric", NAME, "--label", "job=metrics", "--status-label", "status",
         "--bounds", "5ms,10ms,25ms,50ms,100ms,250ms,1s"],
    ),
    "counter": (
        "ok", "",
        ["--metric", "http_requests_total", "--label", "job=metrics", "--status-label", "status"],
    ),
    "native": ("duration <= 40ms", "", ["--metric", NATIVE, "--type", "native"]),
}  # fmt: skip
FAST = (("/browse", "GET", "200"), 0.01)
FAILING = (("/cart", "POST", "503"), 0.3)


def written(folder: Path, kind: str, *more: str) -> Path:
    """What the command writes for the case."""
    good, by, options = CASES[kind]
    spec = folder / f"{kind}.yaml"
    spec.write_text(SPEC.format(name=kind, good=good, more=by))
    path = folder / f"{kind}.{'-'.join(more) or 'rules'}.yaml"
    code = slogate(["alerts", "rules", str(spec), *options, *more, "-o", str(path), "--quiet"])

    assert code == 0
    return path


def routes(folder: Path, hook: str) -> dict[str, Any]:
    """The routes that the command writes, with a webhook filled in and without waiting."""
    config = yaml.safe_load(written(folder, "classic", "--format", "alertmanager").read_text())
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    for receiver in config["receivers"]:
        receiver["webhook_configs"] = [{"url": hook}]
    return config


def serve(service: Exporter, what: tuple[tuple[str, str, str], float], count: int) -> None:
    """So many requests of one sort."""
    service.observe_all([what] * count)


def received(inbox: str) -> int:
    """How many alerts that fire the Alertmanager has been sent, repetitions counted."""
    with urllib.request.urlopen(f"{inbox}/metrics", timeout=10) as answer:
        page = answer.read().decode()
    counts = re.findall(r'(?m)^alertmanager_alerts_received_total{status="firing".*} (.+)$', page)
    return int(sum(map(float, counts)))


def told(receiver: Receiver, slo: str = "") -> list[dict[str, Any]]:
    """The notifications that came, of one SLO or of all, in order."""
    notes = [note for _, note in list(receiver.posts)]
    return [note for note in notes if slo in {"", note["commonLabels"].get("slo")}]


def test_alert_arrives_once_and_resolves(system_program, tmp_path):
    """Each alert is told once while it lasts, with its labels, and once when it has ended."""
    server = system_program("prometheus", package="prometheus")
    manager = system_program("prometheus-alertmanager", package="prometheus-alertmanager")
    rules = [str(written(tmp_path, kind)) for kind in CASES]
    target = free_port()
    # an alert that is not sent again for four times that long is over
    resending = "--rules.alert.resend-delay=1s"
    with (
        receiving() as duty,
        exporter(target, seed=1) as service,
        alertmanager(manager, tmp_path, routes(tmp_path, duty.url)) as inbox,
        prometheus(
            server, tmp_path, free_port(), target, resending, config=watching(rules, inbox)
        ) as url,
    ):
        wait_for(lambda: service.scraped() >= 2, "the first scrapes")
        serve(service, FAST, 400)
        wait_for(lambda: len(ask(url, "slogate:bad:ratio2m == 0")) == 3, "good traffic")
        assert told(duty) == []

        serve(service, FAILING, 600)
        wait_for(lambda: len(told(duty)) >= 3, "three alerts")
        before = received(inbox)
        wait_for(lambda: received(inbox) >= before + 6, "repetitions")

        assert [note["status"] for note in told(duty)] == ["firing"] * 3
        (classic,) = told(duty, "classic")
        assert classic["receiver"] == "page"
        assert classic["commonLabels"] == {
            "alertname": "ErrorBudgetBurn", "service": "shop", "slo": "classic", "window": "1h",
            "severity": "page", "owner": "payments", "method": "POST",
        }  # fmt: skip

        serve(service, FAST, 6000)
        serve(service, (("/cart", "POST", "200"), 0.01), 6000)
        wait_for(lambda: len(told(duty)) >= 6, "their ends")

        for kind in CASES:
            assert [note["status"] for note in told(duty, kind)] == ["firing", "resolved"], kind


def watching(rules: list[str], inbox: str) -> dict[str, Any]:
    """What Prometheus is told beside what it scrapes."""
    targets = [inbox.removeprefix("http://")]
    managers = [{"static_configs": [{"targets": targets}]}]
    return {"rule_files": rules, "alerting": {"alertmanagers": managers}}
