from __future__ import annotations

from pathlib import Path

import pytest

from slogate.cli.locustconf import Configured
from slogate.cli.locusting import (
    arguments,
    own_host,
    own_run_time,
    shows_web_ui,
    web_port,
)
from slogate.config import Settings
from slogate.errors import UsageError

NOTHING = Configured({})


@pytest.mark.parametrize(
    ("own", "microseconds"),
    [
        pytest.param([], None, id="none"),
        pytest.param(["-t", "5s"], 5_000_000, id="short"),
        pytest.param(["-t5s"], 5_000_000, id="joined"),
        pytest.param(["--run-time=1h30m"], 5_400_000_000, id="long"),
        pytest.param(["--run-time", "90"], 90_000_000, id="locusts-seconds"),
        pytest.param(["-t", "5s", "-t", "7s"], 7_000_000, id="last-wins"),
        pytest.param(["-t"], None, id="no-value"),
        pytest.param(["-t", "soon"], None, id="left-to-locust"),
        pytest.param(["--tags", "t"], None, id="another"),
    ],
)
def test_the_users_own_run_time_is_read(own, microseconds):
    """In all the ways in which Locust takes it."""
    assert own_run_time(own) == microseconds


def test_the_users_own_host_is_read():
    """It wins over that of the settings."""
    assert own_host(["-H", "http://a"]) == own_host(["--host=http://a"]) == "http://a"
    assert own_host(["--headless"]) is None


@pytest.mark.parametrize(
    ("own", "web", "shown"),
    [
        pytest.param([], False, False, id="plain"),
        pytest.param([], True, True, id="web"),
        pytest.param(["--web-port", "8090"], False, True, id="port"),
        pytest.param(["-P", "8090"], False, True, id="short-port"),
        pytest.param(["--processes", "2"], False, False, id="processes"),
        pytest.param(["--headless"], True, False, id="headless"),
    ],
)
def test_the_web_ui_is_shown_when_asked_for(own, web, shown):
    """By our flag or by any of Locust's that make sense with it only."""
    assert shows_web_ui(own, web=web) is shown


def test_the_port_of_the_web_ui_is_locusts_unless_given():
    """8089, or what stands behind --web-port, or in Locust's own configuration."""
    own = Configured({"web-port": ("locust.conf", "8199")})

    assert [web_port(given, NOTHING) for given in ([], ["--web-port=9"], ["-P", "7"])] == [
        8089,
        9,
        7,
    ]
    assert (web_port([], own), web_port(["-P", "7"], own)) == (8199, 7)


def test_what_the_user_gives_stands_last(tmp_path):
    """Locust takes the last of an argument that is given twice."""
    settings = Settings(users=4, run_time=2_000_000, host="http://a")

    assert arguments(settings, ["-f", "mine.py", "-t", "5s"], False, NOTHING) == [
        "--headless", "--only-summary", "--users=4", "--spawn-rate=2", "--run-time=2s",
        "--stop-timeout=10", "--host=http://a", "-f", "mine.py", "-t", "5s",
    ]  # fmt: skip


def test_a_missing_locustfile_is_told(tmp_path):
    """The one that the settings name."""
    with pytest.raises(UsageError, match=r"none\.py"):
        arguments(Settings(locustfiles=(tmp_path / "none.py",)), [], False, NOTHING)


@pytest.mark.parametrize(
    ("microseconds", "told"),
    [(45_000_000, "45s"), (1_500_000, "2s"), (200_000, "1s")],
)
def test_a_run_is_never_shorter_than_asked_for(microseconds, told):
    """Locust takes whole seconds; a shorter run would have ended early."""
    settings = Settings(run_time=microseconds, locustfiles=(Path(__file__),))

    assert f"--run-time={told}" in arguments(settings, [], False, NOTHING)
