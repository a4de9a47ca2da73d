"""What Locust itself says in its log: warnings and errors, without its tables.

A traceback is told as one line, `locustfile.py:4: ValueError: no token`: the place is the last one
in a file of the user's own, none where the error came from a library alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

MOST_LINES = 15
_RECORD = re.compile(r"\[[^\]]+\] \S+?/(?P<level>[A-Z]+)/[^:]+: (?P<text>.*)")
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'  File "(?P<file>[^<"][^"]*)", line (?P<line>\d+)')
_PLACED = re.compile(r".+:\d+: \w")
_LIBRARY = re.compile(
    r"[/\\](site-packages|dist-packages|lib[/\\]python3[^/\\]*|slogate[/\\]recorders)[/\\]"
    r"|^src[/\\]gevent[/\\]"
)
_FAULT = re.compile(r"^slogate: (?P<fault>.+); the run will be incomplete$", re.MULTILINE)
_TABLE = re.compile(r"(Type|Name|Method)\s+(Name|# reqs)\b")


def own_words(log: str) -> str:
    """The last lines that explain something, indented; the last of all if there are none."""
    lines = list(_shortened(_before_tables(log)))
    telling = list(_telling(lines)) or lines
    return "\n".join(f"    {line}" for line in telling[-MOST_LINES:])


def first_error(log: str) -> str | None:
    """The text of the first record of level ERROR or CRITICAL, with its place if that is known."""
    lines = list(_shortened(line for line in log.splitlines() if line.strip()))
    for at, line in enumerate(lines):
        record = _RECORD.match(line)
        if record is not None and record["level"] in {"ERROR", "CRITICAL"}:
            beside = (*lines[at - 1 : at], *lines[at + 1 : at + 2])
            placed = (each for each in beside if _PLACED.match(each) and record["text"] in each)
            return next(placed, _with_what_follows(record["text"], lines[at + 1 : at + 2]))
    return None


def _with_what_follows(text: str, lines: list[str]) -> str:
    """`Uncaught exception in event handler: ` goes on in its traceback."""
    if not text.rstrip().endswith(":") or any(map(_RECORD.match, lines)):
        return text
    return " ".join([text.rstrip(), *lines])


def recorder_fault(log: str) -> str | None:
    """What the recorder said first of its own failing; None if nothing."""
    said = _FAULT.search(log)
    return said["fault"] if said else None


def read_log(path: Path) -> str:
    """The log as it is; empty if there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _before_tables(log: str) -> Iterator[str]:
    for line in log.splitlines():
        if _TABLE.match(line):
            return
        if line.strip():
            yield line


def _shortened(lines: Iterable[str]) -> Iterator[str]:
    """The lines with each traceback as one."""
    inside, place = False, ""
    for line in lines:
        if line == _TRACEBACK:
            inside, place = True, ""
        elif inside and line.startswith(" "):
            frame = _FRAME.match(line)
            if frame is not None and not _LIBRARY.search(frame["file"]):
                place = f"{frame['file']}:{frame['line']}: "
        elif inside:
            inside = False
            yield f"{place}{line}"
        else:
            yield line


def _telling(lines: list[str]) -> Iterator[str]:
    """Records of a warning or worse, and whatever is no record: tracebacks, usage, prints."""
    for line in lines:
        record = _RECORD.match(line)
        if record is None or record["level"] not in {"DEBUG", "INFO"}:
            yield line
