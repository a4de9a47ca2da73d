"""`slogate notify` as it is called: on a store, in a workflow's environment, against a server."""

from __future__ import annotations

import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from forge_server import TOKEN, Answer, forge_server
from published import schema_of

from slogate import plugins
from slogate.cli.app import run as slogate
from slogate.errors import Interrupted
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs, update_run

pytestmark = [pytest.mark.e2e]

SPEC = """\
slogate: 1
service: shop
budgets:
  - {name: home, endpoint: GET /, p50: 40ms, errors: 50%}
"""
FIRST_MS = 1_790_000_000_000


@dataclass(frozen=True)
class Done:
    """What a call came to."""

    code: int
    out: str
    err: str


def call(folder: Path, *words: str, **environment: str) -> Done:
    """Run a command line in the folder."""
    out, err, before = StringIO(), StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with patch.dict(os.environ, environment), redirect_stdout(out), redirect_stderr(err):
            code = slogate(list(words))
    finally:
        os.chdir(before)
    return Done(code, out.getvalue(), err.getvalue())


def measured(folder: Path, hour: int, slow_ms: int, branch: str) -> None:
    """Record and judge a run of that hour on that branch."""
    rows = [
        f"{FIRST_MS + hour * 3_600_000 + n * 50},{slow_ms + n % 9},GET /,200,true\n"
        for n in range(400)
    ]
    head = "timeStamp,elapsed,label,responseCode,success\n"
    (folder / "results.jtl").write_text(head + "".join(rows))
    assert call(folder, "import", "results.jtl", "--service", "shop").code == 0
    store = open_store(folder / ".slogate")
    run = max(list_runs(store), key=lambda each: each.start_ts)

    def on_branch(now):
        return replace(now, branch=branch)

    update_run(store, run.id, on_branch)
    call(folder, "check")


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    """A project with three runs on main and a slower one on a branch, all judged."""
    folder = tmp_path_factory.mktemp("notify")
    (folder / "slo").mkdir()
    (folder / "slo/shop.yaml").write_text(SPEC)
    for hour, slow_ms in enumerate((20, 22, 21)):
        measured(folder, hour, slow_ms, "main")
    measured(folder, 3, 50, "feature")
    return folder


def pull(server):
    """The environment of a job on pull request 12."""
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": TOKEN,
        "GITHUB_REF": "refs/pull/12/merge", "GITHUB_BASE_REF": "main",
        "GITHUB_API_URL": server.url,
    }  # fmt: skip


def test_a_pull_request_is_told(folder):
    """Outcome, next step, main beside the head, the course; a second call edits in place."""
    with forge_server() as server:
        first = call(folder, "notify", "--to", "github-comment", **pull(server))
        again = call(folder, "notify", "--to", "github-comment", **pull(server))

        assert (first.code, again.code) == (0, 0), first.err
        (comment,) = server.comments
        text = comment["body"]
        assert "FAIL: 1 of 2 objectives breached" in text
        assert "<code>main</code> | now | change | trend |" in text
        assert "| 25 ms (24–25) | 54 ms (53–54) | +116% | ▁▁▁█ |" in text
        assert "github-comment of shop: pull request 12: unchanged" in again.err
        assert TOKEN not in text + first.err + first.out


def test_a_failed_notification_changes_nothing(folder):
    """It is a warning of the job, and exit 0; with --strict exit 2."""
    with forge_server() as server:
        environment = pull(server) | {"GITHUB_TOKEN": "another"}
        told = call(folder, "notify", "--to", "github-comment", **environment)
        strict = call(folder, "notify", "--strict", "--to", "github-comment", **environment)

    assert (told.code, strict.code) == (0, 2)
    assert told.err.startswith("::warning title=slogate notify::github-comment of shop was not")
    assert "another" not in told.err


def test_one_channel_that_fails_hides_no_other(folder):
    """The issue is refused, the comment is told all the same."""
    with forge_server() as server:
        server.answers = [Answer(403, body={"message": "no\n::error::planted"})]
        told = call(
            folder, "notify", "--json", "--to", "github-comment", "--to", "gitlab-note",
            **pull(server), GITLAB_TOKEN=TOKEN, CI_API_V4_URL=server.url, CI_PROJECT_ID="42",
        )  # fmt: skip

    found = json.loads(told.out)
    schema_of("notified").validate(found)
    assert told.code == 0
    assert "HTTP 403" in found["told"][0]["error"]
    assert found["told"][1]["channel"] == "gitlab-note"
    assert "\n::error" not in told.err


