"""SLOs of OpenSLO v1 and v2alpha: windows, indicators, objectives.

An indicator that is only referred to decides whether `op` and `value` belong: that is looked
at once references are resolved (`references.py`), by the same `fitting`.
"""

from __future__ import annotations

from collections.abc import Iterator

from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.openslo.alerts import OPERATORS, policies, units
from slogate.slo.openslo.durations import CALENDAR_UNITS, length_us, parse_shorthand
from slogate.slo.openslo.indicators import DESCRIPTION, exactly_one, inline, written
from slogate.slo.openslo.metadata import Version
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.values import (
    Check,
    Spot,
    choice,
    decimal_of,
    duration,
    each,
    filled,
    flag,
    label_text,
    number,
    start_time,
    table,
    text,
    text_of,
    time_zone,
    value_of,
)

_HOUR = "1h"
CALENDAR = table(
    {
        "startTime": Spot(check=start_time, required=True),
        "timeZone": Spot(check=time_zone, required=True),
    }
)
_NAMES: dict[Version, tuple[str, str, str]] = {
    "v1": ("service", "indicator", "indicatorRef"),
    "v2alpha": ("serviceRef", "sli", "sliRef"),
}


def is_rolling(window: Node) -> bool:
    """Whether a time window says that it is rolling."""
    return text_of(window, "isRolling") in {"true", "True", "TRUE"}


def items(node: Node | None) -> Iterator[tuple[int, Node]]:
    """The items of a list with their numbers; none if it is no list."""
    yield from enumerate(node.items if isinstance(node, Listing) else ())


def slo(version: Version) -> Check:
    """The spec of an SLO."""
    service, indicator, ref = _NAMES[version]
    objective = table(
        {
            "displayName": Spot(check=text()),
            "op": Spot(check=choice(*OPERATORS)),
            "value": Spot(check=number()),
            "target": Spot(check=number(least=0, under=1)),
            "targetPercent": Spot(check=number(least=0, under=100)),
            "timeSliceTarget": Spot(check=number(over=0, most=1)),
            "timeSliceWindow": Spot(check=duration(units(version), bare=True)),
            indicator: Spot(check=inline(version)),
            ref: Spot(check=label_text),
            "compositeWeight": Spot(check=number(over=0)),
        },
        _target,
    )
    window = table(
        {
            "duration": Spot(check=duration(units(version)), required=True),
            "isRolling": Spot(check=flag),
            "calendar": Spot(check=CALENDAR),
        },
        _window,
    )
    methods = choice("Occurrences", "Timeslices", "RatioTimeslices")
    return table(
        {
            "description": DESCRIPTION,
            service: Spot(check=filled(text()), required=True),
            indicator: Spot(check=inline(version)),
            ref: Spot(check=label_text),
            "timeWindow": Spot(
                check=each(window, least=1, most=1, what="time window"), required=True
            ),
            "budgetingMethod": Spot(check=filled(methods), required=True),
            "objectives": Spot(check=each(objective, least=1, what="objective"), required=True),
            "alertPolicies": Spot(check=policies(version)),
        },
        slices,
        lambda node, place: _indicators(node, place, indicator, ref),
        renamed={"service": "serviceRef"} if version == "v2alpha" else None,
    )


def _target(node: Table, place: Place) -> None:
    exactly_one(node, place, "target", "targetPercent")
    percent = decimal_of(value_of(node, "targetPercent"))
    if percent is not None and 0 < percent <= 1:
        meant = (percent * 100).normalize()
        said = f"targetPercent is from 0 to 100 ({meant:f}), not from 0 to 1 ({percent})"
        place.key("targetPercent").say("percent", node.key("targetPercent") or node, said)


