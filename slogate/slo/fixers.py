"""What can be mended without a doubt: an edit for a remark, by the id of its rule.

Only what leaves the meaning as it is, or what could not be read at all and is spelt wrong in case
or punctuation alone. Where comments or unusual layout stand in the way there is no edit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.edits import Edit, Source
from slogate.slo.lint import Remark
from slogate.slo.openslo.durations import length_us

Fixer = Callable[[Source, Remark], Edit | None]
_DAY_US = length_us("1d")


def _key_at(source: Source, remark: Remark) -> tuple[Table, int] | None:
    """The table and the number of its pair whose key stands at the place of a remark."""
    for node in source.nodes():
        if isinstance(node, Table):
            for index, (key, _) in enumerate(node.pairs):
                if (key.line, key.column) == (remark.line, remark.column):
                    return node, index
    return None


def _value_at(source: Source, remark: Remark) -> Scalar | None:
    for node in source.nodes():
        if isinstance(node, Scalar) and (node.line, node.column) == (remark.line, remark.column):
            return node
    return None


def _suggested(remark: Remark) -> str | None:
    found = re.fullmatch("did you mean '(.+)'\\?", remark.hint or "")
    return found[1] if found else None


def _folded(word: str) -> str:
    return re.sub("[-_ ]", "", word).lower()


def _spelt(source: Source, node: Scalar, word: str | None) -> Edit | None:
    """The word in place of one that differs in case, hyphens and underscores alone."""
    span = source.span(node)
    if span is None or word is None or _folded(word) != _folded(node.text):
        return None
    return Edit(start=span[0], end=span[1], text=word)


def _unknown_key(source: Source, remark: Remark) -> Edit | None:
    found, word = _key_at(source, remark), _suggested(remark)
    if found is None or word is None or found[0].key(word) is not None:
        return None
    return _spelt(source, found[0].pairs[found[1]][0], word)


def _unknown_word(source: Source, remark: Remark) -> Edit | None:
    node = _value_at(source, remark)
    return None if node is None else _spelt(source, node, _suggested(remark))


def _renamed(source: Source, remark: Remark) -> Edit | None:
    found = _key_at(source, remark)
    new = re.search("is called '(.+)' here", remark.message)
    if found is None or new is None or found[0].key(new[1]) is not None:
        return None
    span = source.span(found[0].pairs[found[1]][0])
    return None if span is None else Edit(start=span[0], end=span[1], text=new[1])


def _replaced(source: Source, remark: Remark, word: Callable[[str], str]) -> Edit | None:
    node = _value_at(source, remark)
    span = None if node is None else source.span(node)
    if node is None or span is None:
        return None
    return Edit(start=span[0], end=span[1], text=word(node.text))


def _minutes(source: Source, remark: Remark) -> Edit | None:
    return _replaced(source, remark, lambda text: f"{text}m")


def _days(source: Source, remark: Remark) -> Edit | None:
    return _replaced(source, remark, lambda text: f"{length_us(text) // _DAY_US}d")


def _added(source: Source, remark: Remark, pair: str) -> Edit | None:
    """A pair before the first of the table at the place of a remark."""
    for node in source.nodes():
        if isinstance(node, Table) and (node.line, node.column) == (remark.line, remark.column):
            if not node.pairs or node.pairs[0][0].inset is None:
                return None
            first = node.pairs[0][0]
            start = source.at(first.line, first.column)
            newline = "\r\n" if "\r\n" in source.text else "\n"
            rest = ", " if node.flow else newline + " " * (first.column - 1)
            return Edit(start=start, end=start, text=f"{pair}{rest}")
    return None


def _kind(source: Source, remark: Remark) -> Edit | None:
    return _added(source, remark, "kind: burnrate")


def _rolling(source: Source, remark: Remark) -> Edit | None:
    return _added(source, remark, "isRolling: true")


def _without_pair(source: Source, remark: Remark) -> Edit | None:
    found = _key_at(source, remark)
    if found is None or len(found[0].pairs) < 2:
        return None
    table, index = found
    keys, values = [key for key, _ in table.pairs], [value for _, value in table.pairs]
    return _cut(source, keys, values, index)


def _without_item(source: Source, remark: Remark) -> Edit | None:
    for node in source.nodes():
        for index, item in enumerate(node.items if isinstance(node, Listing) else ()):
            here = (item.line, item.column) == (remark.line, remark.column)
            if here and index and isinstance(node, Listing):
                return _cut(source, [*node.items], [*node.items], index)
    return None


def _cut(source: Source, begins: Sequence[Node], ends: Sequence[Node], index: int) -> Edit | None:
    """One of several with what separates it; None where comments or layout stand in the way."""
    start = source.at(begins[index].line, begins[index].column)
    end = _end(source, ends[index])
    if end is None:
        return None
    line, ending = source.lines(start, end)
    dash = r"\s*-\s+" if begins[index] is ends[index] else r"\s*"
    if re.fullmatch(dash, source.text[line:start]) and not source.text[end:ending].strip():
        return Edit(start=line, end=ending)
    if index + 1 < len(begins):
        after = source.at(begins[index + 1].line, begins[index + 1].column)
        return Edit(start=start, end=after) if _bare(source, end, after) else None
    before = _end(source, ends[index - 1]) if index else None
    if before is None or not _bare(source, before, start):
        return None
    return Edit(start=before, end=end)


def _bare(source: Source, start: int, end: int) -> bool:
    """Whether nothing but a separator stands there."""
    return re.fullmatch(r"[\s,]*", source.text[start:end]) is not None


def _end(source: Source, node: Node) -> int | None:
    """The offset behind a node that is written plainly; None where that is not sure."""
    if isinstance(node, Scalar):
        span = source.span(node)
        quoted = node.inset == 1
        return None if span is None else span[1] + quoted
    inner = node.items if isinstance(node, Listing) else [value for _, value in node.pairs]
    last = _end(source, inner[-1]) if inner else None
    if last is None or not node.flow:
        return last
    bracket = re.compile(r"[\s,]*[}\]]").match(source.text, last)
    return bracket.end() if bracket else None


FIXERS: Mapping[str, Fixer] = {
    "unknown-key": _unknown_key,
    "unknown-word": _unknown_word,
    "alert-twice": _without_item,
    "openslo/slice-number": _minutes,
    "openslo/rolling-month": _days,
    "openslo/condition-kind": _kind,
    "openslo/alpha-window": _rolling,
    "openslo/ratio-op": _without_pair,
    "openslo/renamed-field": _renamed,
}
