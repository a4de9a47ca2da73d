from __future__ import annotations

import pytest

from slogate.shop.options import read_options


def test_without_arguments_the_shop_is_quiet():
    """The defaults serve on this machine only, on port 8080, and degrade nothing."""
    options = read_options([])

    assert (options.host, options.port, options.seed) == ("127.0.0.1", 8080, None)
    assert (options.freeze, options.fail_window, options.access_log) == (None, None, False)
    assert {(e.factor, e.extra_us) for e in options.endpoints} == {(1.0, 0)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["--slow", "/cart=3"], "--slow: '3' is neither a factor", id="slow"),
        pytest.param(["--slow", "/cat=3x"], "there is no endpoint '/cat'", id="endpoint"),
        pytest.param(["--errors", "/cart=5"], "--errors: '5' is not a share", id="errors"),
        pytest.param(["--freeze", "1s"], "--freeze: '1s' has no '/'", id="freeze"),
        pytest.param(["--fail-window", "1s"], "--fail-window: '1s' has no '+'", id="window"),
        pytest.param(["--delay-ready", "2"], "--delay-ready: '2' is not a duration", id="ready"),
        pytest.param(["--port", "65536"], "--port: '65536' is not a port", id="port"),
        pytest.param(["--slo", "/cart=3x"], "unrecognized arguments: --slo", id="no-abbreviation"),
    ],
)
def test_a_mistake_is_explained_and_exits_with_2(arguments, sentence, capsys):
    """Every switch is checked before the shop listens."""
    with pytest.raises(SystemExit) as ending:
        read_options(arguments)

    assert ending.value.code == 2
    assert sentence in capsys.readouterr().err


def test_help_shows_an_example_of_every_degrading_switch(capsys):
    """The help can be copied from."""
    with pytest.raises(SystemExit) as ending:
        read_options(["-h"])
    examples = capsys.readouterr().out.partition("examples:")[2]

    assert ending.value.code == 0
    assert all(s in examples for s in ("--slow '", "--errors '", "--freeze ", "--fail-window "))
