"""Every command has help with examples, the shared options, and a place in the manual."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slogate.cli.docs import pages
from slogate.cli.tree import COMMANDS, build

ROOT = Path(__file__).resolve().parents[2]
MANUAL = "\n".join([(ROOT / "README.md").read_text(), *(page.text for page in pages())])
SHARED = ("--store", "--json", "--quiet", "--no-color", "--help")


def leaves(command: Any, path: str = "slogate") -> Iterator[tuple[str, Any]]:
    """Each command that does something, with the words that call it."""
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        child = command.get_command(None, name)
        assert child is not None, f"{path} {name} is listed and not there"
        yield from leaves(child, f"{path} {name}")


TREE = list(leaves(build()))
commands = pytest.mark.parametrize(
    ("path", "command"), [pytest.param(path, command, id=path) for path, command in TREE]
)


def options_of(command: Any) -> set[str]:
    """All flags of a command, with those that ask for help."""
    flags = {flag for parameter in command.params for flag in parameter.opts}
    return flags | set(command.context_settings.get("help_option_names", ["--help"]))


@commands
def test_help_has_an_example(path: str, command: Any):
    """The help of a command shows it in use, under `Examples:`."""
    examples = (command.help or "").partition("Examples:")[2]

    assert f"{path} " in f"{examples} ".replace("\n", " ")


@commands
def test_help_explains_each_option(path: str, command: Any):
    """No option and no argument is without its sentence."""
    silent = [p.name for p in command.params if p.name != "help" and not getattr(p, "help", None)]

    assert silent == [], path


@commands
def test_usage_has_each_argument_once_in_its_brackets(path: str, command: Any):
    """Whatever the version of Typer adds: `[FILE]...`, not `[[FILE]...]...`."""
    usage = command.get_usage(command.make_context(path, ["-h"], resilient_parsing=True))

    assert not re.search(r"\[\[|\]\]|[{}]|\.\.\.\S*\.\.\.", usage), usage


@commands
def test_shared_options(path: str, command: Any):
    """Each command takes the options that all commands take."""
    assert [flag for flag in SHARED if flag not in options_of(command)] == [], path


@commands
def test_manual_mentions_the_command(path: str, command: Any):
    """The README or a page of the manual shows the command."""
    del command

    assert re.search(rf"\b{re.escape(path)}\b", MANUAL)


CODE = [*re.findall(r"`([^`\n]+)`", MANUAL), *re.findall(r"(?m)^ {4,}(.+)$", MANUAL)]
CALLS = [
    call.partition(" -- ")[0]
    for code in CODE
    for call in re.findall(r"(?:^|[|;&$(] ?)slogate ([^|;&]+)", code)
]
# flags of other tools that the manual speaks of
FOREIGN = {
    "locust": {"--processes", "--tags", "--master", "--expect-workers", "--worker",
               "--master-host", "--web-port", "--json-file", "--csv-full-history", "--config"},
    "the shop": {"--port"},
    "k6": {"--out", "--summary-export"},
    "autocannon": {"--ignoreCoordinatedOmission"},
    "vegeta": {"--to"},
    "oha": {"--output-format", "--latency-correction"},
    "wrk": {"--latency"},
}  # fmt: skip


def test_manual_shows_only_commands_that_exist():
    """What the manual calls is a command of this version."""
    shown = {call.split()[0] for call in CALLS}

    assert len(shown) > 5
    assert {word for word in shown if word.isalpha()} - set(COMMANDS) == set()


def test_manual_calls_commands_with_options_that_they_have():
    """A flag after one of our commands is one that this very command takes."""
    wrong = []
    for call in CALLS:
        names = [path for path, _ in TREE if f"slogate {call} ".startswith(f"{path} ")]
        known = {flag for path, command in TREE if path in names for flag in options_of(command)}
        flags = set(re.findall(r"(?<![\w-])--[a-z][a-zA-Z-]+", call)) - {"--debug", "--version"}
        if names and flags - known:
            wrong.append((call, flags - known))

    assert wrong == []


@pytest.mark.parametrize("flag", sorted(set(re.findall(r"(?<![\w-])--[a-z][a-zA-Z-]+", MANUAL))))
def test_manual_shows_only_options_that_exist(flag: str):
    """A flag in the manual is one of ours, or of a tool named in `FOREIGN`."""
    ours = {flag for _, command in TREE for flag in options_of(command)} | {"--debug", "--version"}

    assert flag in ours.union(*FOREIGN.values())


@commands
def test_help_speaks_no_python(path: str, command: Any):
    """What an option or an argument takes is a word for people, not a type."""
    shown = command.get_help(command.context_class(command, info_name=path))
    usage, _, options = shown.partition("\nOptions:")

    assert re.findall(r"<\w+[^>]*>|\bTEXT\b|\blist\[", usage + options) == []
