"""Base and head in turns, with real Locust and two sample shops."""

from __future__ import annotations

import pytest
from projects import new_project

from slogate.store.layout import open_store
from slogate.store.manifest import list_runs

pytestmark = pytest.mark.e2e

SPEC = """slogate: 1
service: shop
defaults: {warmup: 500ms}
budgets:
  - name: browse
    endpoint: GET /browse
    p95: 2s
    regression: {against: main, p50: 25%}
  - name: cart
    endpoint: POST /cart
    regression: {against: main, p50: 10%}
"""
BASE = "python -m slogate.shop --port {port} --seed 8"


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """A cart far slower beside the one of before; all else is the same."""
    project = new_project(tmp_path_factory.mktemp("turns"), "--slow", "POST /cart=2.5x")
    project.write("slo/shop.yaml", SPEC)
    done = project.slogate(
        "run", "--against", BASE, "--against-seed", "4", "--slice", "500ms", "--run-time", "13s",
        "-u", "60", "-r", "60", "--json",
    )  # fmt: skip
    return project, done


def test_a_slower_endpoint_is_found_and_the_same_one_is_not(tested):
    """One endpoint is A against A, one far slower."""
    _, done = tested
    found = {each["id"]: each for each in done.document["objectives"]}

    assert done.code == 1, done.err
    assert found["shop/cart/regression/p50"]["outcome"] == "fail"
    assert found["shop/cart/regression/p50"]["comparison"]["change"] > 0.2
    assert found["shop/browse/regression/p50"]["outcome"] != "fail"
    assert found["shop/browse/p95"]["outcome"] == "pass"
    assert "in an order drawn from the seed 4" in done.err


def test_the_stored_run_gives_the_same_document(tested):
    """Byte for byte, whenever it is judged again."""
    project, done = tested

    assert project.slogate("check", "--json").out == done.out


def test_both_sides_are_kept_apart(tested):
    """Each has about half of the requests, and none of them was lost."""
    project, _ = tested
    head, base = list_runs(open_store(project.folder / ".slogate"))

    assert (head.interleaved.side, base.interleaved.side) == ("head", "base")
    assert (head.state, base.state) == ("complete", "complete")
    assert (head.rows.lost, base.rows.lost) == (0, 0)
    assert 0.5 < head.rows.written / base.rows.written < 2.0


def test_a_base_that_dies_is_no_pass(tmp_path):
    """The test stops, nothing that was compared with it passes, and its last words are told."""
    project = new_project(tmp_path)
    project.write("slo/shop.yaml", SPEC)
    dying = f"timeout 4 {BASE}"
    done = project.slogate(
        "run", "--against", dying, "--slice", "200ms", "--run-time", "60s", "-u", "60", "-r",
        "60", "--json",
    )  # fmt: skip

    assert done.code == 2, done.err
    assert done.document["exit_code"] == 3
    assert "its base: exit 124" in done.err
    assert {
        each["outcome"] for each in done.document["objectives"] if each["kind"] == "regression"
    } <= {"invalid", "no_data"}
