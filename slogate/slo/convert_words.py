"""Names, shares, spans and sources: how the native format and OpenSLO word the same thing.

Each pair of functions goes there and back. What has no word on the other side is rounded to
the nearest that has; the callers in `convert_slo.py` notice that it does not come back, and
keep it beside.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from slogate.slo.document import read_document
from slogate.slo.openslo.durations import MINUTE_US, length_us, parse_shorthand, shorthand
from slogate.slo.openslo.upgrade import Data
from slogate.slo.writing import Number, flow_text, node_of, plain
from slogate.units import parse_duration

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
STORE = "slogate"
_ANCHOR = "2024-01-01 00:00:00"
"""A Monday, and the first day of a month, a quarter and a year: whole periods begin there."""
_PERIODS = {"1d": "day", "1w": "week", "1M": "month", "1Q": "quarter", "1Y": "year"}
_SIDES = ("good", "bad", "total", "raw")


def same(one: Any, other: Any) -> bool:
    """Whether two data say the same in any order of keys, numbers and texts kept apart."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return flow_text(node_of(one)) == flow_text(node_of(other))


def noted(data: Any) -> str:
    """Data as the text of an annotation."""
    return flow_text(node_of(data))


def understood_note(text: str) -> Any:
    """What an annotation says; its text where it is no YAML."""
    node, faults = read_document("", text)
    return text if node is None or faults else plain(node)


def label(name: str) -> str:
    """A name as an RFC 1123 label: itself if it is one, else cleaned, with a mark of its own."""
    if LABEL.fullmatch(name):
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    cleaned = re.sub(r"[^a-z0-9]+", "-", name.lower())[:50].strip("-")
    return f"{cleaned}-{mark}" if cleaned else f"n-{mark}"


def share_of(percent: str) -> Number | None:
    """`99.5%` as the number 0.995; None if it is no percentage."""
    match = re.fullmatch(r"\s*([0-9]{1,30}(?:\.[0-9]{1,60})?)\s*%\s*", percent)
    return None if match is None else Number(_shifted(match[1], -2))


def percent_of(number: str, *, digits: int = 2) -> str:
    """0.995 as `99.5%`; without digits to shift, 99.5."""
    return f"{_shifted(number, digits)}%"


def _shifted(number: str, digits: int) -> str:
    """A decimal times a power of ten, exactly, in its shortest form."""
    sign, figures, exponent = Decimal(number).as_tuple()
    text = f"{Decimal((sign, figures, int(exponent) + digits)):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if text.strip("-0.") else "0"


