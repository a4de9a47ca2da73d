"""SLOs about requests, in the words of a metric: whose, how many, how many good."""

from __future__ import annotations

from fractions import Fraction

import pytest

from slogate.model.selection import Endpoint, Selection
from slogate.rulebook.good import Inexpressible
from slogate.rulebook.metric import Metric, measure_of
from slogate.rulebook.promql import Matcher
from slogate.slo.expression import parse_expression

MINUTE = 60_000_000
JOB = Matcher("job", "=", "shop")


def selection(good: str, endpoint: str | None = None, **where: str) -> Selection:
    """The requests of an endpoint, with what is good."""
    return Selection(
        endpoint=None if endpoint is None else Endpoint.parse(endpoint),
        where=tuple(sorted(where.items())),
        success=parse_expression(good),
    )


def metric(kind="classic", **more) -> Metric:
    """A metric `x_seconds` of the shop, its status in `code`."""
    found = {"name": "x_seconds", "kind": kind, "matchers": (JOB,), "status": "code", **more}
    return Metric(**found)


OK = 'code=~"[1234]([0-9]{2}|xx|XX)"'


@pytest.mark.parametrize(
    ("of", "good", "expected"),
    [
        pytest.param(
            metric(), "ok", f'sum (increase(x_seconds_count{{job="shop", {OK}}}[1m]))',
            id="the status alone",
        ),
        pytest.param(
            metric(), "ok and duration <= 400ms",
            f'sum (increase(x_seconds_bucket{{job="shop", {OK}, le="0.4"}}[1m]))',
            id="status and duration",
        ),
        pytest.param(
            metric(status=None), "duration <= 1s",
            r'sum (increase(x_seconds_bucket{job="shop", le=~"1(\\.0)?"}[1m]))',
            id="a whole number is written in two ways",
        ),
        pytest.param(
            metric(unit_us=Fraction(1000)), "duration <= 250us",
            'sum (increase(x_seconds_bucket{job="shop", le="0.25"}[1m]))', id="milliseconds",
        ),
        pytest.param(
            metric(status=None, ok=(Matcher("grpc_code", "=", "OK"),)), "ok and duration <= 400ms",
            'sum (increase(x_seconds_bucket{job="shop", grpc_code="OK", le="0.4"}[1m]))',
            id="another label says what is ok",
        ),
        pytest.param(
            metric(status=None, ok=()), "ok and duration <= 400ms",
            'sum (increase(x_seconds_bucket{job="shop", le="0.4"}[1m]))',
            id="only successes are counted",
        ),
        pytest.param(
            metric("counter"), "status != 429 and ok",
            'sum (increase(x_seconds{job="shop", code=~"[123]([0-9]{2}|xx|XX)|'
            + "|".join(str(s) for s in range(400, 500) if s != 429) + '"}[1m]))',
            id="counter",
        ),
        pytest.param(
            metric("native", status=None), "duration <= 400ms",
            'histogram_fraction(0, 0.4, sum (increase(x_seconds{job="shop"}[1m])))'
            ' * (histogram_count(sum (increase(x_seconds{job="shop"}[1m]))) > 0)',
            id="native",
        ),
        pytest.param(
            metric(bounds=(100_000, 250_000, 500_000), status=None), "duration <= 400ms",
            'sum (increase(x_seconds_bucket{job="shop", le="0.25"}[1m]))',
            id="rounded to the safe side",
        ),
        pytest.param(
            metric(bounds=(100_000, 400_000), status=None), "duration < 400ms",
            'sum (increase(x_seconds_bucket{job="shop", le="0.1"}[1m]))',
            id="less than a bound is not within it",
        ),
    ],
)  # fmt: skip
def test_good_requests(of: Metric, good: str, expected: str):
    """The good requests of a minute, as the metric counts them."""
    measure = measure_of(of, selection(good), None)

    assert measure.good is not None
    assert measure.good(MINUTE) == expected


@pytest.mark.parametrize(
    ("labels", "endpoint", "where", "expected"),
    [
        pytest.param(
            {"endpoint": "handler", "method": "method"}, "POST /cart", {},
            'method="POST", handler="/cart"', id="endpoint and method",
        ),
        pytest.param(
            {"endpoint": "handler", "method": "method"}, "/cart", {}, 'handler="/cart"',
            id="any method",
        ),
        pytest.param(
            {"endpoint": "route"}, "POST /items/*", {}, r'route=~"POST /items/.*"',
            id="one label for both",
        ),
        pytest.param(
            {"endpoint": "route"}, "/a.b", {}, r'route=~"([A-Z]+ )?/a\\.b"',
            id="one label for both, any method",
        ),
        pytest.param({}, None, {"region": "eu-*"}, 'region=~"eu-.*"', id="a pattern"),
        pytest.param({}, None, {"region": "*"}, 'region=~".+"', id="a label that must be there"),
        pytest.param({}, None, {"region": 'a"b\\'}, r'region="a\"b\\"', id="hostile"),
        pytest.param({}, None, {"region": '*"} or vector(1) #'},
                     r'region=~".*\"\\} or vector\\(1\\) #"', id="hostile pattern"),
    ],
)  # fmt: skip
def test_whose_requests(labels: dict, endpoint: str | None, where: dict, expected: str):
    """The endpoint and the labels of an SLO are matchers, and nothing in them is more than text."""
    of = metric(matchers=(), status=None, ok=(), **labels)
    measure = measure_of(of, selection("ok", endpoint, **where), None)

    assert measure.total is not None
    assert measure.total(MINUTE) == f"sum (increase(x_seconds_count{{{expected}}}[1m]))"


@pytest.mark.parametrize(
    ("of", "good", "endpoint", "message"),
    [
        pytest.param(metric("counter"), "duration <= 1s", None, "a counter does not tell",
                     id="no durations"),
        pytest.param(metric(status=None), "ok", None, "no label is named", id="no status"),
        pytest.param(metric(), "ok", "/cart", "no label is named that tells endpoints",
                     id="no endpoint"),
        pytest.param(metric(bounds=(500_000, 10**6)), "duration <= 400ms", None,
                     "below all bounds of the histogram, the least is 500 ms", id="below bounds"),
        pytest.param(metric(ok=(JOB,)), "not ok", None, "--ok cannot tell apart", id="not ok"),
        pytest.param(metric(), "status < 100", None, "no request of this metric can be good",
                     id="never"),
    ],
)  # fmt: skip
def test_what_a_metric_cannot_tell(of: Metric, good: str, endpoint: str | None, message: str):
    """It is refused with a reason, never guessed."""
    with pytest.raises(Inexpressible, match=message):
        measure_of(of, selection(good, endpoint), None)


def test_events_are_all_that_counts():
    """Where only some requests are events, the others are in neither count."""
    measure = measure_of(
        metric("counter"), selection("ok"), "region", events=parse_expression("status != 404")
    )

    assert measure.total is not None
    assert measure.good is not None
    assert "404" not in measure.total(MINUTE)
    assert "404" not in measure.good(MINUTE)
    assert "5[0-9]" not in measure.good(MINUTE)
    assert measure.total(MINUTE).startswith("sum by (region) (increase(x_seconds{")


def test_two_limits_add_up():
    """Requests with limits of their own by status are counted each within theirs."""
    measure = measure_of(
        metric(), selection("status < 300 and duration <= 1s or status == 429"), None
    )

    assert measure.good is not None
    text = measure.good(MINUTE)
    total = 'sum (increase(x_seconds_count{job="shop"}[1m]))'
    assert text.count(f" or {total} * 0)") == 2
    assert 'code=~"429"' in text
