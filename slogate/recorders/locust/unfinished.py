"""Records the requests that never got their answer: Locust fires no event for them.

A service that hangs would otherwise look like one that nobody asks. `request` of both of
Locust's HTTP clients is guarded: what is cut off in it (its user is stopped by force, or its own
`gevent.Timeout` expires) becomes a failed row that lasted as long as it had waited. It is given
to the listener as an event without a length, which Locust could not have counted either. What is
known of the request is read from Locust's own frame, so that one that ends well costs nothing.
Not seen: other clients, and bodies that are read in the user's own code.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from time import perf_counter
from types import CodeType
from typing import Any

import gevent
from gevent import GreenletExit
from greenlet import getcurrent
from locust.event import EventHook

from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.columns import Chunk
from slogate.recorders.locust.guarding import guarded
from slogate.units import US_PER_SECOND, format_duration

LEAST_S = 1.0
KILL_S = 1.0
CUT_OFF = "cut off after "
WAITING = ", still waiting for a response"
Known = Mapping[str, Any]


class Unfinished:
    """The guards of one process.

    When Locust stops a user by force, a request in its first `LEAST_S` says nothing about the
    service and is no row.
    """

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._codes: set[CodeType] = set()

    def install(self) -> None:
        """Wrap Locust's clients; before any locustfile is imported."""
        from locust.clients import HttpSession
        from locust.contrib.fasthttp import FastHttpSession

        for client in (HttpSession, FastHttpSession):
            setattr(client, "request", self._watch(client.request))  # noqa: B010 (mypy)

    def _watch(self, request: Callable[..., Any]) -> Callable[..., Any]:
        watched, code = guarded(request, self._on_cut_off)
        self._codes.add(code)
        return watched

    def _on_cut_off(self, reason: BaseException) -> None:
        """Record it, unless its event was being fired (it is a row) or it had only begun."""
        try:
            frames = _frames_of(reason)
            known: Known = next((frames[code] for code in frames if code in self._codes), {})
            waited = _waited(known)
            if EventHook.fire.__code__ in frames or _is_young(reason, known, waited):
                return
            lasted = "some time" if waited is None else format_duration(waited * US_PER_SECOND)
            self._capture.record(
                request_type=known["method"],
                name=known["name"] or _name(known),
                response_time=None if waited is None else waited * 1000,
                exception=TimeoutError(f"{CUT_OFF}{lasted}{WAITING}"),
                start_time=known.get("start_time"),
            )
        except Exception:  # noqa: BLE001 (never in the way of the user's test)
            self._capture.failed += 1

    def finish(self) -> None:
        """Cut off what greenlets of users that are gone still wait for; Locust leaves them be."""
        stuck = [
            thing
            for thing in gc.get_objects()
            if issubclass(type(thing), gevent.Greenlet) and self._is_abandoned(thing)
        ]
        gevent.killall(stuck, block=False)
        gevent.joinall(stuck, timeout=KILL_S)

    def _is_abandoned(self, greenlet: gevent.Greenlet) -> bool:
        frame = greenlet.gr_frame
        while frame is not None and frame.f_code not in self._codes:
            frame = frame.f_back
        if frame is None:
            return False
        owner, waited = _owner(frame.f_locals), _waited(frame.f_locals)
        return owner is not None and owner.dead and (waited or 0.0) >= LEAST_S


def cut_off(chunk: Chunk) -> int:
    """How many rows of a finished buffer were cut off."""
    kinds = {
        kind
        for kind, words in enumerate(chunk.words)
        if words.error and words.error.startswith(CUT_OFF) and words.error.endswith(WAITING)
    }
    return sum(kind in kinds for kind in chunk.column("kind")) if kinds else 0


def _frames_of(reason: BaseException) -> dict[CodeType, Known]:
    """The locals of the outermost frame of each code that the exception came through."""
    frames: dict[CodeType, Known] = {}
    step = reason.__traceback__
    while step is not None:
        frames.setdefault(step.tb_frame.f_code, step.tb_frame.f_locals)
        step = step.tb_next
    return frames


def _waited(known: Known) -> float | None:
    begun = known.get("start_perf_counter")
    return None if begun is None else perf_counter() - begun


def _owner(known: Known) -> Any:
    """The greenlet of the user whose client it is, if it is a user's."""
    return getattr(getattr(known.get("self"), "user", None), "greenlet", None)


def _is_young(reason: BaseException, known: Known, waited: float | None) -> bool:
    """Whether Locust itself stops the user, and the request had only begun."""
    by_locust = isinstance(reason, GreenletExit) and _owner(known) is getcurrent()
    return by_locust and waited is not None and waited < LEAST_S


def _name(known: Known) -> Any:
    """Locust's name for what has none: the path as it is sent, with `FastHttpSession` as given."""
    from requests import Request, Session
    from requests.sessions import merge_setting

    session, url = known["self"], known["url"]
    if not isinstance(session, Session):
        return url
    params = merge_setting(known["kwargs"].get("params"), session.params)
    return Request("GET", known["complete_url"], params=params).prepare().path_url
