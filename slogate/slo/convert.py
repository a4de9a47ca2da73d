"""`spec convert`: whole files, native to OpenSLO version 1 and OpenSLO of any version to native.

Nothing is lost on the way. A native file becomes a stream: a Service with what holds for all of
it in annotations `slogate.dev/KEY`, and an SLO for each of `slos:`. A stream becomes a native file
for each service: an SLO for each objective, and under `openslo:` the objects that are no SLO as
they are, with those SLOs that the native format has no words for (composites, windows under an
hour, a target of 0): they come back as they were, and `Converted.notes` name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slogate.errors import SpecError, UsageError
from slogate.objectives._base import Kind
from slogate.slo.convert_slo import KEPT, patched, to_native, to_openslo
from slogate.slo.convert_words import label, noted, same, understood_note
from slogate.slo.document import read_document
from slogate.slo.fields import At
from slogate.slo.load import load_specs
from slogate.slo.openslo.policies import Objects, alerts_said, objects_by_name
from slogate.slo.openslo.read import Documents
from slogate.slo.openslo.references import REFERENCES
from slogate.slo.openslo.upgrade import ANNOTATION, V1, Data, upgraded
from slogate.slo.slos import slos_shape
from slogate.slo.writing import Number, node_of, plain, yaml_text

TOP = ("owner", "labels", "ok", "defaults", "budgets", "composites", "corrections")
_SERVICE = "service"
Name = tuple[str, str]
"""Kind and name of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """Texts by the name of what they are of (a service, or `openslo`), and what to tell."""

    texts: Mapping[str, str]
    notes: tuple[str, ...] = ()


def native_to_openslo(
    files: Sequence[tuple[str, str]], *, kinds: Mapping[str, Kind] | None = None
) -> Converted:
    """All native files as one stream of OpenSLO objects; SpecError if they have faults."""
    load_specs(files, kinds=kinds, join=False)
    objects: list[Data] = []
    notes: list[str] = []
    for file, text in files:
        node, _ = read_document(file, text)
        data = plain(node)
        objects += (each for each in stream_of(data) if each not in objects)
        if data.get("budgets"):
            notes.append(f"{file}: budgets of load tests are kept in an annotation of the Service")
        if data.get("composites"):
            notes.append(
                f"{file}: composites are kept in an annotation of the Service: OpenSLO's have an "
                "objective for each indicator and mean something else"
            )
        for slo in data.get("slos", ()):
            kept = [key for key in ("alerts", "policy", "by") if key in slo]
            if "alertPolicies" in slo.get(KEPT, {}).get("spec", {}):
                kept = [key for key in kept if key != "alerts"]
            if kept:
                what = f"{', '.join(kept)} of '{slo['name']}'"
                notes.append(f"{file}: OpenSLO has no word for {what}: kept in annotations")
    text = "---\n".join(yaml_text(node_of(each)) for each in objects)
    return Converted(texts={KEPT: text}, notes=tuple(notes))


def openslo_to_native(documents: Documents) -> Converted:
    """Objects without errors as a native file for each service."""
    objects = [each for entity in documents.objects for each in upgraded(entity)]
    texts: dict[str, str] = {}
    notes: list[str] = []
    for data in natives_of(objects):
        for kept in _of(data.get(KEPT, ()), "SLO"):
            name = kept["metadata"]["name"]
            notes.append(f"the SLO '{name}' cannot be said natively: kept as it is")
        notes += _unsaid_alerts(data, objects)
        texts[data["service"]] = yaml_text(node_of(data))
    return Converted(texts=texts, notes=tuple(notes))


def _unsaid_alerts(data: Data, objects: Sequence[Data]) -> Iterator[str]:
    """What of the alert policies of a native file's SLOs its `alerts:` do not say."""
    by_name, natives = objects_by_name(objects), {each["name"] for each in data.get("slos", ())}
    for slo in _of(objects, "SLO"):
        spec = slo["spec"]
        if label(spec["service"]) != label(data[_SERVICE]) or not natives & {*ids_of(slo)}:
            continue
        told = [
            note
            for objective in spec["objectives"]
            for note in alerts_said(spec, objective, by_name).notes
        ]
        for note in dict.fromkeys(told):
            yield f"{note}: kept as it is, of '{slo['metadata']['name']}'"


def natives_of(objects: Sequence[Data]) -> Iterator[Data]:
    """The native file of each service, from objects of version 1; each object is in one at least.

    What no SLO needs goes with the first service.
    """
    services = list(dict.fromkeys(each["spec"]["service"] for each in _of(objects, "SLO")))
    if not services:
        raise UsageError("there is no SLO in these files", hint="convert needs at least one")
    needed = {service: _needed(objects, service) for service in services}
    anywhere = set().union(*needed.values())
    for service in services:
        wanted = needed[service]
        if service == services[0]:
            own = {("Service", each) for each in services}
            wanted |= {_name(each) for each in objects} - anywhere - own
        yield _native_of(objects, service, wanted)


def stream_of(data: Data) -> Iterator[Data]:
    """The OpenSLO objects of a native file."""
    name, kept = label(data["service"]), list(data.get(KEPT, ()))
    notes = {f"{ANNOTATION}{key}": noted(data[key]) for key in TOP if key in data}
    if name != data["service"]:
        notes[f"{ANNOTATION}{_SERVICE}"] = noted(data["service"])
    known = [each for each in _of(kept, "Service") if each["metadata"]["name"] == name]
    if known:
        kept.remove(known[0])
    if known or notes:
        base = known[0] if known else _service(name)
        annotated = {"metadata": {"annotations": notes}} if notes else {}
        yield patched(base, annotated)
    objects = objects_by_name(kept)
    yield from _merged([to_openslo(slo, name, objects) for slo in data.get("slos", ())])
    yield from kept


