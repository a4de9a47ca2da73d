"""Turns the template of a log line into SQL that picks its words; a regular expression too.

    [{time} {zone}] "{request}" {status} ──► the pieces between quotes, split at spaces ──► SQL

Where every word stands alone between spaces or quotes, DuckDB splits the line; that is about
twice as fast as a regular expression, to which any other template is turned. Each part of an
expression with at most four groups is matched on its own, because the fast way of RE2 knows no
more. Nothing of a template is written into SQL: its texts are bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GROUPS_AT_ONCE = 4
STAMP = "[{clf} {zone}]"
# one value, or several, as nginx writes those of several upstreams: 0.010, 0.020 : 0.003
LISTED = "{0}"
_WORD = re.compile(r"\{(\w*)\}")
_QUOTED = r'(?:[^"\\]|\\.)*'
_DATED = r"[^ ]* [^ ]*"
_REQUEST = r"(?:[A-Z]+ .*? HTTP/[0-9.]+|[A-Z]+ /[^ ]*|[^ ]*)"
_LISTED = r"[^ ,]+(?:(?:,| :) [^ ,]+)*"
_SPACIOUS = {"request": _REQUEST, LISTED[1:-1]: _LISTED}
_GROUP = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\((?:\?P?<(\w+)>|(\?))?", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """SQL for each word over a relation that has the column `text`.

    `steps` are expressions by name to be worked out first, one after the other; `parameters` are
    bound. `fits` says whether a line has the form at all.
    """

    words: Mapping[str, str]
    steps: Sequence[tuple[str, str]]
    parameters: Mapping[str, object] = field(default_factory=dict)
    fits: str = "TRUE"


def template_words(template: str, wanted: frozenset[str], *, strict: bool = False) -> Words:
    """How the wanted words of a template are picked; ValueError if it names a word twice.

    `{name}` is a word, `{}` one that nobody asks for. Unless `strict`, what follows the last
    wanted word may be anything, and text that stands alone is not compared.
    """
    template = template.replace(f'"{LISTED}"', '"{}"')
    names = [name for name in _WORD.findall(template.replace(LISTED, "{}")) if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"it names '{twice[0]}' twice")
    split = _Split(strict=strict, quotes='"' in template)
    for at, segment in enumerate(split.stamped(template).split('"'), start=1):
        split.segment(at, segment, wanted)
    if split.alone and wanted <= set(split.words) and "\t" not in template:
        return split.result()
    return expression_words(template_expression(template, whole=strict), wanted)


class _Split:
    """Gathers the words of a template by splitting at quotes, then at spaces."""

    def __init__(self, *, strict: bool, quotes: bool) -> None:
        self.words: dict[str, str] = {}
        self.alone = True
        # a line in which no quotes are expected need not be split at them
        self._whole = strict and not quotes
        quoted = _UNESCAPED if self._whole else f"string_split({_UNESCAPED}, '\"')"
        self._steps: list[tuple[str, str]] = [("quoted", quoted)]
        self._texts: dict[str, object] = {}
        self._tests: list[str] = []
        self._strict = strict
        self._segments = 0

    def stamped(self, template: str) -> str:
        """Take a time of the Common Log Format by its length: no other word costs as much."""
        before, stamp, after = template.partition(STAMP)
        if self._strict or not stamp or "[" in before:
            return template
        # an address of IPv6 may stand in brackets before it
        found = "instr(text, ' [') + 1" if before.endswith(" ") else "instr(text, '[')"
        self._steps.append(("stamp", found))
        self.words |= {"clf": "substr(text, stamp + 1, 20)", "zone": "substr(text, stamp + 22, 5)"}
        return f"{before}[{{}} {{}}]{after}"

    def segment(self, at: int, segment: str, wanted: frozenset[str]) -> None:
        """What stands before, between or behind quotes."""
        whole = _WORD.fullmatch(segment)
        asked = {match[1] for match in _WORD.finditer(segment)} & wanted
        if asked or self._strict:
            self._segments = at
        if whole and at % 2 == 0:
            self.words |= {whole[1]: f"quoted[{at}]"} if whole[1] else {}
        elif asked or (self._strict and segment.strip(" ")):
            self._tokens(at, segment.split(" "))

    def _tokens(self, at: int, tokens: Sequence[str]) -> None:
        segment = "quoted" if self._whole else f"quoted[{at}]"
        self._steps.append((f"bare{at}", f"string_split({segment}, ' ')"))
        if self._strict:
            self._tests.append(f"len(bare{at}) = {len(tokens)}")
        moved = False
        for place, token in enumerate(tokens, start=1):
            parts = _WORD.split(token)
            # a request line has spaces, and a list moves what follows
            odd = "request" in parts[1::2] or (moved and any(parts[1::2]))
            moved |= LISTED in token
            self.alone &= len(parts) <= 3 and not odd
            if len(parts) == 3 and parts[1] and LISTED not in token:
                self.words[parts[1]] = self._bare(f"bare{at}[{place}]", parts[0], parts[2])
            elif len(parts) == 1 and token and self._strict:
                self._tests.append(f"bare{at}[{place}] = {self._bound(token)}")

    def _bare(self, word: str, before: str, after: str) -> str:
        """A word without the text that is written around it; NULL where that is missing."""
        tests = [
            f"{test}({word}, {self._bound(text)})"
            for text, test in ((before, "starts_with"), (after, "ends_with"))
            if text
        ]
        if not tests:
            return word
        length = f", length({word}) - {len(before) + len(after)}" if after else ""
        inner = f"substr({word}, {len(before) + 1}{length})"
        return f"CASE WHEN {' AND '.join(tests)} THEN {inner} END"

    def _bound(self, text: str) -> str:
        name = f"text{len(self._texts)}"
        self._texts[name] = text
        return f"getvariable('{name}')"

    def result(self) -> Words:
        """The words, when all segments were seen."""
        count = "=" if self._strict else ">="
        form = f"len(quoted) {count} {self._segments}"
        tests = ["NOT contains(quoted, '\"')" if self._whole else form, *self._tests]
        return Words(
            words=self.words, steps=self._steps, parameters=self._texts, fits=" AND ".join(tests)
        )


# an escaped quote is not the end of a word
_UNESCAPED = r"""CASE WHEN contains(text, '\"')
    THEN replace(replace(text, '\\', '\x5c'), '\"', '\x22') ELSE text END"""


def template_expression(template: str, *, whole: bool = True, dated: bool = False) -> str:
    """The template as a regular expression: a word ends where the text after it begins.

    The last word takes the rest of the line, but if anything may follow the `whole` template. A
    `dated` time is a date and a time.
    """
    parts = _WORD.split(template)
    found = "^" + re.escape(parts[0])
    for before, name, text in zip(parts[::2], parts[1::2], parts[2::2], strict=False):
        word = f"[^{re.escape(text[0])}]*" if text else ".*" if whole else "[^ ]*"
        if before.endswith('"') and text.startswith('"'):
            word = _QUOTED
        elif text.startswith(" ") or not (text or whole):
            word = _DATED if dated and name == "time" else _SPACIOUS.get(name, word)
        found += f"(?P<{name}>{word})" if name and name != LISTED[1:-1] else word
        found += re.escape(text)
    return found


def expression_words(expression: str, wanted: frozenset[str]) -> Words:
    """How the named groups of a regular expression (RE2) are picked."""
    names = [name for name in group_names(expression) if name in wanted]
    steps: list[tuple[str, str]] = []
    words: dict[str, str] = {}
    parameters: dict[str, object] = {}
    text = "text"
    while names:
        at = len(steps)
        some, names = names[:GROUPS_AT_ONCE], names[GROUPS_AT_ONCE:]
        tail = _tail(expression, some[-1]) if names else None
        shown, fields = expression, some
        if tail is not None:
            # what follows is matched as a whole, and taken apart by itself: it is shorter
            names = [some[-1], *names]
            some = some[:-1]
            shown = f"{expression[: tail[0]]}(?P<{_TAIL}>{expression[tail[0] : tail[1]]})"
            shown, fields = shown + expression[tail[1] :], [*some, _TAIL]
        parameters[f"expression{at}"] = _capturing_only(shown, fields)
        picked = ", ".join(f"'{name}'" for name in fields)
        steps.append(
            (f"match{at}", f"regexp_extract({text}, getvariable('expression{at}'), [{picked}])")
        )
        words |= {name: f"match{at}.{name}" for name in some}
        if tail is not None:
            text, expression = f"match{at}.{_TAIL}", f"^{expression[tail[0] : tail[1]]}$"
    return Words(words=words, steps=steps, parameters=parameters)


_TAIL = "_tail"
_CONTEXT = re.compile(r"\\[bB]|\(\?[a-zA-Z-]+[:)]")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]|[^\\\[()|]+", re.DOTALL)


def _tail(expression: str, name: str) -> tuple[int, int] | None:
    """Where the part that begins with this group starts and ends, if it stands for itself.

    It does not within another group, beside an alternative, or if it looks at what is around.
    """
    end = len(expression) - expression.endswith("$")
    start = expression.find(f"(?P<{name}>")
    depth = 0
    if _CONTEXT.search(expression) or expression.endswith("\\$"):
        return None
    for token in _TOKEN.finditer(expression):
        if token.start() == start and depth:
            return None
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if token[0] == "|" and not depth:
            return None
    return (start, end) if start >= 0 else None


def group_names(expression: str) -> list[str]:
    """The names of an expression's groups, in order."""
    return [match[1] for match in _GROUP.finditer(expression) if match[1]]


def _capturing_only(expression: str, names: Sequence[str]) -> str:
    """The same expression, in which no other groups capture."""

    def kept(match: re.Match[str]) -> str:
        text = match[0]
        if not text.startswith("(") or match[2]:
            return text
        return f"(?P<{match[1]}>" if match[1] in names else "(?:"

    return _GROUP.sub(kept, expression)
