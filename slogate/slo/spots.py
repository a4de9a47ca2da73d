"""Places in a spec that was read: where something stands that no noun remembers.

Objectives and promises know their own line; alerts, policies and corrections are looked up in the
text again. What is not found there (a spec of another format) is told at the promise itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from slogate.objectives._base import Objective
from slogate.promises.promise import Promise
from slogate.slo.document import Listing, Node, Scalar, Table, read_document
from slogate.slo.spec import Spec
from slogate.verdict import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place with the id of what stands there."""

    id: str
    place: Place


@lru_cache(maxsize=8)
def _root(text: str) -> Node | None:
    return read_document("", text)[0]


def in_slo(spec: Spec, promise: Promise, *path: str | int) -> Spot:
    """The place of what this path leads to in the SLO of a promise; else its own."""
    found = _named(spec, "slos", promise.name, path)
    return Spot(id=promise.id, place=promise.place if found is None else _place(spec, found))


def in_budget(spec: Spec, objective: Objective, *path: str | int) -> Spot:
    """The same in the budget of an objective, which may have it from the defaults."""
    found = _named(spec, "budgets", objective.scope.name, path)
    return Spot(id=objective.id, place=objective.place if found is None else _place(spec, found))


def where(spec: Spec, judged: Objective | Promise, *path: str | int) -> Spot:
    """The same in either."""
    if isinstance(judged, Promise):
        return in_slo(spec, judged, *path)
    return in_budget(spec, judged, *path)


def _named(spec: Spec, room: str, wanted: str, path: tuple[str | int, ...]) -> Node | None:
    return _below(_by_name(spec.text, room).get(wanted), path)


@lru_cache(maxsize=16)
def _by_name(text: str, room: str) -> dict[str, Node]:
    items = _below(_root(text), (room,))
    named = {}
    for node in items.items if isinstance(items, Listing) else ():
        name = node.get("name") if isinstance(node, Table) else None
        if isinstance(name, Scalar):
            named[name.text] = node
    return named


def in_spec(spec: Spec, name: str, *path: str | int) -> Spot:
    """The place of what this path leads to from the top, the first line where it leads nowhere."""
    found = _below(_root(spec.text), path) or Scalar(line=1, column=1, text="")
    return Spot(id=f"{spec.service}/{name}", place=_place(spec, found))


def _below(node: Node | None, path: tuple[str | int, ...]) -> Node | None:
    for step in path:
        if isinstance(step, int):
            inside = node.items if isinstance(node, Listing) else ()
            node = inside[step] if step < len(inside) else None
        else:
            node = node.get(step) if isinstance(node, Table) else None
    return node


def _place(spec: Spec, node: Node) -> Place:
    return Place(file=spec.file, line=node.line, column=node.column, sha256=spec.sha256)
