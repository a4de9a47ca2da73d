"""How a followed log is written is known by more than the few lines that have just come."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogate.errors import SourceError
from slogate.follow.follower import Followed, follow
from slogate.follow.journal import Wish
from slogate.follow.sample import LINES, Sample
from slogate.store.layout import Store, open_store

NOW = 1_795_694_400_000_000
LINE = '10.0.0.1 - - [26/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "x"'
CADDY = '{{"ts":1795687200.5,"duration":0.1,"status":200,"request":{{"uri":"/a{}"}}}}\n'
MAPPING = "time: ts\nduration: {column: duration, unit: s}\npath: request.uri\nstatus: status\n"


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def _follow(
    store: Store, log: Path, *later: str, told: list[str] | None = None, **options: str
) -> Followed:
    """Take in what is there, then what is appended each time that there is nothing more."""
    left = list(later)

    def wait(_seconds: float) -> bool:
        if left:
            _append(log, left.pop(0))
            return False
        return True

    wish = Wish(path=log, service="shop", options=options)
    said = told if told is not None else []
    return follow(store, wish, now_ts=lambda: NOW, wait=wait, tell=said.append)


def _append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


@pytest.mark.parametrize("restarted", [True, False])
def test_an_odd_line_that_comes_alone_is_bad_and_no_more(store, tmp_path, restarted: bool):
    """It is told with its place; what comes after it is read as before."""
    log = tmp_path / "access.log"
    log.write_text(f"{LINE} 0.100\n" * 3)
    told: list[str] = []
    later = ["nonsense\n", f"{LINE} 0.200\n"]

    if restarted:
        _follow(store, log)
        found = [_follow(store, log, text, told=told) for text in later]
        requests, bad = sum(each.requests for each in found), sum(each.bad for each in found)
    else:
        followed = _follow(store, log, *later, told=told)
        requests, bad = followed.requests - 3, followed.bad

    assert (requests, bad) == (1, 1)
    assert [line for line in told if line.startswith("bad row: ") and ":4: " in line]


def test_keys_that_an_odd_line_lacks_end_nothing(store, tmp_path):
    """A mapping's key is looked for in the lines before, too."""
    log, mapping = tmp_path / "caddy.json", tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING)
    log.write_text(CADDY.format(1) + CADDY.format(2))

    followed = _follow(
        store, log, '{"ts":1795687201.5,"msg":"renewed"}\n', CADDY.format(3), mapping=str(mapping)
    )

    assert (followed.requests, followed.bad, followed.left_out) == (3, 0, 1)


def test_a_form_that_changes_is_soon_read_by_its_new_one(store, tmp_path):
    """Lines of another log_format are bad until they are as many as were kept."""
    log = tmp_path / "access.log"
    log.write_text(f"{LINE} 0.100\n" * 2 * LINES)
    later = [f"{LINE} {LINES} rt=0.200\n" * LINES] * 3

    followed = _follow(store, log, *later)

    assert followed.requests >= 2 * LINES + 2 * LINES
    assert followed.requests + followed.bad == 5 * LINES


def test_what_the_first_lines_leave_open_still_ends_it(store, tmp_path):
    """A log whose own first lines are of no known form is refused, as without following."""
    log = tmp_path / "access.log"
    log.write_text("nonsense\n")

    with pytest.raises(SourceError, match="its format is not known"):
        _follow(store, log)


def test_what_cannot_be_judged_is_told_once(store, tmp_path):
    """Each time that lines come would be too often, and never too seldom."""
    log, told = tmp_path / "access.log", []
    log.write_text(f"{LINE}\n")

    _follow(store, log, f"{LINE}\n", f"{LINE}\n", told=told)

    assert [line for line in told if line.startswith("it has no response times")] == [told[0]]


def test_the_last_lines_are_kept_whole(tmp_path):
    """So many at most, none of them in part, however long they are."""
    sample = Sample(tmp_path / "none.log")
    assert sample.head(b"a\n") == b"a\n"
    sample.learn(b"".join(b"%d\n" % number for number in range(3 * LINES)))
    kept = sample.head(b"").splitlines()
    assert kept == [b"%d" % number for number in range(2 * LINES, 3 * LINES)]
    sample.learn(b"x" * 100_000 + b"\nlast\n")
    assert sample.head(b"new\n") == b"last\nnew\n"
