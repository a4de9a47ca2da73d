"""The queries of an `indicator:` as functions of the length of time."""

from __future__ import annotations

from typing import Any

import pytest

from slogate.rulebook.good import Inexpressible
from slogate.rulebook.queries import measure_of_queries

HOUR = 3_600_000_000


def source(query: str, **more: Any) -> dict[str, Any]:
    """A source of Prometheus."""
    return {"type": "prometheus", "spec": {"query": query, **more}}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("sum(rate(x[{{.window}}]))", "(sum(rate(x[1h]))) * 3600", id="a rate"),
        pytest.param("sum(increase(x[{{ .window }}]))", "(sum(increase(x[1h])))", id="growth"),
        pytest.param("x", "sum (increase(x[1h]))", id="a metric alone"),
        pytest.param("x{a='(', b=`]`}", "sum (increase(x{a='(', b=`]`}[1h]))", id="in texts"),
        pytest.param('x{a="}"}', 'sum (increase(x{a="}"}[1h]))', id="a brace in a text"),
        pytest.param(
            'sum by (a, b) (x{c!~"5.."})', 'sum by (a, b) (increase(x{c!~"5.."}[1h]))',
            id="the sum of one",
        ),
        pytest.param(
            "sum(rate(x[{{.window}}])) # all", "(\n  sum(rate(x[1h])) # all\n) * 3600",
            id="a comment swallows nothing",
        ),
        pytest.param("a\n+\nb{{.window}}", "(\n  a\n  +\n  b1h\n)", id="several lines"),
    ],
)  # fmt: skip
def test_events_of_a_query(query: str, expected: str):
    """However the query is written, it counts the events of a length of time."""
    measure = measure_of_queries({"good": source("y"), "total": source(query)})

    assert measure.total is not None
    assert measure.total(HOUR) == expected


def test_groups_of_pyrra():
    """The labels that Pyrra groups by are kept."""
    bad = source("x", grouping=["route"])
    measure = measure_of_queries({"bad": bad, "total": source("y", grouping=["route"])})

    assert measure.bad is not None
    assert measure.good is None
    assert measure.bad(HOUR) == "sum by (route) (increase(x[1h]))"


def test_native_histogram_of_pyrra():
    """Both sides are of the histogram: its count, and what of it is within the limit."""
    good = {"spec": {"metric": "x", "latency": "250ms"}}
    measure = measure_of_queries({"good": good, "total": {"spec": {"metric": "x"}}})

    assert measure.total is not None
    assert measure.good is not None
    assert measure.total(HOUR) == "histogram_count(sum (increase(x[1h])))"
    assert measure.good(HOUR).startswith("histogram_fraction(0, 0.25, sum (increase(x[1h])))")


@pytest.mark.parametrize(
    ("query", "kind", "expected"),
    [
        pytest.param("e[{{.window}}]", "failure", "(e[1h])", id="failures"),
        pytest.param("e[{{.window}}]", "success", "1 - (e[1h])", id="successes"),
        pytest.param("up", "success", "1 - avg_over_time((up)[1h:])", id="a gauge"),
    ],
)
def test_ratio(query: str, kind: str, expected: str):
    """A ratio is that of bad events; of a gauge it is the mean of the window."""
    measure = measure_of_queries({"raw": source(query), "raw_type": kind})

    assert measure.ratio is not None
    assert measure.ratio(HOUR) == expected
    assert "no guard against low traffic" in measure.notes[0]


def test_value_with_its_threshold():
    """A value is bad while it does not compare as it should."""
    measure = measure_of_queries({"threshold": source("temp"), "op": "lte", "value": "21.5"})

    assert measure.ratio is not None
    assert measure.moment
    assert measure.ratio(HOUR) == "1 - ((temp) <= bool 21.5)"


@pytest.mark.parametrize(
    ("indicator", "message"),
    [
        pytest.param(
            {"good": source("sum(rate(x[5m]))"), "total": source("y")},
            "does not say where the window belongs", id="a range of its own",
        ),
        pytest.param(
            {"raw": source("sum(rate(x[5m]))"), "raw_type": "failure"},
            "does not say where the window belongs", id="a ratio with one",
        ),
        pytest.param(
            {"good": {"type": "datadog", "spec": {"query": "y"}}, "total": source("y")},
            "for datadog, not for Prometheus", id="another system",
        ),
        *(
            pytest.param(
                {"good": source(query), "total": source("y")}, "does not end, or does not begin",
                id=query,
            )
            for query in ("sum(x[{{.window}}]", "x) or (y", 'x{a="}', "x{a=`", "(x[1m)]")
        ),
        pytest.param(
            {"good": source("x", grouping=["a b"]), "total": source("y")},
            "'a b' cannot be the name of a label", id="no label",
        ),
        pytest.param(
            {"good": {"type": "prometheus", "spec": {"other": "y"}}, "total": source("y")},
            "needs a query", id="no query",
        ),
        pytest.param(
            {"good": {"spec": {"metric": "x", "latency": "soon"}}, "total": source("x")},
            "'soon' is not a duration", id="no limit",
        ),
    ],
)  # fmt: skip
def test_what_no_rule_can_ask(indicator: dict[str, Any], message: str):
    """It is refused with a reason."""
    with pytest.raises(Inexpressible, match=message):
        measure_of_queries(indicator)
