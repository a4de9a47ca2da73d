"""A text with its nodes, and edits of it by place: a few characters change, all others stay.

JSON and files with lone carriage returns are not edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slogate.slo.document import Listing, Node, Scalar, Table, read_stream

BREAK = re.compile("\r\n|\n")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edit:
    """`text` in place of the characters from `start` to `end`."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text with its nodes, addressed by lines and columns."""

    text: str
    documents: tuple[Node, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Source | None:
        """None for what is not edited: JSON, lone carriage returns."""
        documents, _ = read_stream("", text)
        is_json = text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}
        if is_json or re.search("\r(?!\n)", text):
            return None
        head = 1 if text.startswith("\ufeff") else 0
        starts = (head, *(found.end() for found in BREAK.finditer(text)))
        return cls(text=text, documents=tuple(documents), starts=starts)

    def at(self, line: int, column: int) -> int:
        """The offset of a place."""
        return self.starts[line - 1] + column - 1

    def lines(self, start: int, end: int) -> tuple[int, int]:
        """The lines that a span lies in, with their ends."""
        first = max(begin for begin in self.starts if begin <= start)
        return first, min((begin for begin in self.starts if begin > end), default=len(self.text))

    def span(self, node: Scalar) -> tuple[int, int] | None:
        """Where the text of a scalar stands, without quotes; None where it is written otherwise."""
        if node.inset is None:
            return None
        start = self.at(node.line, node.column) + node.inset
        end = start + len(node.text)
        return (start, end) if self.text[start:end] == node.text else None

    def nodes(self) -> Iterator[Node]:
        """All tables, lists and values."""
        waiting = [*self.documents]
        while waiting:
            node = waiting.pop()
            yield node
            if isinstance(node, Table):
                waiting += [value for _, value in node.pairs]
            elif isinstance(node, Listing):
                waiting += node.items


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with these edits, which lie apart."""
    for edit in sorted(edits, reverse=True):
        text = f"{text[: edit.start]}{edit.text}{text[edit.end :]}"
    return text


def overlap(edits: Sequence[Edit], other: Edit) -> bool:
    """Whether an edit touches one of these."""
    return any(edit.start <= other.end and other.start <= edit.end for edit in edits)
