"""OpenSLO v1alpha: Service and SLO only, with time windows of unit and count.

What only the reference validator demands beyond the specification's text (a value of ratios, a
calendar where nothing says rolling) is a warning: files of the time leave it out.
"""

from __future__ import annotations

from slogate.slo.document import Node, Scalar, Table
from slogate.slo.fields import described
from slogate.slo.openslo.alerts import OPERATORS
from slogate.slo.openslo.indicators import DESCRIPTION, written
from slogate.slo.openslo.objectives import CALENDAR, is_rolling, items
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.values import (
    LONGEST_DESCRIPTION,
    Check,
    Spot,
    choice,
    each,
    filled,
    flag,
    number,
    table,
    text,
    text_of,
    value_of,
)

UNITS = ("Second", "Day", "Week", "Month", "Quarter")
_SOURCE = table(
    {
        "source": Spot(check=filled(text()), required=True),
        "queryType": Spot(check=filled(text()), required=True),
        "query": Spot(check=filled(text()), required=True),
    }
)
_RATIO = table(
    {
        "good": Spot(check=_SOURCE, required=True),
        "total": Spot(check=_SOURCE, required=True),
        "incremental": Spot(check=flag),
    }
)


def _count(node: Node, place: Place) -> None:
    if not isinstance(node, Scalar) or node.kind != "number" or not node.text.isdigit():
        place.say("type", node, f"a whole number is expected, not {described(node)}")
    elif not node.text.strip("0"):
        place.say("range", node, f"{node.text} is not over 0")


def _window(node: Table, place: Place) -> None:
    rolling, calendar = is_rolling(node), value_of(node, "calendar")
    if rolling and calendar is not None:
        place.key("calendar").say("window", calendar, "a rolling window has no calendar")
    elif not rolling and calendar is None:
        if written(node, "isRolling"):
            place.say("window", node, "a window that is not rolling needs a calendar")
        else:
            said = "neither isRolling nor calendar: it counts as rolling"
            place.say("alpha-window", node, said, "isRolling: true")


_OBJECTIVE = table(
    {
        "displayName": Spot(check=text("length", longest=LONGEST_DESCRIPTION)),
        "op": Spot(check=choice(*OPERATORS)),
        "value": Spot(check=number()),
        "target": Spot(check=number(least=0, under=1), required=True),
        "timeSliceTarget": Spot(check=number(least=0, most=1)),
        "ratioMetrics": Spot(check=_RATIO),
    }
)
_TIME_WINDOW = table(
    {
        "unit": Spot(check=choice(*UNITS), required=True),
        "count": Spot(check=_count, required=True),
        "isRolling": Spot(check=flag),
        "calendar": Spot(check=CALENDAR),
    },
    _window,
)


def _objectives(node: Table, place: Place) -> None:
    """Either an indicator, or ratios in all objectives; op, value and slices as they belong."""
    threshold = bool(written(node, "indicator"))
    objectives = [(i, o) for i, o in items(node.get("objectives")) if isinstance(o, Table)]
    ratios = [bool(written(objective, "ratioMetrics")) for _, objective in objectives]
    if threshold and any(ratios):
        said = "either an indicator here or ratioMetrics in objectives, not both"
        place.key("indicator").say("exclusive", node.key("indicator") or node, said)
    elif not threshold and not any(ratios):
        place.say("required", node, "indicator or objectives[*].ratioMetrics is missing")
    sliced = text_of(node, "budgetingMethod") == "Timeslices"
    for (index, objective), ratio in zip(objectives, ratios, strict=True):
        here = place.key("objectives").item(index)
        (_ratio_objective if ratio else _threshold_objective)(objective, here, alone=any(ratios))
        if sliced and not written(objective, "timeSliceTarget"):
            said = "'timeSliceTarget' is missing with Timeslices"
            here.key("timeSliceTarget").say("slices", objective, said)


def _ratio_objective(objective: Table, place: Place, *, alone: bool) -> None:
    del alone
    if written(objective, "op"):
        said = "'op' has no meaning with ratioMetrics"
        place.key("op").say("ratio-op", objective.key("op") or objective, said, "leave it out")
    if not written(objective, "value"):
        said = "the reference validator wants a 'value' here too, though it means nothing"
        place.key("value").say("alpha-value", objective, said)


def _threshold_objective(objective: Table, place: Place, *, alone: bool) -> None:
    if alone:
        place.say("composite", objective, "the others have ratioMetrics, this one has none")
        return
    for name in ("op", "value"):
        if not written(objective, name):
            said = f"'{name}' is missing with a thresholdMetric"
            place.key(name).say("threshold", objective, said)


def slo() -> Check:
    """The spec of an SLO."""
    threshold = table({"thresholdMetric": Spot(check=_SOURCE, required=True)})
    return table(
        {
            "description": DESCRIPTION,
            "service": Spot(check=filled(text()), required=True),
            "indicator": Spot(check=threshold),
            "timeWindows": Spot(
                check=each(_TIME_WINDOW, least=1, most=1, what="time window"), required=True
            ),
            "budgetingMethod": Spot(
                check=filled(choice("Occurrences", "Timeslices")), required=True
            ),
            "objectives": Spot(check=each(_OBJECTIVE, least=1, what="objective"), required=True),
        },
        _objectives,
    )
