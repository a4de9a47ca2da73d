"""`composites:`: promises made of SLOs with weights, read, checked and joined to what they name.

A composite names SLOs of its own service, or `SERVICE/NAME` of others whose files are read with it.
What it cannot mean is refused: a name that nothing has, itself, another composite, one SLO twice,
and SLOs whose events a server keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from slogate.errors import Fault
from slogate.model.selection import Selection
from slogate.promises.promise import Component, PolicyRule, Promise
from slogate.slo.document import Listing, Node, Table
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, listing, mapping, near
from slogate.slo.shapes import name, times
from slogate.slo.slos import check_promised, promised_fields
from slogate.slo.spec import Spec
from slogate.verdict import Place

_PART = Fields(
    named={
        "slo": Field(shape=name("an SLO"), help="NAME, or SERVICE/NAME", required=True),
        "weight": Field(shape=times(), help="how much it counts beside the others; none: 1"),
    }
)
_SAME = ("objective", "budgeting", "slice_objective", "min_events", "severity", "on_no_data")


def composites_shape() -> Shape:
    """The list under `composites:`."""
    fields = promised_fields(without=("alerts",))
    of = Field(
        shape=listing(mapping(_PART), nonempty=True),
        help="[{slo: NAME, weight: 2}, …]",
        required=True,
    )
    plain = mapping(Fields(named={"name": fields["name"], "of": of, **fields}))

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        if found is WRONG:
            return WRONG
        before = len(at.faults)
        check_promised(found, node, at)
        return found if len(at.faults) == before else WRONG

    return listing(Shape(read=read, schema=plain.schema))


def composites_of(
    found: Mapping[str, Any], root: Table, service: str, file: str, sha256: str
) -> Iterator[Promise]:
    """The composites of a file, in its order; what they name is joined to them by `joined`."""
    nodes = root.get("composites")
    items = nodes.items if isinstance(nodes, Listing) else ()
    for said, node in zip(found.get("composites", ()), items, strict=True):
        key = (node.key("objective") if isinstance(node, Table) else None) or node
        for text, window in said["window"]:
            yield Promise(
                service=service,
                name=said["name"],
                selection=Selection(),
                window=window,
                window_text=text,
                place=Place(file=file, line=key.line, column=key.column, sha256=sha256),
                slice_us=said.get("slice"),
                empty=said.get("empty_slices", "excluded"),
                policy=tuple(PolicyRule(**rule) for rule in said.get("policy", ())),
                corrections=tuple(found.get("corrections", ())),
                components=tuple(
                    Component(name=part["slo"], weight=part.get("weight", Fraction(1)))
                    for part in said["of"]
                ),
                **{name: said[name] for name in _SAME if name in said},
            )


def joined(specs: Sequence[Spec]) -> tuple[list[Spec], list[Fault]]:
    """The specs with their composites joined to what these name, and what is wrong with that."""
    faults: list[Fault] = []
    if not any(spec.composites for spec in specs):
        return [*specs], faults
    names = _Names(specs)
    found = [
        replace(spec, composites=tuple(names.join(each, faults) for each in spec.composites))
        for spec in specs
    ]
    return found, list(dict.fromkeys(faults))


class _Names:
    """All SLOs by what they can be named."""

    def __init__(self, specs: Sequence[Spec]) -> None:
        self.stored: dict[str, Promise] = {}
        self.others: dict[str, str] = {}
        for spec in specs:
            for each in spec.promises:
                self.stored.setdefault(f"{each.service}/{each.name}", each)
            for each in spec.queried:
                self.others[f"{each.service}/{each.name}"] = (
                    "its events are kept by a server, and composites are of what is stored"
                )
            for each in spec.composites:
                self.others[f"{each.service}/{each.name}"] = "it is a composite itself"

    def join(self, promise: Promise, faults: list[Fault]) -> Promise:
        """The composite with its SLOs."""
        parts: dict[str, Component] = {}
        for part in promise.components:
            full = next(
                (
                    each
                    for each in (f"{promise.service}/{part.name}", part.name)
                    if each in self.stored or each in self.others
                ),
                None,
            )
            if full is None:
                faults.append(
                    _fault(promise, f"there is no slo '{part.name}'", self._hint(promise, part))
                )
            elif full in self.others:
                said = f"'{part.name}' cannot be part of a composite: {self.others[full]}"
                faults.append(_fault(promise, said))
            elif full in parts:
                said = f"'{part.name}' is named twice"
                faults.append(_fault(promise, said, "say its weight once"))
            else:
                of = self.stored[full]
                parts[full] = replace(
                    part, name=full, service=of.service, selection=of.selection,
                    events=of.events, min_events=of.min_events,
                )  # fmt: skip
        return replace(promise, components=tuple(parts.values()))

    def _hint(self, promise: Promise, part: Component) -> str:
        service = part.name.partition("/")[0]
        known = {each.service for each in self.stored.values()}
        if "/" in part.name and service not in known:
            return f"give the file of {service} too"
        own = [each.name for each in self.stored.values() if each.service == promise.service]
        return near(part.name, [*own, *self.stored])


def _fault(promise: Promise, message: str, hint: str | None = None) -> Fault:
    place = promise.place
    return Fault(
        file=place.file, line=place.line, column=place.column, path=promise.name,
        message=message, hint=hint,
    )  # fmt: skip
