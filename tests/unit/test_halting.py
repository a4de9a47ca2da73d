"""What is at work is stopped when a signal comes, and is then no error of its own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from slogate import halting
from slogate.cli.app import _stop
from slogate.errors import Interrupted
from slogate.halting import halt, heed, hush, stoppable


@pytest.fixture(autouse=True)
def _not_told(monkeypatch):
    """Other tests of this process are not told to stop."""
    monkeypatch.setattr(halting, "_WHY", [])
    monkeypatch.setattr(halting, "_HUSHED", [])


def test_what_is_at_work_is_told_to_stop():
    """`halt` stops what is inside, and nothing that is done already."""
    told = []

    with stoppable(lambda: told.append("done")):
        pass
    with stoppable(lambda: told.append("one")), stoppable(lambda: told.append("two")):
        halt("interrupted")

    assert sorted(told) == ["one", "two"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_presses_twice_does_not_stop_the_last_words(number):
    """Until the program goes on with something else."""
    hush()
    _stop(number, None)
    heed()

    with pytest.raises((KeyboardInterrupt, Interrupted)):
        _stop(number, None)


def test_what_becomes_of_it_is_an_interruption():
    """The library's error after a stop is Interrupted, in the words of who stopped it."""

    def stop_and_fail() -> None:
        halt("stopped by SIGTERM")
        raise RuntimeError("Query interrupted")

    with pytest.raises(Interrupted, match="stopped by SIGTERM"), stoppable(int):
        stop_and_fail()


def test_another_error_stays_what_it_is():
    """Whatever goes wrong by itself is told as it is."""
    with pytest.raises(RuntimeError, match="broken"), stoppable(int):
        raise RuntimeError("broken")


def test_what_cannot_be_stopped_hides_no_signal():
    """A connection that is closed already, or refuses, stops nobody else's being stopped."""
    told = []

    def refuse() -> None:
        raise RuntimeError("closed")

    with stoppable(refuse), stoppable(lambda: told.append("other")):
        halt("interrupted")

    assert told == ["other"]


def test_a_librarys_error_of_a_signal_is_an_interrupt():
    """A library that is being imported makes an ImportError of Ctrl-C: it is no bug of ours."""
    program = (
        "from slogate.cli import attempt, tree\n"
        "from slogate.halting import halt\n"
        "def build():\n"
        "    halt('interrupted')\n"
        "    raise ImportError('an error while initializing the extension')\n"
        "tree.build = build\n"
        "raise SystemExit(attempt.attempt(['check']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
