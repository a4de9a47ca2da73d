"""The edges of counting, one by one: where random data seldom goes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from series_strategies import LENGTH, need, parts, row

from slogate import plugins
from slogate.model.selection import Endpoint, Selection

ENGINES = plugins.names("engines")


def gather(name, wanted, rows):
    """The evidence of needs by an engine over the rows."""
    with tempfile.TemporaryDirectory() as folder:
        return plugins.find("engines", name).gather(wanted, parts(Path(folder), rows))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("duration_us", "added"),
    [
        pytest.param(10, 0, id="on time"),
        pytest.param(19, 0, id="less than one pace late"),
        pytest.param(20, 1, id="one start missed"),
        pytest.param(29, 1, id="not yet two"),
        pytest.param(30, 2, id="two"),
    ],
)
def test_a_start_is_missed_from_twice_the_pace_on(name, duration_us, added):
    """While what is left of the duration is at least the pace."""
    found = gather(name, [need()], [row(0, duration_us, pace_us=10)])["need"]

    assert found.backfilled == added


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("pace_us", [None, 0, -10])
def test_a_request_without_a_pace_stands_for_itself(name, pace_us):
    """No pace, nothing to fill."""
    assert gather(name, [need()], [row(0, 10**6, pace_us=pace_us)])["need"].total == 1


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(("ts", "matched"), [(-1, 0), (0, 1), (LENGTH, 1), (LENGTH + 1, 0)])
def test_both_ends_of_the_window_belong_to_it(name, ts, matched):
    """A start one microsecond outside does not count."""
    assert gather(name, [need()], [row(ts)])["need"].matched == matched


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    ("pattern", "names", "matching"),
    [
        pytest.param("a_b*", ["a_b", "a_bc", "axb", "axbc"], 2, id="underscore"),
        pytest.param("a%b*", ["a%b", "a%bc", "axb", "ab"], 2, id="percent"),
        pytest.param("a\\*", ["a\\", "a\\b", "ab", "a*"], 2, id="backslash"),
        pytest.param("*", ["", "a\nb", "é"], 3, id="anything"),
        pytest.param("a*b", ["ab", "a\nb", "a*b", "abc"], 3, id="middle"),
        pytest.param("a.c", ["a.c", "abc"], 1, id="dot"),
        pytest.param("A", ["a", "A"], 1, id="case"),
        pytest.param("a?", ["a?", "ab"], 1, id="question mark"),
        pytest.param("' OR true --", ["' OR true --", "x"], 1, id="quote"),
        pytest.param("$v0", ["$v0", "x"], 1, id="dollar"),
    ],
)
def test_only_the_star_is_special(name, pattern, names, matching):
    """In the name of an endpoint and in a label's pattern alike."""
    rows = [row(i, endpoint=text, labels=[("k", text)]) for i, text in enumerate(names)]
    endpoint = Selection(endpoint=Endpoint(method=None, name=pattern))
    label = Selection(where=(("k", pattern),))
    found = gather(name, [need(id="e", selection=endpoint), need(id="l", selection=label)], rows)

    assert (found["e"].matched, found["l"].matched) == (matching, matching)


@pytest.mark.parametrize("name", ENGINES)
def test_a_method_in_small_letters_is_named_like_a_name(name):
    """No engine can tell `grpc /Say` from a name with a space."""
    rows = [
        row(0, method="grpc", endpoint="/Say"), row(1, method="GET", endpoint="/Say"),
        row(2, method="GET", endpoint="grpc /Say"), row(3, method="grpc", endpoint="/Hear"),
    ]  # fmt: skip
    asked = {"Say": "grpc /Say", "all": "grpc *", "GET": "GET grpc /Say"}
    needs = [
        need(id=key, selection=Selection(endpoint=Endpoint.parse(text)))
        for key, text in asked.items()
    ]

    found = gather(name, needs, rows)

    assert {key: found[key].matched for key in asked} == {"Say": 2, "all": 3, "GET": 1}


@pytest.mark.parametrize("name", ENGINES)
def test_a_limit_is_kept_by_what_takes_exactly_as_long(name):
    """Within is at most."""
    found = gather(name, [need(limit_us=100, failures="measured")], [row(0, 100), row(1, 101)])

    assert found["need"].bad == 1


@pytest.mark.parametrize("name", ENGINES)
def test_a_request_without_the_label_does_not_match(name):
    """Not even `*`: the label must be there."""
    rows = [row(0, labels=[("k", "")]), row(1, labels=[("j", "v")]), row(2, labels=[]), row(3)]
    found = gather(name, [need(selection=Selection(where=(("k", "*"),)))], rows)

    assert found["need"].matched == 1
