"""Learns from Locust when a user was due, and how often it means to start.

Two places in Locust are wrapped. `TaskSet._sleep` is where every wait of every user passes: it
gives the moment the wait was due, and it marks the end of an iteration. `constant_pacing`
(which `constant_throughput` calls) gives the interval, also where a user's own `wait_time`
calls it. A request finds its user's state on its greenlet; a greenlet that a user spawned
shares its user's state. Whoever is no user gets a state that knows nothing.
"""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Callable
from time import time
from typing import Any

from greenlet import getcurrent

from slogate.recorders.locust.columns import NAN, Columns

STATE = "slogate_state"
LATE_SHARE = 0.1
_ANCESTORS = 8


class UserState:
    """Where one user stands: due when, at which pace, with which rows in this iteration.

    An iteration's first row is at `first` in `columns`, the `others` follow. `watched` is False for
    a user that is known not to be paced: nothing is kept for it. `asked` is the interval that
    its pacing function was called with, until its wait begins.
    """

    __slots__ = ("asked", "columns", "due", "first", "others", "pace", "watched")

    def __init__(self, pace: float = NAN, *, watched: bool = True) -> None:
        self.due = NAN
        self.pace = pace
        self.asked = NAN
        self.watched = watched
        self.columns: Columns | None = None
        self.first = 0
        self.others: list[tuple[Columns, int]] = []

    def note(self, columns: Columns, place: int) -> None:
        """A row of this user; the first of an iteration holds its buffer back until it ends."""
        if self.columns is None:
            self.columns, self.first = columns, place
            columns.open += 1
            return
        self.columns.shared.add(self)
        if columns is not self.columns and self not in columns.shared:
            columns.shared.add(self)
            columns.open += 1
        self.others.append((columns, place))

    def finish_iteration(self) -> None:
        """The user waits: its pace is what the pacing function was asked for, if it was."""
        asked, self.asked = self.asked, NAN
        if asked != self.pace:
            self._learn(asked)
        if self.others:
            self.settle()
        elif self.columns is not None:
            self.columns.open -= 1
            self.columns = None

    def _learn(self, pace: float) -> None:
        self.pace = pace
        self.watched = pace == pace  # noqa: PLR0124 (NaN: not paced)
        if self.columns is not None:
            self.columns.set_pace(self.first, pace)

    def settle(self) -> None:
        """Write into the iteration's rows: pace ÷ how often their endpoint occurs in it."""
        if self.columns is None:
            return
        rows = [(self.columns, self.first), *self.others]
        endpoints = [columns.words_at(place)[:2] for columns, place in rows]
        times = Counter(endpoints)
        for (columns, place), endpoint in zip(rows, endpoints, strict=True):
            columns.set_pace(place, self.pace / times[endpoint])
        for columns in {columns for columns, _ in rows}:
            columns.open -= 1
            columns.shared.discard(self)
        self.columns = None
        self.others = []


class Pacing:
    """The hooks, and how many paced waits ended, `missed` of them over 10% of the pace late."""

    def __init__(self) -> None:
        self.woken = 0
        self.missed = 0
        self.faults = 0

    def install(self) -> None:
        """Wrap Locust; before any locustfile is imported."""
        import locust
        from locust.user import wait_time

        paced = _watch_pacing(wait_time.constant_pacing)
        setattr(locust.TaskSet, "_sleep", self._watch_sleep(locust.TaskSet._sleep))  # noqa: B010, SLF001
        for module in (wait_time, locust):
            setattr(module, "constant_pacing", paced)  # noqa: B010 (mypy forbids the assignment)

    def _watch_sleep(self, sleep: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(sleep)
        def watched(taskset: Any, seconds: Any) -> Any:
            try:
                state: UserState = getattr(getcurrent(), STATE, None) or current_state()
                state.finish_iteration()
                due = time() + seconds
            except Exception:  # noqa: BLE001 (never in the way of the user's test)
                self.faults += 1
                return sleep(taskset, seconds)
            result = sleep(taskset, seconds)
            state.due = due
            if state.pace > 0.0:
                self.woken += 1
                if time() - due > LATE_SHARE * state.pace:
                    self.missed += 1
            return result

        return watched


def _watch_pacing(factory: Callable[[float], Any]) -> Callable[[float], Any]:
    @functools.wraps(factory)
    def watched_factory(wait_time: float) -> Any:
        inner = factory(wait_time)

        @functools.wraps(inner)
        def wait_time_func(self: Any) -> float:
            state: UserState = getattr(getcurrent(), STATE, None) or current_state()
            state.asked = wait_time
            seconds: float = inner(self)
            return seconds

        wait_time_func.slogate_pace = wait_time  # type: ignore[attr-defined]
        return wait_time_func

    return watched_factory


def current_state() -> UserState:
    """The state of the user whose greenlet, or child greenlet, runs now."""
    current = getcurrent()
    state: UserState | None = getattr(current, STATE, None)
    return state if state is not None else adopt(current)


def adopt(greenlet: Any) -> UserState:
    """Give a greenlet its state: a user's own, its user's if a user spawned it, or a blank one."""
    owner: Any = greenlet
    for _ in range(_ANCESTORS):
        state: UserState | None = getattr(owner, STATE, None)
        user = _user_of(owner)
        if state is not None or user is not None:
            break
        spawner = getattr(owner, "spawning_greenlet", None)
        owner = spawner() if spawner is not None else None
        if owner is None:
            state = UserState(watched=False)
            break
    else:
        state = UserState(watched=False)
    if state is None:
        state = UserState(_pace_of(user))
        setattr(owner, STATE, state)
    setattr(greenlet, STATE, state)
    return state


def _user_of(greenlet: Any) -> Any:
    locust = sys.modules.get("locust")
    args = getattr(greenlet, "args", None)
    return args[0] if args and locust is not None and isinstance(args[0], locust.User) else None


def _pace_of(user: Any) -> float:
    """The pace its class declares; a pace that is only called for is learnt at the first wait."""
    declared = getattr(getattr(type(user), "wait_time", None), "slogate_pace", NAN)
    return float(declared)
