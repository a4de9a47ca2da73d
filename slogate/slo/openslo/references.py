"""References between OpenSLO objects, over all files that were read together.

Six kinds: indicatorRef of an SLO and of an objective, alertPolicyRef, conditionRef, targetRef,
and the DataSource of a metric (metricSourceRef, v2alpha: dataSourceRef). Each is looked up by
kind and name among the objects of its version. A service is looked up only where services are
given at all: naming one without an object is what the specification allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.fields import near, printable
from slogate.slo.lint import Remark
from slogate.slo.openslo.metadata import Version
from slogate.slo.openslo.objectives import fitting, items
from slogate.slo.openslo.profile import Place, Profile
from slogate.slo.openslo.values import text_of, value_of

REFERENCES: Mapping[str, str] = {
    "indicatorRef": "SLI",
    "sliRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
    "metricSourceRef": "DataSource",
    "dataSourceRef": "DataSource",
}
_SERVICES = ("service", "serviceRef")
_FREE = {"metadata", "connectionDetails"}
_STANDING = ("SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget", "DataSource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One object: where it stands, what it is, its node. `path` leads to it within the file."""

    file: str
    index: int
    version: Version
    kind: str
    name: str
    node: Table
    path: str = ""


Known = Mapping[tuple[Version, str, str], Entity]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference: by which field to what, where, and the table that it stands in."""

    field: str
    kind: str
    name: Scalar
    place: Place
    holder: Table


def known_objects(objects: Sequence[Entity]) -> Known:
    """The objects by version, kind and name, the first of each."""
    known: dict[tuple[Version, str, str], Entity] = {}
    for entity in objects:
        if entity.name:
            known.setdefault((entity.version, entity.kind, entity.name), entity)
    return known


def references_of(entity: Entity, place: Place) -> Iterator[Reference]:
    """All references of an object, in its order."""
    yield from _walk(entity.node, place)


def _walk(node: Node, place: Place) -> Iterator[Reference]:
    if isinstance(node, Listing):
        for index, item in enumerate(node.items):
            yield from _walk(item, place.item(index))
    elif isinstance(node, Table):
        metric = any(node.key(word) for word in ("metricSourceRef", "dataSourceRef", "type"))
        for key, value in node.pairs:
            here = place.key(key.text)
            if key.text in REFERENCES and isinstance(value, Scalar) and value.kind == "string":
                kind = REFERENCES[key.text]
                yield Reference(field=key.text, kind=kind, name=value, place=here, holder=node)
            elif key.text not in _FREE and not (metric and key.text == "spec"):
                yield from _walk(value, here)


def referred(objects: Sequence[Entity], found: list[Remark], profile: Profile) -> None:
    """Note names taken twice, references to nothing, objects that nothing refers to."""
    known, used = known_objects(objects), set[tuple[Version, str, str]]()
    for entity in objects:
        place = Place(file=entity.file, profile=profile, found=found, path=entity.path)
        first = known.get((entity.version, entity.kind, entity.name), entity)
        if first is not entity:
            _twice(entity, first, place)
        for reference in references_of(entity, place):
            key = (entity.version, reference.kind, reference.name.text)
            used.add(key)
            if key not in known:
                _dangling(reference, entity.version, known)
        if entity.kind == "SLO":
            _service(entity, place, known)
            _fits(entity, place, known)
    if any(entity.kind == "SLO" for entity in objects):
        _unused(objects, used, found, profile)


def _twice(entity: Entity, first: Entity, place: Place) -> None:
    node = value_of(entity.node, "metadata", "name") or entity.node
    where = f"{first.file}:{first.node.line}"
    said = f"the {entity.kind} '{printable(entity.name, 80)}' is already there, at {where}"
    place.key("metadata").key("name").say("duplicate-name", node, said, "rename one of the two")


def _dangling(reference: Reference, version: Version, known: Known) -> None:
    shown = printable(reference.name.text, 80)
    names = [name for v, kind, name in known if (v, kind) == (version, reference.kind)]
    said = f"there is no {reference.kind} '{shown}'"
    hint = (
        near(reference.name.text, names)
        if names
        else f"give the file that has the {reference.kind}"
    )
    told = reference.field == "metricSourceRef" and text_of(reference.holder, "type") is not None
    rule = "unknown-source" if told else "dangling-reference"
    reference.place.say(rule, reference.name, said, hint)


def _service(entity: Entity, place: Place, known: Known) -> None:
    services = [name for v, kind, name in known if (v, kind) == (entity.version, "Service")]
    for field in _SERVICES:
        value = value_of(entity.node, "spec", field)
        if services and isinstance(value, Scalar) and value.text not in services:
            said = f"there is no Service '{printable(value.text, 80)}'"
            here = place.key("spec").key(field)
            here.say("unknown-service", value, said, near(value.text, services))


def _fits(entity: Entity, place: Place, known: Known) -> None:
    """Op and value against the SLI that is referred to."""
    spec = value_of(entity.node, "spec")
    for index, objective in items(value_of(spec, "objectives")):
        for field in ("indicatorRef", "sliRef"):
            name = text_of(objective, field) or text_of(spec, field)
            sli = known.get((entity.version, "SLI", name)) if name else None
            if sli is not None and isinstance(objective, Table):
                here = place.key("spec").key("objectives").item(index)
                fitting(objective, here, value_of(sli.node, "spec"))


def _unused(
    objects: Sequence[Entity],
    used: set[tuple[Version, str, str]],
    found: list[Remark],
    profile: Profile,
) -> None:
    for entity in objects:
        key = (entity.version, entity.kind, entity.name)
        if entity.kind in _STANDING and entity.name and key not in used:
            place = Place(file=entity.file, profile=profile, found=found, path=entity.path)
            said = f"nothing refers to the {entity.kind} '{printable(entity.name, 80)}'"
            place.say("unused", entity.node, said)
