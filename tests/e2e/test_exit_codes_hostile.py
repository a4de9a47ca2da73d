"""Exit codes where the world is against us: gone readers, full disks, closed streams, damage."""

from __future__ import annotations

import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from projects import budget, new_project, record

import slogate
from slogate import plugins
from slogate.errors import Interrupted
from slogate.gallery import shown
from slogate.reports.json import parse
from slogate.store.layout import open_store
from slogate.store.verdicts import read_verdicts, write_verdict

pytestmark = pytest.mark.e2e

SLOGATE = [sys.executable, "-m", "slogate"]
CHECK = [*SLOGATE, "check"]
SLOW = 900
AT_WORK_S = 1.2  # of CPU, more than a start takes


@pytest.fixture(name="project")
def _project(tmp_path):
    """A project with a budget that runs are judged by."""
    project = new_project(tmp_path)
    budget(project, "shop")
    return project


def gone():
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def called(project, command, **more):
    """How a command of the project ended, whatever it was started with."""
    more = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.run(command, cwd=project.folder, text=True, timeout=60, check=False, **more)


@pytest.mark.parametrize(
    ("milliseconds", "code"), [pytest.param(10, 0, id="pass"), pytest.param(SLOW, 1, id="breach")]
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_who_has_gone_changes_no_verdict(project, milliseconds, code, form):
    """The exit code is the verdict's, and nothing is complained of."""
    record(project, "shop", milliseconds=milliseconds)

    done = called(project, [*CHECK, *form], stdout=gone())

    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["docs"], ["check", "-h"], ["runs", "list"]], ids=" ".join
)
def test_without_a_verdict_a_reader_who_has_gone_is_never_a_breach(project, arguments):
    """Exit 2: 1 is the verdict's alone."""
    record(project, "shop")

    done = called(project, [*SLOGATE, *arguments], stdout=gone())

    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize(
    ("closed", "milliseconds", "code", "words"),
    [
        pytest.param(">&-", 10, 2, "error: there is nothing to print to", id="stdout-pass"),
        pytest.param(">&-", SLOW, 1, "error: there is nothing to print to", id="stdout-breach"),
        pytest.param("2>&-", 10, 0, "", id="stderr-pass"),
        pytest.param("2>&-", SLOW, 1, "", id="stderr-breach"),
        pytest.param("<&- >&- 2>&-", SLOW, 1, "", id="all-breach"),
        pytest.param("<&- >&- 2>&-", 10, 2, "", id="all-pass"),
    ],
)
def test_closed_streams_change_no_breach(project, closed, milliseconds, code, words):
    """It is judged and kept; a verdict that nobody could be told is no pass."""
    record(project, "shop", milliseconds=milliseconds)

    done = called(project, ["sh", "-c", f"exec {shlex.join(CHECK)} {closed}"])

    assert done.returncode == code
    assert done.stderr.startswith(words)
    assert "Traceback" not in done.stderr
    assert len(read_verdicts(open_store(project.folder / ".slogate"))) == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_wrong_call_with_closed_streams_exits_2(project, closed):
    """Whatever it would have said."""
    done = called(project, ["sh", "-c", f"exec {shlex.join(SLOGATE)} check --nonsense {closed}"])

    assert done.returncode == 2


@pytest.mark.parametrize(
    ("milliseconds", "code"), [pytest.param(10, 2, id="pass"), pytest.param(SLOW, 1, id="breach")]
)
def test_a_full_store_hides_no_verdict(project, milliseconds, code):
    """The verdict is told first; that it could not be kept is an error of its own."""
    record(project, "shop", milliseconds=milliseconds)

    done = called(
        project, CHECK, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    )

    assert done.returncode == code
    assert f"(exit {0 if code == 2 else 1})" in done.stdout
    assert "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("milliseconds", "harm", "code", "words"),
    [
        pytest.param(SLOW, "none", 1, "no load run of the service 'b'", id="breach-and-no-run"),
        pytest.param(SLOW, "torn", 1, "b-1", id="breach-and-damage"),
        pytest.param(10, "none", 3, "no load run of the service 'b'", id="pass-and-no-run"),
        pytest.param(10, "torn", 2, "b-1", id="pass-and-damage"),
    ],
)
def test_what_ails_one_service_hides_no_other(project, milliseconds, harm, code, words):
    """The others are judged and told; 1 before 2 before 3."""
    record(project, "shop", milliseconds=milliseconds)
    budget(project, "b")
    if harm == "torn":
        record(project, "b").write_bytes(b"PAR1 no more")

    done = project.slogate("check", "--json")

    assert done.code == code, done.err
    assert [verdict["run"]["id"] for verdict in done.document] == ["shop-1"]
    assert words in done.err


def test_another_services_damaged_verdict_is_a_note(project):
    """The views for people are never in the way of the gate."""
    record(project, "shop")
    verdict = {"schema": "slogate.verdict/v1", "id": "x", "run": {"id": "b-1", "service": "b"}}
    verdict["objectives"] = [{"id": "b/all/p95", "outcome": "pass", "total": 10**400}]
    write_verdict(open_store(project.folder / ".slogate"), "x", verdict)

    done = project.slogate("check")

    assert done.code == 0, done.err
    assert "slogate.duckdb was not refreshed" in done.err


