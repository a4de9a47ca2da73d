"""What is good, as the statuses and limits of a metric: the same requests as the condition says."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slogate.model.predicate import Predicate, holds
from slogate.rulebook.good import Inexpressible, cases_of, status_regex
from slogate.slo.expression import parse_expression

LEAVES = st.sampled_from([
    "ok", "status < 500", "status == 429", "status >= 400", "status != 404",
    "duration <= 400ms", "duration < 1s", "duration > 2s", "duration == 1ms",
])  # fmt: skip
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        ),
    ),
    max_leaves=4,
)


def counted(condition: Predicate, status: int, duration_us: int) -> int:
    """How often the cases count a request as good."""
    return sum(
        (case.statuses is None or status in case.statuses)
        and (case.limit_us is None or duration_us <= case.limit_us)
        for case in cases_of(condition)
    )


@given(
    text=TEXTS,
    status=st.integers(100, 599),
    duration_us=st.sampled_from([0, 999, 1_000, 1_001, 399_999, 400_000, 400_001, 999_999,
                                 1_000_000, 2_000_000, 2_000_001, 10**9]),
)  # fmt: skip
def test_cases_are_the_condition(text: str, status: int, duration_us: int):
    """A request is counted once if the condition holds, else never; or the condition is refused."""
    condition = parse_expression(text)
    try:
        found = counted(condition, status, duration_us)
    except Inexpressible:
        return

    good = holds(condition, ok=None, status=status, duration_us=duration_us)
    assert found == (1 if good else 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("duration > 1s", "no upper limit", id="slow is good"),
        pytest.param("duration <= 1s or duration >= 2s", "no upper limit", id="a gap"),
        pytest.param("duration >= 0ms", "a duration that is known", id="any"),
        pytest.param("status < 300 or duration <= 1s", "without a status", id="no status"),
    ],
)
def test_what_no_metric_can_tell(text: str, message: str):
    """A condition that is no limit, or needs what is not there, is refused with a reason."""
    with pytest.raises(Inexpressible, match=message):
        cases_of(parse_expression(text))


@given(statuses=st.frozensets(st.integers(100, 599), max_size=6), whole=st.sets(st.integers(1, 5)))
def test_regex_of_statuses(statuses: frozenset[int], whole: set[int]):
    """The values of a label are those of these statuses; of a whole class also `2xx`."""
    every = statuses | {s for digit in whole for s in range(digit * 100, digit * 100 + 100)}
    pattern = status_regex(every)

    assert {s for s in range(100, 600) if re.fullmatch(pattern, str(s))} == every
    for digit in range(1, 6):
        assert bool(re.fullmatch(pattern, f"{digit}xx")) is (digit in whole)
    assert not re.fullmatch(pattern, "") or not every
