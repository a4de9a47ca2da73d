"""`slogate alerts send` to a real Alertmanager: received, told apart, grouped, resolved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from alert_receivers import (
    DAY,
    HOSTILE,
    Receiver,
    alertmanager,
    at_once,
    known,
    receiving,
    shop,
    us,
)
from exporter import wait_for

from slogate.cli.app import run as slogate

pytestmark = [pytest.mark.e2e]

# ten requests a minute: 14.4% of an hour's are 86.4, so that the ninth minute of failures fires;
# 6% of half an hour's are 18, so that it ends where the last two such minutes leave it
FIRES, RESOLVES = f"{DAY}T10:09Z", f"{DAY}T11:29Z"


@dataclass(frozen=True)
class Done:
    """What a call came to."""

    code: int
    out: str
    err: str


def send(folder: Path, *words: str, **environment: str) -> Done:
    """Run the command line on the store of the folder."""
    out, err = StringIO(), StringIO()
    spec, store = folder / "shop.yaml", folder / "store"
    with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
        code = slogate(["alerts", "send", str(spec), f"--store={store}", "--threads=1", *words])
    return Done(code, out.getvalue(), err.getvalue())


def ends(hook: Receiver) -> set[int]:
    """When the alerts ended that it was told to be over."""
    return {us(alert["endsAt"]) for alert in hook.alerts() if alert["status"] == "resolved"}


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    """A project with a store of two regions, one of a hostile name."""
    folder = tmp_path_factory.mktemp("send")
    shop(folder, "eu", HOSTILE)
    return folder


def test_a_real_alertmanager_is_told(folder, tmp_path, system_program):
    """Sent twice it is one alert; it began when it really did, is grouped, and resolves."""
    program = system_program("prometheus-alertmanager", package="prometheus-alertmanager")
    with receiving() as hook, alertmanager(program, tmp_path, at_once(hook.url)) as url:
        first = send(folder, "--to", url, "--at", f"{DAY}T10:40Z")
        again = send(folder, "--to", url, "--at", f"{DAY}T10:45Z")

        assert (first.code, again.code) == (0, 0), first.err
        alerts = known(url)
        assert len({alert["fingerprint"] for alert in alerts}) == len(alerts) == 4
        page = next(
            alert
            for alert in alerts
            if alert["labels"]["severity"] == "page" and alert["labels"]["region"] == "eu"
        )
        assert page["labels"] == {
            "alertname": "ErrorBudgetBurn", "service": "shop", "slo": "availability",
            "window": "30d", "severity": "page", "region": "eu", "owner": "payments",
            "tier": "gold",
        }  # fmt: skip
        assert us(page["startsAt"]) == us(FIRES)
        assert "slogate alerts check --only" in page["annotations"]["command"]
        # Alertmanager may tell of the first before it has taken in the last
        wait_for(
            lambda: any(len(post["alerts"]) == 4 for _, post in list(hook.posts)),
            "a notification of all",
        )
        groups = [post["groupLabels"] for _, post in list(hook.posts)]
        assert all(group == {"service": "shop", "slo": "availability"} for group in groups)

        over = send(folder, "--to", url, "--at", f"{DAY}T12:30Z")

        assert over.code == 0, over.err
        wait_for(lambda: len(known(url)) == 2, "the end of the pages")
        assert {alert["labels"]["severity"] for alert in known(url)} == {"ticket"}
        wait_for(
            lambda: any(alert["status"] == "resolved" for alert in hook.alerts()),
            "the notification",
        )
        ends = {us(a["endsAt"]) for a in hook.alerts() if a["status"] == "resolved"}
        assert ends == {us(RESOLVES)}
    names = [alert["labels"]["region"] for alert in alerts if alert["labels"]["region"] != "eu"]
    assert len(set(names)) == 1
    assert not set('<>{}[]"\x1b\u202e') & set(names[0])


def test_a_refusal_is_exit_2_and_loses_nothing(folder):
    """What a receiver refuses is due the next time, with its true moments, and then no more."""
    with receiving() as hook:
        to = ("--to", f"webhook={hook.url}/secret-path")
        hook.answers = [400]
        refused = send(folder, *to, "--at", f"{DAY}T10:40Z")
        later = send(folder, *to, "--at", f"{DAY}T10:50Z", "--json")
        nothing = send(folder, *to, "--at", f"{DAY}T10:55Z")

    assert (refused.code, later.code, nothing.code) == (2, 0, 0)
    assert "HTTP 400" in refused.err
    assert "secret-path" not in refused.err + refused.out + later.out
    assert len(hook.posts) == 2
    alerts = hook.posts[1][1]["alerts"]
    assert [alert["key"] for alert in alerts] == [a["key"] for a in hook.posts[0][1]["alerts"]]
    pages = [alert for alert in alerts if alert["labels"]["severity"] == "page"]
    assert {us(alert["startsAt"]) for alert in pages} == {us(FIRES)}
    (told,) = json.loads(later.out)["receivers"]
    assert (told["delivered"], len(told["alerts"])) == (True, 4)


def test_processes_at_once_tell_it_once(folder):
    """Of several calls at the same time one tells what is due, and each ends well."""
    with receiving() as hook:
        words = [
            sys.executable, "-P", "-m", "slogate", "alerts", "send", "shop.yaml", "--store=store",
            "--to", f"webhook={hook.url}", "--at", f"{DAY}T10:40Z", "--threads=1", "-q",
        ]  # fmt: skip
        calls = [subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL) for _ in range(3)]
        codes = [call.wait(timeout=120) for call in calls]

    assert codes == [0, 0, 0]
    assert len(hook.posts) == 1


def test_a_lapse_of_no_time_is_refused(folder):
    """An alert that ends as soon as it begins would page nobody."""
    done = send(folder, "--to=http://127.0.0.1:9", "--lapse=0s")

    assert (done.code, done.out) == (2, "")
    assert "--lapse: 0s is under a minute" in done.err
    assert "hint: say" in done.err


def test_credentials_arrive_and_are_never_shown(folder, tmp_path):
    """A token from the environment or a file goes with each post, and into no output."""
    (tmp_path / "token").write_text("s3cret-b\n", encoding="utf-8")
    with receiving() as hook:
        to = ("--to", f"webhook={hook.url}", "--at", f"{DAY}T10:40Z")
        hook.answers = [401, 400]
        first = send(folder, *to, SLOGATE_ALERTS_TOKEN="s3cret-a")
        second = send(folder, *to, "--token-file", str(tmp_path / "token"))
        third = send(folder, *to, SLOGATE_ALERTS_USER="me", SLOGATE_ALERTS_PASSWORD="s3cret-c")
        several = send(folder, *to, "--to", "http://127.0.0.1:9", SLOGATE_ALERTS_TOKEN="s3cret-a")

    sent = [headers["Authorization"] for headers, _ in hook.posts]
    assert sent == ["Bearer s3cret-a", "Bearer s3cret-b", "Basic bWU6czNjcmV0LWM="]
    assert (first.code, second.code, third.code) == (2, 2, 0)
    assert "SLOGATE_ALERTS_TOKEN" in first.err
    assert several.code == 2
    assert "several servers" in several.err
    assert all("s3cret" not in done.out + done.err for done in (first, second, third))
