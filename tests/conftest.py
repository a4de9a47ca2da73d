"""What all tests share: a quiet environment, loopback only, Hypothesis profiles, two options.

`--update` rewrites golden files instead of comparing. `--require-system-packages` turns a skip
for want of a system package into a failure; `.ci/run` sets it.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

try:
    from hypothesis.internal.conjecture import providers
except ImportError:  # an older Hypothesis
    providers = None

ROOT = Path(__file__).resolve().parent.parent

# The order of the tests: first what waits, of that first what takes longest (see scheduling.py).
FOLDERS = ("e2e", "house", "contract", "laws", "stat", "unit")
LONGEST = (
    "test_import_prometheus.py", "test_check_openslo.py", "test_check_indicators.py",
    "test_alert_rules.py", "test_weekly_asked.py", "test_recorder_processes.py", "test_run.py",
    "test_receive.py", "test_recorder.py", "test_recorder_unfinished.py", "test_report_html.py",
    "test_demo.py", "test_recorder_killed.py", "test_recorder_web.py", "test_run_web.py",
    "test_run_killed.py", "test_weekly.py", "test_weekly_workflow.py", "test_store_killed.py",
    "test_action.py", "test_linters.py",
)  # fmt: skip

# What a CI service or a user's shell may have set and what would change what we print or read.
FOREIGN = ("GITHUB_", "RUNNER_", "SLOGATE_", "LOCUST_")
TERMINAL = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "TTY_COMPATIBLE", "LINES")

SLOW = [HealthCheck.too_slow]
# the same examples each time: a build fails for what was changed; new ones are sought by hand
for name, examples in (("dev", 50), ("ci", 100), ("search", 300)):
    settings.register_profile(
        name, deadline=None, max_examples=examples, derandomize=name != "search",
        suppress_health_check=SLOW,
    )  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options; xdist hands them on to its workers."""
    group = parser.getgroup("slogate")
    group.addoption("--update", action="store_true", help="rewrite golden files")
    group.addoption(
        "--require-system-packages",
        action="store_true",
        help="fail, do not skip, when a test needs a system package that is not installed",
    )


def draw_no_constants_of_modules() -> None:
    """Let Hypothesis draw no constants that it reads in the sources of modules imported so far.

    Which ones are depends on the tests that this worker of xdist had before, and so would the
    examples, even derandomized. A Hypothesis without that function never draws any.
    """
    if hasattr(providers, "_get_local_constants"):
        none = providers.Constants()
        providers._get_local_constants = lambda: none  # there is no setting for it


def pytest_configure(config: pytest.Config) -> None:
    """Settle the environment before anything is collected; subprocesses inherit it."""
    profile = os.environ.get("HYPOTHESIS_PROFILE", "dev")
    settings.load_profile(profile)
    if profile != "search":
        draw_no_constants_of_modules()
    for name in list(os.environ):
        if name in TERMINAL or name.startswith(FOREIGN):
            del os.environ[name]
    os.environ.update(NO_COLOR="1", COLUMNS="100", TERM="dumb")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort what was collected; pytest-randomly has shuffled the files and what is in them."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[int, int]:
    """Where the file of a test comes."""
    folder, name = item.path.parent.relative_to(Path(__file__).parent).parts[:1], item.path.name
    return (
        FOLDERS.index(folder[0]) if folder and folder[0] in FOLDERS else len(FOLDERS),
        LONGEST.index(name) if name in LONGEST else len(LONGEST),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand the tests out in a way of our own where xdist is given no other."""
    from scheduling import FromBothEnds

    return FromBothEnds(config, log) if config.getvalue("dist") == "loadgroup" else None


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def guarded(connect: Callable[[socket.socket, object], object]) -> Callable[..., object]:
    """The method `connect` of sockets, refusing every address beyond loopback."""

    def connect_near(self: socket.socket, address: object) -> object:
        if not _is_loopback(address):
            raise PermissionError(f"a test may not connect to {address}: loopback only")
        return connect(self, address)

    return connect_near


@pytest.fixture(scope="session", autouse=True)
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, before tests whose acts go side by side ask for it all at once."""
    return tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """No test reaches the network beyond loopback from within its own process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        yield


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture
def repository() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def system_program(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Find a program of the system: `system_program("promtool", package="prometheus")`."""

    def find(program: str, *, package: str) -> str:
        # servers lie where not every user's PATH leads
        path = shutil.which(program, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
        if path is None:
            sentence = f"needs system package {package}: there is no {program}"
            if request.config.getoption("--require-system-packages"):
                pytest.fail(sentence)
            pytest.skip(sentence)
        return path

    return find
