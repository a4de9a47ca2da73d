"""Finds in a PromQL query the one selector whose series hold all requests that it speaks of.

    query ──tokens──► selectors ──► the one that includes the others

A bare selector stands for itself; of an SLO's query (a ratio of rates, a histogram_quantile)
what is selected counts, not what is computed: limits and windows are the judge's business. So
`le` is dropped, and `x_bucket` beside `x_count` is the histogram x. Refuses queries whose
selectors do not include one another, shifted ones (`offset`, `@`), and more than one metric.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slogate.sources._prometheus.naming import BUCKETS

_TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
      | (?P<word>[A-Za-z_:][A-Za-z0-9_:]*)
      | (?P<number>[0-9][\w.]*|\.[0-9][\w.]*)
      | (?P<sign>=~|!~|!=|==|<=|>=|[-+*/%^=<>(){}\[\],@])""",
    re.VERBOSE,
)
_LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "bool", "atan2", "inf", "nan"}
_PLAIN = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_PARTS = re.compile("_(bucket|count|sum)$")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)

Matcher = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Selector:
    """The series of one metric: its name, and (label, operator, value) in order."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def __str__(self) -> str:
        """As PromQL that every version reads the same, whatever the name is."""
        plain = _PLAIN.fullmatch(self.name)
        own = () if plain else (("__name__", "=", self.name),)
        inner = ",".join(
            f"{label if _PLAIN.fullmatch(label) else _quoted(label)}{op}{_quoted(value)}"
            for label, op, value in own + self.matchers
        )
        return f"{self.name if plain else ''}{{{inner}}}" if inner else self.name


def _quoted(value: str) -> str:
    text = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def names_of(query: str) -> set[str]:
    """The metrics that a query names; none where it is not understood."""
    try:
        return {selector.name for selector in _selectors(tokens_of(query))}
    except ValueError:
        return set()


def selected(query: str) -> Selector:
    """The selector that includes all series of the query; ValueError says why there is none."""
    found = list(_selectors(tokens_of(query)))
    if not found:
        raise ValueError("it selects no metric")
    name = _common_name(sorted({selector.name for selector in found}))
    widest = [_without_le(replace(selector, name=name)) for selector in found]
    for selector in widest:
        if all(set(selector.matchers) <= set(other.matchers) for other in widest):
            return selector
    told = ", ".join(dict.fromkeys(map(str, widest)))
    raise ValueError(f"it selects different series ({told}); give one that holds all requests")


def _common_name(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    families = {_PARTS.sub("", name) for name in names}
    if len(families) > 1:
        raise ValueError(f"it speaks of several metrics ({', '.join(names)}); give one of them")
    return families.pop()


def _without_le(selector: Selector) -> Selector:
    kept = tuple(sorted(m for m in set(selector.matchers) if m[0] not in BUCKETS))
    return replace(selector, matchers=kept)


Token = tuple[str, str]


def tokens_of(query: str) -> list[Token]:
    """The words of a query with their kinds; ValueError where it is no PromQL."""
    found: list[Token] = []
    at = 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            if query[at] not in ":.":  # between brackets, and of numbers
                raise ValueError(f"'{query[at : at + 20]}' is no PromQL")
            at += 1
            continue
        if match.lastgroup and match.lastgroup != "space":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


def _selectors(tokens: Sequence[Token]) -> Iterator[Selector]:
    """Every selector of the query, in its order."""
    at = 0
    while at < len(tokens):
        kind, word = tokens[at]
        following = tokens[at + 1][1] if at + 1 < len(tokens) else ""
        if word == "[":
            at = past(tokens, at, "]")
        elif word == "@" or (kind == "word" and word.lower() == "offset"):
            raise ValueError(f"its '{word}' shifts it in time; give the selector without it")
        elif kind == "word" and word.lower() in _LABEL_LISTS:
            at = past(tokens, at + 1, ")") if following == "(" else at + 1
        elif kind == "word" and following.lower() in {"by", "without"}:
            at += 1  # the name of an aggregation
        elif word == "{" or (kind == "word" and following == "{"):
            end = past(tokens, at, "}")
            yield selector_of("" if word == "{" else word, tokens[at : end - 1])
            at = end
        else:
            if kind == "word" and following != "(" and word.lower() not in _WORDS:
                yield Selector(word)
            at += 1


def past(tokens: Sequence[Token], at: int, closing: str) -> int:
    """The place after the next sign that closes."""
    for place in range(at, len(tokens)):
        if tokens[place] == ("sign", closing):
            return place + 1
    raise ValueError(f"its '{closing}' is missing")


def selector_of(name: str, tokens: Sequence[Token]) -> Selector:
    """The selector of `name {label op text, …` without its end."""
    inner = [token for token in tokens[1 if not name else 2 :] if token != ("sign", ",")]
    names, matchers = [name] if name else [], []
    while inner:
        if inner[0][0] == "text" and (len(inner) == 1 or inner[1][0] != "sign"):
            names.append(_text(inner.pop(0)[1]))
            continue
        if len(inner) < 3 or inner[1][1] not in {"=", "!=", "=~", "!~"} or inner[2][0] != "text":
            raise ValueError(f"its matcher at '{inner[0][1]}' is not understood")
        (kind, label), (_, op), (_, text) = inner[:3]
        del inner[:3]
        label = _text(label) if kind == "text" else label
        if label != "__name__":
            matchers.append((label, op, _text(text)))
        elif op == "=":
            names.append(_text(text))
        else:
            raise ValueError("it selects metrics by a pattern; give one by its name")
    if len(names) != 1:
        raise ValueError("it selects series without naming their metric")
    return Selector(names[0], tuple(sorted(matchers)))


def _text(quoted: str) -> str:
    """The value of a string as Go writes it."""
    inner = quoted[1:-1]
    return inner if quoted[0] == "`" else _ESCAPE.sub(_unescaped, inner)


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if len(code) == 3 else _ESCAPES.get(code, code)
