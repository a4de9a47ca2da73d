"""`slogate docs` as a user calls it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from slogate.cli.app import run
from slogate.cli.docs import pages

PAGES = pages()


def on_a_terminal(*arguments: str) -> str:
    """What the command prints where stdout is a terminal of 80 columns."""
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "slogate", "docs", *arguments],
        stdout=writer, stdin=subprocess.DEVNULL, env=environment,
    ) as process:  # fmt: skip
        os.close(writer)
        shown = b""
        while True:
            try:
                piece = os.read(reader, 65536)
            except OSError:  # Linux says so when the last writer has gone
                break
            if not piece:
                break
            shown += piece
    os.close(reader)

    assert process.returncode == 0
    return shown.decode()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.topic)
def test_each_topic_is_printed_as_written(page, capsys: pytest.CaptureFixture[str]):
    """Into a pipe a page goes as plain Markdown, without the comment at its head."""
    code = run(["docs", page.topic])

    assert code == 0
    assert capsys.readouterr().out == page.text
    assert page.text.startswith("# ")


def test_list_of_topics(capsys: pytest.CaptureFixture[str]):
    """Without a topic all topics are listed, and `--json` lists the same."""
    run(["docs"])
    shown = capsys.readouterr().out
    run(["docs", "--json"])
    listed = json.loads(capsys.readouterr().out)

    assert [entry["topic"] for entry in listed] == [page.topic for page in PAGES]
    assert all(entry["topic"] in shown and entry["summary"] in shown for entry in listed)


def test_page_as_json(capsys: pytest.CaptureFixture[str]):
    """A page as JSON holds its title and its text."""
    run(["docs", "exit-codes", "--json"])

    document = json.loads(capsys.readouterr().out)

    assert document["title"] == "Exit codes"
    assert document["text"].startswith("# Exit codes\n")


def test_unknown_topic_is_exit_2(capsys: pytest.CaptureFixture[str]):
    """An unknown topic is a usage error: one sentence and a hint on stderr, nothing on stdout."""
    code = run(["docs", "exitcodes"])

    printed = capsys.readouterr()
    assert code == 2
    assert printed.out == ""
    assert "did you mean 'exit-codes'?" in printed.err


def test_terminal_gets_it_rendered():
    """On a terminal the table is drawn and the marks of Markdown are gone."""
    shown = on_a_terminal("exit-codes")

    assert "\x1b[" in shown
    assert "|---|" not in shown


def test_terminal_without_colour_gets_it_plain():
    """With `--no-color` a terminal gets the text as it is written."""
    assert "\x1b[" not in on_a_terminal("exit-codes", "--no-color")
