"""OpenSLO objects of any version as objects of version 1: plain data, nulls left out.

What version 1 calls otherwise is renamed. An inline data source of v2alpha becomes a DataSource
of its own, label keys that version 1 does not allow become annotations, and a v1alpha SLO whose
objectives have ratios of their own becomes an SLO an objective (version 1 would hold several
indicators in one SLO for a composite). Meant for objects without errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from slogate.slo.openslo.metadata import LABEL_KEY, LABELLED
from slogate.slo.openslo.references import Entity
from slogate.slo.writing import plain

Data = dict[str, Any]
V1 = "openslo/v1"
ANNOTATION = "slogate.dev/"
_UNITS = {"Day": "d", "Week": "w", "Month": "M", "Quarter": "Q"}
_RENAMED = {
    "serviceRef": "service",
    "sli": "indicator",
    "sliRef": "indicatorRef",
}
_ROLES = ("good", "bad", "total", "raw", "thresholdMetric")


def upgraded(entity: Entity) -> list[Data]:
    """The object, and those that had to be made of its parts, as of version 1."""
    data = pruned(plain(entity.node))
    data["apiVersion"] = V1
    if entity.kind == "Service":
        data.setdefault("spec", {})
    upgrade = {"v1": _same, "v1alpha": _alpha, "v2alpha": _second}[entity.version]
    return list(upgrade(data))


def pruned(data: Any, *, free: bool = False) -> Any:
    """The data without keys whose value is null, but for what is free in form."""
    if isinstance(data, list):
        return [pruned(item, free=free) for item in data]
    if not isinstance(data, dict):
        return data
    metric = any(key in data for key in ("type", "metricSourceRef", "dataSourceRef"))
    return {
        key: pruned(value, free=free or key == "connectionDetails" or (metric and key == "spec"))
        for key, value in data.items()
        if free or value is not None
    }


def _same(data: Data) -> Iterator[Data]:
    yield data


def _alpha(data: Data) -> Iterator[Data]:
    if data["kind"] != "SLO":
        yield data
        return
    spec, name = data["spec"], data["metadata"]["name"]
    _exact_seconds(data["metadata"], spec["timeWindows"][0])
    windows = [_alpha_window(window) for window in spec.pop("timeWindows")]
    objectives, shared = spec.pop("objectives"), spec.pop("indicator", None)
    ratios = [objective.pop("ratioMetrics", None) for objective in objectives]
    for objective in objectives:
        _alpha_slice(objective, spec["budgetingMethod"])
    spec["timeWindow"] = windows
    if shared is not None:
        metric = {"thresholdMetric": _alpha_source(shared["thresholdMetric"])}
        yield _with(data, name, metric, objectives)
    elif all(ratio == ratios[0] for ratio in ratios):
        yield _with(data, name, _alpha_ratio(ratios[0]), objectives)
    else:
        for number, (objective, ratio) in enumerate(zip(objectives, ratios, strict=True), 1):
            yield _with(data, f"{name}-{number}", _alpha_ratio(ratio), [objective])


def _with(data: Data, name: str, metric: Data, objectives: list[Data]) -> Data:
    """An SLO of that name with its indicator and objectives."""
    metadata = {**data["metadata"], "name": name}
    inline = {"metadata": {"name": name}, "spec": metric}
    spec = {**data["spec"], "indicator": inline, "objectives": objectives}
    return {**data, "metadata": metadata, "spec": spec}


def _alpha_window(window: Data) -> Data:
    """Unit and count as a duration; seconds that are no whole minutes are rounded up."""
    count = int(window["count"])
    if window["unit"] == "Second":
        duration = f"{-(-count // 60)}m"
    else:
        duration = f"{count}{_UNITS[window['unit']]}"
    rolling = window.get("isRolling", "calendar" not in window)
    calendar = {"calendar": window["calendar"]} if "calendar" in window else {}
    return {"duration": duration, "isRolling": rolling, **calendar}


def _exact_seconds(metadata: Data, window: Data) -> None:
    """A window that is no whole number of minutes is kept beside its rounded form."""
    if window["unit"] == "Second" and int(window["count"]) % 60:
        metadata["annotations"] = {f"{ANNOTATION}window": f"{window['count']}s"}


def _alpha_slice(objective: Data, method: str) -> None:
    """v1alpha tells no length of slices; they are a minute, as its engines take them."""
    if method == "Timeslices":
        objective.setdefault("timeSliceWindow", "1m")


def _alpha_source(source: Data) -> Data:
    spec = {key: source[key] for key in ("queryType", "query")}
    return {"metricSource": {"type": source["source"], "spec": spec}}


def _alpha_ratio(ratio: Data) -> Data:
    counter = {"counter": ratio["incremental"]} if "incremental" in ratio else {}
    sides = {side: _alpha_source(ratio[side]) for side in ("good", "total")}
    return {"ratioMetric": {**counter, **sides}}


def _second(data: Data) -> Iterator[Data]:
    made: list[Data] = []
    metadata = data["metadata"]
    labels = metadata.get("labels", {})
    if stray := {key: text for key, text in labels.items() if not LABEL_KEY.fullmatch(key)}:
        metadata["annotations"] = {**stray, **metadata.get("annotations", {})}
        metadata["labels"] = {key: text for key, text in labels.items() if key not in stray}
    yield _renamed(data, metadata["name"], made)
    yield from made


def _renamed(data: Any, name: str, made: list[Data]) -> Any:
    """The words of version 1 at every depth; inline data sources are added to `made`."""
    if isinstance(data, list):
        return [_renamed(item, name, made) for item in data]
    if not isinstance(data, dict):
        return data
    found: Data = {}
    for key, value in data.items():
        if key in _ROLES and isinstance(value, dict):
            found[str(key)] = _second_source(value, f"{name}-{key.lower()}", made)
        elif key in LABELLED or key == "connectionDetails":
            found[str(key)] = value
        else:
            found[_RENAMED.get(str(key), str(key))] = _renamed(value, name, made)
    return found


def _second_source(source: Data, name: str, made: list[Data]) -> Data:
    spec = {"spec": source["spec"]} if source.get("spec") else {"spec": {"query": ""}}
    inline = source.get("dataSourceSpec")
    if inline is None:
        return {"metricSource": {"metricSourceRef": source["dataSourceRef"], **spec}}
    name = name[:63].strip("-")
    taken = {"apiVersion": V1, "kind": "DataSource", "metadata": {"name": name}, "spec": inline}
    made.append(taken)
    return {"metricSource": {"metricSourceRef": name, "type": inline["type"], **spec}}
