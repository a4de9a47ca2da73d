"""`slogate init` as a user calls it; what it writes is run by Locust, lint and workflow linters."""

from __future__ import annotations

import json
import os
import pty
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import yaml
from projects import Project, new_project
from published import schema_of

pytestmark = pytest.mark.e2e

BIN = Path(sysconfig.get_path("scripts"))
BASKET = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Basket"}}}}
SHOP = {
    "openapi": "3.0.3",
    "info": {"title": "Shop API", "version": "1"},
    "paths": {
        "/browse": {"get": {"operationId": "browse"}},
        "/search": {
            "get": {"parameters": [
                {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}
            ]}
        },
        "/cart": {"get": {}, "post": {"requestBody": BASKET}, "delete": {}},
        "/checkout": {"post": {"requestBody": BASKET}},
        "/login": {
            "post": {"requestBody": {"content": {"application/json": {"example": {"user": "a"}}}}}
        },
    },
    "components": {"schemas": {
        "Basket": {"required": ["items"], "properties": {
            "items": {"type": "array", "minItems": 1, "items": {"type": "integer", "maximum": 9}}
        }},
    }},
}  # fmt: skip
K6 = (
    "import http from 'k6/http';\n"
    "export let options = {thresholds: {http_req_failed: ['rate<0.1']}};\n"
)
LOG = '10.0.0.1 - - [05/Mar/2026:10:00:{:02d} +0000] "GET /a HTTP/1.1" 200 5 "-" "x" 0.020\n'
LINES = "".join(LOG.format(second % 60) for second in range(900))


def empty_project(folder: Path) -> Project:
    """A project without any file of ours."""
    project = new_project(folder)
    for name in ("slo/shop.yaml", "loadtests/locustfile.py", "slogate.toml"):
        (folder / name).unlink()
    for name in ("slo", "loadtests"):
        (folder / name).rmdir()
    return project


@pytest.fixture(scope="module", name="begun")
def _begun(tmp_path_factory):
    """A project with a description of the sample shop, after `init`, and what that printed."""
    project = empty_project(tmp_path_factory.mktemp("begun"))
    description = {**SHOP, "servers": [{"url": project.url}]}
    project.write("openapi.yaml", yaml.safe_dump(description))
    serve = f"python -m slogate.shop --port {project.port} --seed 7"
    serve += " --errors 'POST /checkout=0%' --errors 'POST /login=0%'"
    return project, project.slogate("init", "--serve", serve, "--ci", "github", "--ci", "gitlab")


def test_init_writes_what_a_run_passes(begun):
    """Description → spec, load test and settings → `slogate run`: exit 0, six endpoints judged."""
    project, done = begun
    assert done.code == 0, done.err
    spec = project.folder / "slo/shop.yaml"
    spec.write_text(spec.read_text().replace("warmup: 5s", "warmup: 1s"))  # the test's time is dear

    ran = project.slogate("run", "-u", "60", "-r", "100", "-t", "13s", "--json")

    assert ran.code == 0, ran.err + ran.out
    objectives = {each["id"]: each["outcome"] for each in ran.document["objectives"]}
    assert len(objectives) == 7
    assert set(objectives.values()) == {"pass"}
    assert "shop/get-browse/p95" in objectives


def test_what_init_writes_lints_clean(begun):
    """`spec lint --strict` has nothing to say."""
    project, _ = begun

    done = project.slogate("spec", "lint", "--strict", "--json")

    assert (done.code, done.document) == (0, [])


def test_init_again_keeps_all(begun):
    """Every file stays, byte for byte, and is named as kept."""
    project, _ = begun
    files = ["slo/shop.yaml", "loadtests/locustfile.py", "slogate.toml", ".gitlab-ci.yml"]
    for name in files:
        (project.folder / name).open("a").write("\n# mine\n")
    before = {name: (project.folder / name).read_bytes() for name in files}

    done = project.slogate("init", "openapi.yaml", "--json", "--ci", "github", "--ci", "gitlab")

    assert done.code == 0
    assert {name: (project.folder / name).read_bytes() for name in files} == before
    assert {each["path"]: each["written"] for each in done.document["files"]} == dict.fromkeys(
        [*files, ".github/workflows/slo.yml", ".github/actions/slogate/action.yml"], False
    )


def lint(*command: str | Path, cwd: Path) -> tuple[int, str]:
    """Run a linter; its exit code and all that it printed."""
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def check_ci(folder: Path, title: str = "slo", inside: str = "") -> None:
    """The CI files of a project have nothing that their linters complain of."""
    workflow = folder / f".github/workflows/{title}.yml"
    shellcheck = f"-shellcheck={BIN / 'shellcheck'}"
    schema = (sys.executable, "-m", "check_jsonschema", "--builtin-schema")
    # actionlint looks for the action of a workflow in a repository
    (folder / ".git").mkdir(exist_ok=True)

    assert lint(BIN / "actionlint", shellcheck, "-pyflakes=", workflow, cwd=folder) == (0, "")
    for command in (
        (BIN / "zizmor", "--offline", "--no-progress", "--quiet", ".github"),
        (*schema, "vendor.github-workflows", workflow),
        (
            *schema,
            "vendor.gitlab-ci",
            *{folder / ".gitlab-ci.yml", folder / inside / ".gitlab-ci.yml"},
        ),
    ):
        code, said = lint(*command, cwd=folder)
        assert code == 0, said


