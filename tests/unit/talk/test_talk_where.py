from __future__ import annotations

import json

import pytest

from slogate.talk.where import Where, where

SERVER = {
    "GITHUB_SERVER_URL": "https://git.example",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_RUN_ID": "9",
}
URL = "https://git.example/o/r/actions/runs/9"


@pytest.mark.parametrize(
    ("event", "environment", "expected"),
    [
        pytest.param(
            {"pull_request": {"number": 12}, "repository": {"default_branch": "trunk"}},
            {"GITHUB_REF": "refs/pull/12/merge", "GITHUB_BASE_REF": "trunk"},
            Where(pull_request=12, base="trunk", main="trunk", url=URL), id="pull-request",
        ),
        pytest.param(
            {}, {"GITHUB_REF": "refs/pull/7/merge"}, Where(pull_request=7, url=URL), id="ref-alone",
        ),
        pytest.param(
            {"repository": {"default_branch": "main"}}, {"GITHUB_REF": "refs/heads/a/b"},
            Where(branch="a/b", main="main", url=URL), id="branch",
        ),
        pytest.param(
            {"workflow_run": {"pull_requests": [{"number": 3}]}}, {"GITHUB_REF": "refs/heads/main"},
            Where(pull_request=3, url=URL), id="workflow-run",
        ),
        pytest.param({}, {"GITHUB_REF": "refs/tags/v1"}, Where(url=URL), id="tag"),
        pytest.param([1], {}, Where(url=URL), id="odd-event"),
    ],
)  # fmt: skip
def test_a_job_of_github_knows_where_it_is(tmp_path, event, environment, expected):
    """By its variables, and by the file that tells what triggered it."""
    (tmp_path / "event.json").write_text(json.dumps(event))

    found = where({**SERVER, "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), **environment})

    assert found == expected


def test_a_job_of_gitlab_knows_where_it_is():
    """By its variables; an address that could be markup is none."""
    found = where({
        "GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "5", "CI_DEFAULT_BRANCH": "main",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_JOB_URL": "https://x/)[y](z",
    })  # fmt: skip

    assert found == Where(pull_request=5, base="main", main="main")


def test_nobody_knows_where():
    """Outside of CI nothing is known, and nothing fails."""
    assert where({"GITHUB_EVENT_PATH": "/nowhere/event.json"}) == Where()
