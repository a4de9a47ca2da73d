from __future__ import annotations

import pytest
from projects import new_project

pytestmark = pytest.mark.e2e


@pytest.fixture(name="project")
def _project(tmp_path):
    """A project that has never run."""
    return new_project(tmp_path)


def test_an_unknown_key_is_named_with_its_place_and_the_nearest_word(project):
    """Exit 2 before any load is sent."""
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\nbudgets:\n  - name: a\n    endpont: GET /\n    p95: 1s\n"
    ))  # fmt: skip

    done = project.slogate("run")

    assert done.code == 2
    assert "slo/shop.yaml:5:5" in done.err
    assert "did you mean 'endpoint'?" in done.err
    assert "locust" not in done.err


def test_what_is_not_yet_supported_is_never_ignored(project):
    """A valid indicator of a server that cannot be asked ends in exit 2 with a sentence."""
    project.write("slo/shop.yaml", (
        "slogate: 1\nservice: shop\nslos:\n"
        "  - name: a\n    objective: 99%\n    window: 28d\n    indicator:\n"
        "      raw: {type: splunk, spec: {query: good}}\n      raw_type: success\n"
    ))  # fmt: skip

    done = project.slogate("check")

    assert done.code == 2
    assert "'splunk' cannot be asked" in done.err


def test_a_missing_host_is_a_usage_error(project):
    """Locust's own sentence becomes ours, with what to do."""
    project.write("slogate.toml", 'users = 2\nrun_time = "3s"\n')

    done = project.slogate("run")

    assert done.code == 2, done.err + done.out
    assert done.err.splitlines()[-1].startswith("  hint: name it: --host http://")


def test_a_host_where_nothing_answers_gets_no_load(project):
    """Exit 2 at once, not a breach after a whole run."""
    done = project.slogate("run", "--host", project.url)

    assert done.code == 2
    assert f"nothing answers at {project.url}: Connection refused" in done.err
    assert "locust" not in done.err


def test_a_test_without_a_request_is_told_in_locusts_words(project):
    """The locustfile's own error, and where the log is."""
    project.write("loadtests/locustfile.py", (
        "from locust import HttpUser, task\n\nclass Customer(HttpUser):\n"
        "    def on_start(self):\n        raise ValueError('no token')\n\n"
        "    @task\n    def browse(self):\n        self.client.get('/')\n"
    ))  # fmt: skip

    done = project.slogate("run", "--run-time", "2s")

    assert done.code == 2
    assert "error: Locust made no request: " in done.err
    assert "loadtests/locustfile.py:5: ValueError: no token\n" in done.err
    assert ".locust.log" in done.err


def test_a_service_that_never_gets_ready(project):
    """Exit 2 with its last answer."""
    project.serve("--delay-ready", "60s", ready_timeout="1s")

    done = project.slogate("run")

    assert done.code == 2
    assert "not ready within 1 s" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["check", "slo/none.yaml"], "none.yaml", id="spec"),
        pytest.param(["run", "-f", "none.py"], "none.py", id="locustfile"),
        pytest.param(["check"], "does not exist", id="store"),
        pytest.param(["run", "--run-time", "45"], "no unit", id="run-time"),
        pytest.param(["run", "--abort-on", "errors"], "no condition", id="abort-on"),
        pytest.param(["run", "--service", "nobody"], "nobody", id="service"),
        pytest.param(["run", "--label", "x"], "--label key=value", id="label"),
        pytest.param(["nonsense"], "nonsense", id="command"),
        pytest.param(["check", "--nonsense"], "nonsense", id="option"),
    ],
)
def test_a_wrong_call_exits_2_with_a_sentence(project, arguments, words):
    """What, where, and how to mend it; never a traceback."""
    done = project.slogate(*arguments)

    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_locustfile_that_does_not_import_is_told_in_locusts_words(project):
    """No run record at the end is exit 2."""
    project.write("loadtests/locustfile.py", "import nowhere_to_be_found\n")

    done = project.slogate("run")

    assert done.code == 2
    assert "nowhere_to_be_found" in done.err


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        pytest.param("format", "99\n", "newer slogate", id="newer-layout"),
        pytest.param("runs/r.json", "{", "corrupt", id="corrupt-manifest"),
        pytest.param("runs/r.json", '{"format": 99}', "newer slogate", id="newer-manifest"),
    ],
)
def test_a_store_that_cannot_be_read_exits_2(project, name, text, words):
    """Unreadable or from a newer version: never an empty one, never a pass."""
    project.write(".slogate/format", "1\n")
    project.write(".slogate/runs/.keep", "")
    project.write(f".slogate/{name}", text)

    done = project.slogate("check")

    assert done.code == 2, done.err
    assert words in done.err


def test_a_store_without_runs_has_nothing_to_judge(project):
    """Exit 3: absence is no verdict."""
    project.write(".slogate/format", "1\n")
    project.write(".slogate/runs/.keep", "")

    done = project.slogate("check")

    assert done.code == 3
    assert "no load run of the service 'shop'" in done.err


def test_the_version_and_the_help_exit_0(project):
    """The two calls that need nothing."""
    assert project.slogate("--version").code == 0
    assert "Examples" in project.slogate("run", "-h").out
