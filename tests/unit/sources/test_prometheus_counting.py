"""Which queries are sums of counters, term by term, and which the server has to reckon."""

from __future__ import annotations

import pytest

from slogate.sources._prometheus.counting import counted


def told(query: str) -> list[str] | None:
    """The terms as text: sign, kind, selector."""
    terms = counted(query)
    if terms is None:
        return None
    return [f"{'+' if term.sign > 0 else '-'}{term.kind} {term.selector}" for term in terms]


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("a_total", ["+growth a_total"]),
        ('{__name__="a.b"}', ['+growth {__name__="a.b"}']),
        ('sum(rate(a{x="1",le="0.5"}[5m]))', ['+growth a{le="0.5",x="1"}']),
        ("sum by (job) (increase(a[5m]))", ["+growth a"]),
        ("sum(increase(a[5m])) without (pod)", ["+growth a"]),
        ("SUM(irate(a[5m]))", ["+growth a"]),
        ("(sum(rate(a[5m])) or vector(0))", ["+growth a"]),
        ("sum(rate(a[5m]) or on() vector(0))", ["+growth a"]),
        ("sum(rate(a[{{.window}}]))", ["+growth a"]),
        ("sum(rate(a[{{ .window }}]))", ["+growth a"]),
        ("sum(rate(a[5m])) + rate(b[5m])", ["+growth a", "+growth b"]),
        ("rate(a[5m]) - (rate(b[5m]) - rate(c[5m]))", ["+growth a", "-growth b", "+growth c"]),
        ("sum_over_time(up[5m])", ["+sum up"]),
        ("count_over_time(up[5m])", ["+count up"]),
        ('sum(rate(a{code=~"(5..|429)"}[5m])) # errors', ['+growth a{code=~"(5..|429)"}']),
    ],
)
def test_sums_of_counters(query, terms):
    """Whatever the aggregation and the range, the same series are counted."""
    assert told(query) == terms


@pytest.mark.parametrize(
    "query",
    [
        "", "sum(", "1", "vector(1)", "sum(rate(a[5m])) * 60", "rate(a[5m]) / rate(b[5m])",
        "sum(rate(a[5m] offset 1d))", "a offset 5m", "a @ 1764000000", "sum(rate(a[5m:1m]))",
        "sum_over_time((count(a < 0.75))[5m:]) or on() vector(0)", "avg(rate(a[5m]))",
        "histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))", "sum(rate(a[5m])) > 0",
        "rate(a[5m]) or vector(1)", "rate(a[5m]) or rate(b[5m])", "rate(a[5m]) and b", "-a",
        "sum(rate(a[5m])) or vector(0) + sum(rate(b[5m]))", "a + rate(b[5m])", "topk(3, a)",
        '{__name__=~"a.*"}', "a{x", "a b", "rate(a)", "delta(a[5m])", "sum(a) by",
    ],
)  # fmt: skip
def test_everything_else_is_for_the_server(query):
    """What is not surely a sum of counters is not counted."""
    assert told(query) is None
