"""Places in a spec that was read: where something stands that no noun remembers.

Objectives and promises know their own line; alerts, policies and corrections are looked up in the
text again. What is not found there (a spec of another format) is told at the promise itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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
    """The place of what this path leads to in the SLO of a promise."""
    slos = _below(_root(spec.text), ("slos",))
    for node in slos.items if isinstance(slos, Listing) else ():
        name = node.get("name") if isinstance(node, Table) else None
        if isinstance(name, Scalar) and name.text == promise.name:
            found = _below(node, path)
            if found is not None:
                return Spot(id=promise.id, place=_place(spec, found))
    return Spot(id=promise.id, place=promise.place)


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
