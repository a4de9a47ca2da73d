"""A test that stops as soon as all is decided, with real Locust and the sample shop."""

from __future__ import annotations

import pytest
from projects import new_project

from slogate.store.layout import open_store
from slogate.store.manifest import find_run

pytestmark = pytest.mark.e2e

SPEC = """slogate: 1
service: shop
defaults: {warmup: 500ms}
budgets:
  - name: service
    p95: 5s
    errors: 10%
    throughput: 5/s
"""


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A clearly good shop; the budgets have a minute."""
    project = new_project(tmp_path_factory.mktemp("early"))
    project.write("slo/shop.yaml", SPEC)
    done = project.slogate(
        "run", "--early-stop", "--max-time", "40s", "-u", "60", "-r", "60", "--json"
    )
    return project, done


def test_a_good_shop_is_let_go_early(tested):
    """With all budgets decided, in half of the time, and the run is complete."""
    project, done = tested
    told = done.document["early_stop"]
    run = find_run(open_store(project.folder / ".slogate"), "latest")

    assert done.code == 0, done.err
    assert told["stopped"] is True
    assert told["after_seconds"] < 25
    assert "every budget was decided" in told["reason"]
    assert (run.state, run.note) == ("complete", None)
    assert not any("ended_early" in text for text in done.document["warnings"])


def test_the_stored_run_gives_the_same_document(tested):
    """The looks are taken again over all that was recorded."""
    project, done = tested

    assert project.slogate("check", "--json").out == done.out
    assert "Early stop: stopped after" in project.slogate("check").out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--early-stop", "--min-time", "9m"), "longer than"),
        (("--early-stop", "--against", "http://127.0.0.1:9"), "--against"),
        (("--against", "http://127.0.0.1:9"), "has nothing to judge"),
    ],
)
def test_what_cannot_come_to_a_verdict_is_refused(tested, arguments, word):
    """Before any load is sent."""
    done = tested[0].slogate("run", *arguments)

    assert done.code == 2
    assert word in done.err
