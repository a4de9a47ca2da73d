"""What an existing locustfile loads: read as text, never run.

Only requests whose names can be told from the text are found; the part of an f-string that
comes from elsewhere is `*`, as specs write it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from slogate.errors import SourceError
from slogate.initial.reading import is_nameable, read_text

LARGEST = 2_000_000
IMPORTS = re.compile(r"^\s*(?:from|import)\s+locust\b", re.MULTILINE)
_METHODS = frozenset(("get", "head", "post", "put", "patch", "delete", "options"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Locustfile:
    """A locustfile: its endpoints as specs name them, and the host that it names, if any."""

    file: str
    endpoints: tuple[str, ...]
    host: str | None


def read_locustfile(path: Path, name: str) -> Locustfile:
    """What can be told of a locustfile; SourceError if it is no Python."""
    text = read_text(path, name, LARGEST)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{name}:{line}" if line else name
        raise SourceError(f"{where}: it is no Python: {error}") from None
    nodes = list(ast.walk(tree))
    found = {each: None for node in nodes if isinstance(node, ast.Call) for each in _named(node)}
    hosts = [host for node in nodes if isinstance(node, ast.Assign) for host in _hosts(node)]
    return Locustfile(file=name, endpoints=tuple(found), host=hosts[0] if hosts else None)


def _named(call: ast.Call) -> Iterator[str]:
    """The endpoint of `….client.get("/path", name="…")`, if it can be told."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in _METHODS:
        return
    holder = function.value
    if not isinstance(holder, ast.Attribute) or holder.attr != "client":
        return
    names = [word.value for word in call.keywords if word.arg == "name"]
    given = names or call.args[:1]
    text = _text(given[0]) if given else None
    if text is not None and is_nameable(text) and text.strip("* "):
        yield f"{function.attr.upper()} {text}"


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        parts = [_text(each) if isinstance(each, ast.Constant) else "*" for each in node.values]
        return None if None in parts else "".join(part or "" for part in parts)
    return None


def _hosts(assignment: ast.Assign) -> Iterator[str]:
    named = any(isinstance(each, ast.Name) and each.id == "host" for each in assignment.targets)
    text = _text(assignment.value) if named else None
    if text is None or not re.fullmatch(r"https?://[\x21-\x29\x2b-\x7e]+", text):
        return
    try:
        usable = urlsplit(text).hostname
    except ValueError:
        return
    if usable:
        yield text.rstrip("/")
