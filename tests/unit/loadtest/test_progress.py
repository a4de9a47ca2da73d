from __future__ import annotations

import pytest

from slogate.loadtest.generator import Status
from slogate.loadtest.progress import bar_of, headline


@pytest.mark.parametrize(
    ("done", "width", "bar"),
    [
        pytest.param(0.5, 200, "━" * 20 + "╌" * 20 + "  ", id="wide"),
        pytest.param(0.5, 80, "━" * 10 + "╌" * 10 + "  ", id="80"),
        pytest.param(1.0, 64, "━" * 4 + "  ", id="narrow"),
        pytest.param(0.5, 40, "", id="none"),
    ],
)
def test_the_bar_leaves_room_for_the_headline(done, width, bar):
    """At most 40 cells, at most the width less 60."""
    assert bar_of(done, width) == bar


def test_the_headline_names_time_users_rate_requests_and_failures():
    """In one line."""
    status = Status(elapsed_s=12.2, users=150, requests=5812, failures=6, ramped=True)

    assert headline(status, 45_000_000, 148.2) == (
        "12 s of 45 s · 150 users · 148/s · 5,812 requests · 0.103% failed"
    )
