"""What is wrong with text that is no YAML, in words for people, with its place.

Both parsers (libyaml and the Python one) word their problems alike; a phrase of theirs picks
the sentence. An unquoted `*` is the commonest slip of all and gets a hint of its own.
"""

from __future__ import annotations

import re
from typing import Any

from slogate.errors import Fault

_INDENT = "check the indentation, and that every key ends in `: `"
_SENTENCES: tuple[tuple[str, str, str | None], ...] = (
    (r"tab character", "a tab where spaces belong", "indent with spaces"),
    (r"nesting depth", "nested more than 50 deep", None),
    (r"cannot start any token", "a value cannot begin with this character", "quote the text"),
    (
        r"mapping values are not allowed",
        "a second `: ` in one line, or a wrong indentation",
        _INDENT,
    ),
    (r"unknown escape", "an unknown escape in double quotes", "write it in single quotes"),
    (r"could not find expected ':'", "a key without `: `", _INDENT),
    (r"expected (?:key|<block end>)|block end", "this line does not fit the lines above", _INDENT),
    (r"expected '-' indicator", "this line does not fit the list above", _INDENT),
    (r"expected ',' or", "a bracket is not closed, or a comma is missing", None),
    (r"expected the node content|node content", "a value is missing here", None),
    (r"unexpected end of stream|end of stream", "the quotes are not closed", None),
    (r"unexpected document|document start", "a second document starts here", None),
)
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_BREAK = re.compile("\r\n|\r|\n")


def forbidden_character(file: str, text: str) -> Fault | None:
    """The first character that no YAML file may hold (or that other tools take for a line end)."""
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    ends = [end.end() for end in _BREAK.finditer(text, 0, match.start())]
    line, column = len(ends) + 1, match.start() - (ends[-1] if ends else 0) + 1
    message = f"the character U+{ord(match[0]):04X} is not allowed"
    return Fault(file=file, line=line, column=column, message=message, hint="remove it")


def alias_fault(file: str, text: str, line: int, column: int, name: str | None) -> Fault:
    """A `*` that is no alias: unknown, or no name at all; the hint quotes what was meant."""
    written = _BREAK.split(text)[line - 1][column - 1 :]
    value = re.split(r"[,}\]]|\s#", written)[0].rstrip()
    before = re.search(r"([\w.-]+): +$", _BREAK.split(text)[line - 1][: column - 1])
    message = f"there is no anchor &{name}" if name else "a `*` begins an alias, and none follows"
    hint = f'quote it: {before[1] + ": " if before else ""}"{value}"'
    return Fault(file=file, line=line, column=column, message=message, hint=hint)


def syntax_fault(file: str, text: str, error: Any) -> Fault:
    """The parser's problem (a yaml.YAMLError) as a fault at its mark."""
    context, problem = getattr(error, "context", None) or "", getattr(error, "problem", None) or ""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    begun = getattr(error, "context_mark", None)
    if begun is not None and "alias" in context:
        return alias_fault(file, text, begun.line + 1, begun.column + 1, None)
    message, hint = f"not valid YAML: {problem or error}", None
    if mark is not None and text[mark.index : mark.index + 1] == "\t":
        problem = "tab character"
    for phrase, sentence, advice in _SENTENCES:
        if re.search(phrase, problem):
            message, hint = sentence, advice
            break
    if begun is not None and "quoted scalar" in context:
        mark, begun = begun if "end of" in problem else mark, None
    if begun is not None and mark is not None and begun.line != mark.line:
        message = f"{message} (it began at {begun.line + 1}:{begun.column + 1})"
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return Fault(file=file, line=line, column=column, message=message, hint=hint)
