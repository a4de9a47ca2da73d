from __future__ import annotations

from pathlib import Path

import pytest

from slogate.config import Settings, load_settings
from slogate.errors import SettingsError


def write(folder, name, text):
    """Write a settings file."""
    (folder / name).write_text(text, encoding="utf-8")


def test_without_any_file_the_defaults_hold(tmp_path):
    """Nothing has to be set."""
    assert load_settings(tmp_path, {}) == Settings()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        pytest.param("slogate.toml", "", id="own-file"),
        pytest.param("pyproject.toml", "[tool.slogate]\n", id="pyproject"),
    ],
)
def test_settings_are_read_from_either_file(tmp_path, name, head):
    """The keys are the same in both."""
    write(tmp_path, name, f'{head}users = 150\nrun_time = "45s"\nlocustfiles = "a.py"\n')

    settings = load_settings(tmp_path, {})

    assert (settings.users, settings.run_time) == (150, 45_000_000)
    assert settings.locustfiles == (Path("a.py"),)


def test_the_environment_wins_over_the_file(tmp_path):
    """SLOGATE_USERS and its like."""
    write(tmp_path, "slogate.toml", 'users = 150\nhost = "http://a"\n')

    settings = load_settings(tmp_path, {"SLOGATE_USERS": "7", "SLOGATE_STORE": "/s"})

    assert (settings.users, settings.host, settings.store) == (7, "http://a", Path("/s"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("user = 5", "slogate.toml: user is no setting of slogate", id="unknown"),
        pytest.param('users = "many"', "users must be a whole number", id="word"),
        pytest.param("users = true", "users must be a whole number", id="bool"),
        pytest.param("users = 0", "1 or more", id="zero"),
        pytest.param("run_time = 45", "duration with its unit, for example '45s'", id="bare"),
        pytest.param('run_time = "0s"', "longer than 0", id="no-time"),
        pytest.param("spawn_rate = -1", "over 0", id="negative"),
        pytest.param("spawn_rate = nan", "over 0", id="nan"),
        pytest.param("specs = [1]", "a path or a list of paths", id="paths"),
        pytest.param("serve = ''", "not empty", id="empty"),
        pytest.param("users = ", "slogate.toml cannot be read", id="syntax"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, words):
    """The file, the key and what is wrong with it."""
    write(tmp_path, "slogate.toml", text)

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})

    assert words in caught.value.message


def test_an_unknown_setting_gets_the_nearest_word(tmp_path):
    """A typing mistake is mended by the hint."""
    write(tmp_path, "slogate.toml", "run_tiem = '1s'")

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})

    assert caught.value.hint == "did you mean 'run_time'?"


def test_settings_in_both_files_are_refused(tmp_path):
    """It is never guessed which of them is meant."""
    write(tmp_path, "slogate.toml", "users = 1")
    write(tmp_path, "pyproject.toml", "[tool.slogate]\nusers = 2")

    with pytest.raises(SettingsError, match="both"):
        load_settings(tmp_path, {})


def test_all_wrong_settings_are_named_at_once(tmp_path):
    """A user mends them in one go."""
    write(tmp_path, "slogate.toml", "users = 0\nrun_tiem = '1s'\n")

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {"SLOGATE_SPAWN_RATE": "fast"})

    assert caught.value.message.splitlines() == [
        "3 settings are wrong",
        "slogate.toml: users must be a whole number, 1 or more",
        "slogate.toml: run_tiem is no setting of slogate (did you mean 'run_time'?)",
        "SLOGATE_SPAWN_RATE must be a number over 0",
    ]


def test_the_table_of_pyproject_in_our_own_file_is_told(tmp_path):
    """In slogate.toml the keys stand at the top."""
    write(tmp_path, "slogate.toml", "[tool.slogate]\nusers = 2\n")

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {})

    assert (
        caught.value.hint == "in slogate.toml leave out [tool.slogate]: the keys stand at the top"
    )


@pytest.mark.parametrize("text", ["[tool]\nslogate = 5\n", "tool.slogate = 'x'\n", "tool = 5\n"])
def test_a_setting_in_place_of_the_table_is_told(tmp_path, text):
    """What is no table holds no settings, and is not passed over."""
    write(tmp_path, "pyproject.toml", text)

    with pytest.raises(SettingsError, match="must be a table"):
        load_settings(tmp_path, {})
