"""What is done in Locust's place is what Locust does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

with pytest.MonkeyPatch.context() as patched:
    # or the import would put gevent's threads in place of those that run the tests
    patched.setenv("LOCUST_SKIP_MONKEY_PATCH", "1")
    import locust.stats
    from locust import TaskSet
    from locust.stats import RequestStats, StatsEntry

    from slogate.recorders.locust import relief

KEPT = [(RequestStats, "log_request"), (StatsEntry, "_log_response_time"), (TaskSet, "user")]
REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["GET", "POST"]),
        st.sampled_from(["/a", "/b", ""]),
        st.floats() | st.floats(0, 1e5) | st.integers(0, 10**6) | st.none() | st.just("7"),
        st.integers(0, 1 << 40) | st.none(),
    ),
    max_size=30,
)
CLOCK = st.lists(st.floats(0, 3), min_size=70, max_size=70)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Give Locust its own back."""
    before = [(holder, name, holder.__dict__[name]) for holder, name in KEPT]
    yield
    for holder, name, own in before:
        setattr(holder, name, own)


def counted(log: Any, requests: list[tuple[Any, ...]], steps: list[float]) -> Any:
    """All that Locust knows after these requests, one at each moment, and what was raised."""
    now, raised = 1_764_000_000.0, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locust.stats.time, "time", lambda: now)
        patch.setattr(relief, "time", lambda: now)
        stats = RequestStats()
        for request, step in zip(requests, steps, strict=False):
            now += step
            try:
                log(stats, *request)
            except Exception as error:  # noqa: BLE001
                raised.append(repr(error))
    entries = {"total": stats.total, **stats.entries}
    return repr([{name: vars(entry) for name, entry in entries.items()}, raised]).replace(
        repr(stats), ""
    )


@given(REQUESTS, CLOCK)
def test_counting_is_locusts(requests: list[tuple[Any, ...]], steps: list[float]) -> None:
    """Counts, sums, extremes, seconds, the cache and errors are the same for any requests."""
    own = RequestStats.log_request
    assert counted(relief.counting(own), requests, steps) == counted(own, requests, steps)


def test_installed_locust_is_known() -> None:
    """Where Locust is as it was, both places are replaced, once."""
    own = RequestStats.log_request
    relief.relieve_counting()
    relief.relieve_users()
    ours = RequestStats.log_request
    assert ours is not own
    assert TaskSet.user.fget.__module__ != "locust.user.task"
    relief.relieve_counting()
    assert RequestStats.log_request is ours


def test_counting_of_a_locustfile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has put a function of his own in any of its places is counted by that."""
    own = RequestStats.log_request
    monkeypatch.setattr(StatsEntry, "_log_response_time", lambda *_: None)
    relief.relieve_counting()
    assert RequestStats.log_request is own


def test_a_bucketing_that_is_set_later_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust's documentation says that it may be replaced at run time."""
    relief.relieve_counting()
    stats = RequestStats()
    monkeypatch.setattr(locust.stats, "bucket_response_time", lambda _: 42)
    stats.log_request("GET", "/a", 7.5, 2)
    assert dict(stats.total.response_times) == {42: 1}


USER = """
import sys, locust
from slogate.recorders.locust.relief import relieve_users

class Own(locust.TaskSet):
    user = property(lambda self: "its own")

if "patched" in sys.argv:
    locust.TaskSet.user = property(lambda self: (self._user, "patched"))
relieve_users()
for kind in (locust.TaskSet, Own):
    taskset = kind.__new__(kind)
    taskset._user = "somebody"
    print(taskset.user, type(kind.user.fget).__name__)
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [([], "somebody attrgetter"), (["patched"], "('somebody', 'patched') function")],
)
def test_a_task_sets_user_is_read_faster_only_where_it_is_locusts_own(
    given: list[str], told: str
) -> None:
    """What somebody else put there stays."""
    done = subprocess.run(
        [sys.executable, "-c", USER, *given], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [told, "its own function"]
