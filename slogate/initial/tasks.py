"""Which operations a first load test calls, how often each, and by how many users.

The shares are those of the log where there is one, else all alike. What cannot be called as it
is described is among the tasks with no weight; of a log only what can be asked for again is
called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from slogate.initial.locustfile import MOST_SHOWN, Task
from slogate.initial.measured import Measured
from slogate.initial.openapi import METHODS, Description, Operation

RUN_S, WARMUP_S = 120, 5
MOST_LOADED = 25
LEAST_USERS, MOST_USERS = 20, 100
WANTED = 200


def is_path(endpoint: str) -> bool:
    """Whether an endpoint is one that can be asked for over HTTP."""
    return re.fullmatch(r"/[\x21-\x7e]{0,199}", endpoint.partition(" ")[2]) is not None


def tasks_of(description: Description | None, measured: Measured | None) -> list[Task]:
    """The tasks, those that are called first."""
    prefix = description.prefix if description else ""
    operations = list(description.operations) if description else _of_log(measured)
    shares = {
        (each.method, each.path): measured.share(f"{each.method} {prefix}{each.path}")
        if measured
        else Fraction(0)
        for each in operations
    }
    can = [each for each in operations if each.hindrance is None]
    cannot = [each for each in operations if each.hindrance is not None]
    can.sort(key=lambda each: -shares[each.method, each.path])
    top = max((shares[each.method, each.path] for each in can), default=Fraction(0))
    tasks = [
        Task(
            operation=each,
            weight=max(1, int(10 * shares[each.method, each.path] / top)) if top else 1,
        )
        for each in can[:MOST_LOADED]
    ]
    enough = f"the first {MOST_LOADED} are enough to begin with"
    tasks += [Task(operation=each, weight=0, why=enough) for each in can[MOST_LOADED:]]
    return [*tasks, *(Task(operation=each, weight=0) for each in cannot)][:MOST_SHOWN]


def _of_log(measured: Measured | None) -> list[Operation]:
    """The paths of a log as operations; only what can be asked for again is loaded."""
    made = []
    for endpoint, found in measured.endpoints.items() if measured else ():
        method, _, path = endpoint.partition(" ")
        if not is_path(endpoint):
            continue
        hindrance = None
        if method not in {"GET", "HEAD"}:
            hindrance = "a log does not tell what was sent"
        elif "/:id" in path:
            hindrance = "give an id in place of :id"
        elif found.failed * 2 > found.requests:
            hindrance = "most of these failed"
        if method.lower() in METHODS:
            made.append(
                Operation(method=method, path=path, call=path, headers={}, hindrance=hindrance)
            )
    root = Operation(method="GET", path="/", call="/", headers={})
    return made or [root]


def users_of(tasks: Sequence[Task], prefix: str) -> tuple[int, dict[str, int]]:
    """How many users, so that the rarest has enough requests; and how many each will have."""
    total = sum(task.weight for task in tasks)
    if not total:
        return LEAST_USERS, {}
    least = min(task.weight for task in tasks if task.weight)
    judged_s = RUN_S - WARMUP_S
    wanted = -(-WANTED * total // (least * judged_s))
    users = min(max(wanted, LEAST_USERS), MOST_USERS)
    counts = {
        f"{task.operation.method} {prefix}{task.operation.path}":
            users * judged_s * task.weight // total
        for task in tasks
    }  # fmt: skip
    return users, counts
