"""One SLO there and back: native to OpenSLO version 1 with annotations, OpenSLO to native.

`to_openslo` says what OpenSLO can say and keeps every key that does not come back by itself in
an annotation `slogate.dev/KEY`. `to_native` understands what the native format can say and
keeps the rest as `openslo:`, a merge patch against what `to_openslo` would write. Both trust what
is kept only as long as it agrees with the rest of the document: whoever edits a target by hand
is believed, and what was kept of the old one is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slogate.slo.convert_words import (
    duration_of,
    label,
    metric_of,
    native_duration,
    native_metric,
    native_window,
    noted,
    percent_of,
    same,
    share_of,
    understood_note,
    window_of,
)
from slogate.slo.openslo.policies import Objects, alerts_said
from slogate.slo.openslo.upgrade import ANNOTATION, V1, Data

KEPT = "openslo"
METHODS = {
    "occurrences": "Occurrences",
    "timeslices": "Timeslices",
    "ratio_timeslices": "RatioTimeslices",
}
_METHODS = {there: here for here, there in METHODS.items()}
ORDER = (
    "name", "description", "endpoint", "where", "good", "indicator", "objective", "window",
    "budgeting", "slice", "slice_objective", "empty_slices", "by", "min_events", "severity",
    "on_no_data", "alerts", "policy",
)  # fmt: skip
_MEANT = ("indicator", "indicatorRef", "timeWindow", "budgetingMethod")
_MEANT_OF_OBJECTIVE = (
    "target", "targetPercent", "timeSliceTarget", "timeSliceWindow", "op", "value",
)  # fmt: skip


def to_openslo(slo: Data, service: str, objects: Objects | None = None) -> Data:
    """A native SLO as an OpenSLO object; SLIs that it refers to may have to be added.

    `objects` are those that its alert policies may be.
    """
    said = _annotated(slo, service)
    patch = _believed(slo.get(KEPT), slo, said, objects or {})
    if patch is None:
        return said
    whole = _unfolded(patched(_folded(said), patch))
    if _agree(whole, said):
        return whole
    return _unfolded(patched(_folded(said), _harmless(patch)))


def _believed(patch: Data | None, slo: Data, said: Data, objects: Objects) -> Data | None:
    """What was kept, without alert policies that say other than the native alerts by now."""
    policies = (patch or {}).get("spec", {}).get("alertPolicies")
    if patch is None or policies is None or "alerts" not in slo:
        return patch

    def told(some: Sequence[Data]) -> list[Data]:
        spec = {**said["spec"], "alertPolicies": some}
        return [*alerts_said(spec, spec["objectives"][0], objects).alerts]

    if same(told(policies), slo["alerts"]):
        return patch
    spec = {key: value for key, value in patch["spec"].items() if key != "alertPolicies"}
    if left := [policy for policy in policies if not told([policy])]:
        spec["alertPolicies"] = left
    metadata = dict(patch.get("metadata", {}))
    notes = metadata.pop("annotations", None) or {}
    rest = {key: value for key, value in notes.items() if key != f"{ANNOTATION}alerts"}
    metadata |= {"annotations": rest} if rest else {}
    return {**patch, "metadata": metadata, "spec": spec}


def _annotated(slo: Data, service: str) -> Data:
    """What OpenSLO says of an SLO, with annotations for what does not come back by itself."""
    said = _said(slo, service)
    back = _understood(said)
    notes = {
        f"{ANNOTATION}{key}": noted(slo[key])
        for key in ORDER
        if key in slo and not (key in back and same(back[key], slo[key]))
    }
    if notes:
        said["metadata"]["annotations"] = notes
    return said


def _said(slo: Data, service: str) -> Data:
    name = label(slo["name"])
    description = {"description": slo["description"]} if "description" in slo else {}
    indicator = slo.get("indicator", {})
    objective: Data = {key: indicator[key] for key in ("op", "value") if key in indicator}
    objective["target"] = share_of(str(slo["objective"]))
    if "slice_objective" in slo:
        objective["timeSliceTarget"] = share_of(str(slo["slice_objective"]))
    if "slice" in slo:
        objective["timeSliceWindow"] = duration_of(slo["slice"], up=False)
    return {
        "apiVersion": V1,
        "kind": "SLO",
        "metadata": {"name": name},
        "spec": {
            **description,
            "service": service,
            "indicator": {"metadata": {"name": name}, "spec": metric_of(slo)},
            "timeWindow": [window_of(slo["window"])],
            "budgetingMethod": METHODS[slo.get("budgeting", "occurrences")],
            "objectives": [objective],
        },
    }


def _understood(slo: Data) -> Data:
    """What the native format can say of an SLO with an inline indicator and one objective."""
    spec = slo["spec"]
    objective = spec["objectives"][0]
    share = objective.get("target")
    percent = objective["targetPercent"] if share is None else share
    found: Data = {"name": slo["metadata"]["name"]}
    if "description" in spec:
        found["description"] = spec["description"]
    found |= native_metric(spec["indicator"]["spec"], objective)
    found["objective"] = percent_of(percent, digits=0 if share is None else 2)
    found["window"] = native_window(spec["timeWindow"][0])
    method = _METHODS[spec["budgetingMethod"]]
    if method != "occurrences":
        found["budgeting"] = method
        found["slice"] = native_duration(objective["timeSliceWindow"])
    if method == "timeslices":
        found["slice_objective"] = percent_of(objective["timeSliceTarget"])
    return found


def to_native(
    slo: Data,
    service: str,
    inline: Data | None = None,
    *,
    name: str | None = None,
    alerts: Sequence[Data] = (),
) -> Data:
    """An SLO of one objective; `inline` is its SLI where it only refers to one.

    `name` is what it is called instead of its own name, where it is one of several objectives.
    `alerts` are what its policies say, unless an annotation tells of others.
    """
    seen = slo if inline is None else {**slo, "spec": {**slo["spec"], "indicator": inline}}
    base, notes = _understood(seen), _notes(slo)
    native = _ordered({**base, **notes})
    if not _trusted(native, base, service):
        extra = {key: value for key, value in notes.items() if key not in base}
        native = _ordered({**base, **extra})
        native = native if _trusted(native, base, service) else _ordered(base)
    if name not in {None, slo["metadata"]["name"]}:
        native["name"] = name
    if alerts and "alerts" not in native:
        native = _ordered({**native, "alerts": [*alerts]})
    patch = difference(_folded(_annotated(native, service)), _folded(slo))
    return {**native, KEPT: patch} if patch else native


def _notes(slo: Data) -> Data:
    """What the annotations of an SLO say in native keys."""
    annotations = slo["metadata"].get("annotations", {})
    return {
        key: understood_note(annotations[f"{ANNOTATION}{key}"])
        for key in ORDER
        if f"{ANNOTATION}{key}" in annotations
    }


def _trusted(native: Data, base: Data, service: str) -> bool:
    """Whether notes say the same as the document, as far as OpenSLO can tell."""
    try:
        said = _said(native, service)
        return same(said, _said(base, service)) or same(_understood(said), base)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False


def _agree(whole: Data, said: Data) -> bool:
    """Whether what was kept still says what the native SLO says."""
    seen = whole
    if "indicatorRef" in whole["spec"]:
        seen = {**whole, "spec": {**whole["spec"], "indicator": said["spec"]["indicator"]}}
    try:
        understood, meant = _understood(seen), _understood(said)
    except (KeyError, TypeError, ValueError, IndexError):
        return False
    understood["name"] = meant["name"]
    return same(understood, meant)


def _harmless(patch: Data) -> Data:
    """The patch without what tells the meaning."""
    spec = {key: value for key, value in patch.get("spec", {}).items() if key not in _MEANT}
    objective = spec.get("objectives")
    if isinstance(objective, dict):
        kept = {key: text for key, text in objective.items() if key not in _MEANT_OF_OBJECTIVE}
        spec["objectives"] = kept
    return {**patch, "spec": spec}


def _ordered(slo: Data) -> Data:
    return {key: slo[key] for key in ORDER if key in slo}


def _folded(slo: Data) -> Data:
    """The one window and the one objective in place of their lists, so that patches are small."""
    spec = {
        key: value[0] if key in {"timeWindow", "objectives"} else value
        for key, value in slo["spec"].items()
    }
    return {**slo, "spec": spec}


def _unfolded(slo: Data) -> Data:
    spec = {
        key: [value] if key in {"timeWindow", "objectives"} else value
        for key, value in slo["spec"].items()
    }
    return {**slo, "spec": spec}


def difference(before: Data, after: Data) -> Data:
    """A merge patch from one table to another: null takes a key out."""
    patch: Data = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := difference(old, value):
                patch[key] = inner
        elif key not in before or not same(old, value):
            patch[key] = value
    return patch


def patched(before: Any, patch: Data) -> Data:
    """A table with a merge patch applied."""
    found: Data = dict(before) if isinstance(before, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = patched(found[key], value)
        else:
            found[key] = value
    return found
