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

# What a CI service or a user's shell may have set and what would change what we print or read.
FOREIGN = ("GITHUB_", "RUNNER_", "SLOGATE_", "LOCUST_")
TERMINAL = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "TTY_COMPATIBLE", "LINES")

SLOW = [HealthCheck.too_slow]
settings.register_profile("dev", deadline=None, max_examples=50, suppress_health_check=SLOW)
# the same examples each time: a build fails for what was changed; new ones are sought by hand
settings.register_profile(
    "ci", deadline=None, max_examples=200, derandomize=True, suppress_health_check=SLOW
)


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
    if profile == "ci":
        draw_no_constants_of_modules()
    for name in list(os.environ):
        if name in TERMINAL or name.startswith(FOREIGN):
            del os.environ[name]
    os.environ.update(NO_COLOR="1", COLUMNS="100", TERM="dumb")


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
