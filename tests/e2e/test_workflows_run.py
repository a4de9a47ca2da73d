"""The action and the workflows from their first step to their last, as a runner runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from forge_server import TOKEN, forge_server
from weeks import Service, build
from workflow_runner import Runner

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github/actions/slogate"
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))
    for path in (ROOT / ".github/workflows").glob("*.yml")
}
SPEC = "slogate: 1\nservice: shop\nbudgets:\n  - {name: home, endpoint: GET /, p50: 40ms}\n"
FIRST_MS = 1_790_000_000_000
EVENT = {"repository": {"default_branch": "main"}}
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("weekly")]


@pytest.fixture(name="server")
def _server():
    """A GitHub that checks every call."""
    with forge_server() as server:
        yield server


def machine(folder: Path, server, **changes) -> Runner:
    """A fresh machine with the project checked out; `folder` keeps what outlives it."""
    workspace = folder / f"work-{len(list(folder.glob('work-*')))}"
    (workspace / "services/shop/slo").mkdir(parents=True)
    (workspace / "services/shop/slo/shop.yaml").write_text(SPEC)
    told = {
        "ref_name": "main", "head_ref": "", "base_ref": "", "event": EVENT, "token": TOKEN,
        "event_name": "push", **changes,
    }  # fmt: skip
    (folder / "event.json").write_text(json.dumps(told["event"]))
    pull = told["event"].get("number")
    variables = {
        "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r",
        "GITHUB_REF": f"refs/pull/{pull}/merge" if pull else f"refs/heads/{told['ref_name']}",
        "GITHUB_BASE_REF": told["base_ref"], "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_HEAD_REF": told["head_ref"], "GITHUB_REF_NAME": told["ref_name"],
        "GITHUB_SERVER_URL": "https://github.example",
    }  # fmt: skip
    return Runner(workspace=workspace, lasting=folder, github=told, variables=variables)


def judge(runner: Runner, run: str, slow_ms: int, **inputs: str):
    """Use the action on what JMeter measured in that hour."""
    rows = [
        f"{FIRST_MS + int(run) * 3_600_000 + n * 50},{slow_ms + n % 9},GET /,200,true\n"
        for n in range(300)
    ]
    head = "timeStamp,elapsed,label,responseCode,success\n"
    (runner.workspace / "services/shop/results.jtl").write_text(head + "".join(rows))
    runner.variables["GITHUB_RUN_ID"] = run
    given = {
        "command": "check", "working-directory": "services/shop",
        "import": "results.jtl\n\n--service\nshop\n--label\nby=$(touch planted); touch planted\n",
        "notify": "github-comment\n\ngithub-issue\n", **inputs,
    }  # fmt: skip
    went_well, outputs = runner.action(ACTION, **given)

    assert set(runner.ran.values()) - {"skipped"} <= {"success", "failure"}
    assert runner.ran["Notify"] == runner.ran["Save the store"] == "success", runner.log
    assert sorted(path.name for path in (runner.artifacts / "slogate").iterdir()) == [
        "verdict.html", "verdict.json", "verdict.md", "verdict.sarif", "verdict.xml",
    ]  # fmt: skip
    assert not list(runner.workspace.rglob("planted"))
    assert TOKEN not in runner.log
    return went_well, outputs["exit-code"]


def test_the_action_from_import_to_upload(tmp_path, server):
    """Main breaches: an issue. A pull request mends it: a comment with main's numbers beside."""
    main = machine(tmp_path, server)
    assert judge(main, "1", 60, specs="\nslo/shop.yaml\n") == (False, "1"), main.log
    assert "::error file=services/shop/slo/shop.yaml,line=4" in main.log
    pull = machine(
        tmp_path, server, ref_name="12/merge", head_ref="ann/fast", base_ref="main",
        event={**EVENT, "number": 12, "pull_request": {"number": 12}}, event_name="pull_request",
    )  # fmt: skip
    assert judge(pull, "2", 20) == (True, "0"), pull.log

    (issue,) = server.issues
    (comment,) = server.comments
    assert (issue["state"], issue["title"]) == ("open", "shop: objectives are breached")
    assert "[the job](https://github.example/o/r/actions/runs/1)" in issue["body"]
    assert "PASS: the only objective met" in comment["body"]
    assert "| 64 ms (63–64) | 24 ms (23–24) | -62.5% | █▁ |" in comment["body"]
    assert "<code>main</code> | now | change | trend |" in comment["body"]


def test_an_action_that_cannot_judge_tells_nobody(tmp_path, server):
    """There is no verdict: no comment, no artifact; the store is kept, and the job fails."""
    runner = machine(tmp_path, server)
    went_well, outputs = runner.action(
        ACTION, **{"working-directory": "services/shop", "notify": "github-comment"}
    )

    assert (went_well, outputs) == (False, {"exit-code": "2", "reports": ""})
    assert (runner.ran["Notify"], runner.ran["Upload the reports"]) == ("skipped", "skipped")
    assert runner.ran["Save the store"] == "success"
    assert server.calls == []
    assert not (tmp_path / "artifacts").exists()


def test_the_gate_of_ci(tmp_path, server):
    """The job of our own workflow uses the action as it is: all of its steps, none unknown."""
    runner = machine(tmp_path, server)
    (runner.workspace / "slo").mkdir()
    (runner.workspace / "slo/odd.yaml").write_text("slogate: 1\nservice: x\nbudgets: 3\n")

    went_well, _ = runner.job(WORKFLOWS["ci"]["jobs"]["gate"])

    assert not went_well
    assert "slo/odd.yaml:3:10" in runner.log
    assert runner.ran["Run the gate"] == "failure"


def test_the_weekly_report_from_the_kept_store_to_the_issue(tmp_path, server):
    """The cache that the gate saved is the one that is found; then artifact, pages and issue."""
    runner = machine(tmp_path, server)
    build(runner.workspace, (Service(name="shop"),))
    runner.action(ACTION, command="none")  # the store is kept whatever becomes of the gate
    assert runner.ran["Save the store"] == "success", runner.log
    weekly = machine(tmp_path, server)
    (weekly.workspace / "slo").mkdir()
    for spec in (runner.workspace / "slo").iterdir():
        (weekly.workspace / "slo" / spec.name).write_bytes(spec.read_bytes())
    weekly.vars = {"WEEKLY_PAGES": "true"}
    weekly.variables |= {"PAUSE": "0"}
    jobs, done = WORKFLOWS["weekly"]["jobs"], {}
    for name in ("report", "pages", "issue"):
        needed = jobs[name].get("needs", [])
        needs = {each: done[each] for each in ([needed] if isinstance(needed, str) else needed)}
        went_well, outputs = weekly.job(jobs[name], needs=needs)
        assert went_well, weekly.log
        done[name] = {"outputs": outputs, "result": "success"}

    assert done["report"]["outputs"] == {"written": "true"}
    assert re.match(r"## .*promise", (tmp_path / "summary").read_text("utf-8"))
    assert done["pages"]["outputs"] == {"url": "https://acme.example/shop/"}
    assert (weekly.artifacts / "weekly-report/weekly.json").is_file()
    (issue,) = server.issues
    assert re.match(r"<!-- slogate: weekly report -->\n\[The page\]", issue["body"])
    assert issue["title"].startswith("Weekly report: ")
    assert TOKEN not in weekly.log