def test_ci_files_lint(begun, tmp_path):
    """Where Locust loads, and where k6 does, with an odd name, in a folder of a repository."""
    project, _ = begun
    check_ci(project.folder)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a: b").mkdir()
    odd = Project(tmp_path / "a: b", 1)
    odd.write("it's $(touch x).js", K6)

    done = odd.slogate("init", "--ci", "github", "--ci", "gitlab")

    assert done.code == 0, done.err
    check_ci(tmp_path, "slo-a-b", "a: b")
    assert not (tmp_path / "a: b/loadtests").exists()
    pipeline = yaml.safe_load((tmp_path / "a: b/.gitlab-ci.yml").read_text())
    assert pipeline["slo-a-b"]["script"][0] == "cd 'a: b'"
    included = yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text())
    assert included == {"include": [{"local": "/a: b/.gitlab-ci.yml"}]}


def test_dry_run_shows_and_writes_nothing(tmp_path):
    """The files are printed with their names; the folder stays as it was."""
    project = Project(tmp_path, 1)
    project.write("openapi.json", json.dumps(SHOP))

    done = project.slogate("init", "--dry-run", "--ci", "none")

    assert done.code == 0
    assert "# slo/shop.yaml: 7 objectives" in done.out
    assert "# loadtests/locustfile.py: 6 of 7 operations are loaded" in done.out
    assert "not written" not in done.out
    assert [each.name for each in tmp_path.iterdir()] == ["openapi.json"]


def test_dry_run_shows_what_would_be_kept_too(tmp_path):
    """To take over by hand what is of use of it."""
    project = Project(tmp_path, 1)
    project.write(".gitlab-ci.yml", "mine: {script: [x]}\n")

    done = project.slogate("init", "--dry-run", "--ci", "gitlab")

    head = "# .gitlab-ci.yml: a pipeline of GitLab (not written: .gitlab-ci.yml is kept)\n\n"
    assert head in done.out
    assert "slogate run --json" in done.out.partition(head)[2]


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        pytest.param("access.log", LINES, "made", id="log"),
        pytest.param("load.js", K6, "k6", id="k6"),
        pytest.param("locustfile.py", "from locust import HttpUser\n", "own", id="locustfile"),
        pytest.param("README.md", "nothing here\n", "made", id="nothing"),
    ],
)  # fmt: skip
def test_init_from_each_beginning(tmp_path, name, text, read):
    """Whatever there is to begin from, the spec lints clean and nobody is asked."""
    project = Project(tmp_path, 1)
    project.write(name, text)

    done = project.slogate("init", "--json")

    assert done.code == 0, done.err
    schema_of("init").validate(done.document)
    assert done.document["load"] == read
    linted = project.slogate("spec", "lint", "--strict")
    assert linted.code == 0, linted.out
    if name == "access.log":
        assert "p95: 30ms  # observed 20 ms of 900 requests in access.log" in (
            next((tmp_path / "slo").iterdir()).read_text()
        )
        (taken_in,) = [line for line in done.err.splitlines() if "--kind production" in line]
        assert project.slogate(*shlex.split(taken_in)[1:]).code == 0
        kept = project.slogate("check", "--only", "slos", "--json")
        assert kept.code == 0, kept.out
        assert [each["name"] for each in kept.document["objectives"]] == ["availability", "latency"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["gone.yaml"], "there is no file gone.yaml", id="gone"),
        pytest.param(["README.md"], "README.md is nothing to begin from", id="nothing"),
        pytest.param(["bad.yaml"], "bad.yaml: it describes no paths", id="description"),
        pytest.param(["--host", "ftp://x"], "--host ftp://x is no URL", id="host"),
        pytest.param(["--host", "http://u:p@x"], "has no user", id="credentials"),
        pytest.param(["--ci", "jenkins"], "--ci jenkins is not known", id="ci"),
        pytest.param(["--action", "x y"], "--action x y is none", id="action"),
        pytest.param(["--service", "a\nb"], "--service: that is no name", id="service"),
    ],
)  # fmt: skip
def test_init_refuses(tmp_path, arguments, words):
    """Exit 2, one sentence, and no file."""
    project = Project(tmp_path, 1)
    project.write("README.md", "x")
    if "bad.yaml" in arguments:
        project.write("bad.yaml", "openapi: 3.0.0\n")

    done = project.slogate("init", *arguments)

    assert done.code == 2
    assert words in done.err
    assert not (tmp_path / "slo").exists()


def test_init_asks_on_a_terminal_only_what_it_must(tmp_path):
    """The address and the CI, where neither can be found; an answer that is none is refused."""
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "slogate", "init"], cwd=tmp_path,
        stdin=writer, stdout=subprocess.DEVNULL, stderr=writer,
    ) as process:  # fmt: skip
        os.write(reader, b"http://staging.test:81\nnone\n")
        process.wait(60)
    os.close(writer)
    asked = os.read(reader, 65_536).decode()
    os.close(reader)

    assert process.returncode == 0, asked
    assert "Base URL of the service to load" in asked
    assert 'host = "http://staging.test:81"' in (tmp_path / "slogate.toml").read_text()
    assert not (tmp_path / ".github").exists()
