"""Learns from Locust when a user was due, and how often it means to start.

Two places in Locust are wrapped. `TaskSet._sleep` is where every wait of every user passes: it
gives the moment the wait was due, and it marks the end of an iteration. `constant_pacing` (which
`constant_throughput` calls) gives the interval, also where a user's own `wait_time` calls it; where
it is the `wait_time` of a class, the interval is known from there. A request finds its user's state
on its greenlet; a greenlet that a user spawned shares its user's state. Whoever is no user gets a
state that knows nothing.
"""

from __future__ import annotations

import functools
import itertools
import sys
import weakref
from collections.abc import Callable
from time import time
from typing import Any

import gevent
from greenlet import getcurrent

from slogate.recorders.locust.columns import NAN

STATE = "slogate_state"
LATE_SHARE = 0.1
NOT_PACED = -1
_ANCESTORS = 8
_numbers = itertools.count()


class UserState:
    """Where one user stands: due when, at which pace in seconds, in which iteration.

    `iteration` is a number that no other has, -1 of a user that is known not to be paced.
    `asked` is the interval that a pacing function was called with, until the wait begins;
    `usual` the one that its class declares, whose function leaves the moment of its last call
    with the user: `run` is the last that was seen. `free` is who is known to have no pace, until
    one is asked for: of its waits there is nothing to learn but when they are due.
    """

    __slots__ = ("__weakref__", "asked", "due", "free", "iteration", "pace", "run", "usual")

    def __init__(self, pace: float = NAN, *, usual: float = NAN, watched: bool = True) -> None:
        self.due = NAN
        self.pace = pace
        self.usual = usual
        self.run: Any = None
        self.asked = NAN
        self.iteration = next(_numbers) if watched else NOT_PACED
        self.free = False
        _states.add(self)

    def change(self, pace: float) -> None:
        """An iteration ended at another pace than the one before."""
        self.pace = pace
        paced = pace == pace  # noqa: PLR0124 (NaN: not paced)
        self.iteration = next(_numbers) if paced else NOT_PACED
        self.free = not paced and self.usual != self.usual


_states: weakref.WeakSet[UserState] = weakref.WeakSet()


def going() -> set[int]:
    """The iterations that go on now, of users that are paced or may be."""
    return {state.iteration for state in _states if state.iteration != NOT_PACED}


class Pacing:
    """The hooks, and how many paced waits ended, `missed` of them over 10% of the pace late.

    `learn` is told an iteration's pace where it is not the one that was known before its end.
    """

    def __init__(self, learn: Callable[[int, float], None]) -> None:
        self._learn = learn
        self.woken = 0
        self.missed = 0
        self.faults = 0

    def install(self) -> None:
        """Wrap Locust; before any locustfile is imported."""
        import locust
        from locust.user import wait_time

        paced = _watch_pacing(wait_time.constant_pacing)
        setattr(locust.TaskSet, "_sleep", self.watch_sleep(locust.TaskSet._sleep))  # noqa: B010, SLF001
        for module in (wait_time, locust):
            setattr(module, "constant_pacing", paced)  # noqa: B010 (mypy forbids the assignment)

    def watch_sleep(self, sleep: Callable[..., Any]) -> Callable[..., Any]:  # noqa: C901 (calls cost)
        """A wait that also ends its user's iteration, and tells when it was due.

        Where Locust's own only passes on to gevent, this does so in its place: a call less.
        """

        @functools.wraps(sleep)
        def watched(taskset: Any, seconds: Any, other: Any = None) -> None:  # noqa: C901 (likewise)
            try:
                user = taskset._user  # noqa: SLF001
                try:
                    state = user.slogate_state
                except AttributeError:
                    state = current_state()
                    state.run = None  # it has made no request before: its wait was asked for
                asked = state.asked
                free = state.free and asked != asked  # noqa: PLR0124 (NaN)
                if not free:
                    if asked != asked:  # noqa: PLR0124 (NaN)
                        run = user._cp_last_run  # noqa: SLF001
                        if run is not state.run:
                            state.run = run
                            asked = state.usual
                    if asked == state.pace:
                        state.asked = NAN
                        state.iteration = next(_numbers)
                    elif asked == asked or state.iteration >= 0:  # noqa: PLR0124 (not NaN)
                        self._change(state, asked)
                due = time() + seconds
            except Exception:  # noqa: BLE001 (never in the way of the user's test)
                self.faults += 1
                state = None
            if other is None:
                gevent.sleep(seconds)
            else:
                other(seconds)
            if state is not None:
                state.due = due
                if not free and state.pace > 0.0:
                    self.woken += 1
                    if time() - due > LATE_SHARE * state.pace:
                        self.missed += 1

        return watched if _passes_on(sleep) else _around(sleep, watched)

    def _change(self, state: UserState, pace: float) -> None:
        """An iteration ended at another pace than was known."""
        state.asked = NAN
        if state.iteration >= 0:
            self._learn(state.iteration, pace)
        state.change(pace)


def _around(sleep: Callable[..., Any], watched: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(sleep)
    def around(taskset: Any, seconds: Any) -> None:
        watched(taskset, seconds, functools.partial(sleep, taskset))

    return around


def _passes_on(sleep: Callable[..., Any]) -> bool:
    """Whether it does what Locust's `_sleep` did when this was written, and nothing else."""

    def known(_: Any, seconds: Any) -> None:
        gevent.sleep(seconds)

    def content(function: Any) -> tuple[Any, ...]:
        code = function.__code__
        return code.co_code, code.co_names, code.co_consts, function.__globals__.get("gevent")

    return hasattr(sleep, "__globals__") and content(sleep) == content(known)


def _watch_pacing(factory: Callable[[float], Any]) -> Callable[[float], Any]:
    @functools.wraps(factory)
    def watched_factory(wait_time: float) -> Any:
        inner = factory(wait_time)
        inner.slogate_pace = wait_time

        @functools.wraps(inner)
        def wait_time_func(self: Any) -> float:
            try:
                state = getcurrent().slogate_state
            except AttributeError:
                state = current_state()
            state.asked = wait_time
            seconds: float = inner(self)
            return seconds

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
        pace = _declared_pace(user)
        state = UserState(pace, usual=pace)
        state.run = getattr(user, "_cp_last_run", None)
        setattr(owner, STATE, state)
        setattr(user, STATE, state)  # found sooner than by greenlet
    setattr(greenlet, STATE, state)
    return state


def _user_of(greenlet: Any) -> Any:
    locust = sys.modules.get("locust")
    args = getattr(greenlet, "args", None)
    return args[0] if args and locust is not None and isinstance(args[0], locust.User) else None


def _declared_pace(user: Any) -> float:
    """The pace its class declares; a pace that is only called for is learnt at the first wait.

    From now on the class has Locust's own function: what it declares need not be told again.
    """
    for holder in type(user).__mro__:
        wait_time = vars(holder).get("wait_time")
        if wait_time is not None:
            own = getattr(wait_time, "__wrapped__", wait_time)
            pace = getattr(own, "slogate_pace", NAN)
            if pace == pace and own is not wait_time:  # noqa: PLR0124 (not NaN)
                setattr(holder, "wait_time", own)  # noqa: B010 (mypy knows no such name)
            return float(pace)
    return NAN