def test_a_secret_that_is_missing_changes_nothing(folder):
    """As in a pull request from a fork: each channel is named, none stops the others."""
    words = [word for kind in ("webhook", "apprise", "github-comment") for word in ("--to", kind)]
    told = call(folder, "notify", *words, "--pull-request", "12", GITHUB_TOKEN=TOKEN)

    assert told.code == 0
    assert told.err.count("was not told") == 3
    assert "SLOGATE_NOTIFY_WEBHOOK" in told.err


def test_a_library_that_breaks_down_hides_no_other(folder):
    """Whatever it raises; its words may hold an address, and are not shown."""

    def broken(_news):
        raise ConnectionError("https://ann:geheim@chat.example")

    broken = replace(plugins.find("channels", "webhook"), name="webhook", tell=broken)
    with forge_server() as server, patch("slogate.channels.webhook.PLUGIN", broken):
        told = call(
            folder, "notify", "--to", "webhook", "--to", "github-comment", **pull(server)
        )  # fmt: skip
        comments = len(server.comments)

    assert (told.code, comments) == (0, 1)
    assert "webhook of shop was not told: it broke down: ConnectionError" in told.err
    assert "geheim" not in told.err


def test_who_stops_it_stops_it(folder):
    """No other channel is told then, and it does not count as told."""

    def stopped(_news):
        raise Interrupted("stopped by SIGTERM")

    stopped = replace(plugins.find("channels", "webhook"), tell=stopped)
    with forge_server() as server, patch("slogate.channels.webhook.PLUGIN", stopped):
        told = call(
            folder, "notify", "--to", "webhook", "--to", "github-comment", **pull(server)
        )  # fmt: skip

    assert (told.code, len(server.comments)) == (130, 0)
    assert told.err == "error: stopped by SIGTERM\n"


def test_what_check_printed_is_told(folder):
    """`--from` takes its document, with the store's past or without a store."""
    printed = call(folder, "check", "--json")
    (folder / "verdict.json").write_text(printed.out)

    with_past = call(folder, "notify", "--from=verdict.json", "--to=github-comment", "--dry-run")
    alone = call(
        folder, "notify", "--from=verdict.json", "--to=webhook", "--dry-run", "--store=nowhere"
    )

    assert "| trend |" in with_past.out
    schema_of("news").validate(json.loads(alone.out))
    assert json.loads(alone.out)["outcome"] == "fail"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("--to", "github-coment"), "did you mean 'github-comment'?", id="unknown"),
        pytest.param(("--to", "github-issue=http://x"), "takes no address", id="address"),
        pytest.param(("--to", "webhook", "--from", "slo/shop.yaml"), "it is no JSON", id="no-json"),
        pytest.param(("--to", "webhook=ftp://x"), "an address begins with", id="ftp"),
        pytest.param(("--to", "apprise=slack://s3cret"), "on the command line", id="secret"),
        pytest.param(("--to", "webhook", "nothing"), "nothing", id="no-run"),
    ],
)
def test_a_wrong_call_is_refused(folder, words, said):
    """With exit 2, before anybody is told."""
    done = call(folder, "notify", *words)

    assert done.code == 2
    assert said in done.err
    assert "s3cret" not in done.err


def test_slos_and_composites_are_both_told(folder):
    """Each for itself: an issue of one is not closed, nor kept open, by the other."""
    (folder / "own").mkdir()
    spec = (
        "slogate: 1\nservice: shop\n"
        "slos:\n  - {name: fast, good: ok, objective: 99%, window: 1h}\n"
        "composites:\n  - {name: way, of: [{slo: fast}], objective: 99%, window: 1h}\n"
    )
    (folder / "own/shop.yaml").write_text(spec)
    store = "--store=own/.slogate"
    call(folder, "import", "results.jtl", "-s", "shop", "--kind=production", store)
    call(folder, "check", "own/shop.yaml", store)

    told = call(folder, "notify", "slos", store, "--to=github-comment", "--dry-run")

    marks = [line for line in told.out.splitlines() if line.startswith("<!-- slogate")]
    assert told.code == 0, told.err
    assert len(set(marks)) == len(marks) == 2
    assert "<code>way/1h</code>" in told.out
