from __future__ import annotations

import pytest

from slogate.loadtest.generator import Status
from slogate.loadtest.progress import bar_of
from slogate.loadtest.progress import headline as headline_of


@pytest.mark.parametrize(
    ("done", "width", "headline", "bar"),
    [
        pytest.param(0.5, 200, 50, "━" * 20 + "╌" * 20 + "  ", id="wide"),
        pytest.param(0.5, 80, 50, "━" * 10 + "╌" * 10 + "  ", id="80"),
        pytest.param(0.5, 80, 70, "━" * 4 + "╌" * 4 + "  ", id="long-headline"),
        pytest.param(1.0, 64, 50, "━" * 4 + "  ", id="narrow"),
        pytest.param(0.5, 40, 50, "", id="none"),
    ],
)
def test_the_bar_leaves_room_for_the_headline(done, width, headline, bar):
    """At most 40 cells, at most the width less 60, and never over the headline."""
    assert bar_of(done, width, headline) == bar
    assert len(bar) + headline <= max(width, headline)


def test_the_headline_names_time_users_rate_requests_and_failures():
    """In one line."""
    status = Status(elapsed_s=12.2, users=150, requests=5812, failures=6, ramped=True)

    assert headline_of(status, 45_000_000, 148.2) == (
        "12 s of 45 s · 150 users · 148/s · 5,812 requests · 0.103% failed"
    )


def test_one_user_is_one_user():
    """While it is spawned, too."""
    assert " · 1 user (spawning) · " in headline_of(Status(users=1), None, 0.0)
