"""Remarks that a file says are to be let be: `# slogate: ignore RULE: because`.

The comment stands behind a key or an item, or above it, and speaks of all that this holds; above
the first key it speaks of the whole file. Several rules are separated by commas. Without a reason
nothing is let be. Faults cannot be: there is no spec as long as they stand. What names no rule, has
no reason or lets nothing be is remarked on itself; of rules that were not asked (no plan, no store)
nobody can tell.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import yaml

from slogate.slo.document import Listing, Node, Scalar, Table, read_stream
from slogate.slo.fields import printable
from slogate.slo.formatting import comment_lines
from slogate.slo.lint import Remark
from slogate.slo.rules import Entry, budget

_MARK = re.compile(r"#\s*slogate:\s*ignore\b(?P<rules>[^:]*)(?::(?P<reason>.*))?$")
_LONGEST = 400
_EVERYWHERE = (0, 10**9)

IGNORE_RULES: tuple[Entry, ...] = (
    Entry(
        id="ignore-unknown",
        severity="warning",
        help="A comment names no rule that could be ignored.",
        why="What it was to let be is told again, or was never told: most often a slip.",
        wrong=budget("p95: 300ms", "judge: observed  # slogate: ignore point-rul: as before"),
        right=budget("p95: 300ms", "judge: observed  # slogate: ignore point-rule: as before"),
    ),
    Entry(
        id="ignore-without-reason",
        severity="warning",
        help="A comment ignores a rule and says no reason.",
        why="In a year nobody knows whether it still holds. Until it has one it ignores nothing.",
        wrong=budget("p95: 300ms", "errors: 0  # slogate: ignore zero-errors"),
        right=budget("p95: 300ms", "errors: 0  # slogate: ignore zero-errors: payments"),
    ),
    Entry(
        id="ignore-unused",
        severity="info",
        help="A comment ignores a rule that has nothing to say there.",
        why="It would silently let be what somebody writes there later.",
        wrong=budget("p95: 300ms  # slogate: ignore zero-errors: payments"),
        right=budget("p95: 300ms"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """A comment: where it stands, the lines that it speaks of, what it lets be and why."""

    line: int
    column: int
    lines: tuple[int, int]
    rules: tuple[str, ...]
    reason: str


def let_be(
    file: str, text: str, remarks: Sequence[Remark], known: Mapping[str, bool]
) -> list[Remark]:
    """The remarks on a file, with the reasons of those that it lets be, and remarks on these.

    `known` tells of each rule that can be ignored whether it was asked.
    """
    ignores = ignores_of(text)
    used: set[tuple[int, str]] = set()
    found: list[Remark] = []
    for remark in remarks:
        by = next((i for i in ignores if remark.rule in i.rules and _speaks_of(i, remark)), None)
        if by is None or remark.rule not in known:
            found.append(remark)
            continue
        used.add((by.line, remark.rule))
        found.append(replace(remark, ignored=by.reason) if by.reason else remark)
    return [*found, *(r for i in ignores for r in _remarks(file, i, used, known))]


def _speaks_of(ignore: Ignore, remark: Remark) -> bool:
    return ignore.lines[0] <= remark.line <= ignore.lines[1]


def _remarks(
    file: str, ignore: Ignore, used: Collection[tuple[int, str]], known: Mapping[str, bool]
) -> Iterator[Remark]:
    def made(number: int, message: str, hint: str | None) -> Remark:
        rule = IGNORE_RULES[number]
        return Remark(
            file=file,
            line=ignore.line,
            column=ignore.column,
            rule=rule.id,
            severity=rule.severity,
            path="",
            message=printable(message, _LONGEST),
            hint=hint,
        )

    if not ignore.rules:
        yield made(0, "no rule is named", "# slogate: ignore RULE: because")
    for rule in ignore.rules:
        if rule not in known:
            near = difflib.get_close_matches(rule[:60], known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "`slogate docs lint-rules` lists them"
            yield made(0, f"there is no rule '{printable(rule, 60)}' that can be ignored", hint)
        elif not ignore.reason:
            yield made(1, f"no reason is given for ignoring {rule}", "write `: because …` behind")
        elif known[rule] and (ignore.line, rule) not in used:
            yield made(2, f"{rule} has nothing to say here", "take it out")


def ignores_of(text: str) -> list[Ignore]:
    """All such comments of a text, in their order; none where it cannot be read."""
    lines = text.removeprefix("\ufeff").split("\n")
    if not any(_MARK.search(line.rstrip()) for line in lines) or re.search("\r(?!\n)", text):
        return []
    documents, faults = read_stream("", text)
    if faults or not documents:
        return []
    try:
        behind, whole = comment_lines(text)
    except yaml.YAMLError:
        return []
    extents, found = _extents(documents), []
    for line, comment in sorted({**behind, **whole}.items()):
        mark = _MARK.search(comment)
        if mark is not None:
            rules = (rule.strip() for rule in mark["rules"].split(","))
            found.append(
                Ignore(
                    line=line,
                    column=lines[line - 1].rfind(comment) + 1,
                    lines=_spoken_of(line, line in whole, extents, whole),
                    rules=tuple(rule for rule in rules if rule),
                    reason=(mark["reason"] or "").strip(),
                )
            )
    return found


def _spoken_of(
    line: int, alone: bool, extents: Mapping[int, int], whole: Mapping[int, str]
) -> tuple[int, int]:
    """The first and last line of what a comment stands at."""
    if alone:
        if line < min(extents, default=0):
            return _EVERYWHERE
        while line in whole:
            line += 1
    return line, max(line, extents.get(line, line))


def _extents(documents: Sequence[Node]) -> dict[int, int]:
    """To which line reaches what begins on a line."""
    found: dict[int, int] = {}

    def walk(node: Node) -> int:
        last = node.line
        if isinstance(node, Table):
            for key, value in node.pairs:
                end = max(key.line, walk(value))
                found[key.line] = max(found.get(key.line, 0), end)
                last = max(last, end)
        elif isinstance(node, Listing):
            for item in node.items:
                end = walk(item)
                found[item.line] = max(found.get(item.line, 0), end)
                last = max(last, end)
        return last

    for document in documents:
        if not isinstance(document, Scalar):
            walk(document)
    return found
