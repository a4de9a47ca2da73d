"""`slogate import --follow`: a log that is written, rotated and whose follower is killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from slogate.cli.following import given_log
from slogate.store.layout import open_store
from slogate.store.manifest import list_runs

pytestmark = pytest.mark.e2e
PATIENCE_S = 60.0


def line(number: int) -> str:
    """A line of nginx with its request's time; the number of bytes tells which it is."""
    moment = f"26/Nov/2026:10:{number // 60 % 60:02d}:{number % 60:02d} +0000"
    return f'10.0.0.1 - - [{moment}] "GET /a HTTP/1.1" 200 {number} "-" "x" 0.{number % 1000:03d}\n'


@pytest.fixture
def start():
    """Starts followers of access.log in a folder; none is left."""
    started = []

    def begin(folder: Path, *words: str) -> subprocess.Popen[str]:
        started.append(_start(folder, *words))
        return started[-1]

    yield begin
    for follower in started:
        follower.kill()
        follower.communicate()


def _start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "slogate", "import", "--follow", "access.log",
         "--service", "shop", "--every", "100ms", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def numbers(folder: Path) -> list[int]:
    """Which lines are stored, by the parts that the manifests name."""
    root = folder / ".slogate"
    if not (root / "format").exists():
        return []
    store = open_store(root)
    parts = [store.root / part for run in list_runs(store) for part in run.parts]
    return sorted(
        n for part in parts for n in pq.read_table(part, partitioning=None)["bytes"].to_pylist()
    )


def until(condition) -> None:
    """Wait for a condition."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < PATIENCE_S
        time.sleep(0.05)


def end(follower: subprocess.Popen[str]) -> tuple[int, str, str]:
    """SIGTERM, and how it ended."""
    follower.send_signal(signal.SIGTERM)
    out, err = follower.communicate(timeout=PATIENCE_S)
    return follower.returncode, out, err


def test_a_log_has_one_name(tmp_path, monkeypatch):
    """Whichever way leads to it: followed by another, it would be stored twice."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to("logs")
    (tmp_path / "logs" / "current.log").symlink_to("20261127.log")
    monkeypatch.chdir(tmp_path)
    ways = ["logs/current.log", "link/current.log", f"{tmp_path}/logs/../logs/current.log"]

    assert {given_log([way]) for way in ways} == {tmp_path.resolve() / "logs" / "current.log"}


def test_each_line_is_stored_once_whoever_is_killed(tmp_path, start):
    """Four followers killed while they store; the log grows and rotates; the last one ends."""
    drawn, written = random.Random(3), 0
    log = tmp_path / "access.log"
    log.write_text(line(0))
    for turn in range(4):
        follower, before = start(tmp_path), len(numbers(tmp_path))
        until(lambda before=before: len(numbers(tmp_path)) > before)
        pause = time.monotonic() + drawn.uniform(0.0, 0.5)
        while time.monotonic() < pause:
            with log.open("a") as file:
                for _ in range(drawn.randint(1, 50)):
                    written += 1
                    file.write(line(written))
            time.sleep(0.01)
        follower.kill()
        follower.communicate()
        with log.open("a") as file:
            written += 1
            file.write(line(written))
        if turn % 2:
            for number in range(9, 0, -1):
                old = tmp_path / f"access.log.{number}"
                if old.exists():
                    old.rename(tmp_path / f"access.log.{number + 1}")
            log.rename(tmp_path / "access.log.1")
            log.write_text("")

    follower = start(tmp_path, "--json")
    until(lambda: len(numbers(tmp_path)) > written)
    code, out, err = end(follower)

    assert (code, err.count("missing")) == (0, 0), err
    assert numbers(tmp_path) == list(range(written + 1))
    (run,) = list_runs(open_store(tmp_path / ".slogate"))
    assert (run.id, run.state, run.kind) == (json.loads(out)["run"], "complete", "production")
    assert run.rows.written == written + 1


def test_bad_lines_are_counted_with_their_place(tmp_path, start):
    """A line that is no request is told with its number in the whole file, and the rest is kept."""
    log = tmp_path / "access.log"
    log.write_text("".join(map(line, range(5))))
    follower = start(tmp_path)
    until(lambda: len(numbers(tmp_path)) == 5)
    with log.open("a") as file:
        file.write(f"{line(5)}nonsense\n{line(6)}")
    until(lambda: len(numbers(tmp_path)) == 7)
    code, out, err = end(follower)

    assert (code, "bad row: " in err, "access.log:7: " in err) == (0, True, True), err
    assert "followed 7 requests, 1 bad row" in out


def test_what_is_left_out_is_told_at_the_end(tmp_path, start):
    """Messages of a log that are no requests are counted beside what was stored."""
    told = {"ts": 1_795_687_200, "latency_ms": 1, "path": "/a", "bytes": 0}
    lines = [json.dumps(told), json.dumps({"ts": 1_795_687_201, "msg": "renewed"})]
    (tmp_path / "access.log").write_text("".join(f"{each}\n" for each in lines))
    follower = start(tmp_path)
    until(lambda: numbers(tmp_path) == [0])
    code, out, err = end(follower)

    assert (code, "followed 1 request, 0 bad rows, 1 left out, as run" in out) == (0, True), err


def test_strict_stops_at_the_first_bad_line(tmp_path, start):
    """Exit 2 with the place; what was stored before stays, and nothing after it is passed over."""
    log = tmp_path / "access.log"
    log.write_text("".join(map(line, range(5))))
    follower = start(tmp_path, "--strict")
    until(lambda: len(numbers(tmp_path)) == 5)
    with log.open("a") as file:
        file.write(f"{line(5)}nonsense\n{line(6)}")
    _, err = follower.communicate(timeout=PATIENCE_S)

    assert (follower.returncode, "access.log:7: " in err) == (2, True), err
    assert numbers(tmp_path) == list(range(5))


def test_a_second_follower_is_refused(tmp_path, start):
    """Two at once would store each line twice."""
    (tmp_path / "access.log").write_text(line(0))
    first = start(tmp_path)
    until(lambda: len(numbers(tmp_path)) == 1)
    second = start(tmp_path)
    _, err = second.communicate(timeout=PATIENCE_S)
    end(first)

    assert (second.returncode, "being followed" in err) == (2, True), err
    assert numbers(tmp_path) == [0]


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        pytest.param(None, [], "there is no file", id="missing"),
        pytest.param(
            "timeStamp,elapsed,label,success\n1764000000123,3,a,true\n", [], "cannot be followed",
            id="a format with a header",
        ),
        pytest.param("what is this\n", [], "format is not known", id="unknown"),
        pytest.param(line(0), ["--every", "x"], "--every", id="no length of time"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_refused(tmp_path, start, content, words, message):
    """A sentence and exit 2, no traceback."""
    if content is not None:
        (tmp_path / "access.log").write_text(content)
    follower = start(tmp_path, *words)
    _, err = follower.communicate(timeout=PATIENCE_S)

    assert (follower.returncode, message in err) == (2, True), err
