"""Gives back to a generator what recording takes: two places of Locust in fewer frames of Python.

A task set's user is read seven times an iteration, through a property; and each request is counted
twice, for its endpoint and in total, in eight calls. Both are replaced by the same with less: the
latter is 1.6% of what a request of FastHttpUser costs (side by side in one process).
Only where Locust's own code is known to the letter, and no locustfile has put its own in place of
it: what is otherwise stays as it is.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from operator import attrgetter
from time import time
from typing import Any

from locust import TaskSet, stats

# of Locust 2.46.3 to 2.47.0
_USER = "605425e5e89362d6126cacb729abbdc1e1369f31e38ae0f72d317cf2e4c0ef2d"
_COUNTING = "4b847143da4bf048e8bac65c37789e993623c89c3fbfcfcf49bcd9a134d940ba"


def relieve_users() -> None:
    """Read the user of a task set without a frame; before any locustfile is imported."""
    known = getattr(TaskSet.user, "fget", None)
    if _digest(known) == _USER:
        setattr(TaskSet, "user", property(attrgetter("_user")))  # noqa: B010 (mypy)


def relieve_counting() -> None:
    """Count a request in one call; after all locustfiles were imported."""
    entry, counts = stats.StatsEntry, stats.RequestStats
    parts = entry.log, entry._log_time_of_request, entry._log_response_time  # noqa: SLF001
    if _digest(counts.log_request, *parts) == _COUNTING:
        setattr(counts, "log_request", counting(counts.log_request))  # noqa: B010 (mypy)


def counting(counted: Callable[..., None]) -> Callable[..., None]:
    """What does as `RequestStats.log_request`, and leaves what is odd to that."""

    def log_request(
        self: Any, method: Any, name: Any, response_time: Any, content_length: Any
    ) -> None:
        try:
            plain = type(response_time) is float and type(content_length) is int
            # of the module: users may put their own there
            bucket = stats.bucket_response_time(response_time) if plain else None
        except Exception:  # noqa: BLE001 (it fails again where Locust calls it)
            plain = False
        if not plain:
            counted(self, method, name, response_time, content_length)
            return
        now = time()
        second = int(now)
        for entry in (self.total, self.entries[name, method]):
            last = entry.last_request_timestamp
            if entry.use_response_times_cache and last and second > int(last):
                entry._cache_response_times(second - 1)  # noqa: SLF001
            entry.num_requests += 1
            entry.num_reqs_per_sec[second] += 1
            entry.last_request_timestamp = now
            entry.total_response_time += response_time
            least = entry.min_response_time
            if least is None or response_time < least:
                entry.min_response_time = response_time
            if response_time > entry.max_response_time:  # noqa: PLR1730 (a call less)
                entry.max_response_time = response_time
            entry.response_times[bucket] += 1
            entry.total_content_length += content_length

    return log_request


def _digest(*functions: Any) -> str | None:
    """Of their source; None where there is none, as of what is already ours."""
    try:
        source = "".join(map(inspect.getsource, functions))
    except (OSError, TypeError):
        return None
    return hashlib.sha256(source.encode()).hexdigest()
