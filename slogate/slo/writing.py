"""Nodes and plain data as YAML text, in one spelling.

Blocks are indented by two, lists below their key as well. A text is plain where every reader
takes it for that text (also those of YAML 1.1: `on`, dates and the like are quoted), else in
single quotes, else in double quotes; several lines are a literal block. Numbers stay as they
are written. Remarks (comments and empty lines) are handed in by the place of what they belong to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from slogate.slo.document import Listing, Node, Scalar, Table

WIDTH = 100
_OPEN = re.compile(r"[A-Za-z_/(µ][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*")
_UNSAFE = re.compile(r": |:$| #| $")
_UNSAFE_IN_FLOW = re.compile(r"[?,\[\]{}]|:[^A-Za-z0-9/]")
_QUANTITY = re.compile(
    r"([0-9]+(\.[0-9]+)?(us|µs|ms|s|m|h|d|w|M|Q|Y))+|[0-9]+(\.[0-9]+)?( ?%|/s|/m|/h)", re.ASCII
)
_WORDS = frozenset(("true", "false", "yes", "no", "on", "off", "y", "n", "null"))
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*")
_LITERAL = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]*")


class Number(str):
    """A number, as it is written."""

    __slots__ = ()


def plain(node: Node | None) -> Any:
    """The data of a node: dict, list, str, bool, None, and numbers as written."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return _data(node)
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.pairs}


def _data(node: Scalar) -> Any:
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text.lower() == "true"
    return Number(node.text) if node.kind == "number" else node.text


def node_of(data: Any) -> Node:
    """Plain data as a node, at no place."""
    if isinstance(data, Mapping):
        pairs = tuple((_scalar(key), node_of(value)) for key, value in data.items())
        return Table(line=0, column=0, pairs=pairs)
    if isinstance(data, list | tuple):
        return Listing(line=0, column=0, items=tuple(node_of(item) for item in data))
    if data is None:
        return Scalar(line=0, column=0, text="", kind="null")
    if isinstance(data, bool):
        return Scalar(line=0, column=0, text=str(data).lower(), kind="bool")
    if isinstance(data, Number | int | float):
        return Scalar(line=0, column=0, text=str(data), kind="number")
    return _scalar(data)


def _scalar(text: str) -> Scalar:
    return Scalar(line=0, column=0, text=text)


Place = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """Whole lines before, and a comment behind, what begins at a place; and what ends the text."""

    before: Mapping[Place, list[str]] = field(default_factory=dict)
    behind: Mapping[Place, str] = field(default_factory=dict)
    last: list[str] = field(default_factory=list)


def yaml_text(node: Node, remarks: Remarks | None = None) -> str:
    """A document as YAML, ending in a line end."""
    told = remarks or Remarks()
    return "".join(f"{line}\n" for line in _block(node, "", told)) or "null\n"


def flow_text(node: Node) -> str:
    """A node on one line."""
    if isinstance(node, Scalar):
        return _single(node, flow=True)
    if isinstance(node, Listing):
        return f"[{', '.join(flow_text(item) for item in node.items)}]"
    pairs = (f"{_single(key, flow=True)}: {flow_text(value)}" for key, value in node.pairs)
    return f"{{{', '.join(pairs)}}}"


def json_text(node: Node, indent: str = "") -> str:
    """A node as JSON, indented by two; numbers as they are written."""
    deeper = f"{indent}  "
    if isinstance(node, Scalar):
        if node.kind == "string":
            return json.dumps(node.text, ensure_ascii=False)
        return "null" if node.kind == "null" else node.text
    if isinstance(node, Listing):
        items = [f"{deeper}{json_text(item, deeper)}" for item in node.items]
        return "[\n" + ",\n".join(items) + f"\n{indent}]" if items else "[]"
    pairs = [
        f"{deeper}{json.dumps(key.text, ensure_ascii=False)}: {json_text(value, deeper)}"
        for key, value in node.pairs
    ]
    return "{\n" + ",\n".join(pairs) + f"\n{indent}}}" if pairs else "{}"


def _block(node: Node, indent: str, remarks: Remarks) -> Iterator[str]:
    """The lines of a node."""
    if isinstance(node, Scalar) or not _parts(node):
        yield f"{indent}{flow_text(node)}"
    elif isinstance(node, Table):
        for key, value in node.pairs:
            yield from _led(f"{_single(key, flow=False)}:", key, value, indent, remarks)
    else:
        for item in node.items:
            yield from _item(item, indent, remarks)


