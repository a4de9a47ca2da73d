"""Every line once, in order: appended, rotated, cut, compressed, and over restarts."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import random
import shutil

import pyarrow as pa
import pytest

from slogate.errors import SourceError
from slogate.follow.tail import Tail


class Log:
    """A log that is written to and rotated, and what was written in all."""

    rotated = "{0.name}.{1}"

    def __init__(self, path):
        self.path = path
        self.file = path.open("ab", buffering=0)
        self.lines = []

    def write(self, count=1):
        """Append lines, each different."""
        for _ in range(count):
            line = f"line {len(self.lines):06d} {'x' * (len(self.lines) % 97)}\n".encode()
            self.lines.append(line)
            self.file.write(line)

    def rename(self):
        """Rotate as logrotate's default does: move, then a new file of the old name."""
        self._shift()
        self.path.rename(self.named(1))
        self.file.close()
        self.file = self.path.open("ab", buffering=0)

    def copy_and_cut(self):
        """Rotate as copytruncate does."""
        self._shift()
        shutil.copy2(self.path, self.named(1))
        os.truncate(self.path, 0)

    def compress(self, pack=gzip.compress, suffix=".gz"):
        """Compress the youngest rotated file."""
        old = self.named(1)
        if not old.exists():
            return
        told = old.stat()
        packed = old.with_name(f"{old.name}{suffix}")
        packed.write_bytes(pack(old.read_bytes()))
        os.utime(packed, ns=(told.st_atime_ns, told.st_mtime_ns))
        old.unlink()

    def _shift(self):
        for number in range(30, 0, -1):
            for suffix in ("", ".gz"):
                old = self.named(number, suffix)
                if old.exists():
                    old.rename(self.named(number + 1, suffix))

    def named(self, number, suffix=""):
        """The rotated file of that number."""
        return self.path.with_name(self.rotated.format(self.path, number) + suffix)


@pytest.fixture
def log(tmp_path):
    """A log with nothing in it."""
    found = Log(tmp_path / "access.log")
    yield found
    found.file.close()


def drain(tail, *, last=False):
    """All that can be had now, and the position after it."""
    data, at = b"", None
    for _ in range(3):  # a file that was left behind is let go only when asked again
        while (piece := tail.pull(last=last)) is not None:
            data, at = data + piece.data, piece.position
    return data, at


def test_what_is_appended_comes_once_with_its_line(log):
    """Whole lines only; the next piece begins after the last one."""
    tail = Tail(log.path)
    log.write(3)
    first = tail.pull()
    log.file.write(b"half")
    assert tail.pull() is None
    log.file.write(b" whole\nnext\n")
    second = tail.pull()
    tail.close()

    assert first is not None
    assert (first.data, first.first_line) == (b"".join(log.lines), 1)
    assert second is not None
    assert (second.data, second.first_line) == (b"half whole\nnext\n", 4)
    assert second.position.lines == 5


@pytest.mark.parametrize("how", ["rename", "copy_and_cut"])
def test_rotation_loses_nothing(log, how):
    """What was written just before the rotation, and after it, in order."""
    tail = Tail(log.path)
    log.write(5)
    data, _ = drain(tail)
    log.write(5)
    getattr(log, how)()
    log.write(5)
    more, _ = drain(tail)
    tail.close()

    assert data + more == b"".join(log.lines)
    assert tail.notes == []


def test_a_writer_that_lets_go_late_is_waited_for(log):
    """Nginx writes to the renamed file until it opens the new one."""
    tail = Tail(log.path)
    log.write(2)
    assert tail.pull() is not None
    old = log.file
    log.path.rename(f"{log.path}.1")
    log.file = log.path.open("ab", buffering=0)
    assert tail.pull() is None
    old.write(b"late\n")
    old.close()
    log.write(1)
    data, _ = drain(tail)
    tail.close()

    assert data == b"late\n" + log.lines[-1]


@pytest.mark.parametrize("how", ["rename", "copy_and_cut"])
@pytest.mark.parametrize("packed", [False, True])
def test_it_goes_on_after_a_restart_and_two_rotations(log, how, packed):
    """What was moved, compressed and begun anew while nobody read is found and read."""
    tail = Tail(log.path)
    log.write(7)
    data, at = drain(tail)
    tail.close()
    log.write(3)
    getattr(log, how)()
    if packed:
        log.compress()
    log.write(4)
    getattr(log, how)()
    log.write(2)

    again = Tail(log.path, at)
    more, _ = drain(again)
    again.close()

    assert data + more == b"".join(log.lines)
    assert again.notes == []


def test_what_is_gone_is_said(log, tmp_path):
    """A file that was rotated away and deleted cannot be read any more: people are told."""
    tail = Tail(log.path)
    log.write(7)
    _, at = drain(tail)
    tail.close()
    log.rename()
    (tmp_path / "access.log.1").unlink()
    log.write(2)

    again = Tail(log.path, at)
    data, _ = drain(again)
    again.close()

    assert data == b"".join(log.lines[7:])
    assert "read up to line 7 is gone" in again.notes[0]


def test_a_pipe_in_the_place_of_the_log_is_not_waited_for(log):
    """It is no file that anybody could go on with."""
    log.path.unlink()
    os.mkfifo(log.path)

    with pytest.raises(SourceError, match="it is no regular file"):
        Tail(log.path).pull()


