from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.definition import condition, definition, exact, fields_of, plain, revision
from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate, holds
from slogate.slo.expression import parse_expression

COMPARISONS = st.builds(
    Comparison,
    st.sampled_from(["status", "duration"]),
    st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
    st.integers(200, 204),
)
PREDICATES: st.SearchStrategy[Predicate] = st.recursive(
    st.just(Ok()) | COMPARISONS,
    lambda inner: (
        st.builds(Not, inner) | st.builds(And, inner, inner) | st.builds(Or, inner, inner)
    ),
    max_leaves=8,
)
KNOWN = st.none() | st.integers(200, 204)
REQUESTS = st.tuples(st.sampled_from([None, True, False]), KNOWN, KNOWN)


@given(PREDICATES, REQUESTS)
def test_a_spelling_can_be_read_again(predicate, request_):
    """What is kept says what the expression said, so it means the same when it is parsed."""
    ok, status, duration = request_
    text = re.sub(r"duration_us (..) (\d+)", r"duration \1 \2us", condition(predicate))
    again = parse_expression(text)
    one, other = (
        holds(each, ok=ok, status=status, duration_us=duration) for each in (again, predicate)
    )

    assert one == other


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("ok and duration <= 400ms", "duration <= 0.4s and ok", id="order, unit"),
        pytest.param("status < 500", "status <= 499", id="whole numbers"),
        pytest.param("not status >= 500", "status < 500", id="negation"),
        pytest.param("not (ok and status < 300)", "status >= 300 or not ok", id="De Morgan"),
        pytest.param("ok and (ok and ok)", "ok", id="said again"),
        pytest.param("(ok or status == 404) or status == 410",
                     "status == 410 or (status == 404 or ok)", id="brackets"),
    ],
)  # fmt: skip
def test_expressions_that_say_the_same(one, other):
    """Whoever rewrites an expression so has not changed it."""
    assert condition(parse_expression(one)) == condition(parse_expression(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("ok", "not ok", id="negation"),
        pytest.param("ok and status < 300", "ok or status < 300", id="and, or"),
        pytest.param("status < 500", "status <= 500", id="one more"),
        pytest.param("status < 500", "duration < 500us", id="field"),
        pytest.param("ok and status < 300 or status == 404",
                     "ok and (status < 300 or status == 404)", id="brackets that matter"),
    ],
)  # fmt: skip
def test_expressions_that_say_something_else(one, other):
    """Nothing that matters is lost in the spelling."""
    assert condition(parse_expression(one)) != condition(parse_expression(other))


@given(st.fractions(max_denominator=10**9))
def test_numbers_are_kept_exactly(value):
    """As a decimal where there is one, else as a fraction."""
    assert Fraction(exact(value)) == value


def test_numbers_for_people():
    """The usual ones are written as people write them."""
    values = [Fraction(3), Fraction(995, 1000), Fraction(1, 3), Fraction(-1, 8), Fraction(1, 10**6)]

    assert [exact(value) for value in values] == [3, "0.995", "1/3", "-0.125", "0.000001"]


def test_what_is_not_exact_is_refused():
    """A float has no place in a definition."""
    with pytest.raises(TypeError, match="float has no exact form"):
        plain(0.1)


def test_defaults_are_left_out():
    """A key that comes with a later version starts no revision of what was there before."""
    assert fields_of(Comparison("status", "<", 500)) == {
        "field": "status", "operator": "<", "value": 500,
    }  # fmt: skip
    assert plain({"b": (1, None), "a": Ok()}) == {"a": "ok", "b": [1, None]}


def test_a_revision_does_not_depend_on_the_order_of_keys():
    """The same halves in any order have the same hash."""
    one = revision(definition({"a": 1, "b": 2}, {"c": 3}))

    assert one == revision({"terms": {"c": 3}, "measure": {"b": 2, "a": 1}})
    assert one != revision(definition({"a": 1}, {"b": 2, "c": 3}))
