"""Files of Sloth and Pyrra as native files, one for each service; SpecError with all faults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slogate.errors import Fault, SpecError
from slogate.slo.convert import Converted
from slogate.slo.dialect import Dialect, dialect_of_nodes
from slogate.slo.document import Listing, Node, Table, read_stream
from slogate.slo.fields import At
from slogate.slo.load import load_specs
from slogate.slo.openslo.upgrade import Data
from slogate.slo.openslo.values import is_null
from slogate.slo.pyrra import pyrra_to_native
from slogate.slo.sloth import sloth_to_native
from slogate.slo.writing import node_of, yaml_text


def foreign_faults(files: Sequence[tuple[str, str]]) -> list[Fault]:
    """What is wrong in files of Sloth and Pyrra."""
    faults: list[Fault] = []
    for file, text in files:
        _read(file, text, faults, None)
    return faults


def foreign_to_native(files: Sequence[tuple[str, str]], *, service: str | None = None) -> Converted:
    """The native files; `service` is whose the SLOs of Pyrra are."""
    faults: list[Fault] = []
    made: dict[str, Data] = {}
    for file, text in files:
        for data in _read(file, text, faults, service):
            known = made.setdefault(data["service"], {**data, "slos": []})
            known["slos"] = [*known["slos"], *data["slos"]]
    if faults:
        raise SpecError(faults)
    notes: list[str] = []
    for data in made.values():
        _reachable(data, notes)
    texts = {name: yaml_text(node_of(data)) for name, data in made.items()}
    load_specs(list(texts.items()))
    return Converted(texts=texts, notes=tuple(notes))


def _read(file: str, text: str, faults: list[Fault], service: str | None) -> list[Data]:
    documents, broken = read_stream(file, text)
    faults += broken
    at = At(file=file, faults=faults)
    nodes = [node for document in documents for node in _objects(document)]
    found: list[Data | None] = []
    for node in nodes:
        dialect: Dialect = dialect_of_nodes([node])
        if dialect == "sloth":
            found.append(sloth_to_native(node, at))
        elif dialect == "pyrra":
            found.append(pyrra_to_native(node, at, service))
        else:
            at.wrong(node, "neither a spec of Sloth nor of Pyrra")
    return [data for data in found if data is not None]


def _objects(document: Node) -> Sequence[Node]:
    items = document.get("items") if isinstance(document, Table) else None
    if isinstance(items, Listing):
        return items.items
    return [] if is_null(document) else [document]


def _reachable(data: Any, notes: list[str]) -> None:
    """Leave out alerts that no traffic can set off at so low an objective, and tell."""
    try:
        load_specs([("", yaml_text(node_of(data)))])
    except SpecError as error:
        for index, slo in enumerate(data["slos"]):
            path = f"slos[{index}].alerts"
            found = [fault for fault in error.faults if fault.path.startswith(path)]
            if found and slo.pop("alerts", None) is not None:
                notes.append(f"the alerts of '{slo['name']}' are left out: {found[0].message}")
