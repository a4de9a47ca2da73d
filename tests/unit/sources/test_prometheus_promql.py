"""Which series a query speaks of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.sources._prometheus.promql import Selector, selected

H = "http_request_duration_seconds"


@pytest.mark.parametrize(
    ("query", "selector"),
    [
        pytest.param("up", "up", id="name"),
        pytest.param('a{job="x"}', 'a{job="x"}', id="matcher"),
        pytest.param(" a { b = 'x' , c!~\"y|z\", } # all", 'a{b="x",c!~"y|z"}', id="spaces"),
        pytest.param("{__name__='a', b=`c\\d`}", 'a{b="c\\\\d"}', id="name as a label"),
        pytest.param('{"x.y", "a.b"="c"}', '{__name__="x.y","a.b"="c"}', id="3.x"),
        pytest.param(r'a{b="\"\\\n\x41\u00e9\101"}', 'a{b="\\"\\\\\\nAéA"}', id="escapes"),
        pytest.param("rate(job:requests:total[5m])", "job:requests:total", id="colons"),
        pytest.param(
            'sum(rate(r{c!~"5.."}[5m])) by (job) / on(job) group_left(team) sum(rate(r[5m]))', "r",
            id="ratio",
        ),
        pytest.param(
            'sum by (le) (rate(r{a="1",b="2"}[5m:30s])) > bool 0.5 and r{b="2"}', 'r{b="2"}',
            id="subset",
        ),
        pytest.param(
            f'histogram_quantile(0.99, sum by (le) (rate({H}_bucket{{job="s"}}[5m])))',
            f'{H}_bucket{{job="s"}}', id="quantile",
        ),
        pytest.param(
            f'rate({H}_bucket{{le="0.3",job="s"}}[1h]) / rate({H}_count{{job="s"}}[1h])',
            f'{H}{{job="s"}}', id="good over all",
        ),
        pytest.param('label_replace(a, "b", "$1", "c", "(.*)")', "a", id="texts"),
        pytest.param("1 - (a / 1e3) ^ 2 or Inf", "a", id="numbers"),
    ],
)  # fmt: skip
def test_the_widest_selector_is_meant(query: str, selector: str):
    """It includes the others; limits, windows and what is computed do not matter."""
    assert str(selected(query)) == selector


@pytest.mark.parametrize(
    ("query", "told"),
    [
        pytest.param("1 + 1", "it selects no metric", id="none"),
        pytest.param("", "it selects no metric", id="empty"),
        pytest.param("a / b", "several metrics (a, b)", id="two"),
        pytest.param('a{c="200"} / a{c="500"}', "different series", id="apart"),
        pytest.param("a offset 5m", "'offset' shifts it in time", id="offset"),
        pytest.param("a @ 1764000000", "'@' shifts it in time", id="at"),
        pytest.param('{__name__=~"a.*"}', "by a pattern", id="pattern"),
        pytest.param('{job="x"}', "without naming their metric", id="nameless"),
        pytest.param('a{b="c"', "its '}' is missing", id="open brace"),
        pytest.param("rate(a[5m", "its ']' is missing", id="open bracket"),
        pytest.param('a{b="c}', "is no PromQL", id="open text"),
        pytest.param("a{b=c}", "its matcher at 'b' is not understood", id="bare value"),
        pytest.param("a{b}", "its matcher at 'b' is not understood", id="bare label"),
        pytest.param("a $ b", "'$ b' is no PromQL", id="sign"),
    ],
)
def test_what_cannot_be_one_selector_is_refused(query: str, told: str):
    """With what is wrong about it."""
    with pytest.raises(ValueError) as caught:
        selected(query)

    assert told in str(caught.value)


names = st.from_regex(r"[a-z_:][a-z0-9_:]*", fullmatch=True).filter(
    lambda name: (
        name not in {"and", "or", "unless", "bool", "inf", "nan", "by", "on", "offset"}
        and not name.endswith(("_bucket", "_count", "_sum", "without", "ignoring", "atan2"))
    )
)
labels = st.from_regex(r"[a-z_][a-z0-9_]*", fullmatch=True).filter(
    lambda name: name not in {"le", "__name__"}
)
matchers = st.lists(st.tuples(labels, st.sampled_from(["=", "!=", "=~", "!~"]), st.text()))


@given(names, matchers)
def test_a_selector_is_read_as_it_is_written(name, matchers):
    """Whatever its values hold: quotes, line ends, braces."""
    selector = Selector(name, tuple(sorted(set(matchers))))

    assert selected(str(selector)) == selector


@given(st.text(alphabet="a{}[]()\"'`=~!,@\\ #\n1.:b", max_size=30))
def test_nothing_but_a_value_error_is_raised(query):
    """However broken the query is."""
    try:
        selected(query)
    except ValueError:
        return
