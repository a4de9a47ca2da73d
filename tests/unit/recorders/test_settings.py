from __future__ import annotations

import json
from pathlib import Path

import pytest

from slogate.errors import UsageError
from slogate.recorders.locust.settings import Settings, read_settings


def test_without_a_store_nothing_is_needed():
    """A worker elsewhere has no environment of ours."""
    assert read_settings({"HOME": "/"}) == Settings()


def test_all_that_can_be_said():
    """Everything of the environment arrives."""
    info = {"commit": "c", "branch": "b", "labels": {"n": 1}, "planned_us": 5, "planned_rate": 2.5,
            "note": None, "unknown": 1}  # fmt: skip
    given = {
        "SLOGATE_STORE": "s", "SLOGATE_RUN": "r", "SLOGATE_SERVICE": "shop",
        "SLOGATE_STATUS_FD": "7", "SLOGATE_FLUSH_S": "0.5", "SLOGATE_RUN_INFO": json.dumps(info),
    }  # fmt: skip

    assert read_settings(given) == Settings(
        store=Path("s"), run="r", service="shop", status_fd=7, flush_s=0.5, commit="c", branch="b",
        labels={"n": "1"}, planned_us=5, planned_rate=2.5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"SLOGATE_STORE": "s"}, "needs SLOGATE_RUN", id="no run"),
        pytest.param({"SLOGATE_STATUS_FD": "x"}, "SLOGATE_STATUS_FD is 'x'", id="no number"),
        pytest.param({"SLOGATE_FLUSH_S": "0"}, "SLOGATE_FLUSH_S is '0'", id="no time"),
        pytest.param({"SLOGATE_RUN_INFO": "{"}, "is not JSON", id="no JSON"),
        pytest.param({"SLOGATE_RUN_INFO": "[]"}, "a JSON object", id="no object"),
        pytest.param({"SLOGATE_RUN_INFO": '{"planned_us": "1"}'}, "planned_us is '1'", id="type"),
    ],
)
def test_what_is_half_given_is_refused(given, words):
    """The sentence names the variable."""
    with pytest.raises(UsageError, match=words):
        read_settings(given)
