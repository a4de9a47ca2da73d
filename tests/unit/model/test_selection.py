from __future__ import annotations

import pytest

from slogate.model.selection import Endpoint, Selection
from slogate.model.series import split_endpoint
from slogate.model.window import Window


@pytest.mark.parametrize(
    ("pattern", "method", "name", "expected"),
    [
        pytest.param("POST /checkout", "POST", "/checkout", True, id="exact"),
        pytest.param("POST /checkout", "GET", "/checkout", False, id="other-method"),
        pytest.param("/checkout", "GET", "/checkout", True, id="any-method"),
        pytest.param("GET /items/*", "GET", "/items/5/price", True, id="star"),
        pytest.param("GET /items/*", "GET", "/item", False, id="star-needs-its-head"),
        pytest.param("*", "GET", "/a\nb", True, id="star-matches-newlines"),
        pytest.param("/a.b", "GET", "/axb", False, id="dot-is-a-dot"),
        pytest.param("/a[b]?", "GET", "/a[b]?", True, id="only-star-is-special"),
        pytest.param("/a", "GET", "/a\n", False, id="the-whole-text"),
        pytest.param("* /a", "PUT", "/a", True, id="star-method"),
        pytest.param("add to cart", "", "add to cart", True, id="a-name-with-spaces"),
        pytest.param("grpc /Say", "grpc", "/Say", True, id="a-method-in-small-letters"),
        pytest.param("grpc /S*", "grpc", "/Say", True, id="with-a-star"),
        pytest.param("grpc /Say", "GET", "/Say", False, id="another-method-in-small-letters"),
        pytest.param("grpc /Say", "GET", "grpc /Say", True, id="or-a-name"),
        pytest.param("* to cart", "add", "to cart", True, id="star-is-any-method"),
        pytest.param("GET /a ", "GET", "/a ", True, id="a-space-behind"),
        pytest.param("GET /a ", "GET", "/a", False, id="no-space-behind"),
        pytest.param(" /a", "GET", " /a", True, id="a-space-before"),
        pytest.param("GET   /a", "GET", "/a", True, id="aligned"),
        pytest.param("GET  ", "GET", "", False, id="nothing-but-spaces"),
    ],
)
def test_an_endpoint_pattern_matches_whole_names(pattern, method, name, expected):
    """Only `*` is special, and the whole name has to match."""
    assert Endpoint.parse(pattern).matches(method, name) is expected


def test_what_cannot_be_seen_is_quoted():
    """Or a sentence on it would look as if the other were meant."""
    assert str(Selection(endpoint=Endpoint.parse("GET /a "))) == "'GET /a '"
    assert str(Selection(endpoint=Endpoint.parse("GET /a"))) == "GET /a"


def test_every_label_has_to_match():
    """A request without the label does not belong."""
    selection = Selection(where=(("region", "eu-*"),))

    assert selection.matches("GET", "/", {"region": "eu-west"})
    assert not selection.matches("GET", "/", {"region": "us-east"})
    assert not selection.matches("GET", "/", {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("POST /checkout", ("POST", "/checkout"), id="method-and-name"),
        pytest.param("checkout", ("", "checkout"), id="a-name-alone"),
        pytest.param("Add to cart", ("", "Add to cart"), id="no-method"),
        pytest.param("GET ", ("", "GET "), id="nothing-behind"),
    ],
)
def test_a_name_that_reads_method_name_is_split(name, expected):
    """Sources without a method column keep theirs in the name."""
    assert split_endpoint(name) == expected


def test_batches_cover_the_window_and_hold_its_end():
    """Ten equal spans; the last start belongs to the last one."""
    window = Window(start_ts=100, end_ts=1_100)

    assert window.batch_of(100, 10) == 0
    assert window.batch_of(199, 10) == 0
    assert window.batch_of(200, 10) == 1
    assert window.batch_of(1_100, 10) == 9


def test_a_window_cannot_end_before_it_starts():
    """Refused at once, not later."""
    with pytest.raises(ValueError, match="before it starts"):
        Window(start_ts=2, end_ts=1)
