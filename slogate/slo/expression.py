"""The text of `ok:` and `good:` as a predicate.

    expression  = conjunction { "or" conjunction } ;
    conjunction = negation { "and" negation } ;
    negation    = "not" negation | "(" expression ")" | "ok" | comparison ;
    comparison  = "status" operator integer | "duration" operator duration ;
    operator    = "<" | "<=" | ">" | ">=" | "==" | "!=" ;
    duration    = number unit { number unit } ;          (* 400ms, 400 ms, 1.5s, 1m30s *)

Words are lower case. Inside a definition of `ok:` the word `ok` is the source's own word (what
the load generator or the log said, else `status < 500`), never the definition itself: so
`ok: ok and duration <= 2s` narrows it, and nothing can go in circles. Chained comparisons,
arithmetic and anything else are refused with the offset of the character at fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from slogate.model.predicate import OPERATORS, And, Comparison, Not, Ok, Operator, Or, Predicate
from slogate.units import parse_duration

LONGEST = 1_000
DEEPEST = 50
_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<duration>\d+(?:\.\d+)?(?:[a-zµ][\wµ.]*|\s+(?:us|µs|ms|s|m|h|d|w)\b))"
    r"|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<word>[^\W\d]\w*)|(?P<operator><=|>=|==|!=|<|>)|(?P<bracket>[()])"
)
_SLIPS = {"=": "==", "&": "and", "|": "or", "!": "not"}
_WORDS = ("and", "or", "not", "ok", "status", "duration")


class ExpressionError(ValueError):
    """What is wrong, at which character (from 0), and how to mend it."""

    def __init__(self, offset: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.offset = offset
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    offset: int


def parse_expression(text: str) -> Predicate:
    """The predicate that the text says; ExpressionError (a ValueError) if it says none."""
    if len(text) > LONGEST:
        raise ExpressionError(0, f"longer than {LONGEST:,} characters")
    parsing = _Parsing(_tokens(text), len(text))
    predicate = parsing.expression(0)
    if (rest := parsing.peek()) is not None:
        hint = None
        if rest.kind == "operator":
            hint = "join two comparisons by `and`: status >= 200 and status < 300"
        raise ExpressionError(rest.offset, f"'{rest.text}' is not expected here", hint)
    return predicate


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            slip = _SLIPS.get(text[at])
            hint = f"write `{slip}`" if slip else None
            raise ExpressionError(at, f"'{text[at]}' is not expected here", hint)
        if match.lastgroup != "space":
            tokens.append(_Token(str(match.lastgroup), match[0], at))
        at = match.end()
    return tokens


class _Parsing:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._at = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def expression(self, depth: int) -> Predicate:
        left = self._conjunction(depth)
        while self._skip("or"):
            left = Or(left, self._conjunction(depth))
        return left

    def _conjunction(self, depth: int) -> Predicate:
        left = self._negation(depth)
        while self._skip("and"):
            left = And(left, self._negation(depth))
        return left

    def _negation(self, depth: int) -> Predicate:
        token = self._next("a condition such as `ok` or `status < 500`")
        if depth > DEEPEST:
            raise ExpressionError(token.offset, f"nested more than {DEEPEST} deep")
        if token.text == "not":
            return Not(self._negation(depth + 1))
        if token.text == "(":
            inner = self.expression(depth + 1)
            closing = self._next("`)`")
            if closing.text != ")":
                raise ExpressionError(closing.offset, f"`)` is expected, not '{closing.text}'")
            return inner
        return Ok() if token.text == "ok" else self._comparison(token)

    def _comparison(self, token: _Token) -> Comparison:
        if token.text not in {"status", "duration"}:
            raise _unknown(token)
        operator = self._next("a comparison such as `< 500`")
        if operator.text not in OPERATORS:
            message = f"a comparison is expected after {token.text}, not '{operator.text}'"
            raise ExpressionError(operator.offset, message, "one of < <= > >= == !=")
        value = self._next("a number" if token.text == "status" else "a duration")
        sign: Operator = operator.text
        if token.text == "status":
            return Comparison("status", sign, _status(value))
        return Comparison("duration", sign, _duration(value))

    def _next(self, expected: str) -> _Token:
        token = self.peek()
        if token is None:
            raise ExpressionError(self._end, f"{expected} is missing at the end")
        self._at += 1
        return token

    def _skip(self, word: str) -> bool:
        token = self.peek()
        if token is None or token.text != word:
            return False
        self._at += 1
        return True


def _unknown(token: _Token) -> ExpressionError:
    if token.text.lower() in _WORDS and token.text not in _WORDS:
        return ExpressionError(
            token.offset, f"'{token.text}' is unknown", f"did you mean `{token.text.lower()}`?"
        )
    if token.kind in {"number", "duration"}:
        hint = "write the name first: status < 500"
        return ExpressionError(token.offset, f"'{token.text}' cannot stand here", hint)
    message = f"'{token.text}' is not expected here"
    hint = "conditions are `ok`, `status < 500` and `duration <= 400ms`, with and, or, not"
    return ExpressionError(token.offset, message, hint)


def _status(token: _Token) -> int:
    if token.kind != "number" or not re.fullmatch(r"\d{1,3}", token.text):
        raise ExpressionError(token.offset, f"'{token.text}' is not an HTTP status such as 500")
    return int(token.text)


def _duration(token: _Token) -> int:
    try:
        return parse_duration(token.text)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise ExpressionError(token.offset, message, hint or None) from None
