"""The request listener: it makes a row of an event.

The less is done between two requests, the less their generator is disturbed. A row is one packing
of numbers, after which nothing of the event is kept: values that live on push those of the next
request out of the processor's caches. All the keywords of an event are packed and unpacked for
each listener of Locust, and once more by the hook that calls them: that costs more than what is
done with them here. So where nobody else listens, ours stands for Locust's own
listener, which it calls, and for the hook; as soon as somebody does, the hook calls them all
again, in their order.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent

from slogate.recorders.locust.columns import NAN, ROW, Rows
from slogate.recorders.locust.values import MISSING

Listener = Callable[..., None]


def stand_in(
    hook: Any, ours: Listener, make: Callable[[Listener | None, Any], Listener]
) -> Listener:
    """Replace the hook's listeners, if they are ours and Locust's, by one that is both.

    Returns the listener that is ours now.
    """
    handlers = hook._handlers  # noqa: SLF001
    if "fire" in vars(hook):  # the user's own
        return ours
    if len(handlers) != 2 or handlers[0] is not ours or not _counts(handlers[1]):
        return ours
    counted = handlers.pop()
    handlers[0] = make(counted, None)
    hook.fire = make(counted, hook)
    return handlers[0]


def listener(rows: Rows, record: Listener, counted: Listener | None, hook: Any) -> Listener:
    """What takes one event; a closure, whose names are at hand without a look-up.

    It adds to `rows` what is plain and of a known kind, the rest by `record`. With `counted` it
    hands on to Locust's own listener; with a `hook` it stands for its `fire`.
    """
    handlers = hook._handlers if hook else [None]  # noqa: SLF001
    add, pack, kinds = rows.packed.extend, ROW.pack, rows.interned

    def on_request(
        *, request_type: Any = MISSING, name: Any = MISSING, response_time: Any = MISSING,
        response_length: Any = MISSING, response: Any = MISSING, context: Any = MISSING,
        exception: Any = MISSING, start_time: Any = MISSING, url: Any = MISSING, **others: Any,
    ) -> None:  # fmt: skip
        if len(handlers) != 1:
            _call_all(hook, others, request_type=request_type, name=name, exception=exception,
                      response_time=response_time, response_length=response_length, url=url,
                      response=response, context=context, start_time=start_time)  # fmt: skip
            return
        try:
            if exception is not None:
                raise LookupError  # noqa: TRY301 (the long way)
            state = getcurrent().slogate_state
            status = response.status_code if response is not None else 0
            add(pack(
                start_time, response_time, start_time - state.due, state.pace, response_length,
                kinds[name, request_type, status], state.iteration,
            ))  # fmt: skip
            state.due = NAN
        except Exception:  # noqa: BLE001 (nothing may reach Locust)
            exception = None if exception is MISSING else exception
            record(request_type=request_type, name=name, exception=exception, response=response,
                   response_time=response_time, response_length=response_length,
                   start_time=start_time)  # fmt: skip
        if counted is not None:
            try:
                if (request_type is MISSING or name is MISSING or response_time is MISSING
                        or response_length is MISSING):  # fmt: skip
                    raise TypeError("an event without name, type, time or length")  # noqa: TRY301
                counted(request_type, name, response_time, response_length, exception)
            except Exception as error:  # noqa: BLE001
                _as_a_listener_fails(hook, error)

    return on_request


def _call_all(hook: Any, others: dict[str, Any], **given: Any) -> None:
    """Somebody else listens by now: as if nobody had stood for the hook."""
    present = {name: value for name, value in given.items() if value is not MISSING}
    type(hook).fire(hook, **present, **others)


def _counts(handler: Any) -> bool:
    """Whether it is Locust's own listener, which takes what it needs in this order."""
    known = ["request_type", "name", "response_time", "response_length", "exception"]
    return (
        getattr(handler, "__module__", None) == "locust.runners"
        and list(inspect.signature(handler).parameters)[: len(known)] == known
    )


def _as_a_listener_fails(hook: Any, error: Exception) -> None:
    """Raised to the hook that calls us; where we stand for the hook, told as it would tell it."""
    if hook is None:
        raise error
    other = type(hook)()
    other.add_listener(functools.partial(_as_a_listener_fails, None, error))
    other.fire()
