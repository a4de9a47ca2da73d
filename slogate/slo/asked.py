"""The SLOs of a spec with all that is written for them: queries, labels, and how alerts are named.

For those who write rules for other systems. What is judged needs `Spec.promises` alone; here every
SLO is a promise, those with an `indicator:` as well, one for each window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slogate import plugins
from slogate.model.selection import Selection
from slogate.promises.promise import Promise
from slogate.slo.convert_words import understood_note
from slogate.slo.document import Listing, Node, Table, read_document
from slogate.slo.fields import At, read_fields
from slogate.slo.load import top_fields
from slogate.slo.promises import sources_of
from slogate.slo.slos import alerts_of
from slogate.slo.sloth import PREFIX
from slogate.slo.spec import Spec
from slogate.verdict import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """How Sloth's alerts are named and labelled; `by_severity` has what `page` or `ticket` adds."""

    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    by_severity: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One SLO over one window; `indicator` is what is written under that key.

    None where requests are promised, also by an indicator whose source is the store.
    """

    promise: Promise
    indicator: Mapping[str, Any] | None = None
    description: str | None = None
    owner: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    alerting: Alerting = Alerting()


def asked(specs: Sequence[Spec]) -> list[Asked]:
    """All SLOs of specs that were read without fault, in their order."""
    return [each for spec in specs for each in _asked(spec)]


def _asked(spec: Spec) -> Iterator[Asked]:
    root, faults = read_document(spec.file, spec.text)
    if not isinstance(root, Table):
        return
    found = read_fields(
        top_fields(plugins.every("objectives")), root, At(file=spec.file, faults=faults)
    )
    known = {(promise.name, promise.window_text): promise for promise in spec.promises}
    nodes = root.get("slos")
    items = nodes.items if isinstance(nodes, Listing) else ()
    for slo, node in zip(found.get("slos", ()), items, strict=True):
        metadata = (slo.get("openslo") or {}).get("metadata") or {}
        for text, window in slo["window"]:
            stored = known.get((slo["name"], text))
            yield Asked(
                promise=stored or _promise(slo, node, spec, (text, window)),
                indicator=None if stored else _typed(slo, sources_of(found)),
                description=slo.get("description"),
                owner=spec.owner,
                labels={**spec.labels, **_texts(metadata.get("labels"))},
                alerting=_alerting(metadata.get("annotations") or {}),
            )


def _promise(slo: Mapping[str, Any], node: Node, spec: Spec, window: tuple[str, Any]) -> Promise:
    """The promise of an SLO with an indicator: nothing is selected of the store's requests."""
    same = (
        "objective", "budgeting", "slice_objective", "by", "min_events", "severity", "on_no_data",
    )  # fmt: skip
    key = (node.key("objective") if isinstance(node, Table) else None) or node
    text, recurring = window
    return Promise(
        service=spec.service,
        name=slo["name"],
        selection=Selection(),
        window=recurring,
        window_text=text,
        place=Place(file=spec.file, line=key.line, column=key.column, sha256=spec.sha256),
        slice_us=slo.get("slice"),
        empty=slo.get("empty_slices", "excluded"),
        alerts=alerts_of(slo, recurring),
        **{name: slo[name] for name in same if name in slo},
    )


def _typed(slo: Mapping[str, Any], sources: Mapping[str, Any]) -> dict[str, Any]:
    """The indicator, each of its queries with the type of its source and the label of the SLO."""
    found = dict(slo["indicator"])
    for side, said in slo["indicator"].items():
        if not isinstance(said, Mapping):
            continue
        source = sources.get(said.get("source", ""))
        if source is not None and "type" not in said and "type" in source:
            found[side] = {**said, "type": source["type"]}
        if "by" in slo:
            found[side] = {**found[side], "spec": {"grouping": [slo["by"]], **said["spec"]}}
    return found


def _alerting(annotations: Mapping[str, Any]) -> Alerting:
    noted = annotations.get(f"{PREFIX}alerting")
    said = understood_note(noted) if isinstance(noted, str) else None
    if not isinstance(said, Mapping):
        return Alerting()
    name = said.get("name")
    return Alerting(
        name=name if isinstance(name, str) else None,
        labels=_texts(said.get("labels")),
        annotations=_texts(said.get("annotations")),
        by_severity={
            severity: (_texts(more.get("labels")), _texts(more.get("annotations")))
            for severity in ("page", "ticket")
            if isinstance(
                more := said.get(f"{severity}_alert", said.get(f"{severity}Alert")), Mapping
            )
        },
    )


def _texts(found: Any) -> dict[str, str]:
    """Those of a mapping's values that are single ones, as texts."""
    if not isinstance(found, Mapping):
        return {}
    return {str(key): str(text) for key, text in found.items() if not isinstance(text, list | dict)}
