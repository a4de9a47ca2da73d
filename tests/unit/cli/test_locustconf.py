from __future__ import annotations

from pathlib import Path

import pytest

from slogate.cli.locustconf import IGNORED, configured
from slogate.cli.locusting import arguments, is_master, is_worker, variables
from slogate.config import Settings, load_settings
from slogate.errors import SettingsError

CONF = """
# a comment
users = 7
--spawn-rate 3.5
run-time: 90
host = http://a   # where
locustfile = [a.py, b.py]
tags = fast
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("locust.conf", CONF, id="conf"),
        pytest.param(
            "pyproject.toml",
            "[tool.locust]\nusers = 7\nspawn-rate = 3.5\nrun-time = 90\nhost = 'http://a'\n"
            "locustfile = ['a.py', 'b.py']\ntags = 'fast'\n",
            id="pyproject",
        ),
    ],
)
def test_locusts_own_files_hold_where_slogates_say_nothing(tmp_path, name, text):
    """As whoever has used Locust before expects."""
    (tmp_path / name).write_text(text)

    found = configured(tmp_path, {}, [])
    settings = load_settings(tmp_path, {}, beneath=found.settings())

    assert (settings.users, settings.spawn_rate, settings.run_time) == (7, 3.5, 90_000_000)
    assert settings.host == "http://a"
    assert "locustfile" in found
    assert not any(
        word.startswith("--locustfile") for word in arguments(settings, [], False, found)
    )


def test_slogates_settings_and_variables_win(tmp_path):
    """Locust's come last, before the defaults."""
    (tmp_path / "locust.conf").write_text("users = 7\nrun-time = 1m\nhost = http://a\n")
    (tmp_path / "slogate.toml").write_text("users = 10\n")

    found = configured(tmp_path, {}, [])
    settings = load_settings(tmp_path, {"SLOGATE_HOST": "http://b"}, beneath=found.settings())

    assert (settings.users, settings.run_time, settings.host) == (10, 60_000_000, "http://b")


def test_the_last_word_is_locusts_last_word(tmp_path):
    """Home, locust.conf, pyproject.toml, --config, variables: each wins over those before."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".locust.conf").write_text(
        "users = 1\nrun-time = 1s\nspawn-rate = 1\nhost = http://1\n"
    )
    (tmp_path / "locust.conf").write_text("users = 2\nrun-time = 2s\nspawn-rate = 2\n")
    (tmp_path / "pyproject.toml").write_text("[tool.locust]\nusers = 3\nrun-time = '3s'\n")
    (tmp_path / "mine.conf").write_text("users = 4\n")
    environment = {"HOME": str(home), "LOCUST_HOST": "http://5"}

    told = configured(tmp_path, environment, ["--config=mine.conf"]).settings()
    settings = load_settings(tmp_path, {}, beneath=told)

    assert (settings.users, settings.run_time, settings.spawn_rate) == (4, 3_000_000, 2.0)
    assert settings.host == "http://5"
    assert configured(tmp_path, {}, ["--config", "mine.conf"]).settings()[0][2] == "4"


def test_what_is_wrong_is_told_with_its_place(tmp_path):
    """Locust itself would never see it: slogate's own argument would stand before it."""
    (tmp_path / "locust.conf").write_text("users = many\n")

    with pytest.raises(SettingsError, match=r"locust.conf: users must be a whole number"):
        load_settings(tmp_path, {}, beneath=configured(tmp_path, {}, []).settings())


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """With its name."""
    (tmp_path / "locust.conf").write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match=r"locust.conf cannot be read"):
        configured(tmp_path, {}, [])


def test_a_stop_timeout_of_locusts_configuration_holds(tmp_path):
    """Ours is for those who gave none."""
    (tmp_path / "locust.conf").write_text("stop-timeout = 60\n")
    settings = Settings(locustfiles=(Path(__file__),))

    told = arguments(settings, [], False, configured(tmp_path, {}, []))

    assert not any(word.startswith("--stop-timeout") for word in told)


@pytest.mark.parametrize(
    ("text", "environment", "worker"),
    [
        pytest.param("worker = true", {}, True, id="conf"),
        pytest.param("worker", {}, True, id="bare"),
        pytest.param("worker = off", {}, False, id="off"),
        pytest.param("", {"LOCUST_MODE_WORKER": "1"}, True, id="variable"),
        pytest.param("worker = true", {"LOCUST_MODE_WORKER": "false"}, False, id="last-word"),
        pytest.param("", {"LOCUST_WORKER": "true"}, False, id="no-variable-of-locust"),
        pytest.param("", {}, False, id="nothing"),
    ],
)
def test_a_worker_of_locusts_configuration_is_one(tmp_path, text, environment, worker):
    """It judges nothing, and gets none of the arguments of who leads a test."""
    (tmp_path / "locust.conf").write_text(f"{text}\n")
    settings = Settings(locustfiles=(Path(__file__),))

    found = configured(tmp_path, environment)

    assert is_worker([], found) is worker
    assert is_worker(["--worker"], found)
    told = arguments(settings, [], False, found)
    assert any(word.startswith("--users") for word in told) is not worker


def test_a_master_of_locusts_configuration_is_one(tmp_path):
    """Its workers may reach a host that it cannot."""
    (tmp_path / "pyproject.toml").write_text("[tool.locust]\nmaster = true\n")

    assert is_master([], configured(tmp_path, {}))
    assert not is_master([], configured(tmp_path / "none", {}))


def test_who_brings_all_hides_what_locust_would_find():
    """Locust's variables, and by word to the launcher its files."""
    environment = {"LOCUST_TAGS": "fast", "PATH": "/bin"}

    assert variables(environment, IGNORED) == {"PATH": "/bin", "SLOGATE_LOCUST_CONFIG": "none"}
    assert variables(environment, configured(Path("/none"), {})) == environment
