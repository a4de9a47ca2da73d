from __future__ import annotations

import os
import sys

import pytest

from slogate.cli.options import colour_wanted


@pytest.fixture(name="terminal")
def _terminal():
    leader, follower = os.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        yield stream
    os.close(leader)


@pytest.mark.parametrize(
    ("variables", "no_color", "wanted"),
    [
        pytest.param({}, False, True, id="a-terminal"),
        pytest.param({}, True, False, id="the-flag"),
        pytest.param({"NO_COLOR": "1"}, False, False, id="NO_COLOR"),
        pytest.param({"NO_COLOR": ""}, False, True, id="NO_COLOR-is-empty"),
        pytest.param({"TERM": "dumb"}, False, False, id="a-terminal-that-shows-none"),
    ],
)
def test_colour_is_for_terminals_that_show_it(monkeypatch, terminal, variables, no_color, wanted):
    """And whose user has not said no."""
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in ({"TERM": "xterm"} | variables).items():
        monkeypatch.setenv(name, value)

    assert colour_wanted(no_color=no_color) is wanted
