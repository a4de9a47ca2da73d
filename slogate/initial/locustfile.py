"""The text of a first locustfile: a task an operation, users out of phase, stable names.

All that comes from a description is written as a Python literal, so that nothing of it is code.
Operations that cannot be called as described have no weight, and the reason beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slogate.initial.budgets import unique
from slogate.initial.credentials import code_of
from slogate.initial.openapi import Operation
from slogate.initial.spec import comment

_WIDTH = 70
MOST_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """An operation and how often it is called among the others; 0: never."""

    operation: Operation
    weight: int
    why: str | None = None


def locustfile_text(
    tasks: Sequence[Task], *, origin: str, prefix: str, secured: str | None, more: int
) -> str:
    """A locustfile with these tasks; `more` is how many operations are not among them.

    `secured` is the header of the credentials that are asked for, if any are.
    """
    lines = [
        *_heading(origin, more),
        "from __future__ import annotations",
        "",
        *(["import os"] if secured else []),
        "import random",
        "import time",
        "",
        "from locust import FastHttpUser, constant_throughput, task",
        "",
        *([f"PREFIX = {_literal(prefix)}", ""] if prefix else []),
        "",
        "class Caller(FastHttpUser):",
        '    """Makes one request a second."""',
        "",
        "    wait_time = constant_throughput(1)",
        *(code_of(secured) if secured else []),
        "",
        "    def on_start(self) -> None:",
        '        """Step out of phase with the users spawned at the same moment."""',
        "        # longer than the pace: a shorter sleep would be cancelled by it",
        "        time.sleep(random.uniform(1, 2))",
    ]
    taken: set[str] = set()
    for each in tasks:
        lines += _task(each, taken, prefix)
    return "\n".join([*lines, ""])


def _heading(origin: str, more: int) -> Iterator[str]:
    yield f"# Written by `slogate init` from {comment(origin)}; it is yours now."
    yield "# Each user makes one request a second. A task with the weight 0 is never called: give"
    yield "# it values that your service knows, and a weight."
    if more:
        yield f"# {more} more operation{'s are' if more > 1 else ' is'} described, and not here."


def _task(task: Task, taken: set[str], prefix: str) -> Iterator[str]:
    operation = task.operation
    called = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", operation.id or operation.path)
    # no attribute of a user begins with a method
    own = re.match(rf"{operation.method}\b", called, re.IGNORECASE)
    name = unique(called if own else f"{operation.method} {called}", taken, between="_")
    yield ""
    if task.weight == 0:
        yield f"    # never called: {comment(task.why or operation.hindrance or '')}"
    yield f"    @task({task.weight})"
    yield f"    def {name}(self) -> None:"
    words = [f"PREFIX + {_literal(operation.call)}" if prefix else _literal(operation.call)]
    if operation.body is not None:
        words.append(f"json={_literal(operation.body)}")
    if operation.headers:
        words.append(f"headers={_literal(dict(operation.headers))}")
    words.append(f"name={_literal(prefix + operation.path)}")
    call = f"self.client.{operation.method.lower()}("
    line = f"        {call}{', '.join(words)})"
    if len(line) <= 100 and "\n" not in line:
        yield line
        return
    yield f"        {call}"
    for word in words:
        yield from f"            {word},".replace("\n", "\n            ").split("\n")
    yield "        )"


def _literal(value: object, indent: str = "") -> str:
    """A value of JSON as a Python literal in ASCII, which nothing in it can leave."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        parts = [
            f"{_quoted(key)}: {_literal(each, f'{indent}    ')}" for key, each in value.items()
        ]
        return _enclosed("{", parts, "}", indent)
    if isinstance(value, list):
        return _enclosed("[", [_literal(each, f"{indent}    ") for each in value], "]", indent)
    return ascii(value)


def _enclosed(begin: str, parts: Sequence[str], end: str, indent: str) -> str:
    """The parts on one line, or on one each where that would be too long."""
    line = f"{begin}{', '.join(parts)}{end}"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    return "\n".join([begin, *(f"{indent}    {part}," for part in parts), f"{indent}{end}"])


def _quoted(text: str) -> str:
    """A text in double quotes, unless it has quotes or needs escapes."""
    found = ascii(text)
    return f'"{found[1:-1]}"' if re.fullmatch(r"'[^'\"\\]*'", found) else found
