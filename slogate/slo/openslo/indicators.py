"""SLIs of OpenSLO v1 and v2alpha: threshold and ratio metrics, and where they come from."""

from __future__ import annotations

from slogate.slo.document import Table
from slogate.slo.openslo.metadata import Version, metadata
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.values import (
    LONGEST_DESCRIPTION,
    Check,
    Spot,
    anything,
    choice,
    filled,
    flag,
    label_text,
    some_table,
    table,
    text,
    value_of,
)
from slogate.slo.writing import plain

DESCRIPTION = Spot(check=filled(text("length", longest=LONGEST_DESCRIPTION)))


def written(node: Table, *names: str) -> list[str]:
    """Which of these fields have a value."""
    return [name for name in names if value_of(node, name) is not None]


def exactly_one(node: Table, place: Place, *names: str) -> bool:
    """Note it unless exactly one of the fields is there."""
    found = written(node, *names)
    if len(found) == 1:
        return True
    wanted = " or ".join(names)
    if found:
        key = node.key(found[1]) or node
        place.say("exclusive", key, f"either {wanted}, not {' and '.join(found)}")
    else:
        place.say("required", node, f"{wanted} is missing")
    return False


def _typed(node: Table, place: Place) -> None:
    if not written(node, "type", "metricSourceRef"):
        place.say("metric-type", node, "neither a type nor a metricSourceRef is told")


def _one_source(node: Table, place: Place) -> None:
    exactly_one(node, place, "dataSourceRef", "dataSourceSpec")


def data_source(*, connection: bool = True) -> Check:
    """The spec of a DataSource."""
    return table(
        {
            "description": DESCRIPTION,
            "type": Spot(check=filled(text()), required=True),
            "connectionDetails": Spot(check=anything, required=connection),
        }
    )


_SOURCE_V1 = table(
    {
        "metricSource": Spot(
            check=table(
                {
                    "metricSourceRef": Spot(check=label_text),
                    "type": Spot(check=filled(text())),
                    "spec": Spot(check=some_table, required=True),
                },
                _typed,
            ),
            required=True,
        )
    }
)
_SOURCE_V2 = table(
    {
        "dataSourceRef": Spot(check=label_text),
        "dataSourceSpec": Spot(check=data_source()),
        "spec": Spot(check=anything),
    },
    _one_source,
)
SOURCES: dict[Version, Check] = {"v1": _SOURCE_V1, "v2alpha": _SOURCE_V2}


def _ratio(node: Table, place: Place) -> None:
    """Good or bad with total, or raw with its type."""
    if not exactly_one(node, place, "total", "raw"):
        return
    if written(node, "total"):
        exactly_one(node, place, "good", "bad")
        good, total = value_of(node, "good"), value_of(node, "total")
        if good is not None and total is not None and plain(good) == plain(total):
            said = "good is the same query as total, so nothing is ever bad"
            place.key("good").say("same-query", good, said)
        return
    for name in written(node, "good", "bad"):
        place.key(name).say("exclusive", node.key(name) or node, f"{name} has no place beside raw")
    if not written(node, "rawType"):
        place.key("rawType").say("required", node, "'rawType' is missing beside raw")


def indicator(version: Version) -> Check:
    """The spec of an SLI."""
    source = SOURCES[version]
    ratio = table(
        {
            "counter": Spot(check=flag),
            "good": Spot(check=source),
            "bad": Spot(check=source),
            "total": Spot(check=source),
            "raw": Spot(check=source),
            "rawType": Spot(check=choice("success", "failure")),
        },
        _ratio,
    )
    return table(
        {
            "description": DESCRIPTION,
            "thresholdMetric": Spot(check=source),
            "ratioMetric": Spot(check=ratio),
        },
        lambda node, place: (exactly_one(node, place, "thresholdMetric", "ratioMetric"), None)[1],
    )


def inline(version: Version) -> Check:
    """An SLI that stands where it is used."""
    return table(
        {"metadata": metadata(version), "spec": Spot(check=indicator(version), required=True)}
    )