@pytest.mark.parametrize("rotated", ["{0.name}.{1}", "{0.stem}.{1}{0.suffix}"])
@pytest.mark.parametrize("seed", range(25))
def test_any_course_of_events_gives_each_line_once(log, seed, rotated):
    """Writes, both rotations, compression and restarts in any order."""
    log.rotated = rotated
    drawn = random.Random(seed)
    tail, at, read = Tail(log.path), None, b""
    for _ in range(40):
        match drawn.choice(["write", "write", "pull", "pull", "rename", "cut", "pack", "restart"]):
            case "write":
                log.write(drawn.randint(1, 40))
            case "rename" if at and at.offset:
                log.rename()
            case "cut" if at and at.offset:
                log.copy_and_cut()
            case "pack":
                log.compress()
            case "restart" if at:
                tail.close()
                tail = Tail(log.path, at)
            case _:
                data, now = drain(tail)
                read, at = read + data, now or at
    data, _ = drain(tail, last=True)
    tail.close()

    assert read + data == b"".join(log.lines)


def _zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("pack", "suffix"), [(bz2.compress, ".bz2"), (lzma.compress, ".xz"), (_zstd, ".zst")]
)
@pytest.mark.parametrize("running", [True, False])
def test_what_rotation_compressed_is_the_same_log(log, pack, suffix, running):
    """Read to its end before, it is not read again; else its rest is, whatever packed it."""
    log.write(40)
    tail = Tail(log.path)
    data, at = drain(tail)
    log.write(10)
    if running:
        data += drain(tail)[0]
    log.rename()
    log.compress(pack, suffix)
    log.write(5)
    if not running:
        tail.close()
        tail = Tail(log.path, at)

    data += drain(tail)[0]

    assert data == b"".join(log.lines)
    assert tail.notes == []
    tail.close()


@pytest.mark.parametrize("name", ["access.log-ssl_log", "access.log.json", "access.log-http2"])
def test_another_log_whose_name_begins_alike_is_not_followed(log, name):
    """It is written at the same time, and is no rotated part of ours."""
    other = log.path.with_name(name)
    other.write_bytes(b"other line\n" * 9)
    log.write(3)
    tail = Tail(log.path)
    data, _ = drain(tail)
    log.rename()
    log.write(3)
    with other.open("ab") as file:
        file.write(b"another line\n")
    data += drain(tail)[0]

    assert data == b"".join(log.lines)
    tail.close()


@pytest.mark.parametrize(
    "suffix", ["-20261127", ".2026-11-27", "-20261127T1010", "-Nov-2026", ".old", "~", "_1"]
)
def test_rotated_files_are_known_by_their_names(log, suffix):
    """Numbers, dates and the usual words."""
    log.write(3)
    tail = Tail(log.path)
    data, at = drain(tail)
    tail.close()
    log.write(3)
    log.path.rename(f"{log.path}{suffix}")
    log.file.close()
    log.file = log.path.open("ab", buffering=0)
    log.write(3)
    tail = Tail(log.path, at)
    data += drain(tail)[0]

    assert data == b"".join(log.lines)
    assert tail.notes == []
    tail.close()


@pytest.mark.parametrize(
    ("older", "younger"),
    [
        pytest.param("access.2.log", "access.1.log", id="numbers"),
        pytest.param("access-20261126.log", "access-20261127.log", id="days"),
        pytest.param("access.2026-11-26.0.log.gz", "access.2026-11-27.0.log", id="packed"),
        pytest.param("access_2026-11-26T10:05.log", "access_2026-11-26T11:05.log", id="hours"),
    ],
)
def test_rotation_before_the_ending_is_found(log, older, younger):
    """The file in which it stood, those called alike that came after it, and then the log."""
    log.write(3)
    tail = Tail(log.path)
    data, at = drain(tail)
    tail.close()
    for name in (older, younger):
        log.write(3)
        log.path.rename(log.path.with_name(name.removesuffix(".gz")))
        log.file.close()
        log.file = log.path.open("ab", buffering=0)
        if name.endswith(".gz"):
            packed = log.path.with_name(name)
            packed.write_bytes(gzip.compress(packed.with_suffix("").read_bytes()))
            told = packed.with_suffix("").stat()
            os.utime(packed, ns=(told.st_atime_ns, told.st_mtime_ns))
            packed.with_suffix("").unlink()
    log.write(3)
    tail = Tail(log.path, at)
    data += drain(tail)[0]

    assert data == b"".join(log.lines)
    assert tail.notes == []
    tail.close()


def test_the_log_of_another_process_is_no_rotated_one(log):
    """A number before the ending may name a worker: only names like those of ours are ours."""
    log.write(3)
    tail = Tail(log.path)
    data, at = drain(tail)
    tail.close()
    log.write(2)
    log.rename()
    log.path.with_name("access.2.log").write_bytes(b"another worker's line\n" * 9)
    log.write(2)
    tail = Tail(log.path, at)
    data += drain(tail)[0]

    assert data == b"".join(log.lines)
    tail.close()


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
@pytest.mark.parametrize("dated", ["access.log.2026-11-{}", "access-2026-11-{}.log"])
@pytest.mark.parametrize("running", [True, False])
def test_a_name_that_links_to_the_file_of_the_day(tmp_path, link, dated, running):
    """As Apache's rotatelogs makes it: the day's file is ours, and not another one besides."""
    path, lines, data, at = tmp_path / "access.log", [], b"", None
    tail = Tail(path)
    for day in range(10, 16):
        file = tmp_path / dated.format(day)
        file.touch()
        path.unlink(missing_ok=True)
        getattr(path, link)(file)
        for _ in range(2):
            lines.append(f"line {len(lines)} of day {day}\n".encode())
            with file.open("ab") as opened:
                opened.write(lines[-1][:8])
                opened.flush()
                if day != 12:  # nobody reads on that day
                    more, now = drain(tail)
                    data, at = data + more, now or at
                opened.write(lines[-1][8:])
        if not running:
            tail.close()
            tail = Tail(path, at)
    data += drain(tail, last=True)[0]
    tail.close()

    assert data == b"".join(lines)
    assert tail.notes == []
