"""Whether two texts of a spec mean the same: what `--fix` must never change.

A native spec means its objectives and promises, wherever they stand; one that cannot be read means
nothing yet. OpenSLO means its data: they may differ at the fields that were fixed, nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from slogate.errors import SpecError
from slogate.slo.document import Listing, Node, Scalar, Table, read_stream
from slogate.slo.lint import Remark
from slogate.slo.load import load_specs
from slogate.slo.spec import Spec
from slogate.verdict import Place

_NOWHERE = Place(file="", line=1, column=1, sha256="")
_INDEX = re.compile(r"^\[\d+\]\.?")


def same_native(before: str, after: str, fixed: Sequence[Remark]) -> bool:
    """Whether everything is judged as before; of an alert written twice one is enough."""
    del fixed
    was = _spec(before)
    return was is None or was == _spec(after)


def _spec(text: str) -> Spec | None:
    try:
        (spec,) = load_specs([("", text)])
    except SpecError:
        return None
    return replace(
        spec,
        text="",
        sha256="",
        objectives=tuple(replace(each, place=_NOWHERE) for each in spec.objectives),
        regressions=tuple(replace(each, place=_NOWHERE) for each in spec.regressions),
        promises=tuple(
            replace(each, place=_NOWHERE, alerts=tuple(dict.fromkeys(each.alerts)))
            for each in spec.promises
        ),
        queried=tuple(
            replace(each, place=_NOWHERE, alerts=tuple(dict.fromkeys(each.alerts)))
            for each in spec.queried
        ),
        unsupported=tuple(replace(each, line=1, column=1) for each in spec.unsupported),
    )


def same_openslo(before: str, after: str, fixed: Sequence[Remark]) -> bool:
    """Whether the data are those of before, but for the fields that were fixed."""
    was, now = _leaves(before), _leaves(after)
    changed = {path for path in was.keys() | now.keys() if was.get(path) != now.get(path)}
    parents = {re.sub(r"\.?[^.\[]+$", "", _INDEX.sub("", remark.path)) for remark in fixed}
    allowed = {_INDEX.sub("", remark.path) for remark in fixed}
    moved = any(remark.rule == "openslo/renamed-field" for remark in fixed)
    return all(
        any(path == field or path.startswith(f"{field}.") for field in allowed)
        or (moved and any(path.startswith(parent) for parent in parents))
        for path in (_INDEX.sub("", path) for path in changed)
    )


def _leaves(text: str) -> dict[str, str]:
    documents, _ = read_stream("", text)
    objects = [
        node
        for document in documents
        for node in (document.items if isinstance(document, Listing) else [document])
    ]
    return dict(leaf for at, node in enumerate(objects) for leaf in _walk(node, f"[{at}]"))


def _walk(node: Node, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, Scalar):
        yield path, f"{node.kind} {node.text}"
    elif isinstance(node, Table):
        for key, value in node.pairs:
            yield from _walk(value, f"{path}.{key.text}")
    else:
        for index, item in enumerate(node.items):
            yield from _walk(item, f"{path}[{index}]")
