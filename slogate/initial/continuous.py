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


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a CI job has to do.

    `action`: what a workflow uses. `imports` are the arguments of `slogate import`, `script` is
    the k6 script that makes its file; empty where Locust loads. `branch` is the main one.
    """

    action: str
    version: str
    branch: str
    imports: Sequence[str] = ()
    script: str | None = None


def github_text(job: Job, origin: str) -> str:
    """A workflow that gates pull requests and the main branch."""
    local = job.action.startswith("./")
    remark = "  # zizmor: ignore[self-repository] servers that lag know this form only"
    lines = [
        f"# Written by `slogate init` from {comment(origin)}; it is yours now.",
        "name: slo",
        "on:",
        "  pull_request:",
        "  push:",
        f"    branches: [{json.dumps(job.branch)}]",
        "",
        "permissions: {}",
        "",
        "concurrency:",
        "  group: slo-${{ github.ref }}",
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
        *(_k6_step(job.script) if job.script else []),
        *(_hand_made(job) if job.imports and not job.script else []),
        "      - name: Load-test and judge" if not job.imports else "      - name: Judge",
        f"        uses: {job.action}{remark if local else ''}",
    ]
    inputs = [f"          version: {json.dumps(job.version)}"] if local else []
    if job.imports:
        inputs += ["          command: check", "          import: |"]
        inputs += [f"            {word}" for word in job.imports]
    notify = ["          # notify: |", "          #   github-comment", "          #   github-issue"]
    lines += ["        with:", *inputs] if inputs else ["        # with:"]
    return "\n".join([*lines, *notify, ""])


def _k6_step(script: str) -> list[str]:
    return [
        "      - name: Load with k6",
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


def _k6_job(script: str) -> list[str]:
    return [
        "load:",
        "  stage: build",
        *_RULES,
        "  image:",
        f"    name: {K6}",
        '    entrypoint: [""]',
        "  script:",
        f"    - {json.dumps(f'k6 run --no-thresholds --out json={RESULTS} {script}')}",
        "  artifacts:",
        f"    paths: [{RESULTS}]",
        "    expire_in: 1 day",
        "",
    ]


def gitlab_text(job: Job, origin: str) -> str:
    """A pipeline that gates merge requests and the main branch."""
    lines = [f"# Written by `slogate init` from {comment(origin)}; it is yours now."]
    if job.script:
        lines += _k6_job(shlex.quote(f"./{job.script}"))
    command = "slogate run --json >verdict.json"
    if job.imports:
        taken = shlex.join(["slogate", "import", *job.imports])
        command = f"{taken} && slogate check --json >verdict.json"
    lines += [
        "slo:",
        "  stage: test",
        "  image: python:3.13",
        "  # reach your service from here, or let slogate start it: `serve` in slogate.toml",
        *_RULES,
        "  script:",
        f"    - pip install --quiet slogate=={job.version}",
        f"    - {json.dumps('code=0; { ' + command + '; } || code=$?')}",
        "    - slogate report --from verdict.json || true",
        "    - slogate report --from verdict.json --format junit -o verdict.xml || true",
        "    - slogate report --from verdict.json --format gitlab -o quality.json || true",
        "    - slogate report --from verdict.json --format html -o verdict.html || true",
        "    # - slogate notify --from verdict.json --to gitlab-note",
        '    - exit "$code"',
        "  cache:",
        "    key: slogate-$CI_COMMIT_REF_SLUG",
        "    fallback_keys: [slogate-$CI_DEFAULT_BRANCH]",
        "    paths: [.slogate/]",
        "    when: always",
        "  artifacts:",
        "    when: always",
        "    paths: [verdict.json, verdict*.html]",
        "    reports:",
        "      junit: verdict.xml",
        "      codequality: quality.json",
        "",
    ]
    return "\n".join(lines)