def duration_of(written: Any, *, up: bool) -> str:
    """A native duration as shorthand, whole minutes, at least one."""
    text = str(written)
    if re.fullmatch("[1-9][0-9]{0,8}[mhdw]", text):
        return text
    try:
        us = parse_duration(text)
    except ValueError:
        return "1m"
    minutes = -(-us // MINUTE_US) if up else us // MINUTE_US
    return shorthand(max(minutes, 1) * MINUTE_US) or "1m"


def native_duration(text: Any) -> str:
    """A shorthand as a native duration; months, quarters and years as days."""
    if isinstance(text, Number):
        return f"{text}m"
    number, unit = parse_shorthand(text)
    return text if unit in "mhdw" else f"{number * length_us(f'1{unit}') // length_us('1d')}d"


def window_of(window: Any) -> Data:
    """A native window as an OpenSLO time window; the first of several."""
    if isinstance(window, list):
        return window_of(window[0])
    if not isinstance(window, dict):
        return {"duration": duration_of(window, up=True), "isRolling": True}
    units = {period: duration for duration, period in _PERIODS.items()}
    duration = window.get("every") or units[window["calendar"]]
    start = _clock(window.get("start", _ANCHOR))
    calendar = {"startTime": start, "timeZone": window["timezone"]}
    return {"duration": duration, "isRolling": False, "calendar": calendar}


def _clock(start: str) -> str:
    """A local time with hours, minutes and seconds."""
    return f"{start}{' 00:00:00'[max(0, len(start) - 10) :]}"


def native_window(window: Data) -> Any:
    """An OpenSLO time window as a native one."""
    calendar = window.get("calendar")
    if calendar is None:
        return native_duration(window["duration"])
    start, zone, duration = calendar["startTime"], calendar["timeZone"], window["duration"]
    period = _PERIODS.get(duration)
    if period is not None and _begins(period, start):
        return {"calendar": period, "timezone": zone}
    return {"every": duration, "start": start, "timezone": zone}


def _begins(period: str, start: str) -> bool:
    """Whether a period of the calendar begins at that time."""
    then = datetime.fromisoformat(start)
    return (then.hour, then.minute, then.second) == (0, 0, 0) and {
        "day": True,
        "week": then.weekday() == 0,
        "month": then.day == 1,
        "quarter": then.day == 1 and then.month % 3 == 1,
        "year": (then.day, then.month) == (1, 1),
    }[period]


def metric_of(slo: Data) -> Data:
    """The spec of the SLI of a native SLO."""
    if "good" in slo:
        chosen: Data = {key: slo[key] for key in ("endpoint", "where") if key in slo}
        return {
            "ratioMetric": {
                "good": _stored({**chosen, "events": slo["good"]}),
                "total": _stored({**chosen, "events": "all"}),
            }
        }
    indicator = slo["indicator"]
    if "threshold" in indicator:
        return {"thresholdMetric": _source_of(indicator["threshold"])}
    ratio = {key: indicator[key] for key in ("counter",) if key in indicator}
    ratio |= {side: _source_of(indicator[side]) for side in _SIDES if side in indicator}
    kind = {"rawType": indicator["raw_type"]} if "raw_type" in indicator else {}
    return {"ratioMetric": {**ratio, **kind}}


def _stored(spec: Data) -> Data:
    return {"metricSource": {"type": STORE, "spec": spec}}


def _source_of(source: Data) -> Data:
    ref = {"metricSourceRef": source["source"]} if "source" in source else {}
    kind = {"type": source["type"]} if "type" in source else {}
    return {"metricSource": {**ref, **kind, "spec": source["spec"]}}


def native_metric(sli: Data, objective: Data) -> Data:
    """The keys of a native SLO that say what is measured."""
    if "thresholdMetric" in sli:
        compared = {key: objective[key] for key in ("op", "value") if key in objective}
        return {"indicator": {"threshold": _native_source(sli["thresholdMetric"]), **compared}}
    ratio = sli["ratioMetric"]
    if (stored := _of_store(ratio)) is not None:
        return stored
    indicator = {key: ratio[key] for key in ("counter",) if key in ratio}
    indicator |= {side: _native_source(ratio[side]) for side in _SIDES if side in ratio}
    kind = {"raw_type": ratio["rawType"]} if "raw" in ratio and "rawType" in ratio else {}
    return {"indicator": {**indicator, **kind}}


def _native_source(source: Data) -> Data:
    metric = source["metricSource"]
    kind = {"type": metric["type"]} if "type" in metric else {}
    ref = {"source": metric["metricSourceRef"]} if "metricSourceRef" in metric else {}
    return {**kind, **ref, "spec": metric["spec"]}


def _of_store(ratio: Data) -> Data | None:
    """What is good of the store's requests, if that is what the two queries say."""
    specs = [ratio.get(side, {}).get("metricSource", {}) for side in ("good", "total")]
    good, total = (metric.get("spec", {}) for metric in specs)
    if any(metric.get("type") != STORE or "metricSourceRef" in metric for metric in specs):
        return None
    chosen = {key: value for key, value in good.items() if key != "events"}
    if not set(chosen) <= {"endpoint", "where"} or total.get("events") != "all":
        return None
    if not same({**chosen, "events": "all"}, total) or not isinstance(good.get("events"), str):
        return None
    return {**chosen, "good": good["events"]}
