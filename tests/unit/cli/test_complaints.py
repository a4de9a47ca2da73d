from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from slogate.cli.app import run

FULL = Path("/dev/full")


def test_names_do_not_command_a_terminal(capsys, tmp_path):
    """Whoever names a file, or writes what is quoted of it, neither colours nor turns the text."""
    odd = tmp_path / "a\x1b[31m\x9b1m\u202eb"
    odd.write_text("nonsense", encoding="utf-8")

    code = run(["import", str(odd), "--service", "shop", "--store", str(tmp_path / "store")])

    told = capsys.readouterr().err
    assert (code, told.count("\ufffd")) == (2, 3)
    assert not set("\x1b\x9b\u202e") & set(told)


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        pytest.param(
            ["run", "--nonsense"], "there is no option --nonsense",
            "Locust's own arguments go after `--`: slogate run -- --nonsense; see slogate run -h",
            id="locusts",
        ),
        pytest.param(
            ["check", "--report-olny"], "there is no option --report-olny",
            "did you mean --report-only?; see slogate check -h", id="near",
        ),
        pytest.param(
            ["check", "--nonsense"], "there is no option --nonsense", "see slogate check -h",
            id="far",
        ),
        pytest.param(
            ["run", "--users", "many"], "invalid value for '-u' / '--users'", "see slogate run -h",
            id="type",
        ),
        pytest.param(
            ["check", "--run"], "option '--run' requires an argument", "see slogate -h",
            id="no-value",
        ),
        pytest.param(["version"], "no command 'version'", "slogate --version", id="version"),
        pytest.param(["chekc"], "no command 'chekc'", "did you mean 'slogate check'?", id="typo"),
        pytest.param(["qqq"], "no command 'qqq'", "slogate -h lists the commands", id="unknown"),
        pytest.param(
            ["run", "slo/shop.yaml"], "slo/shop.yaml", "name a spec so: --spec slo/shop.yaml",
            id="spec",
        ),
        pytest.param(
            ["run", "mine.py", "--", "--tags", "a"], "mine.py",
            "name a locustfile so: -f mine.py", id="locustfile",
        ),
        pytest.param(
            ["run", "Customer"], "Customer", "Locust's own arguments go after `--`", id="positional"
        ),
        pytest.param(["run", "-t", "20"], "'20' has no unit", "write 20s or 20m", id="unit"),
        pytest.param(["demo", "-t", "20"], "'20' has no unit", "write 20s or 20m", id="demo-unit"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_in_one_style(capsys, arguments, error, hint):
    """`error:` and `hint:`, exit 2, whoever found it."""
    code = run(arguments)

    [first, second] = capsys.readouterr().err.splitlines()
    assert code == 2
    assert first.startswith("error: ")
    assert error in first
    assert second == f"  hint: {hint}"


@pytest.mark.parametrize("group", [[], ["runs"], ["spec"], ["store"]], ids=str)
def test_commands_are_listed_with_whole_sentences(capsys, monkeypatch, group):
    """No summary is cut, even on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    run([*group, "--help"])

    commands = capsys.readouterr().out.partition("Commands:\n")[2]
    assert "..." not in commands


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["docs"], id="ours"),
        pytest.param(["run", "-h"], id="librarys"),
        pytest.param(["--version"], id="version"),
    ],
)
def test_a_full_output_is_told(arguments):
    """Exit 2 and a sentence; neither an internal error nor Python's own complaint at exit."""
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "slogate", *arguments],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert done.returncode == 2
    assert done.stderr == "error: cannot write to the output: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_stderr_changes_no_exit_code():
    """What cannot be said is not said."""
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "slogate", "check", "--nonsense"], stderr=full, check=False
        )

    assert done.returncode == 2


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf"])
def test_users_are_spawned_at_some_rate(rate, capsys):
    """What is no rate is refused before anything is started, and not taken for the default."""
    code = run(["run", "--spawn-rate", rate])

    assert (code, capsys.readouterr().err) == (2, "error: --spawn-rate must be a number over 0\n")
