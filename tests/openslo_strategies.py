"""Hypothesis strategies: native SLOs and OpenSLO objects of version 1, both without faults."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from spec_strategies import CONDITIONS, NAMES, SPECS

from slogate.slo.writing import Number

LABELS = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
WORDS = st.text("abc xyzé'\"#:{}[]|>-%@`!&*?,\n\t\\", min_size=1, max_size=20).map(
    lambda text: f"t{text}t"
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"])
PERCENTS = st.decimals("50", "99.999", places=3).map(lambda number: f"{number}%")
SHARES = st.decimals("0.0001", "0.99999", places=5).map(lambda number: Number(f"{number:f}"))
HOURS = st.builds(
    lambda number, unit: f"{number}{unit}",
    st.integers(2, 60),
    st.sampled_from(["h", "d", " d", "h30m"]),
)
CLOCKS = st.sampled_from(
    ["2024-01-01 00:00:00", "2022-01-01 12:00:00", "2024-02-29 00:00:00", "2025-07-01 00:00:00"]
)
FREE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(WORDS, st.booleans(), st.none(), st.sampled_from(["1", "0.50", "-2"]).map(Number)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(LABELS, inner, max_size=2)
    ),
    max_leaves=4,
)
SPEC = st.dictionaries(LABELS, FREE, min_size=1, max_size=2)


def _having(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """One table of several."""
    return st.tuples(*parts).map(
        lambda tables: {k: v for table in tables for k, v in table.items()}
    )


NATIVE_SOURCES = st.fixed_dictionaries({"type": LABELS, "spec": SPEC}, optional={"source": LABELS})
NATIVE_MEASURES = st.one_of(
    st.fixed_dictionaries(
        {"good": CONDITIONS},
        optional={"endpoint": NAMES, "where": st.dictionaries(NAMES, NAMES, max_size=2)},
    ),
    st.fixed_dictionaries(
        {"good": NATIVE_SOURCES, "total": NATIVE_SOURCES}, optional={"counter": st.booleans()}
    ).map(lambda measure: {"indicator": measure}),
    st.fixed_dictionaries(
        {
            "threshold": NATIVE_SOURCES,
            "op": st.sampled_from(["lt", "gte"]),
            "value": st.integers(-5, 5).map(lambda n: Number(str(n))),
        }
    ).map(lambda measure: {"indicator": measure}),
    st.fixed_dictionaries(
        {"raw": NATIVE_SOURCES, "raw_type": st.sampled_from(["success", "failure"])}
    ).map(lambda measure: {"indicator": measure}),
)
NATIVE_WINDOWS = st.one_of(
    HOURS,
    st.just("4w"),
    st.fixed_dictionaries(
        {
            "calendar": st.sampled_from(["day", "week", "month", "quarter", "year"]),
            "timezone": ZONES,
        }
    ),
    st.fixed_dictionaries(
        {
            "every": st.sampled_from(["2w", "1M", "1Q", "3d"]),
            "start": CLOCKS | st.just("2026-01-05"),
            "timezone": ZONES,
        }
    ),
    st.just(["28d", {"calendar": "month", "timezone": "UTC"}]),
)
SLICES = st.one_of(
    st.just({}),
    st.just({"budgeting": "occurrences"}),
    st.fixed_dictionaries(
        {
            "budgeting": st.just("ratio_timeslices"),
            "slice": st.sampled_from(["1m", "30s", "90s", "5m"]),
        }
    ),
    st.fixed_dictionaries(
        {"budgeting": st.just("timeslices"), "slice": st.just("1m"), "slice_objective": PERCENTS},
        optional={"empty_slices": st.just("good")},
    ),
)
POLICIES = st.lists(
    st.fixed_dictionaries(
        {"remaining": PERCENTS, "message": NAMES}, optional={"freeze": st.booleans()}
    ),
    max_size=2,
)


def _loadable(slo: Any) -> Any:
    """Without freezes where the severity would undo them: the two together are refused."""
    if slo.get("severity", "error") == "error":
        return slo
    rules = [
        {key: value for key, value in rule.items() if key != "freeze"}
        for rule in slo.get("policy", [])
    ]
    return {**slo, "policy": rules} if "policy" in slo else slo


NATIVE_SLOS = _having(
    st.fixed_dictionaries({"name": NAMES}, optional={"description": WORDS}),
    NATIVE_MEASURES,
    st.fixed_dictionaries({"objective": PERCENTS, "window": NATIVE_WINDOWS}),
    SLICES,
    st.fixed_dictionaries(
        {},
        optional={
            "min_events": st.integers(0, 9).map(lambda number: Number(str(number))),
            "severity": st.sampled_from(["error", "warn"]),
            "policy": POLICIES,
        },
    ),
).map(_loadable)


def _numbered(data: Any) -> Any:
    """Numbers as they are read from text."""
    if isinstance(data, dict):
        return {key: _numbered(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_numbered(item) for item in data]
    return (
        Number(str(data))
        if isinstance(data, int | Decimal) and not isinstance(data, bool)
        else data
    )


NATIVE_FILES = st.tuples(
    SPECS, st.lists(NATIVE_SLOS, min_size=1, max_size=3, unique_by=lambda slo: slo["name"])
).map(lambda both: {**_numbered(both[0]), "slos": both[1]})

METADATA = {
    "displayName": WORDS,
    "labels": st.dictionaries(LABELS, WORDS | st.lists(WORDS, max_size=2), max_size=2),
    "annotations": st.dictionaries(
        LABELS.map(lambda key: f"example.com/{key}")
        | st.sampled_from(
            ["slogate.dev/by", "slogate.dev/window", "slogate.dev/severity", "slogate.dev/name"]
        ),
        WORDS | st.sampled_from(["28d", "warn", "region", "{a: 1}", "["]),
        max_size=2,
    ),
}


def _metadata(name: st.SearchStrategy[str] = LABELS) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"name": name}, optional=METADATA)


SOURCES = st.fixed_dictionaries(
    {
        "metricSource": st.fixed_dictionaries(
            {"type": LABELS, "spec": SPEC}, optional={"metricSourceRef": LABELS}
        )
    }
)
STORED = st.fixed_dictionaries({"endpoint": NAMES}).map(
    lambda spec: {
        "good": {"metricSource": {"type": "slogate", "spec": {**spec, "events": "ok"}}},
        "total": {"metricSource": {"type": "slogate", "spec": {**spec, "events": "all"}}},
    }
)
RATIOS = st.one_of(
    STORED,
    st.fixed_dictionaries({"good": SOURCES, "total": SOURCES}, optional={"counter": st.booleans()}),
    st.fixed_dictionaries({"bad": SOURCES, "total": SOURCES}),
    st.fixed_dictionaries({"raw": SOURCES, "rawType": st.sampled_from(["success", "failure"])}),
).map(lambda ratio: {"ratioMetric": ratio})
METRICS = _having(
    RATIOS | st.fixed_dictionaries({"thresholdMetric": SOURCES}),
    st.fixed_dictionaries({}, optional={"description": WORDS}),
)
CALENDARS = st.fixed_dictionaries({"startTime": CLOCKS, "timeZone": ZONES})
WINDOWS = st.one_of(
    st.fixed_dictionaries(
        {
            "duration": st.sampled_from(["28d", "4w", "1M", "1Q", "30m", "90m"]),
            "isRolling": st.just(True),
        }
    ),
    st.fixed_dictionaries(
        {"duration": st.sampled_from(["1d", "1w", "2w", "1M", "1Q", "1Y"]), "calendar": CALENDARS},
        optional={"isRolling": st.just(False)},
    ),
)
TARGETS = st.one_of(
    SHARES.map(lambda share: {"target": share}),
    st.just({"target": Number("0")}),
    st.sampled_from(["99.95", "0.5", "99.990"]).map(
        lambda number: {"targetPercent": Number(number)}
    ),
)


@st.composite
def slos(draw: st.DrawFn, services: st.SearchStrategy[str] = LABELS) -> dict[str, Any]:
    """An SLO of version 1 with an inline indicator, valid in the lenient profile."""
    metric = draw(METRICS)
    method = draw(st.sampled_from(["Occurrences", "Timeslices", "RatioTimeslices"]))
    optional = {
        "displayName": WORDS,
        "op": st.sampled_from(["lt", "gte"]),
        "value": st.just(Number("5")),
    }
    needed: dict[str, st.SearchStrategy[Any]] = {}
    if "thresholdMetric" in metric:
        needed |= {key: optional.pop(key) for key in ("op", "value")}
    if method == "Timeslices":
        needed["timeSliceTarget"] = SHARES
    if method != "Occurrences":
        needed["timeSliceWindow"] = st.sampled_from(["1m", "5m", Number("5")])
    objective = _having(st.fixed_dictionaries(needed, optional=optional), TARGETS)
    inline = {"metadata": draw(_metadata()), "spec": metric}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": draw(_metadata()),
        "spec": {
            **draw(st.fixed_dictionaries({}, optional={"description": WORDS})),
            "service": draw(services),
            "indicator": inline,
            "timeWindow": [draw(WINDOWS)],
            "budgetingMethod": method,
            "objectives": draw(st.lists(objective, min_size=1, max_size=3)),
        },
    }


OTHERS = st.one_of(
    st.fixed_dictionaries(
        {
            "apiVersion": st.just("openslo/v1"),
            "kind": st.just("DataSource"),
            "metadata": _metadata(),
            "spec": st.fixed_dictionaries({"type": LABELS, "connectionDetails": SPEC}),
        }
    ),
    st.fixed_dictionaries(
        {
            "apiVersion": st.just("openslo/v1"),
            "kind": st.just("Service"),
            "metadata": _metadata(),
            "spec": st.just({}),
        }
    ),
    st.fixed_dictionaries(
        {
            "apiVersion": st.just("openslo/v1"),
            "kind": st.just("SLI"),
            "metadata": _metadata(),
            "spec": METRICS,
        }
    ),
)
STREAMS = (
    st.tuples(
        st.lists(slos(st.sampled_from(["shop", "web"])), min_size=1, max_size=3),
        st.lists(OTHERS, max_size=3),
    )
    .map(lambda both: [*both[0], *both[1]])
    .filter(
        lambda objects: (
            len({(each["kind"], each["metadata"]["name"]) for each in objects}) == len(objects)
        )
    )
)
