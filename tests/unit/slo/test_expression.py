"""The text of `ok:` as a predicate."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.predicate import And, Comparison, Not, Ok, Or, Predicate, holds
from slogate.slo.expression import ExpressionError, parse_expression

BELOW_500 = Comparison("status", "<", 500)
FAST = Comparison("duration", "<=", 400_000)


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        pytest.param("ok", Ok(), id="the word of the source"),
        pytest.param("status < 500", BELOW_500, id="status"),
        pytest.param("status<500", BELOW_500, id="no spaces"),
        pytest.param("duration <= 400ms", FAST, id="duration"),
        pytest.param("duration <= 400 ms", FAST, id="duration with a space"),
        pytest.param("duration <= 0.4s and ok", And(FAST, Ok()), id="and after a duration"),
        pytest.param("not ok", Not(Ok()), id="not"),
        pytest.param("not not ok", Not(Not(Ok())), id="not twice"),
        pytest.param("ok or ok and not ok", Or(Ok(), And(Ok(), Not(Ok()))), id="precedence"),
        pytest.param("(ok or ok) and ok", And(Or(Ok(), Ok()), Ok()), id="parentheses"),
        pytest.param("ok and ok and ok", And(And(Ok(), Ok()), Ok()), id="from the left"),
        pytest.param(
            "status == 404 or status != 200",
            Or(Comparison("status", "==", 404), Comparison("status", "!=", 200)),
            id="equality",
        ),
    ],
)
def test_text_means_its_predicate(text: str, predicate: Predicate) -> None:
    """`not` binds closest, then `and`, then `or`."""
    assert parse_expression(text) == predicate


@pytest.mark.parametrize(
    ("text", "offset", "hint"),
    [
        pytest.param("", 0, None, id="nothing"),
        pytest.param("ok and", 6, None, id="end too early"),
        pytest.param("ok ok", 3, None, id="two conditions"),
        pytest.param("status = 200", 7, "write `==`", id="one equals sign"),
        pytest.param("ok && ok", 3, "write `and`", id="ampersands"),
        pytest.param("!ok", 0, "write `not`", id="exclamation mark"),
        pytest.param("Status < 500", 0, "did you mean `status`?", id="capitals"),
        pytest.param("500 > status", 0, "write the name first: status < 500", id="turned round"),
        pytest.param("duration < 300", 11, "write 300ms or 300s", id="no unit"),
        pytest.param("status < 500ms", 9, None, id="unit on a status"),
        pytest.param("status < 1000", 9, None, id="no HTTP status"),
        pytest.param("(ok", 3, None, id="open"),
        pytest.param("ok)", 2, None, id="closed twice"),
        pytest.param("(" * 60 + "ok", 51, None, id="too deep"),
        pytest.param("status", 6, None, id="no comparison"),
        pytest.param("status and ok", 7, "one of < <= > >= == !=", id="word for a comparison"),
        pytest.param("x" * 1_001, 0, None, id="too long"),
    ],
)
def test_what_is_no_expression_is_refused_where_it_goes_wrong(
    text: str, offset: int, hint: str | None
) -> None:
    """The error knows the character and, for common slips, what was meant."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)

    assert (caught.value.offset, caught.value.hint) == (offset, hint)


def _text(predicate: Predicate) -> str:
    match predicate:
        case Ok():
            return "ok"
        case Comparison(field="status", operator=operator, value=value):
            return f"status {operator} {value}"
        case Comparison(operator=operator, value=value):
            return f"duration {operator} {value}us"
        case Not(operand=operand):
            return f"not ({_text(operand)})"
        case And(left=left, right=right):
            return f"({_text(left)}) and ({_text(right)})"
        case Or(left=left, right=right):
            return f"({_text(left)}) or ({_text(right)})"


OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
LEAVES = st.one_of(
    st.just(Ok()),
    st.builds(Comparison, st.just("status"), OPERATORS, st.integers(0, 999)),
    st.builds(Comparison, st.just("duration"), OPERATORS, st.integers(0, 10**9)),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner), st.builds(And, inner, inner), st.builds(Or, inner, inner)
    ),
    max_leaves=8,
)


@given(PREDICATES)
def test_every_predicate_can_be_written_and_read_back(predicate: Predicate) -> None:
    """Text of a tree, fully bracketed, is parsed into that tree."""
    assert parse_expression(_text(predicate)) == predicate


WORDS = ["ok", "and", "or", "not", "(", ")", "status", "duration", "<", ">=", "==", "400ms", "500"]


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), max_size=12))
def test_any_text_is_parsed_or_refused(words: list[str]) -> None:
    """Whatever is written gives a predicate that can be asked, or an ExpressionError inside it."""
    text = " ".join(words)
    offset = 0
    try:
        told = holds(parse_expression(text), ok=True, status=200, duration_us=1)
    except ExpressionError as error:
        told, offset = None, error.offset

    assert told in {True, False, None}
    assert 0 <= offset <= len(text)
