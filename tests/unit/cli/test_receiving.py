from __future__ import annotations

import socket

import pytest

from slogate.cli.app import run


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--bind", "0.0.0.0:4318"], "--allow-remote", id="all addresses"),
        pytest.param(["--bind", "example.com:80"], "--allow-remote", id="a name"),
        pytest.param(["--bind", "[::]:4318"], "--allow-remote", id="IPv6"),
        pytest.param(["--bind", "4318"], "is no address", id="port alone"),
        pytest.param(["--bind", "127.0.0.1:70000"], "is no address", id="large port"),
        pytest.param(["--only", "logs"], "it is traces or metrics", id="signal"),
        pytest.param(["--for", "10"], "has no unit", id="no unit"),
        pytest.param(["--for", "0s"], "must be longer than 0", id="no time"),
        pytest.param(["--memory", "8"], "--max-body is more than --memory", id="memory"),
        pytest.param(["-O", "service=x"], "a receiver has no option 'service'", id="option"),
        pytest.param(["-O", "unit=h"], "option unit is 'h'", id="unit"),
    ],
)
def test_what_is_refused(tmp_path, capsys, options, words):
    """A wrong call is exit 2, says what is wrong, and leaves no store behind."""
    code = run(["receive", "--store", str(tmp_path / "st"), *options])

    assert code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "st").exists()


def test_a_port_that_is_taken(tmp_path, capsys):
    """Somebody else listens there: exit 2, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code = run(["receive", "--store", str(tmp_path / "st"), "--bind", f"127.0.0.1:{port}"])

    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err