def _window(node: Table, place: Place) -> None:
    rolling, calendar = is_rolling(node), value_of(node, "calendar")
    if rolling and calendar is not None:
        place.key("calendar").say("window", calendar, "a rolling window has no calendar")
    elif not rolling and calendar is None:
        said = "a window that is not rolling needs a calendar"
        place.say("window", node, said, "isRolling: true, or calendar: {startTime: …, timeZone: …}")
    length = value_of(node, "duration")
    us = _length(length)
    if us is None or not isinstance(length, Scalar):
        return
    here = place.key("duration")
    if us < length_us(_HOUR):
        said = f"{length.text} is a window of minutes; a month is 1M"
        here.say("short-window", length, said)
    if rolling and parse_shorthand(length.text)[1] in CALENDAR_UNITS:
        said = f"a rolling {length.text} counts as {us // length_us('1d')} days"
        here.say("rolling-month", length, said, f"write {us // length_us('1d')}d")


def _length(node: Node | None) -> int | None:
    """The length of a duration that can be read; bare numbers are minutes."""
    if not isinstance(node, Scalar):
        return None
    try:
        return length_us(f"{node.text}m" if node.kind == "number" else node.text)
    except ValueError:
        return None


def slices(node: Table, place: Place) -> None:
    """Timeslices need their target and window, and slices are shorter than the window."""
    method = text_of(node, "budgetingMethod")
    windows = [_length(value_of(window, "duration")) for _, window in items(node.get("timeWindow"))]
    for index, objective in items(node.get("objectives")):
        here = place.key("objectives").item(index)
        if not isinstance(objective, Table):
            continue
        wanted = {
            "Timeslices": ("timeSliceTarget", "timeSliceWindow"),
            "RatioTimeslices": ("timeSliceWindow",),
        }.get(method or "", ())
        for name in wanted:
            if not written(objective, name):
                here.key(name).say("slices", objective, f"'{name}' is missing with {method}")
        found = value_of(objective, "timeSliceWindow")
        slice_us = _length(found)
        for us in windows:
            if found is not None and slice_us is not None and us is not None and slice_us >= us:
                said = "a slice must be shorter than the window"
                here.key("timeSliceWindow").say("slice-window", found, said)


def _indicators(node: Table, place: Place, indicator: str, ref: str) -> None:
    """One indicator for all objectives, or one for each: then it is a composite."""
    own = [
        (index, objective, bool(written(objective, indicator, ref)))
        for index, objective in items(node.get("objectives"))
        if isinstance(objective, Table)
    ]
    shared, composite = written(node, indicator, ref), any(has for _, _, has in own)
    if len(shared) == 2:
        exactly_one(node, place, indicator, ref)
    elif shared and composite:
        said = f"an {shared[0]} here and in objectives; it belongs to one of the two"
        place.key(shared[0]).say("exclusive", node.key(shared[0]) or node, said)
    elif not shared and not composite:
        place.say("required", node, f"{indicator} or {ref} is missing")
    for index, objective, has in own:
        here = place.key("objectives").item(index)
        if not has and composite and not shared:
            said = f"the others have an {indicator} of their own, this one has none"
            here.say("composite", objective, said)
        elif has:
            exactly_one(objective, here, indicator, ref) if len(
                written(objective, indicator, ref)
            ) == 2 else None
            fitting(objective, here, value_of(objective, indicator, "spec"))
        else:
            fitting(objective, here, value_of(node, indicator, "spec"))


def fitting(objective: Table, place: Place, sli: Node | None) -> None:
    """Op and value belong to a threshold, and to nothing else."""
    if value_of(sli, "ratioMetric") is not None:
        for name in written(objective, "op", "value"):
            said = f"'{name}' has no meaning with a ratioMetric"
            place.key(name).say("ratio-op", objective.key(name) or objective, said, "leave it out")
    elif value_of(sli, "thresholdMetric") is not None:
        for name in ("op", "value"):
            if not written(objective, name):
                place.key(name).say(
                    "threshold", objective, f"'{name}' is missing with a thresholdMetric"
                )
