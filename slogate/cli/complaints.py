"""How the command line says what went wrong: `error:`, then `hint:`, on stderr, never a traceback.

Covers what the command line library finds in the words that it was given, and a stdout that
cannot be written. Whoever reads stderr may have gone, too: that changes no exit code.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from typing import Any

from slogate.cli.streams import harmless
from slogate.errors import SlogateError

_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE}
_COMMANDING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]"
)
LOCUSTS = "Locust's own arguments go after `--`"


class Untold(Exception):
    """What was to be printed could not be: why, or None if the reader has gone."""

    def __init__(self, why: str | None) -> None:
        super().__init__(why)
        self.why = why


def say(text: str) -> None:
    """Write to stderr; nobody may be reading there."""
    with contextlib.suppress(OSError):
        sys.stderr.write(harmless(f"{text}\n"))
        sys.stderr.flush()


def complain(message: str, hint: str | None) -> None:
    """One error with its hint; the names in it may be anyone's."""
    say(tame(f"error: {message}\n  hint: {hint}" if hint else f"error: {message}"))


def tame(text: str) -> str:
    """The text without what commands a terminal: control characters, marks of direction."""
    return _COMMANDING.sub("\ufffd", text)


def told(error: SlogateError) -> int:
    """The exit code of an error that stops nothing else, once it is told."""
    complain(error.message, error.hint)
    return error.exit_code


def explain(error: Any) -> tuple[str, str]:
    """(message, hint) of an error that the command line library found."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "slogate"
    hints = [f"see {path} -h"]
    if option := getattr(error, "option_name", None):
        if near := sorted(getattr(error, "possibilities", None) or ()):
            hints.insert(0, f"did you mean {' or '.join(near)}?")
        elif path == "slogate run" and getattr(error, "possibilities", "none") != "none":
            hints.insert(0, f"{LOCUSTS}: slogate run -- {option}")
        if "no such option" in error.message.lower():
            return f"there is no option {option}", "; ".join(hints)
    text = error.format_message().rstrip(".")
    return f"{text[:1].lower()}{text[1:]}", "; ".join(hints)


def output_trouble(error: Exception) -> str | None:
    """Why our output cannot be written, if that is what this error says; no file is named then."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
        return f"cannot write to the output: {error.strerror}"
    return None


def settle(stream: Any) -> OSError | None:
    """Write what a stream still holds; what is wrong with it, or None.

    A stream that cannot be written is led to nowhere, or Python would complain of it at exit
    and end with an exit code of its own.
    """
    try:
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return error
    except ValueError:  # closed by whoever called us
        return None
    return None
