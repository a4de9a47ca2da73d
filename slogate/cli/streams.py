"""The standard streams as we were started with them: some may be closed.

A closed one is led to nowhere before anything else is opened, or a file of ours would take its
number and get what is printed. Also keeps GitHub's runner from obeying what is only shown.
"""

from __future__ import annotations

import io
import os
import re
import sys

# what GitHub's runner obeys: a line that begins with `::`, and `##[` anywhere in one
_COMMAND = re.compile(r"(?:^|(?<=[\r\n]))([^\S\r\n]*):(?=:)")


class Nowhere(io.StringIO):
    """Stands for a closed stdout and knows whether anything was to be printed."""


def mend_streams() -> None:
    """Give every closed stream a place; a character that cannot be shown gets its escape."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # the lowest free number is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = Nowhere()
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def harmless(text: str) -> str:
    r"""The text without commands to GitHub's runner, should it read along.

    Their marks are written as `\u003a:` and `##\u005b`, which leaves JSON as it was.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return _COMMAND.sub(r"\1\\u003a", text).replace("##[", r"##\u005b")
