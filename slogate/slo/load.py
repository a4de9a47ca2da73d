"""`load`: the texts of spec files as specs, or all of their faults at once.

Steps of a file: nodes with places (`document.py`), the table of top-level keys read
(`fields.py`), names checked within the file and across files of one service, objectives made
(`budgets.py`). OpenSLO documents and files of a newer format are refused by one fault each.
What is valid and cannot be judged yet is named in `Spec.unsupported`, never left out in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slogate import plugins
from slogate.errors import Fault, SpecError
from slogate.model.predicate import Ok, Predicate
from slogate.objectives._base import Allowance, Kind, Objective
from slogate.promises.promise import Promise
from slogate.slo.budgets import (
    DEFAULTS,
    Common,
    allowances_of,
    budgets_shape,
    objectives_of,
)
from slogate.slo.composites import composites_of, composites_shape, joined
from slogate.slo.document import Listing, Node, Scalar, Table, read_document
from slogate.slo.fields import At, Field, Fields, Shape, described, mapping, read_fields
from slogate.slo.indicator import objects_shape
from slogate.slo.promises import promises_of, unjudged
from slogate.slo.shapes import expression, name, text, texts_by_name
from slogate.slo.slos import slos_shape
from slogate.slo.spans import corrections_shape
from slogate.slo.spec import Spec

FORMAT = 1
_LATER = "`{}` is valid, but this version cannot judge it yet"
_BEGIN = "begin with the lines `slogate: 1` and `service: NAME`"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """A name that a budget or an SLO takes, and where."""

    room: str
    name: str
    path: str
    place: Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """One file: its spec if it has no fault, and the names that it takes in its service."""

    file: str
    faults: list[Fault]
    spec: Spec | None = None
    service: str | None = None
    names: tuple[_Name, ...] = ()


def load_specs(
    files: Sequence[tuple[str, str]],
    *,
    kinds: Mapping[str, Kind] | None = None,
    join: bool = True,
) -> list[Spec]:
    """The specs of (path as given, text), in that order; SpecError with all faults of all files.

    `kinds` are the kinds of objectives by name; without, all that are installed. Unless they are
    to `join`, composites may name SLOs of files that are not there.
    """
    known = plugins.every("objectives") if kinds is None else kinds
    fields = top_fields(known)
    loaded = [_load(file, text, fields) for file, text in files]
    faults = [fault for one in loaded for fault in one.faults]
    faults += _clashes(loaded)
    specs = [one.spec for one in loaded if one.spec is not None]
    faults += () if faults else confused(specs)
    if join and not faults:
        specs, faults = joined(specs)
    if faults:
        raise SpecError(faults)
    return specs


def top_fields(kinds: Mapping[str, Kind]) -> Fields:
    """The keys of a spec file."""
    return Fields(
        named={
            "slogate": Field(shape=_format(), help="version of the format: 1", required=True),
            "service": Field(
                shape=name("a service"), help="the service that promises", required=True
            ),
            "owner": Field(shape=text("an owner"), help="who answers for it"),
            "labels": Field(shape=texts_by_name("labels"), help="free labels"),
            "ok": Field(
                shape=expression(),
                help="what counts as a success; `ok` is the source's word: ok and duration <= 2s",
            ),
            "defaults": Field(shape=mapping(Fields(named=DEFAULTS)), help="for all budgets"),
            "budgets": Field(shape=budgets_shape(kinds), help="judged on one load-test run"),
            "slos": Field(shape=slos_shape(), help="judged on production series over a window"),
            "composites": Field(shape=composites_shape(), help="promises made of several slos"),
            "corrections": Field(shape=corrections_shape(), help="planned downtime"),
            "openslo": Field(shape=objects_shape(), help="OpenSLO objects, kept for conversion"),
        }
    )


def _format() -> Shape:
    def read(node: Node, at: At) -> Any:
        if isinstance(node, Scalar) and node.kind == "number" and node.text == str(FORMAT):
            return FORMAT
        return at.wrong(node, f"the format is the number {FORMAT}, not {described(node)}")

    return Shape(read=read, schema={"const": FORMAT})


def _load(file: str, source: str, fields: Fields) -> _Loaded:
    root, faults = read_document(file, source)
    at = At(file=file, faults=faults)
    foreign = _foreign(root, at) if isinstance(root, Table) else None
    if foreign is not None:
        return _Loaded(file=file, faults=[foreign])
    if root is None or (isinstance(root, Scalar) and root.kind == "null"):
        if not faults:
            faults.append(
                Fault(file=file, line=1, column=1, message="the file is empty", hint=_BEGIN)
            )
        return _Loaded(file=file, faults=faults)
    if not isinstance(root, Table):
        at.wrong(root, f"a spec is keys and values, not {described(root)}", _BEGIN)
        return _Loaded(file=file, faults=faults)
    found = read_fields(fields, root, at)
    if not any(_items(root, key) for key in ("budgets", "slos", "composites", "openslo")):
        at.wrong(root, "this spec promises nothing", "add `budgets:`")
    if _items(root, "corrections") and not (_items(root, "slos") or _items(root, "composites")):
        place = root.key("corrections") or root
        at.key("corrections").wrong(place, "'corrections' have no meaning without slos")
    rooms = ("budgets", "slos", "composites")
    names = tuple(name for room in rooms for name in _names(root, room))
    spec = None if faults else _spec(file, source, root, found)
    service = found.get("service")
    return _Loaded(file=file, faults=faults, spec=spec, service=service, names=names)


def _items(root: Table, key: str) -> bool:
    """Whether a list has items, or is something else that has left its own fault."""
    node = root.get(key)
    return node is not None and not (isinstance(node, Listing) and not node.items)


def _foreign(root: Table, at: At) -> Fault | None:
    """The one fault of a file that is not for this version, whatever else it holds."""
    version = root.get("apiVersion")
    if isinstance(version, Scalar) and version.text.startswith("openslo"):
        message = "OpenSLO is read by `slogate spec`, but this version cannot judge it yet"
        return at.key("apiVersion").made(version, message, "write the native format: slogate: 1")
    number = root.get("slogate")
    if not isinstance(number, Scalar) or number.kind != "number" or not number.text.isdigit():
        return None
    if number.text.isascii() and len(number.text) < 10 and int(number.text) > FORMAT:
        message = f"written in the newer format {number.text}; this version reads {FORMAT}"
        return at.key("slogate").made(number, message, "upgrade slogate")
    return None


def _names(root: Table, room: str) -> Iterator[_Name]:
    items = root.get(room)
    for index, item in enumerate(items.items if isinstance(items, Listing) else ()):
        node = item.get("name") if isinstance(item, Table) else None
        if isinstance(node, Scalar) and node.kind == "string":
            path = f"{room}[{index}].name"
            # ids of slos and composites are alike
            yield _Name(
                room="slos" if room == "composites" else room, name=node.text, path=path, place=node
            )


def _clashes(loaded: Sequence[_Loaded]) -> Iterator[Fault]:
    """Names taken twice in one service, in one file or in several."""
    taken: dict[tuple[str, str, str], str] = {}
    for one in loaded:
        for taker in one.names:
            key = (one.service or f"\0{one.file}", taker.room, taker.name)
            here = f"{one.file}:{taker.place.line}:{taker.place.column}"
            if (first := taken.setdefault(key, here)) != here:
                at = At(file=one.file, faults=[], path=taker.path)
                message = f"the name '{taker.name}' is already taken at {first}"
                hint = "names are unique in a service"
                yield at.made(taker.place, message, hint, rule="name-taken")


def confused(specs: Sequence[Spec]) -> Iterator[Fault]:
    """Objectives of two services whose ids in the history would be the same."""
    owners: dict[str, Objective | Promise | Allowance] = {}
    every: list[Objective | Promise | Allowance] = []
    for spec in specs:
        every += [*spec.objectives, *spec.regressions, *spec.promises, *spec.queried]
        every += spec.composites
    for objective in every:
        first = owners.setdefault(objective.id, objective)
        place, other = objective.place, first.place
        if first is not objective and place is not None and other is not None:
            message = f"the id '{objective.id}' is already taken at {other.file}:{other.line}"
            hint = "rename it: a `/` in names makes two ids alike"
            yield Fault(
                file=place.file, line=place.line, column=place.column, message=message, hint=hint
            )


def _spec(file: str, source: str, root: Table, found: Mapping[str, Any]) -> Spec:
    defaults = found.get("defaults", {})
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    common = Common(
        file=file,
        sha256=sha256,
        service=found["service"],
        success=found.get("ok", Ok()),
        defaults=defaults,
    )
    nodes = root.get("budgets")
    items = nodes.items if isinstance(nodes, Listing) else ()
    promises = tuple(promises_of(found, root, common))
    return Spec(
        file=file,
        text=source,
        sha256=sha256,
        service=found["service"],
        owner=found.get("owner"),
        labels=found.get("labels", {}),
        warmup_us=defaults.get("warmup", 0),
        objectives=tuple(
            objective
            for budget, node in zip(found.get("budgets", ()), items, strict=True)
            if isinstance(node, Table)
            for objective in objectives_of(budget, node, common)
        ),
        regressions=tuple(
            allowance
            for budget, node in zip(found.get("budgets", ()), items, strict=True)
            if isinstance(node, Table)
            for allowance in allowances_of(budget, node, common)
        ),
        promises=tuple(each for each in promises if each.indicator is None),
        queried=tuple(each for each in promises if each.indicator is not None),
        composites=tuple(composites_of(found, root, found["service"], file, sha256)),
        conditions=(common.success, *_conditions(promises)),
        unsupported=tuple(_unsupported(root, found, At(file=file, faults=[]))),
    )


def _conditions(promises: Sequence[Promise]) -> Iterator[Predicate]:
    """What promises ask of stored requests."""
    for promise in promises:
        if promise.indicator is None:
            yield promise.selection.success
            yield from () if promise.events is None else (promise.events,)


def _unsupported(root: Table, found: Mapping[str, Any], at: At) -> Iterator[Fault]:
    for index, why in unjudged(found):
        here = at.key("slos").item(index).key("indicator").key(why.key)
        yield here.made(_item(root, "slos", index, "indicator"), str(why), why.hint)
    for index, each in enumerate(found.get("openslo", ())):
        if each.get("kind") == "SLO":
            here = at.key("openslo").item(index)
            yield here.made(_item(root, "openslo", index, "spec"), _LATER.format("openslo"))


def _item(root: Table, room: str, index: int, key: str) -> Node:
    """The key of an item of a list, else the item."""
    nodes = root.get(room)
    item = nodes.items[index] if isinstance(nodes, Listing) else root
    return (item.key(key) if isinstance(item, Table) else None) or item
