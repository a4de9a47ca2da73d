"""The usual entries of Locust's statistics, read fast: the rows that reading with care gives."""

from __future__ import annotations

import json
from typing import Any

import pytest
from foreign import take
from hypothesis import given, settings
from hypothesis import strategies as st

from slogate.sources._histograms import Rows
from slogate.sources._locust_entries import read_entry
from slogate.sources._locust_plain import read_plain
from slogate.sources.locust_workers import PLUGIN

AT = 1_795_544_034
MS = [0, 1, 2, 3, 94, 95, 99, 100, 110, 120, 990, 1_000, 1_100, 9_900, 10_000, 11_000, 172_000_000]
NUMBERS = st.sampled_from([0, 1, 2.4, 2.5, 3, 94.5, 95.2, 99.5, 105, 105.0, 114.9, 1_050.1, 8.7e7])
BUCKETS = st.dictionaries(
    st.sampled_from([*map(str, MS), "3.0", "240.0", "101", "x"]),
    st.integers(1, 9) | st.sampled_from([1, 1, 0, 10**15, True, "2", 1.0]),
    max_size=5,
)
SURE = st.dictionaries(st.sampled_from([*map(str, MS)]), st.integers(1, 9), min_size=1, max_size=5)
ODD: dict[str, Any] = {
    "num_none_requests": [0, 1, "0", False],
    "num_failures": [0, 1, 2, 3, 100, "1", True],
    "num_requests": [0, 3, 7, "3", 10**15 + 1],
    "method": [None, "", "POST", 7],
    "name": ["/a", 7, None],
    "start_time": [AT, AT - 5, AT + 9.5, 12, 5e9, "1795544034", float("nan"), -(10**30)],
    "last_request_timestamp": [AT, AT - 3.7, AT + 2 * 86_400, None, float("inf")],
    "min_response_time": [0, 2.4, 3, 3.5, 94.50001, 105, -1, None, "2.4", float("nan")],
    "max_response_time": [0, 3.5, 94.5, 95.49, 104.9, 105, 8.65e7, None, float("inf")],
}


class WithCare(dict[str, Any]):
    """An entry that is none of the usual, for its type."""


@st.composite
def entries(draw):
    """An entry whose times fit its buckets, but for what is odd."""
    times = draw(SURE | SURE | BUCKETS)
    ms = sorted(int(key) for key in times if key.isdigit()) or [0]
    many = sum(count for count in times.values() if isinstance(count, int))
    found: dict[str, Any] = {
        "name": "/a", "method": "GET", "num_none_requests": 0, "num_requests": many,
        "num_failures": draw(st.integers(0, 9)), "start_time": AT + draw(st.floats(0, 1)),
        "last_request_timestamp": AT + draw(st.floats(0, 4)), "response_times": times,
        "min_response_time": draw(NUMBERS | st.just(ms[0]) | st.just(max(0, ms[0] - 0.3))),
        "max_response_time": draw(NUMBERS | st.just(ms[-1]) | st.just(ms[-1] + 0.3)),
    }  # fmt: skip
    for name in draw(st.lists(st.sampled_from([*ODD]), max_size=2)):
        found[name] = draw(st.sampled_from(ODD[name]))
    return found


def told(entry, *, beside):
    """The rows and the step of an entry, or why it is refused."""
    try:
        found = read_entry(entry, beside=beside)
    except (ValueError, OverflowError) as error:
        return str(error)
    if found is None:
        return None
    rows = Rows()
    found.counted.add_to(rows, found.begin, found.end - found.begin, "w")
    return found.begin, found.end, rows.chunk().rows.to_pylist()


USUAL = {
    "name": "/a", "method": "GET", "num_none_requests": 0, "num_requests": 9, "num_failures": 2,
    "start_time": AT + 0.25, "last_request_timestamp": AT + 3.1, "min_response_time": 2.75,
    "max_response_time": 114.2, "response_times": {"110": 2, "3": 4, "100": 3},
}  # fmt: skip


TWO = USUAL | {"num_requests": 5, "response_times": {"2": 2, "3": 3}, "max_response_time": 3.2}
RARE = [
    {}, {"num_failures": 0}, {"min_response_time": 99.5}, {"max_response_time": 105},
    {"num_requests": 10}, {"num_none_requests": 1}, {"last_request_timestamp": AT + 4},
    {"response_times": {"3": 4, "3.0": 5}, "max_response_time": 3.2, "min_response_time": 2.1},
    {"response_times": {"110": 0, "3": 9}, "num_failures": 0}, {"min_response_time": 3.6},
    TWO | {"min_response_time": 2.5}, TWO | {"min_response_time": 1.9},
]  # fmt: skip


@pytest.mark.parametrize("given", RARE)
@pytest.mark.parametrize("beside", [False, True])
def test_an_entry_of_a_rare_kind_is_as_when_read_with_care(given, beside):
    """At the edges of its buckets, or with a count that is not theirs."""
    entry = USUAL | given

    assert told(entry, beside=beside) == told(WithCare(entry), beside=beside)


@settings(deadline=None, max_examples=200)
@given(entry=entries(), beside=st.booleans())
def test_an_entry_is_as_when_read_with_care(entry, beside):
    """Whatever its buckets, times and failures are."""
    assert told(entry, beside=beside) == told(WithCare(entry), beside=beside)


def test_the_usual_entry_is_read_fast():
    """With failures or without, and with one of a version that counts them beside."""
    assert read_plain(USUAL, beside=False)
    assert read_plain(USUAL | {"num_failures": 0}, beside=True)
    assert read_plain(USUAL, beside=True) is None


def test_an_old_report_among_recent_ones_is_found(tmp_path):
    """More failures than requests without what is told since 2019, in any line, prove the age."""
    old = {key: value for key, value in USUAL.items() if key != "num_none_requests"}
    reports = [[USUAL], [old | {"num_failures": 12, "name": "num_none_requests"}], [USUAL]]
    lines = "".join(json.dumps({"stats": stats, "client_id": "w"}) + "\n" for stats in reports)

    rows = take(tmp_path, lines, source=PLUGIN).rows

    assert sum(row["count"] for row in rows if row["ok"] is False) == 2 + 12 + 2
    assert sum(row["count"] for row in rows if row["ok"]) == 3 * 9