@pytest.mark.parametrize(
    ("number", "words"),
    [
        pytest.param(signal.SIGINT, "interrupted", id="ctrl-c"),
        pytest.param(signal.SIGTERM, "stopped by SIGTERM", id="sigterm"),
        pytest.param(signal.SIGHUP, "stopped by SIGHUP", id="sighup"),
    ],
)
def test_waiting_for_a_service_can_be_interrupted(tmp_path, number, words):
    """Exit 130, at once, with a word, in the middle of asking whether it is ready."""
    project = new_project(tmp_path)
    project.write(
        "slogate.toml", f'serve = "sleep 60"\nready = "{project.url}/"\nready_timeout = "50s"\n'
    )
    process = project.start("run")
    assert process.stderr is not None
    assert process.stderr.readline() == "starting the service: sleep 60\n"
    time.sleep(0.5)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err == f"error: {words}\n"


ENDLESS = "select sum(a.range * b.range) from range(10000000) a, range(100000) b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_query_at_work_can_be_interrupted(project, number):
    """It ends at once, not when DuckDB is done, and as an interruption, not as an error."""
    record(project, "shop")
    process = project.start("store", "sql", ENDLESS)
    spent = psutil.Process(process.pid).cpu_times
    while process.poll() is None and spent().user < AT_WORK_S:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert err in {"error: interrupted\n", "error: stopped by SIGTERM\n"}


def test_who_stops_a_page_gets_none(project, monkeypatch):
    """Not one that lacks some pictures."""
    record(project, "shop")
    assert project.slogate("check").code == 0
    store = open_store(project.folder / ".slogate")
    [judged] = read_verdicts(store)

    def stopped(*_):
        raise Interrupted("stopped by SIGTERM")

    monkeypatch.setattr("slogate.gallery._past", stopped)
    with pytest.raises(Interrupted):
        shown(store, plugins.find("reports", "html"), parse(judged))


@pytest.mark.parametrize("delay", [0.05, 0.12, 0.2, 0.35])
def test_an_interrupt_while_starting_is_no_breach(project, delay):
    """Whatever is being imported: never exit 1."""
    record(project, "shop")
    process = project.start("check")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)

    # on a busy machine Python itself may not have come to our first line: it says what it was at
    unborn = "Traceback" in err and f"{Path(slogate.__file__).parent}" not in err
    assert unborn or process.returncode in {0, 130, -signal.SIGINT}, err


@pytest.mark.parametrize(
    "text", ["raise SystemExit(1)", "raise ValueError(1)", "import nothing_of_the_kind", "x = ("]
)
def test_a_broken_library_is_no_breach(project, text):
    """Whatever it does while it is imported: exit 2, no traceback."""
    project.write("broken/typer.py", text)

    done = project.slogate("check", environment={"PYTHONPATH": str(project.folder / "broken")})

    assert done.code == 2
    assert "Traceback" not in done.err


def test_a_working_directory_that_is_gone_is_told(project):
    """Exit 2 with a sentence."""
    command = f"mkdir gone; cd gone; rmdir ../gone; exec {shlex.join(CHECK)}"

    done = called(project, ["sh", "-c", command])

    assert done.returncode == 2
    assert done.stderr == (
        "error: the working directory is gone\n  hint: change to a folder that exists\n"
    )


def test_githubs_runner_obeys_nothing_that_is_only_shown(project):
    """Neither in reports nor in errors nor in logs; our own annotations it does."""
    record(project, "shop")
    github = {"GITHUB_ACTIONS": "true"}
    budget(project, "shop", "endpoint: '##[error]x', p95: 1ms")
    project.write("slogate.toml", 'serve = "echo ::error::mine; exit 3"\nready = "http://[::1]:9"')

    checked = project.slogate("check", environment=github)
    ran = project.slogate("run", environment=github)

    assert (checked.code, ran.code) == (3, 2)
    lines = [line.strip() for line in (checked.out + checked.err + ran.err).splitlines()]
    assert [line for line in lines if "##[" in line and not line.startswith("::error")] == []
    (why,) = [line for line in lines if line.startswith("::") and "slo/shop.yaml" not in line]
    assert why.startswith("::error title=slogate run::the service ended before it was ready")
    assert r"\u003a:error::mine" in ran.err
    assert "::error file=slo/shop.yaml,line=3" in checked.err


def test_annotations_that_were_asked_for_are_obeyed(project):
    """`report --format github` prints them for the runner."""
    record(project, "shop", milliseconds=SLOW)
    github = {"GITHUB_ACTIONS": "true"}
    assert project.slogate("check", environment=github).code == 1

    done = project.slogate("report", "--format", "github", environment=github)

    assert done.out.startswith("::error file=slo/shop.yaml,line=3")
