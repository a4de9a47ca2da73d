"""`spec lint --fix`: mends what can be mended without a doubt, as edits of the text.

A few characters change; comments, quotes and layout stay. Nothing is believed: the text is read
again, must mean the same (`meaning.py`), and must have no remark that it had not before; else the
edit is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slogate.slo.edits import Edit, Source, applied, overlap
from slogate.slo.fixers import FIXERS
from slogate.slo.lint import Remark

_ROUNDS = 100
# of a file that could not be read there may be more to say once it can be
_UNREAD = frozenset({"unknown-key", "unknown-word"})


Same = Callable[[str, str, Sequence[Remark]], bool]


def mended(
    text: str, remarks_on: Callable[[str], list[Remark]], same: Same
) -> tuple[str, list[Remark]]:
    """The text with all that can be mended, and the remarks that are gone by that.

    `remarks_on` says what is told of a text, `same` whether two mean the same where these remarks
    were fixed.
    """
    gone: list[Remark] = []
    for _ in range(_ROUNDS):
        before = remarks_on(text)
        found = _edits(text, before)
        for some in [found, *([one] for one in found)] if found else ():
            after = applied(text, [edit for _, edit in some])
            fixed = [remark for remark, _ in some]
            if _is_better(before, remarks_on(after), fixed) and same(text, after, fixed):
                text = after
                gone += fixed
                break
        else:
            break
    return text, gone


def _edits(text: str, remarks: Sequence[Remark]) -> list[tuple[Remark, Edit]]:
    """An edit for each remark that has one, as far as they lie apart."""
    source, found = Source.of(text), list[tuple[Remark, Edit]]()
    for remark in remarks if source is not None else ():
        fixer = FIXERS.get(remark.rule)
        edit = fixer(source, remark) if fixer and source and remark.ignored is None else None
        if edit is not None and not overlap([taken for _, taken in found], edit):
            found.append((remark, edit))
    return found


def _is_better(before: Sequence[Remark], after: Sequence[Remark], fixed: Sequence[Remark]) -> bool:
    """Whether so many are gone, and there is none that was not there before."""
    more = {(r.rule, r.path) for r in after} - {(r.rule, r.path) for r in before}
    if more and not all(remark.rule in _UNREAD for remark in fixed):
        return False
    return all(
        sum(remark.rule == rule for remark in after) < sum(remark.rule == rule for remark in before)
        for rule in {remark.rule for remark in fixed}
    )
