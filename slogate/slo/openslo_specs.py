"""OpenSLO documents as specs, so that they are judged as native ones are.

    documents ──lenient──► objects ──convert──► a native file of each service ──load──► specs

The places in what is found are those of the documents: an objective of an SLO is a promise, at the
line of its target. What the native format has no words for (composites, windows under an hour, a
target of 0) is named in `Spec.unsupported`, each at its place, never left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slogate.errors import Fault, SpecError
from slogate.slo.convert import ids_of, natives_of
from slogate.slo.convert_words import label, understood_note
from slogate.slo.document import Listing, Node, Table
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import Documents, read_documents
from slogate.slo.openslo.references import Entity
from slogate.slo.openslo.upgrade import ANNOTATION, Data, upgraded
from slogate.slo.openslo.values import value_of
from slogate.slo.spec import Spec
from slogate.slo.writing import node_of, yaml_text
from slogate.verdict import Place

_ITEM = re.compile(r"(slos|openslo)\[(\d+)\]\.?(.*)")
_UNSAID = (
    "a composite, a window under an hour or over ten years, and a target of 0 cannot be judged yet"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Where an objective is written: its object, the node to point at, the path to it."""

    entity: Entity
    node: Node
    path: str


def openslo_specs(files: Sequence[tuple[str, str]]) -> list[Spec]:
    """The specs of (path as given, text); SpecError with all faults of all files.

    A spec is what one file promises for one service; files that others need are specs too, without
    promises, so that a verdict holds all that it was judged by.
    """
    documents = read_documents(files, profile="lenient")
    _refuse(documents)
    texts = dict(files)
    objects: list[Data] = []
    origins: dict[tuple[str, str], _Origin] = {}
    noted: dict[tuple[str, str], _Origin] = {}
    for entity in documents.objects:
        made = upgraded(entity)
        objects += made
        if entity.kind == "SLO":
            slos = [each for each in made if each["kind"] == "SLO"]
            for number, slo in enumerate(slos):
                written = _origins(entity, slo, number if len(slos) > 1 else None)
                origins |= written
                noted |= _noted(slo, written)
    if not any(each["kind"] == "SLO" for each in objects):
        return []
    return [
        spec
        for data in natives_of(objects)
        for spec in _specs(data, objects, documents, {**noted, **origins}, texts)
    ]


def _refuse(documents: Documents) -> None:
    faults = [
        Fault(
            file=each.file, line=each.line, column=each.column, path=each.path,
            message=each.message, hint=each.hint,
        )
        for each in documents.remarks
        if each.severity == "error"
    ]  # fmt: skip
    if faults:
        raise SpecError(faults)


def _origins(entity: Entity, slo: Data, number: int | None) -> dict[tuple[str, str], _Origin]:
    """By service and name of a promise, where it is written."""
    spec = value_of(entity.node, "spec")
    nodes = value_of(spec, "objectives")
    items = nodes.items if isinstance(nodes, Listing) else ()
    found = {}
    for index, name in enumerate(ids_of(slo)):
        at = index if number is None else number
        node: Node = items[at] if at < len(items) else entity.node
        key = None
        if isinstance(node, Table):
            key = node.key("target") or node.key("targetPercent")
        prefix = f"{entity.path}." if entity.path else ""
        path = f"{prefix}spec.objectives[{at}]"
        found[slo["spec"]["service"], name] = _Origin(entity=entity, node=key or node, path=path)
    return found


def _noted(slo: Data, written: Mapping[tuple[str, str], _Origin]) -> dict[tuple[str, str], _Origin]:
    """By the name that an annotation gives an SLO, which may be no label, where it is written."""
    note = (slo["metadata"].get("annotations") or {}).get(f"{ANNOTATION}name")
    return {
        (service, str(understood_note(note))): origin
        for (service, _), origin in written.items()
        if isinstance(note, str) and len(written) == 1
    }


def _specs(
    data: Data,
    objects: Sequence[Data],
    documents: Documents,
    origins: Mapping[tuple[str, str], _Origin],
    texts: Mapping[str, str],
) -> Iterator[Spec]:
    """The specs of one service, from its native file: one for each file that it needs."""
    whole = load_specs([(data["service"], yaml_text(node_of(data)))])[0]
    # the native file may call the service by a name that is no label
    service = next(
        each["spec"]["service"] for each in objects
        if each["kind"] == "SLO" and label(each["spec"]["service"]) == label(data["service"])
    )  # fmt: skip
    mine = {name: origin for (of, name), origin in origins.items() if of == service}
    faults = [*_faults(whole, data, mine), *_misunderstood(data, documents)]
    first = next(iter(mine.values())).entity.file
    for file, text in texts.items():
        sha256 = hashlib.sha256(text.encode()).hexdigest()

        def placed(
            promises: Sequence[Any], file: str = file, sha256: str = sha256
        ) -> Iterator[Any]:
            for promise in promises:
                origin = mine[promise.name]
                if origin.entity.file == file:
                    line, column = origin.node.line, origin.node.column
                    at = Place(file=file, line=line, column=column, sha256=sha256)
                    yield replace(promise, place=at)

        objectives = (
            replace(each, place=Place(file=file, line=1, column=1, sha256=sha256))
            for each in whole.objectives
            if file == first
        )
        yield replace(
            whole, file=file, text=text, sha256=sha256, objectives=tuple(objectives),
            promises=tuple(placed(whole.promises)), queried=tuple(placed(whole.queried)),
            unsupported=tuple(fault for fault in faults if fault.file == file),
        )  # fmt: skip


def _faults(whole: Spec, data: Data, mine: Mapping[str, _Origin]) -> Iterator[Fault]:
    """What of the native file cannot be judged, at its place in the documents."""
    for fault in whole.unsupported:
        match = _ITEM.match(fault.path)
        if match is None:
            yield replace(fault, file=next(iter(mine.values())).entity.file, line=1, column=1)
        elif match[1] == "slos":
            origin = mine[data["slos"][int(match[2])]["name"]]
            yield _at(origin, f"{fault.message} ({match[3]})", fault.hint)
        else:
            name = data["openslo"][int(match[2])]["metadata"]["name"]
            for origin in mine.values():
                if name in {origin.entity.name, *_parts(origin.entity)}:
                    yield _at(replace(origin, node=origin.entity.node), _UNSAID, None)
                    break


def _parts(entity: Entity) -> set[str]:
    """The names of the SLOs that were made of one object."""
    return {each["metadata"]["name"] for each in upgraded(entity)}


def _at(origin: _Origin, message: str, hint: str | None) -> Fault:
    return Fault(
        file=origin.entity.file, line=origin.node.line, column=origin.node.column,
        path=origin.path, message=message, hint=hint,
    )  # fmt: skip


def _misunderstood(data: Data, documents: Documents) -> Iterator[Fault]:
    """Annotations of a Service that should hold for all of it and could not be read."""
    kept = [each for each in data.get("openslo", ()) if each["kind"] == "Service"]
    for each in kept:
        notes = each["metadata"].get("annotations") or {}
        names = sorted(note for note in notes if note.startswith(ANNOTATION))
        for entity in documents.objects:
            if names and entity.kind == "Service" and entity.name == each["metadata"]["name"]:
                message = f"its annotation {names[0]} is not understood"
                yield Fault(
                    file=entity.file, line=entity.node.line, column=entity.node.column,
                    path=entity.path, message=message,
                )  # fmt: skip
                break
