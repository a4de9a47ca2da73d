"""Paths of specs as those see them who look from the top of the repository."""

from __future__ import annotations

import json

import pytest
from commands import slogate_in

from slogate.cli.placing import top_of

SPEC = """\
slogate: 1
service: shop
budgets:
  - {name: home, endpoint: GET /, p50: 1ms}
"""


@pytest.fixture(name="project", scope="module")
def _project(tmp_path_factory):
    """A service in a folder of a repository, with a run that breaches."""
    top = tmp_path_factory.mktemp("top")
    folder = top / "services/shop"
    (folder / "slo").mkdir(parents=True)
    (folder / "slo/shop.yaml").write_text(SPEC)
    rows = "".join(f"{1_790_000_000_000 + n * 50},20,GET /,200,true\n" for n in range(400))
    (folder / "r.jtl").write_text("timeStamp,elapsed,label,responseCode,success\n" + rows)
    assert slogate_in(folder, "import", "r.jtl", "--service", "shop").returncode == 0
    return folder


@pytest.mark.parametrize(
    "spec", ["slo/shop.yaml", "./slo/../slo/shop.yaml", "{folder}/slo/shop.yaml"]
)
def test_annotations_are_on_the_spec_wherever_the_command_runs(project, spec):
    """A runner looks for them from its workspace."""
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(project.parents[1])}
    done = slogate_in(project, "check", spec.format(folder=project), environment=environment)

    assert done.returncode == 1
    assert "::error file=services/shop/slo/shop.yaml,line=4," in done.stderr


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("sarif", lambda found: found["runs"][0]["results"][0]["locations"][0][
            "physicalLocation"]["artifactLocation"]["uri"]),
        ("gitlab", lambda found: found[0]["location"]["path"]),
    ],
    ids=["sarif", "gitlab"],
)  # fmt: skip
def test_reports_for_forges_name_the_spec_from_the_top(project, form, place):
    """As GitLab says where that is; of a stored verdict and of a printed one."""
    environment = {"CI_PROJECT_DIR": str(project.parents[1])}
    printed = slogate_in(project, "check", "--json")
    (project / "verdict.json").write_text(printed.stdout)
    for words in ((), ("--from", "verdict.json")):
        done = slogate_in(project, "report", *words, "--format", form, environment=environment)

        assert place(json.loads(done.stdout)) == "services/shop/slo/shop.yaml"
    assert '"file": "slo/shop.yaml"' in printed.stdout


def test_the_top_is_ci_s_or_where_git_is(tmp_path):
    """A workspace elsewhere says nothing of this folder."""
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / "a/.git").mkdir()

    assert top_of(inner, {"GITHUB_WORKSPACE": str(tmp_path)}) == tmp_path.resolve()
    assert top_of(inner, {"GITHUB_WORKSPACE": "/elsewhere"}) == (tmp_path / "a").resolve()
    assert top_of(tmp_path, {}) == tmp_path.resolve()
