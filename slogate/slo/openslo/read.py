"""Texts of OpenSLO documents as objects, with all that is wrong with them.

A text is a stream of YAML documents or one JSON document; each is an object or a list of
objects. Steps: nodes with places (`document.py`), the version and kind of each object, its
fields by the tables of that version, references over all files (`references.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slogate.errors import Fault
from slogate.slo.document import Listing, Node, Scalar, Table, read_stream
from slogate.slo.fields import described, near, printable
from slogate.slo.lint import Remark
from slogate.slo.openslo import alerts, alpha, indicators, objectives
from slogate.slo.openslo.advice import advised
from slogate.slo.openslo.metadata import Version, metadata
from slogate.slo.openslo.profile import FAMILY, Place, Profile
from slogate.slo.openslo.references import Entity, known_objects, referred
from slogate.slo.openslo.values import Check, Spot, anything, is_null, table, text_of

VERSIONS: dict[str, Version] = {
    "openslo/v1": "v1",
    "openslo/v1alpha": "v1alpha",
    "openslo.com/v2alpha": "v2alpha",
}
_SERVICE = table({"description": indicators.DESCRIPTION})


def _kinds(version: Version) -> dict[str, Spot]:
    """How the spec of each kind is checked."""
    if version == "v1alpha":
        return {
            "Service": Spot(check=_SERVICE),
            "SLO": Spot(check=alpha.slo(), required=True),
        }
    return {
        "Service": Spot(check=_SERVICE),
        "SLO": Spot(check=objectives.slo(version), required=True),
        "SLI": Spot(check=indicators.indicator(version), required=True),
        "DataSource": Spot(check=indicators.data_source(), required=True),
        "AlertPolicy": Spot(check=alerts.policy(version), required=True),
        "AlertCondition": Spot(check=alerts.condition(version), required=True),
        "AlertNotificationTarget": Spot(check=alerts.target(), required=True),
    }


_ENVELOPES: dict[Version, dict[str, Check]] = {
    version: {
        kind: table(
            {
                "apiVersion": Spot(check=anything, required=True),
                "kind": Spot(check=anything, required=True),
                "metadata": metadata(version),
                "spec": spec,
            }
        )
        for kind, spec in _kinds(version).items()
    }
    for version in VERSIONS.values()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The objects of all files in their order, and everything found; sorted by place."""

    objects: tuple[Entity, ...]
    remarks: tuple[Remark, ...]

    @property
    def valid(self) -> bool:
        """Whether no rule is broken that the profile holds for an error."""
        return not any(remark.severity == "error" for remark in self.remarks)


def read_documents(files: Sequence[tuple[str, str]], *, profile: Profile) -> Documents:
    """The objects of (path as given, text), and what is wrong in each and between them."""
    found: list[Remark] = []
    objects: list[Entity] = []
    for file, text in files:
        documents, faults = read_stream(file, text)
        place = Place(file=file, profile=profile, found=found)
        found += (_broken(fault) for fault in faults)
        nodes = list(_objects(documents, place))
        if not nodes and not faults:
            _empty(place)
        for index, node in enumerate(nodes):
            entity = _entity(node, place.item(index) if len(nodes) > 1 else place, index)
            objects += [] if entity is None else [entity]
    referred(objects, found, profile)
    known = known_objects(objects)
    for entity in objects:
        if entity.kind == "SLO":
            place = Place(file=entity.file, profile=profile, found=found, path=entity.path)
            advised(entity, place, known)
    order = sorted(set(found), key=lambda r: (r.file, r.line, r.column, r.rule, r.message))
    return Documents(objects=tuple(objects), remarks=tuple(order))


def is_openslo(documents: Sequence[Node]) -> bool:
    """Whether the first object says that it is of OpenSLO, or of a kind of OpenSLO."""
    for document in documents:
        for node in document.items if isinstance(document, Listing) else [document]:
            if is_null(node):
                continue
            version, kind = text_of(node, "apiVersion"), text_of(node, "kind")
            known = version is not None and kind in _ENVELOPES["v1"]
            return known or (version or "").startswith("openslo")
    return False


def _objects(documents: Sequence[Node], place: Place) -> Iterator[Node]:
    for document in documents:
        for node in document.items if isinstance(document, Listing) else [document]:
            if is_null(node):
                continue
            inner = node.get("items") if isinstance(node, Table) else None
            if text_of(node, "kind") == "List" and isinstance(inner, Listing):
                place.say("list-kind", node, "OpenSLO knows no kind List", "write a YAML list")
                yield from inner.items
            else:
                yield node


def _entity(node: Node, place: Place, index: int) -> Entity | None:
    """The object if its version and kind are known; what is wrong with it is noted."""
    if not isinstance(node, Table):
        place.say("type", node, f"an object is expected, not {described(node)}")
        return None
    version = VERSIONS.get(_word(node, place, "apiVersion", "api-version", [*VERSIONS]))
    kinds = _ENVELOPES["v1" if version is None else version]
    kind = _word(node, place, "kind", "kind", [*kinds])
    if version is None or kind not in kinds:
        return None
    kinds[kind](node, place)
    name = text_of(node, "metadata", "name") or ""
    return Entity(
        file=place.file, index=index, version=version, kind=kind, name=name, node=node,
        path=place.path,
    )  # fmt: skip


def _word(node: Table, place: Place, key: str, rule: str, known: list[str]) -> str:
    value = node.get(key)
    if value is None or is_null(value):
        place.key(key).say("required", value or node, f"'{key}' is missing", f"{key}: {known[0]}")
        return ""
    word = value.text if isinstance(value, Scalar) else ""
    if word not in known:
        shown = printable(word, 60) or described(value)
        place.key(key).say(rule, value, f"there is no {key} '{shown}'", near(word, known))
    return word


def _broken(fault: Fault) -> Remark:
    return Remark(
        file=fault.file,
        line=fault.line,
        column=fault.column,
        rule=f"{FAMILY}form",
        severity="error",
        path=fault.path,
        message=fault.message,
        hint=fault.hint,
    )


def _empty(place: Place) -> None:
    hint = "begin with `apiVersion: openslo/v1`"
    place.say("form", Scalar(line=1, column=1, text=""), "the file holds no object", hint)
