"""Texts and paths of a command line are converted as Typer itself does, without pydantic."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from slogate.cli.sparing import spare

CALLS = [
    [],
    ["a", "b c", "ä"],
    ["--text", "x", "--path", "no/such/file"],
    ["--path", "."],
    ["--texts", "x=1", "--texts", "", "--paths", "p", "--paths", "p"],
    ["--number", "7", "--flag"],
    ["--number", "99"],
    ["--number", "seven"],
    ["--text", "\udcff"],
]


def command(
    files: Annotated[list[Path] | None, typer.Argument()] = None,
    text: Annotated[str, typer.Option("--text")] = "default",
    path: Annotated[Path | None, typer.Option("--path")] = None,
    texts: Annotated[list[str] | None, typer.Option("--texts")] = None,
    paths: Annotated[list[Path] | None, typer.Option("--paths")] = None,
    number: Annotated[int | None, typer.Option("--number", min=1, max=9)] = None,
    flag: Annotated[bool, typer.Option("--flag")] = False,
) -> tuple[Any, ...]:
    """Give back what it was called with."""
    return files, text, path, texts, paths, number, flag


def outcome(arguments: list[str], *, spared: bool) -> object:
    """What the command is given, or what is complained of."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(command)
    built = typer.main.get_command(app)
    if spared:
        spare(built)
    try:
        return built.main(args=arguments, standalone_mode=False)
    except Exception as error:  # noqa: BLE001 (Typer's own kinds, of which version ever)
        return type(error), str(error)


@pytest.mark.parametrize("arguments", CALLS, ids=ascii)
def test_commands_get_what_typer_would_give(arguments: list[str]):
    """Spared or not, a command is called with the same values, or refused in the same words."""
    assert outcome(arguments, spared=True) == outcome(arguments, spared=False)


def test_commands_under_a_command_are_spared_too():
    """Of a group each command is spared."""
    code = (
        "import sys, typer\n"
        "from slogate.cli.sparing import spare\n"
        "app = typer.Typer(add_completion=False)\n"
        "@app.command()\ndef one(word: str = 'x'): print(word)\n"
        "@app.command()\ndef two(word: str = 'y', number: int = 7): print(word, number)\n"
        "built = typer.main.get_command(app)\nspare(built)\n"
        "built.main(args=['two'], standalone_mode=False)\n"
        "print('pydantic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["y", "7", "False"]
