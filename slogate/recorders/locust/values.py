"""What an event says, as a number or a text that a column can hold; nothing here ever raises.

Events come from Locust's clients and from users' own code, where anything may stand for anything.
"""

from __future__ import annotations

from typing import Any

from slogate.recorders.locust.columns import NAN, UNKNOWN_BYTES

NAME_LENGTH = 1000
ERROR_LENGTH = 200
DISTINCT_ERRORS = 1000
MISSING: Any = object()
_LARGEST_BYTES = 2**62


class Errors:
    """What went wrong as text, bounded in length and in how many different ones there are."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def text(self, exception: Any) -> str:
        """The exception's own words; its type's name where it has none, or says too many."""
        try:
            text = str(exception) or type(exception).__name__
        except Exception:  # noqa: BLE001 (the user's own exception class)
            text = type(exception).__name__
        text = clean(text[:ERROR_LENGTH])
        if text not in self._known:
            if len(self._known) >= DISTINCT_ERRORS:
                return type(exception).__name__
            self._known.add(text)
        return text


def is_failure(exception: Any) -> bool:
    """As Locust decides, but an exception object is always a failure."""
    return isinstance(exception, BaseException) or bool(exception)


def number(value: Any) -> float:
    """As a float; NaN where it is none."""
    try:
        return float(value)
    except Exception:  # noqa: BLE001 (anything may come as a response time)
        return NAN


def byte_count(value: Any) -> int:
    """As a whole number of bytes; -1 where it is none, or no sensible one."""
    try:
        size = int(value)
    except Exception:  # noqa: BLE001
        return UNKNOWN_BYTES
    return size if 0 <= size < _LARGEST_BYTES else UNKNOWN_BYTES


def status_of(response: Any) -> int:
    """The status of a response; 0 where there is none."""
    try:
        return status_number(response.status_code)
    except Exception:  # noqa: BLE001
        return 0


def status_number(value: Any) -> int:
    """An HTTP status; 0 where it is none."""
    try:
        status = int(value)
    except Exception:  # noqa: BLE001
        return 0
    return status if 100 <= status <= 999 else 0


def text_of(value: Any) -> str:
    """As text of bounded length; empty where it is missing."""
    if value is MISSING or value is None:
        return ""
    try:
        return clean(str(value)[:NAME_LENGTH])
    except Exception:  # noqa: BLE001
        return type(value).__name__


def clean(text: str) -> str:
    """Without lone surrogates, which no UTF-8 file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
