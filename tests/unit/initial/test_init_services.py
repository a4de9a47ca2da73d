"""Several services in one folder are not mixed; folders that any project has are no services."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogate.cli.placing import top_of
from slogate.initial.found import Found
from slogate.initial.services import of_one_service
from slogate.initial.settled import Answers, is_here


def found(**kinds: tuple[str, ...]) -> Found:
    """Files that were found, by kind."""
    return Found(**{kind: [Path(each) for each in paths] for kind, paths in kinds.items()})


@pytest.mark.parametrize(
    ("descriptions", "locustfiles", "kept", "services"),
    [
        pytest.param(("a/o.yaml", "b/docs/o.yaml"), ("c/l.py",), [], ["a", "b"], id="side-by-side"),
        pytest.param(("a/o.yaml", "b/o.yaml"), ("a/x/l.py",), ["a/x/l.py"], ["a", "b"], id="own"),
        pytest.param(("a/o.yaml", "b/o.yaml"), ("l.py",), ["l.py"], ["a", "b"], id="for-all"),
        pytest.param(
            ("a/o.yaml", "b/o.yaml"), ("tests/l.py",), ["tests/l.py"], ["a", "b"], id="tests"
        ),
        pytest.param(
            ("s/a/o.yaml", "s/b/o.yaml"), ("s/b/l.py", "qa/l.py"), ["qa/l.py"], ["s/a", "s/b"],
            id="below",
        ),
        pytest.param(("o.yaml", "b/o.yaml"), ("c/l.py",), ["c/l.py"], [], id="one-at-the-top"),
        pytest.param(("docs/o.yaml", "b/o.yaml"), ("c/l.py",), ["c/l.py"], [], id="docs"),
        pytest.param(("v/1.yaml", "v/2.yaml"), ("c/l.py",), ["c/l.py"], [], id="versions"),
        pytest.param((), ("a/l.py", "b/l.py"), ["a/l.py"], ["a", "b"], id="locustfiles"),
        pytest.param(("a/o.yaml",), ("b/l.py",), ["b/l.py"], [], id="one-of-each"),
    ],
)  # fmt: skip
def test_files_of_other_services_are_left_out(descriptions, locustfiles, kept, services):
    """Load meant for one must not go to another."""
    left, folders = of_one_service(found(descriptions=descriptions, locustfiles=locustfiles))

    assert [str(each) for each in left.locustfiles] == kept
    assert [str(each) for each in folders] == services


def test_the_top_of_a_repository(tmp_path):
    """Where CI looks for its files; a folder outside of any is its own."""
    inner = tmp_path / "svc/one"
    inner.mkdir(parents=True)
    assert top_of(inner) == inner.resolve()

    (tmp_path / ".git").write_text("gitdir: elsewhere\n")

    assert top_of(inner) == tmp_path.resolve()


def test_the_way_up():
    """As many steps as there are folders."""
    told = {
        "service": "a b", "host": "", "ci": (), "branch": "", "action": None, "action_text": "",
        "version": "", "now_ts": 0,
    }  # fmt: skip

    assert Answers(**told, inside="svc/one").top == Path("../..")
    assert Answers(**told).top == Path()
    assert Answers(**told).slug == "a-b"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://api.example.com", False),
        ("http://127.example.com", False),
    ],
)
def test_whether_users_may_be_there(host, here):
    """The load of somebody else's machine is worth a word."""
    assert is_here(host) is here
