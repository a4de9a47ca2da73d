from __future__ import annotations

import re
import shlex
import shutil

import pytest
from projects import new_project

pytestmark = pytest.mark.e2e


def test_the_demo_shows_a_breach_without_any_set_up(tmp_path):
    """A slowed endpoint fails alone, in an empty folder, with a store of its own."""
    project = new_project(tmp_path)
    for path in (project.folder / "slogate.toml", project.folder / "slo" / "shop.yaml"):
        path.unlink()
    # what lies about there is for other tests
    (project.folder / "locust.conf").write_text("tags = none\nstop-timeout = 0\n")

    done = project.slogate("demo", "--slow", "POST /checkout=3x", "-t", "18s", "--json")
    told = dict(re.findall(r"^(look around|judge again|when done): +(.+)$", done.err, re.MULTILINE))
    again = project.slogate(*shlex.split(told["judge again"])[1:], "--json")

    assert done.code == 1, done.err
    failed = {o["id"] for o in done.document["objectives"] if o["outcome"] == "fail"}
    assert failed == {"shop/checkout/p95"}
    assert again.document == done.document
    shutil.rmtree(told["when done"].removeprefix("rm -r "))
    assert not (project.folder / ".slogate").exists()


def test_a_wrong_switch_of_the_demo_is_told_in_the_shops_words(tmp_path):
    """The shop refuses it, and so does the demo."""
    done = new_project(tmp_path).slogate("demo", "--slow", "POST /checkout=fast")

    assert done.code == 2
    assert "fast" in done.err
