"""The text of CI files: a workflow of GitHub, a pipeline of GitLab.

Both keep the store between runs, upload the reports, and end with the gate's own exit code.
Where another tool makes the load, it does so first, and its results are imported.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from slogate.initial.spec import comment

CHECKOUT = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2"
K6 = "grafana/k6:1.4.2"
RESULTS = "k6.json.gz"
_TESTED = '--commit "$CI_COMMIT_SHA" --branch "$CI_COMMIT_REF_NAME"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a CI job has to do.

    `action`: what a workflow uses. `imports` are the arguments of `slogate import`, `script` is
    the k6 script that makes its file; empty where Locust loads. `branch` is the main one.
    `inside` is the project's folder in its repository, and `name` tells its job from others there.
    """

    action: str
    version: str
    branch: str
    imports: Sequence[str] = ()
    script: str | None = None
    inside: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        """What tells this job from others of the repository."""
        return f"slo-{self.name}" if self.name else "slo"


def github_text(job: Job, origin: str) -> str:
    """A workflow that gates pull requests and the main branch."""
    local = job.action.startswith("./")
    remark = "  # zizmor: ignore[self-repository] servers that lag know this form only"
    lines = [
        f"# Written by `slogate init` from {comment(origin)}; it is yours now.",
        f"name: {job.title}",
        "on:",
        "  pull_request:",
        "  push:",
        f"    branches: [{json.dumps(job.branch)}]",
        "",
        "permissions: {}",
        "",
        "concurrency:",
        f"  group: {job.title}-${{{{ github.ref }}}}",
        "  cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
        "",
        "jobs:",
        "  slo:",
        "    runs-on: ubuntu-24.04",
        "    timeout-minutes: 30",
        "    permissions:",
        "      contents: read",
        "      # for `notify` below: slogate docs notify",
        "      # pull-requests: write",
        "      # issues: write",
        "    steps:",
        f"      - uses: {CHECKOUT}",
        "        with:",
        "          persist-credentials: false",
        "      # start your service here, or let slogate do it: `serve` in slogate.toml",
        *(_k6_step(job.script, job.inside) if job.script else []),
        *(_hand_made(job) if job.imports and not job.script else []),
        "      - name: Load-test and judge" if not job.imports else "      - name: Judge",
        f"        uses: {job.action}{remark if local else ''}",
    ]
    inputs = [f"          version: {json.dumps(job.version)}"] if local else []
    if job.inside:
        inputs += [
            f"          working-directory: {json.dumps(job.inside, ensure_ascii=False)}",
            f"          name: {json.dumps(f'slogate-{job.name}')}",
        ]
    if job.imports:
        inputs += ["          command: check", "          import: |"]
        inputs += [f"            {word}" for word in job.imports]
    notify = ["          # notify: |", "          #   github-comment", "          #   github-issue"]
    lines += ["        with:", *inputs] if inputs else ["        # with:"]
    return "\n".join([*lines, *notify, ""])


def _k6_step(script: str, inside: str) -> list[str]:
    there = f"        working-directory: {json.dumps(inside, ensure_ascii=False)}"
    return [
        "      - name: Load with k6",
        *([there] if inside else []),
        "        env:",
        f"          SCRIPT: {json.dumps(script)}",
        "        run: |",
        '          docker run --rm --network host --user "$(id -u)" -v "$PWD:/work" -w /work \\',
        f'            {K6} run --no-thresholds --out "json={RESULTS}" "$SCRIPT"',
    ]


def _hand_made(job: Job) -> list[str]:
    return [f"      # run your load test here; it writes {comment(job.imports[0])}"]


_RULES = (
    "  rules:",
    '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
    "    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
)


def _k6_job(job: Job, go: Sequence[str]) -> list[str]:
    script = shlex.quote(f"./{job.script}")
    return [
        f"{job.title.replace('slo', 'load', 1)}:",
        "  stage: build",
        *_RULES,
        "  image:",
        f"    name: {K6}",
        '    entrypoint: [""]',
        "  script:",
        *go,
        f"    - {json.dumps(f'k6 run --no-thresholds --out json={RESULTS} {script}')}",
        "  artifacts:",
        f"    paths: [{_at(job, RESULTS)}]",
        "    expire_in: 1 day",
        "",
    ]


def gitlab_text(job: Job, origin: str) -> str:
    """A pipeline that gates merge requests and the main branch."""
    lines = [f"# Written by `slogate init` from {comment(origin)}; it is yours now."]
    go = [f"    - {json.dumps(f'cd {shlex.quote(job.inside)}', ensure_ascii=False)}"]
    go = go if job.inside else []
    if job.script:
        lines += _k6_job(job, go)
    kept = f"slogate-{job.name}" if job.name else "slogate"
    command = "slogate run --json >verdict.json"
    if job.imports:
        taken = f"{shlex.join(['slogate', 'import', *job.imports])} {_TESTED}"
        command = f"{taken} && slogate check --json >verdict.json"
    lines += [
        f"{job.title}:",
        "  stage: test",
        "  image: python:3.13",
        "  # reach your service from here, or let slogate start it: `serve` in slogate.toml",
        *_RULES,
        "  script:",
        *go,
        f"    - pip install --quiet slogate=={job.version}",
        f"    - {json.dumps('code=0; { ' + command + '; } || code=$?')}",
        "    - slogate report --from verdict.json || true",
        "    - slogate report --from verdict.json --format junit -o verdict.xml || true",
        "    - slogate report --from verdict.json --format gitlab -o quality.json || true",
        "    - slogate report --from verdict.json --format html -o verdict.html || true",
        "    # - slogate notify --from verdict.json --to gitlab-note",
        '    - exit "$code"',
        "  cache:",
        f"    key: {kept}-$CI_COMMIT_REF_SLUG",
        f"    fallback_keys: [{kept}-$CI_DEFAULT_BRANCH]",
        f"    paths: [{_at(job, '.slogate/')}]",
        "    when: always",
        "  artifacts:",
        "    when: always",
        f"    paths: [{_at(job, 'verdict.json')}, {_at(job, 'verdict*.html')}]",
        "    reports:",
        f"      junit: {_at(job, 'verdict.xml')}",
        f"      codequality: {_at(job, 'quality.json')}",
        "",
    ]
    return "\n".join(lines)


def _at(job: Job, path: str) -> str:
    """A path of the project as seen from the top of the repository, in YAML."""
    return json.dumps(f"{job.inside}/{path}", ensure_ascii=False) if job.inside else path
