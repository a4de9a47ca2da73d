"""`spec fmt`: a spec of any format in its one spelling, comments and empty lines kept.

Keys come in the order of their reference, unknown ones stay behind those that they followed.
A comment goes with the key or item that it stands above, or behind. Nothing is believed: the
result is read again, and must hold the same data and the same comments. What cannot be kept (YAML
anchors) is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from slogate.errors import Fault
from slogate.slo.convert_words import same
from slogate.slo.document import LOADER, Listing, Node, Scalar, Table, read_stream
from slogate.slo.writing import Place, Remarks, is_kept_flow, json_text, plain, yaml_text

_ORDERS = tuple(
    tuple(order.split())
    for order in (
        "apiVersion kind metadata spec",
        "name namespace displayName labels annotations",
        "slogate service owner labels ok defaults budgets slos corrections openslo",
        "version service labels slo_plugins slos",
        (
            "name description endpoint where good indicator objective window budgeting slice "
            "slice_objective empty_slices by min_events severity on_no_data alerts policy openslo"
        ),
        "name endpoint where ok failures warmup",
        (
            "description service serviceRef indicator indicatorRef sli sliRef timeWindow "
            "timeWindows budgetingMethod objectives alertPolicies"
        ),
        "displayName op value target targetPercent timeSliceTarget timeSliceWindow ratioMetrics",
        "counter good bad total raw rawType",
        "metricSourceRef type spec",
        "dataSourceRef dataSourceSpec spec",
        "duration isRolling calendar",
        "unit count isRolling calendar",
        "name description objective labels sli alerting plugins",
        "startTime timeZone",
        "description type connectionDetails",
        (
            "description alertWhenNoData alertWhenResolved alertWhenBreaching conditions "
            "notificationTargets"
        ),
        "description severity condition",
        "kind op threshold lookbackWindow alertAfter",
    )
)
_FREE = ("labels", "annotations", "connectionDetails", "where")


class UnformattableError(ValueError):
    """The text cannot be rewritten without losing something; the fault says what."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def formatted(file: str, text: str) -> str:
    """The text in its one spelling; UnformattableError where that would lose something."""
    documents, faults = read_stream(file, text)
    if faults:
        raise UnformattableError(faults[0])
    if not documents:
        return text
    if len(documents) == 1 and _is_json(text):
        return f"{json_text(_ordered(documents[0]))}\n"
    notes = _Notes.of(file, text, documents)
    result = "---\n".join(yaml_text(_ordered(document), notes.remarks) for document in documents)
    result = f"{_lines(notes.head)}{result}{_lines(notes.remarks.last)}"
    _verify(file, result, documents, notes.comments)
    return result


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _is_json(text: str) -> bool:
    """Whether a text in braces or brackets is JSON."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in {"{", "["}:
        return False
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _ordered(node: Node, *, free: bool = False) -> Node:
    """The node with its keys in the order of the reference."""
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Listing):
        items = tuple(_ordered(item, free=free) for item in node.items)
        return Listing(
            line=node.line, column=node.column, items=items, size=node.size, flow=node.flow
        )
    names = [key.text for key, _ in node.pairs]
    ranks = {} if free else _ranks(names)
    pairs = tuple(
        (key, _ordered(value, free=free or key.text in _FREE or _is_query(key.text, names)))
        for key, value in sorted(node.pairs, key=lambda pair: ranks.get(pair[0].text, 0.0))
    )
    return replace(node, pairs=pairs)


def _is_query(key: str, names: Sequence[str]) -> bool:
    """Whether a `spec` is that of a source, which is free in form."""
    return key == "spec" and "metadata" not in names and "apiVersion" not in names


def _ranks(names: Sequence[str]) -> dict[str, float]:
    """The place of each key: by the order that knows most of them; others after the one before."""
    order = max(_ORDERS, key=lambda order: len({*names} & {*order}))
    ranks: dict[str, float] = {}
    last = -1.0
    for number, name in enumerate(names):
        if name in order:
            last = float(order.index(name))
            ranks[name] = last
        else:
            ranks[name] = last + (number + 1) / (len(names) + 2)
    return ranks


@dataclass(slots=True, kw_only=True)
class _Notes:
    """Comments and empty lines by the node that they belong to."""

    remarks: Remarks
    comments: list[str] = field(default_factory=list)
    head: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, file: str, text: str, documents: Sequence[Node]) -> _Notes:
        """Assign each line of comment to what begins next, each behind a value to its line."""
        behind_lines, whole_lines = _scanned(file, text)
        before: dict[Place, list[str]] = {}
        behind: dict[Place, str] = {}
        marks = sorted({place for document in documents for place in _marks(document, 0)})
        waiting: list[tuple[int, str]] = sorted(whole_lines.items())
        for line, comment in sorted(behind_lines.items()):
            on_line = [place for place in marks if place[0] == line]
            if on_line and on_line[-1] not in behind:
                behind[on_line[-1]] = comment
            else:
                waiting.append((line, comment))
        last: list[str] = []
        for line, comment in sorted(waiting):
            place = next((mark for mark in marks if mark[0] > line), None)
            (last if place is None else before.setdefault(place, [])).append(comment)
        first = min(marks, default=(0, 0))
        head, rest = _head(before.get(first, []))
        before[first] = rest
        tidy = {
            place: _single(lines, lead=place == first and not head)
            for place, lines in before.items()
        }
        remarks = Remarks(before=tidy, behind=behind, last=_last(last))
        comments = [
            comment for _, comment in [*behind_lines.items(), *whole_lines.items()] if comment
        ]
        return cls(remarks=remarks, comments=comments, head=head)


def _head(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a file begins with, to its last empty line, and what belongs to the first key."""
    tidy = _single(lines, lead=True)
    if "" not in tidy:
        return [], tidy
    end = len(tidy) - tidy[::-1].index("")
    return tidy[:end], tidy[end:]


