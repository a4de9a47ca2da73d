"""A small runner of GitHub's: jobs and composite actions, step by step, in a folder of a test.

It knows the expressions, files and variables that ours use, and refuses any other. Actions of
others are stood in for by functions that do what matters of them in folders, and refuse inputs
that those do not have. The cache is told apart by key and by the text of the path, as GitHub's is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||[!=]=|!|\(\)|\(|\)|[A-Za-z_][\w.-]*)")
STATUS = {"always", "success", "failure", "cancelled"}


class Expression:
    """What stands in `${{ … }}`: names, texts, `!`, `==`, `!=`, `&&`, `||`."""

    def __init__(self, text: str, known: Mapping[str, Any], *, failed: bool) -> None:
        """Read the whole text, or refuse it."""
        self.tokens = TOKEN.findall(text)
        assert "".join(self.tokens) == re.sub(r"\s(?=(?:[^']*'[^']*')*[^']*$)", "", text), text
        self.known, self.failed, self.asked_status = known, failed, False
        self.value = self.either()
        assert not self.tokens, text

    def either(self) -> Any:
        """The first that is true."""
        value = self.both()
        while self.tokens[:1] == ["||"]:
            self.tokens.pop(0)
            other = self.both()
            value = value or other
        return value

    def both(self) -> Any:
        """All, or the first that is not true."""
        value = self.equal()
        while self.tokens[:1] == ["&&"]:
            self.tokens.pop(0)
            other = self.equal()
            value = value and other
        return value

    def equal(self) -> Any:
        """Texts that are the same, or not."""
        value = self.one()
        if self.tokens[:1] in (["=="], ["!="]):
            same = self.tokens.pop(0) == "=="
            return (self.one() == value) is same
        return value

    def one(self) -> Any:
        """A text, a name, or a question for the state of the job."""
        token = self.tokens.pop(0)
        if token == "!":
            return not self.one()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.tokens[:1] == ["()"]:
            self.tokens.pop(0)
            assert token in STATUS, token
            self.asked_status = True
            return {"always": True, "success": not self.failed, "failure": self.failed,
                    "cancelled": False}[token]  # fmt: skip
        room, _, name = token.partition(".")
        value: Any = self.known[room]
        for part in name.split("."):
            value = value.get(part, "") if isinstance(value, Mapping) else ""
        return value


@dataclass
class Runner:
    """A machine with a workspace, and what outlives the job: caches, artifacts, pages."""

    workspace: Path
    lasting: Path
    github: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    vars: dict[str, str] = field(default_factory=dict)
    pip: bool = False
    log: str = ""
    ran: dict[str, str] = field(default_factory=dict)

    @property
    def artifacts(self) -> Path:
        """Where those of this run of the workflow are."""
        return self.lasting / "artifacts" / self.variables.get("GITHUB_RUN_ID", "7")

    def job(self, job: Mapping[str, Any], **known: Any) -> tuple[bool, dict[str, str]]:
        """Run a job of a workflow; whether it went well, and its outputs."""
        return self._steps(job["steps"], {"inputs": {}, **known}, job.get("outputs", {}))

    def action(self, folder: Path, **inputs: str) -> tuple[bool, dict[str, str]]:
        """Run a composite action; whether it went well, and its outputs."""
        action = yaml.safe_load((folder / "action.yml").read_text("utf-8"))
        known = {"inputs": {}, "github_path": str(folder)}
        for name, told in action["inputs"].items():
            known["inputs"][name] = inputs.pop(name, self._text(str(told["default"]), {}, False))
        assert not inputs, f"the action has no {inputs}"
        outputs = {name: told["value"] for name, told in action["outputs"].items()}
        return self._steps(action["runs"]["steps"], known, outputs)

    def _steps(
        self, steps: list[dict[str, Any]], known: dict[str, Any], outputs: Mapping[str, str]
    ) -> tuple[bool, dict[str, str]]:
        known, failed = {**known, "steps": {}}, False
        for number, step in enumerate(steps):
            name = step.get("name") or step.get("uses") or str(number)
            if not self._wanted(step, known, failed=failed):
                outcome, told = "skipped", {}
            else:
                went_well, told = self._step(step, known)
                outcome = "success" if went_well else "failure"
                failed = failed or not went_well
            self.ran[name] = outcome
            known["steps"][step.get("id", name)] = {"outcome": outcome, "outputs": told}
        return not failed, {k: self._text(v, known, failed) for k, v in outputs.items()}

    def _wanted(self, step: Mapping[str, Any], known: Mapping[str, Any], *, failed: bool) -> bool:
        if "if" not in step:
            return not failed
        text = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", str(step["if"]).strip())
        asked = Expression(text, self._known(known), failed=failed)
        return bool(asked.value) and (asked.asked_status or not failed)

    def _known(self, known: Mapping[str, Any]) -> dict[str, Any]:
        github = {"action_path": known.get("github_path", ""), **self.github}
        return {"secrets": {}, "vars": self.vars, "needs": {}, **known, "github": github}

    def _text(self, text: str, known: Mapping[str, Any], failed: bool) -> str:
        def shown(match: re.Match[str]) -> str:
            value = Expression(match[1], self._known(known), failed=failed).value
            return {True: "true", False: "false"}.get(value, str(value))

        return re.sub(r"\$\{\{(.*?)\}\}", shown, text)

    def _step(
        self, step: Mapping[str, Any], known: Mapping[str, Any]
    ) -> tuple[bool, dict[str, str]]:
        if "uses" in step:
            given = {k: self._text(str(v), known, False) for k, v in step.get("with", {}).items()}
            return self._uses(step["uses"], given)
        where = self.workspace / self._text(step.get("working-directory", "."), known, False)
        output, summary = self.lasting / "output", self.lasting / "summary"
        output.write_text("")
        environment = {
            "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
            "HOME": str(self.lasting), "RUNNER_TEMP": str(self.lasting), "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SHA": "9d2c" * 10, **self.variables,
            **{k: self._text(str(v), known, False) for k, v in step.get("env", {}).items()},
        }  # fmt: skip
        shells = {
            "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
            "python": [sys.executable, "-c"], "": ["bash", "-e", "-c"],
        }  # fmt: skip
        if not self.pip and "pip install" in step["run"]:
            return True, {}
        done = subprocess.run(
            [*shells[step.get("shell", "")], step["run"]],
            cwd=where, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.log += done.stdout + done.stderr
        return done.returncode == 0, dict(
            line.split("=", 1) for line in output.read_text().splitlines()
        )

    def _uses(self, name: str, given: dict[str, str]) -> tuple[bool, dict[str, str]]:
        if name.startswith("./"):
            return self.action(Path(__file__).parents[1] / name, **given)
        stand_in, inputs = STAND_INS[re.sub(r"@[0-9a-f]{40}$", "", name)]
        assert set(given) <= inputs, f"{name} has no {set(given) - inputs}"
        return True, stand_in(self, given)


def _cached(runner: Runner, given: Mapping[str, str], key: str) -> Path:
    path = given["path"].replace("/", "%")
    return runner.lasting / "caches" / f"{path} {key.replace('/', '%')}"


def _restore(runner: Runner, given: Mapping[str, str]) -> dict[str, str]:
    keys = [given["key"], *given.get("restore-keys", "").split()]
    for key in keys:
        start = _cached(runner, given, key)
        found = [each for each in start.parent.glob("*") if each.name.startswith(start.name)]
        if found:
            newest = max(found, key=lambda each: each.stat().st_mtime_ns)
            shutil.copytree(newest, runner.workspace / given["path"], dirs_exist_ok=True)
            return {"cache-hit": str(key == given["key"]).lower()}
    return {"cache-hit": ""}


def _save(runner: Runner, given: Mapping[str, str]) -> dict[str, str]:
    if (runner.workspace / given["path"]).exists():
        shutil.copytree(runner.workspace / given["path"], _cached(runner, given, given["key"]))
    return {}


def _upload(runner: Runner, given: Mapping[str, str]) -> dict[str, str]:
    shutil.copytree(
        runner.workspace / given["path"],
        runner.artifacts / given.get("name", "github-pages"),
    )
    return {}


def _download(runner: Runner, given: Mapping[str, str]) -> dict[str, str]:
    kept = runner.artifacts / given["name"]
    shutil.copytree(kept, runner.workspace / given["path"], dirs_exist_ok=True)
    return {}


def _nothing(_runner: Runner, _given: Mapping[str, str]) -> dict[str, str]:
    return {}


def _deploy(runner: Runner, _given: Mapping[str, str]) -> dict[str, str]:
    assert (runner.artifacts / "github-pages/index.html").is_file()
    return {"page_url": "https://acme.example/shop/"}


StandIn = Callable[[Runner, Mapping[str, str]], dict[str, str]]
STAND_INS: dict[str, tuple[StandIn, set[str]]] = {
    "actions/checkout": (_nothing, {"persist-credentials", "fetch-depth", "ref"}),
    "actions/setup-python": (_nothing, {"python-version", "cache"}),
    "actions/cache/restore": (_restore, {"path", "key", "restore-keys", "fail-on-cache-miss"}),
    "actions/cache/save": (_save, {"path", "key"}),
    "actions/upload-artifact": (
        _upload, {"name", "path", "if-no-files-found", "retention-days", "overwrite"},
    ),
    "actions/download-artifact": (_download, {"name", "path"}),
    "actions/upload-pages-artifact": (_upload, {"name", "path", "retention-days"}),
    "actions/deploy-pages": (_deploy, {"token", "timeout", "artifact_name"}),
}  # fmt: skip