def _service(name: str) -> Data:
    return {"apiVersion": V1, "kind": "Service", "metadata": {"name": name}, "spec": {}}


def _merged(slos: Sequence[Data]) -> Iterator[Data]:
    """SLOs; those that differ in nothing but their objective are one of several objectives."""
    found: list[Data] = []
    for slo in slos:
        last = found[-1] if found else None
        if last is not None and same(_without(last), _without(slo)):
            last["spec"]["objectives"] = [*last["spec"]["objectives"], *slo["spec"]["objectives"]]
        else:
            found.append(slo)
    yield from found


def _without(slo: Data) -> Data:
    spec = {key: value for key, value in slo["spec"].items() if key != "objectives"}
    return {**slo, "spec": spec}


def _native_of(objects: Sequence[Data], service: str, wanted: set[Name]) -> Data:
    """The native file of a service; `wanted` are the other objects that go with it."""
    slis = {each["metadata"]["name"]: each for each in _of(objects, "SLI")}
    slos: list[Data] = []
    own, top = _own_service(objects, service)
    kept = [each for each in objects if each["kind"] != "SLO" and _name(each) in wanted]
    for each in _of(objects, "SLO"):
        if each["spec"]["service"] == service:
            native = _natives(each, label(service), slis, objects_by_name(objects))
            slos += native
            kept += [] if native else [each]
    made = _file(service, top, slos, [*own, *kept])
    try:
        load_specs([(service, yaml_text(node_of(made)))], join=False)
    except SpecError:
        whole = [each for each in _of(objects, "Service") if _name(each)[1] == service]
        return _file(service, {}, slos, [*whole, *kept])
    return made


def _file(service: str, top: Data, slos: list[Data], kept: list[Data]) -> Data:
    """The table of a native file."""
    return {
        "slogate": Number("1"),
        "service": top.get(_SERVICE, service),
        **{key: top[key] for key in TOP if key in top},
        **({"slos": slos} if slos else {}),
        **({KEPT: kept} if kept else {}),
    }


def _name(each: Data) -> Name:
    return each["kind"], each["metadata"]["name"]


def _of(objects: Sequence[Data], kind: str) -> list[Data]:
    return [each for each in objects if each.get("kind") == kind]


def _natives(slo: Data, service: str, slis: Mapping[str, Data], objects: Objects) -> list[Data]:
    """A native SLO for each objective; none if the native format has no words for one of them."""
    spec = slo["spec"]
    if not ({"indicator", "indicatorRef"} & spec.keys()):
        return []
    referred = slis.get(spec.get("indicatorRef", ""))
    inline = None
    if referred is not None:
        inline = {"metadata": referred["metadata"], "spec": referred["spec"]}

    def found(*, alerting: bool) -> list[Data]:
        made = []
        for objective, name in zip(spec["objectives"], ids_of(slo), strict=True):
            single = {**slo, "spec": {**spec, "objectives": [objective]}}
            alerts = alerts_said(spec, objective, objects).alerts if alerting else ()
            made.append(to_native(single, service, inline, name=name, alerts=alerts))
        again = list(_merged([to_openslo(native, service, objects) for native in made]))
        lossless = len(again) == 1 and same(again[0], slo)
        return made if lossless and all(map(_is_valid, made)) else []

    return found(alerting=True) or found(alerting=False)


def ids_of(slo: Data) -> list[str]:
    """Names of the objectives: the SLO's, with the display name or number where there are more."""
    name, objectives = slo["metadata"]["name"], slo["spec"]["objectives"]
    if len(objectives) == 1:
        return [name]
    told = [str(objective.get("displayName", "")).strip() for objective in objectives]
    usable = all(re.fullmatch(r"[^\x00-\x1f\x7f/]{1,100}", each) for each in told)
    if not usable or len(set(told)) < len(told):
        told = [str(number) for number in range(1, len(objectives) + 1)]
    return [f"{name}: {each}" for each in told]


def _is_valid(slo: Data) -> bool:
    """Whether the native format takes it."""
    at = At(file="", faults=[])
    slos_shape().read(node_of([slo]), at)
    return not at.faults


def _own_service(objects: Sequence[Data], service: str) -> tuple[list[Data], Data]:
    """The Service object as far as it has to be kept, and the top-level keys that it notes."""
    found = [each for each in _of(objects, "Service") if each["metadata"]["name"] == service]
    if not found:
        return [], {}
    metadata = found[0]["metadata"]
    annotations = dict(metadata.get("annotations", {}))
    top: Data = {}
    for key in (_SERVICE, *TOP):
        note = annotations.get(f"{ANNOTATION}{key}")
        if note is None:
            continue
        meant = understood_note(note)
        if key != _SERVICE or (isinstance(meant, str) and label(meant) == service):
            top[key] = meant
            del annotations[f"{ANNOTATION}{key}"]
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    if annotations or ("annotations" in metadata and not top):
        rest["annotations"] = annotations
    kept = {**found[0], "metadata": rest}
    if top and same(kept, _service(service)):
        return [], top
    return [kept], top


def _needed(objects: Sequence[Data], service: str) -> set[Name]:
    """What the SLOs of a service are and refer to, and what that refers to in turn."""
    by_name = {_name(each): each for each in objects if each["kind"] != "SLO"}
    found: set[Name] = set()
    waiting: list[Any] = []
    for each in objects:
        if each["kind"] == "SLO" and each["spec"]["service"] == service:
            found.add(_name(each))
            waiting.append(each)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            waiting += node.values()
            for key, value in node.items():
                name = (REFERENCES.get(key, ""), value if isinstance(value, str) else "")
                if name in by_name and name not in found:
                    found.add(name)
                    waiting.append(by_name[name])
    return found