def _parts(node: Table | Listing) -> tuple[Any, ...]:
    return node.pairs if isinstance(node, Table) else node.items


def _item(item: Node, indent: str, remarks: Remarks) -> Iterator[str]:
    """An item of a list: its own lines, the first led by a dash."""
    yield from _before(item, indent, remarks)
    place = (item.line, item.column)
    if place in remarks.before:
        # what an item begins with has the item's own place
        others = {mark: lines for mark, lines in remarks.before.items() if mark != place}
        remarks = replace(remarks, before=others)
    if isinstance(item, Table) and item.pairs and not is_kept_flow(item, len(indent) + 2):
        for number, line in enumerate(_block(item, f"{indent}  ", remarks)):
            yield f"{indent}- {line[len(indent) + 2 :]}" if number == 0 else line
    else:
        yield from _led("-", item, item, indent, remarks, announced=True)


def _led(
    lead: str, mark: Node, value: Node, indent: str, remarks: Remarks, *, announced: bool = False
) -> Iterator[str]:
    """A key or a dash with what follows it."""
    if not announced:
        yield from _before(mark, indent, remarks)
    comment = remarks.behind.get((mark.line, mark.column))
    tail = f"  {comment}" if comment else ""
    if isinstance(value, Scalar) and is_literal(value):
        chomp = "" if value.text.endswith("\n") else "-"
        yield f"{indent}{lead} |{chomp}{tail}"
        for line in value.text.removesuffix("\n").split("\n"):
            yield f"{indent}  {line}" if line else ""
    elif isinstance(value, Scalar):
        written = _single(value, flow=False)
        yield f"{indent}{lead}{' ' if written else ''}{written}{tail}"
    elif not _parts(value) or is_kept_flow(value, len(indent) + len(lead) + 1):
        yield f"{indent}{lead} {flow_text(value)}{tail}"
    else:
        yield f"{indent}{lead}{tail}"
        yield from _block(value, f"{indent}  ", remarks)


def _before(mark: Node, indent: str, remarks: Remarks) -> Iterator[str]:
    for line in remarks.before.get((mark.line, mark.column), ()):
        yield f"{indent}{line}" if line else ""


def is_kept_flow(node: Node, column: int) -> bool:
    """Whether braces or brackets stay: written on one line that is not too long."""
    if isinstance(node, Scalar) or not node.flow or not _on_line(node, node.line):
        return False
    return column + len(flow_text(node)) <= WIDTH


def _on_line(node: Node, line: int) -> bool:
    if node.line != line or (isinstance(node, Scalar) and "\n" in node.text):
        return False
    if isinstance(node, Scalar):
        return True
    inner = node.items if isinstance(node, Listing) else [v for pair in node.pairs for v in pair]
    return all(_on_line(each, line) for each in inner)


def is_literal(node: Scalar) -> bool:
    """Whether a text is written as a block of lines."""
    text = node.text
    if node.kind != "string" or "\n" not in text or text.endswith("\n\n"):
        return False
    lines = text.split("\n")
    return bool(
        lines[0] and lines[0][0] not in " \t" and _LITERAL.fullmatch(text) and "\t" not in text
    ) and not any(line != "" and line.isspace() for line in lines)


def _single(node: Scalar, *, flow: bool) -> str:
    """A scalar on one line."""
    if node.kind == "null":
        return "null"
    if node.kind == "bool":
        return node.text.lower()
    if node.kind == "number" or _is_plain(node.text, flow=flow):
        return node.text
    if _PRINTABLE.fullmatch(node.text) and node.text:
        doubled = node.text.replace("'", "''")
        return f"'{doubled}'" if '"' in node.text or "\\" in node.text else f'"{node.text}"'
    return _escaped(node.text)


def _is_plain(text: str, *, flow: bool) -> bool:
    if _QUANTITY.fullmatch(text):
        return True
    if text.lower() in _WORDS or not _OPEN.fullmatch(text) or _UNSAFE.search(text):
        return False
    return not (flow and _UNSAFE_IN_FLOW.search(text))


def _escaped(text: str) -> str:
    """A text in double quotes; every character that YAML does not print is escaped."""
    return re.sub(
        "[\x7f-\xa0\u2028\u2029\ufeff]",
        lambda found: f"\\u{ord(found[0]):04x}",
        json.dumps(text, ensure_ascii=False),
    )
