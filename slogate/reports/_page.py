"""Text on a page of so many columns: how wide it is, how it is cut and how it is wrapped.

Wide characters take two columns, combining ones none. A number keeps its unit on its line.
"""

from __future__ import annotations

import re
import unicodedata

# a space between a number and its noun is no place to break a line
_BREAK = re.compile(r"(?<!\(exit) (?!(?<=\d )(?:µs|ms|s|min|h|d|%|objectives)(?:\W|$))")


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def elide(text: str, columns: int) -> str:
    """The text in at most so many columns, its middle left out if need be."""
    if width(text) <= columns:
        return text
    tail = _fitting(text[::-1], (columns - 1) // 2)[::-1]
    return f"{_fitting(text, columns - 1 - width(tail))}…{tail}"


def _fitting(text: str, columns: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:index]
    return text


def cell(text: str, columns: int, *, right: bool = False) -> str:
    """The text in exactly so many columns, at their left or right end."""
    shown = elide(text, columns)
    blank = " " * (columns - width(shown))
    return blank + shown if right else shown + blank


def wrap(text: str, indent: str, columns: int) -> list[str]:
    """The words of the text in indented lines of at most so many columns."""
    lines: list[str] = []
    room = columns - width(indent)
    for each in _BREAK.split(text):
        piece = elide(each, room)
        if lines and width(lines[-1]) + 1 + width(piece) <= room:
            lines[-1] += f" {piece}"
        else:
            # CI systems take a line that starts with `::` for a command
            lines.append(elide(f"\\{piece}", room) if piece.startswith("::") else piece)
    return [indent + line for line in lines]


def bullet(text: str, columns: int) -> list[str]:
    """The text as an item of a list."""
    first, *more = wrap(text, "  ", columns)
    return [f"- {first[2:]}", *more]
