"""What is shown of work that takes long, and that nothing is shown where nobody looks."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stderr

import pytest

from slogate.cli import busy


class Screen(io.StringIO):
    """A terminal to write to."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.fixture(name="screen")
def _screen(monkeypatch) -> Screen:
    """A terminal as stderr, whose reader has no patience."""
    monkeypatch.setattr(busy, "PATIENCE_S", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


def test_work_that_takes_long_is_named(screen):
    """As soon as it does, and until it is over."""
    with redirect_stderr(screen), busy.waiting("judging", quiet=False):
        until = time.monotonic() + 20
        while "judging" not in screen.getvalue() and time.monotonic() < until:
            time.sleep(0.01)

    assert "judging" in screen.getvalue()


def test_nothing_is_shown_where_nobody_looks(screen, monkeypatch):
    """Neither with --quiet, nor in a pipe."""
    with redirect_stderr(screen), busy.waiting("judging", quiet=True):
        pass
    monkeypatch.setattr(screen, "isatty", lambda: False)
    with redirect_stderr(screen), busy.waiting("judging", quiet=False):
        pass

    assert screen.getvalue() == ""


def test_what_fails_meanwhile_is_raised(screen):
    """And the cursor is there again."""
    with (
        redirect_stderr(screen),
        pytest.raises(ValueError, match="no"),
        busy.waiting("judging", quiet=False),
    ):
        raise ValueError("no")

    assert screen.getvalue().count("\x1b[?25l") == screen.getvalue().count("\x1b[?25h")
