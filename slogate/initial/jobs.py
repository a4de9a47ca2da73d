"""Which CI files there are to be, and where: at the top of the repository, where CI looks.

A project in a folder of a repository has a workflow of its own name there, and the action knows
its folder; GitLab's file stays with the project, and the one at the top includes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from slogate.initial.budgets import Load
from slogate.initial.continuous import RESULTS, Job, github_text, gitlab_text
from slogate.initial.settled import ACTION, Answers, Planned, Sources

_GITLAB = Path(".gitlab-ci.yml")


def ci_files(load: Load, sources: Sources, answers: Answers, origin: str) -> Iterator[Planned]:
    """The files of the CIs that were asked for."""
    imports, script = _work(load, sources)
    job = Job(
        action=answers.action or f"./{ACTION.parent.as_posix()}", version=answers.version,
        branch=answers.branch, imports=imports, script=script, inside=answers.inside,
        name=answers.slug if answers.inside else "",
    )  # fmt: skip
    if "github" in answers.ci:
        yield from _of_github(job, answers, origin)
    if "gitlab" in answers.ci:
        yield from _of_gitlab(job, answers, origin)


def _of_github(job: Job, answers: Answers, origin: str) -> Iterator[Planned]:
    file = f"{job.title}.yml"
    path = answers.top / ".github" / "workflows" / file
    yield Planned(path=path, text=github_text(job, origin), what="a workflow of GitHub")
    if answers.action is None:
        what = "the action that it uses"
        yield Planned(path=answers.top / ACTION, text=answers.action_text, what=what)


def _of_gitlab(job: Job, answers: Answers, origin: str) -> Iterator[Planned]:
    yield Planned(path=_GITLAB, text=gitlab_text(job, origin), what="a pipeline of GitLab")
    if not job.inside:
        return
    local = json.dumps(f"/{job.inside}/{_GITLAB}", ensure_ascii=False)
    yield Planned(
        path=answers.top / _GITLAB,
        text=f"include:\n  - local: {local}\n",
        what="it includes that pipeline",
        instead=f"let {answers.top / _GITLAB} include it: `- local: {local}`",
    )


def _work(load: Load, sources: Sources) -> tuple[list[str], str | None]:
    """(Arguments of `slogate import`, k6 script) of a job in which another tool loads."""
    if load == "k6" and sources.script is not None:
        tags = sorted({tag for each in sources.script.thresholds for tag in each.labels})
        asked = ",".join(tag for tag in tags if tag not in {"scenario", "group"})
        return [RESULTS, *(["--option", f"tags={asked}"] if asked else [])], sources.script.file
    if load == "import" and sources.measured is not None:
        return [sources.measured.file], None
    return [], None
