"""What Locust itself says in its log: warnings, errors and tracebacks, without its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MOST_LINES = 15
_RECORD = re.compile(r"\[[^\]]+\] \S+?/(?P<level>[A-Z]+)/[^:]+: (?P<text>.*)")
_TABLE = re.compile(r"(Type|Name|Method)\s+(Name|# reqs)\b")


def own_words(log: str) -> str:
    """The last lines that explain something, indented; the last of all if there are none."""
    lines = list(_before_tables(log))
    telling = list(_telling(lines)) or lines
    return "\n".join(f"    {line}" for line in telling[-MOST_LINES:])


def first_error(log: str) -> str | None:
    """The text of the first record of level ERROR or CRITICAL."""
    for line in log.splitlines():
        record = _RECORD.match(line)
        if record is not None and record["level"] in {"ERROR", "CRITICAL"}:
            return record["text"]
    return None


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


def _telling(lines: list[str]) -> Iterator[str]:
    """Records of a warning or worse, and whatever is no record: tracebacks, usage, prints."""
    for line in lines:
        record = _RECORD.match(line)
        if record is None or record["level"] not in {"DEBUG", "INFO"}:
            yield line
