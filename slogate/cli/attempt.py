"""Runs one command line: whatever comes of it becomes an exit code.

A command returns its exit code; an error of slogate prints its sentence and its hint, and has
the code that its class owns. Anything else is a bug in slogate: one line, exit 2, the traceback
with `--debug`. Exit 1 is the verdict's alone, whatever a library makes of an error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from slogate.cli.complaints import Untold, complain, explain, output_trouble, say, settle
from slogate.cli.streams import Nowhere
from slogate.errors import (
    EXIT_BREACH,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_PASS,
    SlogateError,
    SpecError,
)
from slogate.halting import halted

CLOSED = "there is nothing to print to: the standard output is closed"


def attempt(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    code = _ended(arguments)
    trouble = settle(sys.stdout)
    settle(sys.stderr)
    if trouble is None and not (isinstance(sys.stdout, Nowhere) and sys.stdout.tell()):
        return code
    why = CLOSED if trouble is None else output_trouble(trouble)
    if why and not isinstance(trouble, BrokenPipeError):
        complain(why, None)
    # what nobody could read is no pass
    return code if code in {EXIT_BREACH, EXIT_INTERRUPTED} else EXIT_ERROR


def _ended(arguments: list[str]) -> int:
    try:
        from slogate.cli.tree import build

        code = build().main(
            args=arguments, prog_name="slogate", standalone_mode=False, obj=arguments
        )
    except SpecError as error:
        # no prefix: editors and problem matchers look for file:line:column at the head
        say(str(error))
        _tell_github(error, arguments)
        return error.exit_code
    except SlogateError as error:
        complain(error.message, error.hint)
        _tell_github(error, arguments)
        return error.exit_code
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - the last resort: no traceback, never exit 1
        return _other(error, arguments)
    if code == EXIT_INTERRUPTED:  # the command line library makes this of Ctrl-C
        complain("interrupted", None)
    return code if isinstance(code, int) else EXIT_PASS


def _tell_github(error: SlogateError, arguments: list[str]) -> None:
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from slogate.cli.telling_github import tell_github_of_error

        words = (each for each in arguments if not each.startswith("-"))
        tell_github_of_error(error, next(words, ""))


def _other(error: Any, arguments: list[str]) -> int:
    """Exit 2 for a call that the library refused, an output that broke off, and bugs of ours."""
    stopped = "interrupted" if type(error).__name__ == "Abort" else halted()
    if stopped:  # a question answered with no is the library's Abort
        complain(stopped, None)
        return EXIT_INTERRUPTED
    if isinstance(error, Untold):
        if error.why:
            complain(error.why, None)
    elif isinstance(error, SystemExit):  # the library's end for a reader who has gone
        settle(sys.stdout)
    elif why := output_trouble(error):
        settle(sys.stdout)
        if not isinstance(error, BrokenPipeError):  # a reader who has gone wants no more
            complain(why, None)
    elif type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    elif hasattr(error, "format_message"):
        complain(*explain(error))
    elif not _stands_somewhere():
        complain("the working directory is gone", "change to a folder that exists")
    else:
        _own_bug(error, arguments)
    return EXIT_ERROR


def _stands_somewhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - asks whether there is one
    except OSError:
        return False
    return True


def _own_bug(error: BaseException, arguments: list[str]) -> None:
    if "--debug" in arguments or os.environ.get("SLOGATE_DEBUG"):
        import traceback

        say("".join(traceback.format_exception(error)).rstrip())
    kind = type(error).__name__
    complain(f"internal error: {kind}: {error}", "run `slogate --debug …` and report it")
