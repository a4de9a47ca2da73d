"""Pyrra's ServiceLevelObjective as a native SLO.

Pyrra knows no service: an SLO stands under its own name unless one is given. Its queries are
selectors of metrics, which it rates itself; so they are kept as `metric`, with the labels that it
groups by. What else it says of alerts is kept as an annotation `pyrra.dev/alerting`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from slogate.slo.convert_words import noted, percent_of
from slogate.slo.document import Node, Scalar
from slogate.slo.fields import WRONG, At, Field, Fields, Shape, described, listing, mapping
from slogate.slo.indicator import free, prose
from slogate.slo.openslo.upgrade import Data
from slogate.slo.shapes import flag, name, texts_by_name
from slogate.slo.sloth import query
from slogate.slo.writing import Number, plain

PREFIX = "pyrra.dev/"
_WINDOW = re.compile(r"([1-9][0-9]{0,3})([hdwy])")
_TARGET = re.compile(r"[0-9]{1,2}(\.[0-9]{1,20})?")


def _target(node: Node, at: At) -> Any:
    text = node.text if isinstance(node, Scalar) else ""
    if not _TARGET.fullmatch(text) or Decimal(text) == 0:
        return at.wrong(node, f"a target between 0 and 100 is expected, not {described(node)}")
    if Decimal(text) < 1:
        meant = percent_of(text).removesuffix("%")
        return at.wrong(node, f"a target is from 0 to 100 ({meant}), not from 0 to 1 ({text})")
    return text


def _window(node: Node, at: At) -> Any:
    if isinstance(node, Scalar) and _WINDOW.fullmatch(node.text):
        return node.text
    return at.wrong(node, f"a window is expected, not {described(node)}", "for example 4w or 28d")


_METRIC = mapping(
    Fields(named={"metric": Field(shape=query(), help="a selector of series", required=True)})
)
_GROUPING = Field(shape=listing(name()), help="labels")


def _indicator(*metrics: str, **more: Field) -> Field:
    named = {key: Field(shape=_METRIC, help="a metric", required=True) for key in metrics}
    fields = Fields(named={**named, **more, "grouping": _GROUPING})
    return Field(shape=mapping(fields), help="what is measured")


_LATENCY = Field(shape=name(), help="400ms", required=True)
_INDICATORS = Fields(
    named={
        "ratio": _indicator("errors", "total"),
        "latency": _indicator("success", "total"),
        "latencyNative": _indicator("total", latency=_LATENCY),
        "bool_gauge": _indicator(metric=Field(shape=query(), help="a gauge", required=True)),
    }
)
_ALERTING = Fields(
    named={
        **{
            key: Field(shape=flag(), help="whether these alerts are made")
            for key in ("disabled", "burnrates", "absent")
        },
        "name": Field(shape=name(), help="name of the alert"),
        "absentName": Field(shape=name(), help="name of the alert"),
    }
)
_SPEC = Fields(
    named={
        "description": Field(shape=prose(), help="for people"),
        "target": Field(shape=Shape(read=_target, schema={}), help='"99.5"', required=True),
        "window": Field(shape=Shape(read=_window, schema={}), help="4w", required=True),
        "indicator": Field(shape=mapping(_INDICATORS), help="what is measured", required=True),
        "alerting": Field(shape=mapping(_ALERTING), help="alerts"),
        "partial_response_strategy": Field(shape=name(), help="for Thanos"),
    }
)
_METADATA = Fields(
    named={
        "name": Field(shape=name(), help="name of the SLO", required=True),
        "namespace": Field(shape=name(), help="where it lives"),
        "labels": Field(shape=texts_by_name("labels"), help="labels"),
        "annotations": Field(shape=texts_by_name("annotations"), help="annotations"),
    }
)
_OBJECT = mapping(
    Fields(
        named={
            "apiVersion": Field(shape=name(), help="pyrra.dev/v1alpha1", required=True),
            "kind": Field(shape=name(), help="ServiceLevelObjective", required=True),
            "metadata": Field(shape=mapping(_METADATA), help="name", required=True),
            "spec": Field(shape=mapping(_SPEC), help="what is promised", required=True),
            "status": Field(shape=free(), help="left out"),
        }
    )
)


def pyrra_to_native(node: Node, at: At, service: str | None = None) -> Data | None:
    """The native file of one object; None where there are faults."""
    if _OBJECT.read(node, at) is WRONG:
        return None
    data = plain(node)
    spec, metadata = data["spec"], data["metadata"]
    if len(spec["indicator"]) != 1:
        at.wrong(node, "exactly one of ratio, latency, latencyNative and bool_gauge is expected")
        return None
    description = {"description": spec["description"]} if spec.get("description") else {}
    found = {
        "name": metadata["name"],
        **description,
        "indicator": _measure(spec["indicator"]),
        "objective": percent_of(spec["target"], digits=0),
        "window": _native_window(spec["window"]),
    }
    alerting = spec.get("alerting") or {}
    if alerting.get("burnrates", True) and not alerting.get("disabled", False):
        found["alerts"] = "google"
    return {
        "slogate": Number("1"),
        "service": service or metadata["name"],
        "slos": [{**found, **_kept(metadata, spec)}],
    }


def _native_window(text: str) -> str:
    """A year of Prometheus is 365 days."""
    return f"{int(text[:-1]) * 365}d" if text.endswith("y") else text


def _measure(indicator: Data) -> Data:
    ((kind, said),) = indicator.items()
    grouped = {"grouping": said["grouping"]} if said.get("grouping") else {}

    def asked(spec: Data) -> Data:
        return {"type": "prometheus", "spec": {**spec, **grouped}}

    if kind == "ratio":
        return {"bad": asked(said["errors"]), "total": asked(said["total"]), "counter": True}
    if kind == "latency":
        return {"good": asked(said["success"]), "total": asked(said["total"]), "counter": True}
    if kind == "latencyNative":
        under = {**said["total"], "latency": said["latency"]}
        return {"good": asked(under), "total": asked(said["total"]), "counter": True}
    return {"raw": asked({"metric": said["metric"]}), "raw_type": "success"}


def _kept(metadata: Data, spec: Data) -> Data:
    """What the native format has no key for, as what OpenSLO would say of it."""
    notes = {key: str(text) for key, text in (metadata.get("annotations") or {}).items()}
    for key, value in (
        ("namespace", metadata.get("namespace")),
        ("alerting", spec.get("alerting")),
        ("partial_response_strategy", spec.get("partial_response_strategy")),
    ):
        if value:
            notes[f"{PREFIX}{key}"] = noted(value)
    labels = {key: str(text) for key, text in (metadata.get("labels") or {}).items()}
    kept = {**({"labels": labels} if labels else {}), **({"annotations": notes} if notes else {})}
    return {"openslo": {"metadata": kept}} if kept else {}
