"""The steps of the weekly workflow, run as they stand: a runner's files, a server like GitHub's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from weeks import EVIL, Service, build

ROOT = Path(__file__).resolve().parents[2]
JOBS = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
REPO = "/repos/acme/shop/issues"
TOKEN = "a-secret-token"
MARK = "<!-- slogate: weekly report -->"
pytestmark = pytest.mark.xdist_group("weekly")


def step(job: str, name: str) -> str:
    """The script of a step."""
    return next(each["run"] for each in JOBS[job]["steps"] if each.get("name") == name)


class Forge(BaseHTTPRequestHandler):
    """Answers as GitHub does for the issues of one repository; notes each call."""

    calls: list[tuple[str, str, Any]]
    open_issues: list[dict[str, Any]]
    failures: list[int]

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.calls.append((self.command, self.path, body))
        code = 200
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            code = 401
        elif not self.path.startswith(REPO):
            code = 404
        elif self.failures:
            code = self.failures.pop(0)
        answer = self.open_issues if self.command == "GET" else {"number": 7}
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(answer if code == 200 else {"message": "no"}).encode())

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - as http.server has it

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def forge():
    """A server with no issue."""
    state = {"calls": [], "open_issues": [], "failures": []}
    handler = type("One", (Forge,), state)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def site(tmp_path):
    """What the artifact holds, in the working directory of a runner."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "weekly.md").write_text("## ✗ 1 of 2 promises broken\n\nMore.\n", "utf-8")
    said = {"window": {"end": "2026-11-23T00:00:00.000000Z"}, "conclusion": EVIL}
    (folder / "weekly.json").write_text(json.dumps(said))
    return tmp_path


def tell(forge, site: Path, page: str = "") -> subprocess.CompletedProcess[str]:
    """Run the step that opens or updates the issue."""
    environment = {
        "PATH": os.environ["PATH"], "GITHUB_API_URL": forge.url, "GITHUB_TOKEN": TOKEN,
        "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "42", "PAGE": page, "PAUSE": "0",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", step("issue", "Open or update the issue")],
        cwd=site, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_issue_is_opened_where_there_is_none(forge, site):
    """One look, one issue, with its label, mark and links."""
    done = tell(forge, site, page="https://acme.example/shop/")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    look, opened = forge.calls
    assert look == ("GET", f"{REPO}?state=open&labels=weekly-report&per_page=100", None)
    assert opened[:2] == ("POST", REPO)
    assert opened[2]["title"] == "Weekly report: 2026-11-23"
    assert opened[2]["labels"] == ["weekly-report"]
    assert opened[2]["body"].startswith(
        f"{MARK}\n[The page](https://acme.example/shop/). [This run]("
    )
    assert opened[2]["body"].endswith("## ✗ 1 of 2 promises broken\n\nMore.\n")


def test_the_same_issue_is_updated(forge, site):
    """Ours, not one of somebody who copied the mark; a comment tells who watches it."""
    bot = {"login": "github-actions[bot]"}
    forge.open_issues = [
        {"number": 3, "user": {"login": "mallory"}, "body": f"{MARK}\n"},
        {"number": 4, "user": bot, "body": None},
        {"number": 5, "user": bot, "body": f"{MARK}\nold"},
    ]
    done = tell(forge, site)

    assert done.returncode == 0, done.stderr
    assert [call[:2] for call in forge.calls[1:]] == [
        ("PATCH", f"{REPO}/5"), ("POST", f"{REPO}/5/comments"),
    ]  # fmt: skip
    assert forge.calls[2][2]["body"].startswith("2026-11-23: ✗ 1 of 2 promises broken. [This run](")
    assert EVIL not in json.dumps(forge.calls)


@pytest.mark.parametrize(
    ("failures", "code", "count"),
    [([502, 429], 0, 4), ([500, 500, 500], 1, 3), ([403], 1, 1)],
    ids=["passes", "stays", "refused"],
)
def test_trouble_of_the_server(forge, site, failures, code, count):
    """What may pass is tried again, what is refused is not; the token is never printed."""
    forge.failures = [*failures]
    done = tell(forge, site)

    assert done.returncode == code
    assert len(forge.calls) == count
    assert TOKEN not in done.stdout + done.stderr
    assert ("HTTP Error" in done.stderr) is bool(code)


def write(folder: Path, window: str = "7d") -> tuple[int, dict[str, str], str]:
    """Run the step that writes the report; its exit code, outputs and step summary."""
    output, summary = folder / "output", folder / "summary"
    for file in (output, summary):
        file.write_text("")
    bin_ = Path(sys.executable).parent
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step("report", "Write the report")],
        cwd=folder,
        env={"PATH": f"{bin_}:{os.environ['PATH']}", "WINDOW": window, "GITHUB_OUTPUT": str(output),
             "GITHUB_STEP_SUMMARY": str(summary), "SLOGATE_PROMETHEUS_URL": "",
             "SLOGATE_PROMETHEUS_TOKEN": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    return done.returncode, outputs, summary.read_text("utf-8")


def test_a_report_that_is_not_whole_is_published_and_fails(tmp_path):
    """It is there for everyone, and the job's last step ends with 2."""
    build(tmp_path, (Service(name="shop"),))
    (tmp_path / "slo" / "odd.yaml").write_text("slogate: 1\nservice: x\nslo: 3\n")
    code, outputs, summary = write(tmp_path)

    assert (code, outputs) == (0, {"written": "true", "code": "2"})
    assert "This report is not whole" in summary


def test_without_a_store_nothing_is_published(tmp_path):
    """No file, no issue, and the job fails."""
    code, outputs, summary = write(tmp_path)

    assert (code, outputs, summary) == (0, {"code": "2"}, "")


def test_permissions_are_least():
    """No job may do more than its own part, and none holds a token that it does not need."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))

    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "report": {"contents": "read"},
        "pages": {"pages": "write", "id-token": "write"},
        "issue": {"issues": "write"},
    }
