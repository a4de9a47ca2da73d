"""Sloth's specs as native ones: `version: prometheus/v1` and the kind PrometheusServiceLevel.

Sloth's window is 30 days and its alerts are those of the SRE workbook. What the native format has
no key for (labels, alert names) is kept under `openslo:`, as annotations `sloth.dev/KEY`. Unknown
keys are faults here too, where Sloth drops them in silence; SLI plugins are code and are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slogate.slo.convert_words import noted, percent_of
from slogate.slo.document import Node, Scalar, Table
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, described, listing, mapping
from slogate.slo.indicator import free, prose
from slogate.slo.openslo.upgrade import Data
from slogate.slo.shapes import flag, name, texts_by_name
from slogate.slo.writing import Number, plain

PREFIX = "sloth.dev/"
WINDOW = "30d"
_PAGE: tuple[Data, ...] = (
    {"budget": "2%", "long": "1h", "short": "5m", "severity": "page"},
    {"budget": "5%", "long": "6h", "short": "30m", "severity": "page"},
)
_TICKET: tuple[Data, ...] = (
    {"budget": "10%", "long": "1d", "short": "2h", "severity": "ticket"},
    {"budget": "10%", "long": "3d", "short": "6h", "severity": "ticket"},
)


def percent(node: Node, at: At) -> Any:
    """A number over 0 and under 100, as `99.9%`."""
    if isinstance(node, Scalar) and node.kind == "number" and len(node.text) < 40:
        if "e" not in node.text.lower() and 0 < float(node.text) < 100:
            return percent_of(node.text, digits=0)
        return at.wrong(node, f"{node.text} is not between 0 and 100", "100 leaves no error budget")
    return at.wrong(node, f"a number is expected, not {described(node)}")


def query() -> Shape:
    """A query, of any number of lines."""

    def read(node: Node, at: At) -> Any:
        if isinstance(node, Scalar) and node.kind == "string" and node.text.strip():
            return node.text
        return at.wrong(node, f"a query is expected, not {described(node)}")

    return Shape(read=read, schema={"type": "string"})


def _plugin(node: Node, at: At) -> Any:
    return at.wrong(node, "a plugin is code of Sloth's", "write the queries that it makes")


Key = Callable[..., str]
_LABELS = Field(shape=texts_by_name("labels"), help="labels")
_TEXTS = {
    "labels": _LABELS,
    "annotations": Field(shape=texts_by_name("annotations"), help="annotations"),
}


def _snake(*words: str) -> str:
    """A key as the file spells it."""
    return "_".join(words)


def _camel(*words: str) -> str:
    """A key as the Kubernetes resource spells it."""
    return words[0] + "".join(word.title() for word in words[1:])


def _alerting(key: Key) -> Field:
    alert = Fields(named={"disable": Field(shape=flag(), help="whether it is left out"), **_TEXTS})
    fields = Fields(
        named={
            "name": Field(shape=name(), help="name of the alerts"),
            **_TEXTS,
            key("page", "alert"): Field(shape=mapping(alert), help="the page"),
            key("ticket", "alert"): Field(shape=mapping(alert), help="the ticket"),
        }
    )
    return Field(shape=mapping(fields), help="alerts")


def _sli(key: Key) -> Field:
    asked = Field(shape=query(), help="a query", required=True)
    events = Fields(named={key("error", "query"): asked, key("total", "query"): asked})
    raw = Fields(named={key("error", "ratio", "query"): asked})
    fields = Fields(
        named={
            "events": Field(shape=mapping(events), help="bad and all events"),
            "raw": Field(shape=mapping(raw), help="a ratio of errors"),
            "plugin": Field(shape=Shape(read=_plugin, schema={}), help="not read"),
        }
    )
    return Field(shape=mapping(fields), help="what is measured", required=True)


def _fields(key: Key) -> dict[str, Field]:
    """The keys of a spec, in one of the two spellings."""
    slo = Fields(
        named={
            "name": Field(shape=name(), help="name of the SLO", required=True),
            "description": Field(shape=prose(), help="for people"),
            "objective": Field(shape=Shape(read=percent, schema={}), help="99.9", required=True),
            "labels": _LABELS,
            "sli": _sli(key),
            "alerting": _alerting(key),
            "plugins": Field(shape=free(), help="kept"),
        }
    )
    return {
        "service": Field(shape=name(), help="name of the service", required=True),
        "labels": _LABELS,
        "slos": Field(shape=listing(mapping(slo), nonempty=True), help="SLOs", required=True),
        key("slo", "plugins"): Field(shape=free(), help="kept"),
    }


_VERSION = Field(shape=name(), help="prometheus/v1", required=True)
_FILE = mapping(Fields(named={"version": _VERSION, **_fields(_snake)}))
_RESOURCE = mapping(
    Fields(
        named={
            "apiVersion": Field(shape=name(), help="sloth.slok.dev/v1", required=True),
            "kind": Field(shape=name(), help="PrometheusServiceLevel", required=True),
            "metadata": Field(shape=free(), help="name and namespace"),
            "spec": Field(
                shape=mapping(Fields(named=_fields(_camel))), help="as in a file", required=True
            ),
        }
    )
)


def sloth_to_native(node: Node, at: At) -> Data | None:
    """The native file of a Sloth spec; None where there are faults."""
    resource = isinstance(node, Table) and node.key("apiVersion") is not None
    if (_RESOURCE if resource else _FILE).read(node, at) is WRONG:
        return None
    data = plain(node)
    spec = _snaked(data["spec"]) if resource else data
    kept = (
        {"labels": {key: str(text) for key, text in spec["labels"].items()}}
        if spec.get("labels")
        else {}
    )
    slos = [slo for each in spec["slos"] if (slo := _slo(each, node, at)) is not None]
    return {"slogate": Number("1"), "service": spec["service"], **kept, "slos": slos}


def _snaked(data: Any) -> Any:
    """The keys of a resource as a file spells them."""
    known = {
        "errorQuery": "error_query", "totalQuery": "total_query",
        "errorRatioQuery": "error_ratio_query", "pageAlert": "page_alert",
        "ticketAlert": "ticket_alert", "sloPlugins": "slo_plugins",
    }  # fmt: skip
    if isinstance(data, list):
        return [_snaked(item) for item in data]
    if not isinstance(data, dict):
        return data
    free_keys = {"labels", "annotations"}
    return {
        known.get(key, key): value if key in free_keys else _snaked(value)
        for key, value in data.items()
    }


def _slo(slo: Data, node: Node, at: At) -> Data | None:
    sli = slo["sli"]
    if len(sli) != 1:
        at.wrong(node, f"the sli of '{slo['name']}' is either events or raw")
        return None
    description = {"description": slo["description"]} if "description" in slo else {}
    found = {
        "name": slo["name"],
        **description,
        "indicator": _indicator(sli),
        "objective": percent_of(slo["objective"], digits=0),
        "window": WINDOW,
    }
    alerting = slo.get("alerting") or {}
    if alerts := [*_alerts(alerting)]:
        both = len(alerts) == len(_PAGE) + len(_TICKET)
        found["alerts"] = "google" if both else alerts
    return {**found, **_kept(slo, alerting)}


def _indicator(sli: Data) -> Data:
    if "raw" in sli:
        return {"raw": _prometheus(sli["raw"]["error_ratio_query"]), "raw_type": "failure"}
    events = sli["events"]
    return {"bad": _prometheus(events["error_query"]), "total": _prometheus(events["total_query"])}


def _prometheus(text: str) -> Data:
    return {"type": "prometheus", "spec": {"query": text}}


def _alerts(alerting: Data) -> Iterator[Data]:
    """Sloth's windows of 30 days, but for what is disabled."""
    for key, pairs in (("page_alert", _PAGE), ("ticket_alert", _TICKET)):
        if not (alerting.get(key) or {}).get("disable", False):
            yield from pairs


def _kept(slo: Data, alerting: Data) -> Mapping[str, Any]:
    """What the native format has no key for, as what OpenSLO would say of it."""
    notes = {f"{PREFIX}alerting": noted(alerting)} if alerting else {}
    if "plugins" in slo:
        notes[f"{PREFIX}plugins"] = noted(slo["plugins"])
    labels = {"labels": {key: str(text) for key, text in (slo.get("labels") or {}).items()}}
    metadata = {**(labels if labels["labels"] else {}), **({"annotations": notes} if notes else {})}
    return {"openslo": {"metadata": metadata}} if metadata else {}