def _single(lines: Sequence[str], *, lead: bool) -> list[str]:
    """Lines without two empty ones in a row, and none at the top of a file."""
    found: list[str] = []
    for line in lines:
        if line or (found and found[-1]) or (not found and not lead):
            found.append(line)
    return found


def _last(lines: Sequence[str]) -> list[str]:
    """What ends a file, without empty lines behind."""
    found = _single(lines, lead=False)
    while found and not found[-1]:
        found.pop()
    return found


def _marks(node: Node, column: int) -> Iterator[Place]:
    """Where the keys and items of a node begin that get a line of their own."""
    if isinstance(node, Scalar) or is_kept_flow(node, column):
        return
    if isinstance(node, Table):
        for key, value in node.pairs:
            yield key.line, key.column
            yield from _marks(value, 2)
    else:
        for item in node.items:
            yield item.line, item.column
            yield from _marks(item, 2)


def _scanned(file: str, text: str) -> tuple[dict[int, str], dict[int, str]]:
    """Comments behind something and whole lines of comment (or nothing), by line from 1."""
    fault = None
    for token in yaml.scan(text, Loader=LOADER):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken):
            mark = token.start_mark
            message = "anchors would be written out"
            fault = Fault(file=file, line=mark.line + 1, column=mark.column + 1, message=message)
            raise UnformattableError(fault)
    return comment_lines(text)


def comment_lines(text: str) -> tuple[dict[int, str], dict[int, str]]:
    """Comments behind something and whole lines of comment (or nothing), by line from 1."""
    lines = text.removeprefix("\ufeff").split("\n")
    taken: dict[int, int] = {}
    inside: set[int] = set()
    for token in yaml.scan(text, Loader=LOADER):
        start, end = token.start_mark, token.end_mark
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            head = lines[start.line].find(" #", start.column)
            taken[start.line] = head if head >= 0 else len(lines[start.line])
            inside |= set(range(start.line + 1, end.line + (1 if end.column else 0)))
        else:
            taken[end.line] = max(taken.get(end.line, 0), end.column)
            inside |= set(range(start.line + 1, end.line))
            if end.line > start.line:
                inside.add(end.line) if end.column else None
    behind: dict[int, str] = {}
    whole: dict[int, str] = {}
    for number, line in enumerate(lines[:-1] if lines and not lines[-1] else lines):
        stripped = line.strip()
        if number in inside and taken.get(number, 0) == 0:
            continue
        rest = line[taken.get(number, 0) :].strip()
        if number not in inside and (not stripped or stripped.startswith("#")):
            whole[number + 1] = stripped
        elif rest.startswith("#"):
            behind[number + 1] = rest
    return behind, whole


def _verify(file: str, result: str, documents: Sequence[Node], comments: Sequence[str]) -> None:
    """The same data, and the same comments."""
    again, faults = read_stream(file, result)
    behind, whole = comment_lines(result) if not faults else ({}, {})
    kept = sorted(comment for comment in [*behind.values(), *whole.values()] if comment)
    data: list[Any] = [plain(document) for document in documents]
    if faults or not same([plain(document) for document in again], data):
        message = "cannot be rewritten without changing it"
        raise UnformattableError(Fault(file=file, line=1, column=1, message=message))
    if kept != sorted(comments):
        message = "its comments cannot all be kept where they are"
        raise UnformattableError(Fault(file=file, line=1, column=1, message=message))
