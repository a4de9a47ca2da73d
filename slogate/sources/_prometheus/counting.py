"""Finds in a PromQL query the counters whose growth it adds up, so that they can be counted.

    sum(rate(a{x="1"}[5m])) + sum(rate(b[5m]))   ──►   the growth of a{x="1"} and of b

Sums, differences of selectors, of their `rate` and `increase`, and of
samples (`sum_over_time`, `count_over_time`) say which events are meant; how they are scaled and
over what range cancels out of a share of events. `or vector(0)` adds nothing. Everything else
(ratios, quantiles, comparisons, subqueries, shifts in time) is the server's to reckon: `counted`
says None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from slogate.sources._prometheus.promql import Selector, Token, past, selector_of, tokens_of

Style = Literal["bare", "rate", "increase", "samples"]
Kind = Literal["growth", "sum", "count"]
WINDOW = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_SUBQUERY = re.compile(r"\[[^\]\"'`]*:[^\]\"'`]*\]")
_FUNCTIONS: dict[str, tuple[Kind, Style]] = {
    "rate": ("growth", "rate"),
    "irate": ("growth", "rate"),
    "increase": ("growth", "increase"),
    "sum_over_time": ("sum", "samples"),
    "count_over_time": ("count", "samples"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Some series, what of them is counted (growth, or samples), added or taken away.

    Sums keep of their labels those of `kept`, None: all, without those `lost`.
    """

    selector: Selector
    kind: Kind
    style: Style
    sign: int = 1
    kept: frozenset[str] | None = None
    lost: frozenset[str] = frozenset()

    def tells(self, label: str) -> bool:
        """Whether the values of the label are still there when all is added up."""
        return label not in self.lost and (self.kept is None or label in self.kept)


class _Other(Exception):
    """The query is of another form."""


def counted(query: str) -> tuple[Term, ...] | None:
    """The terms that the query adds up; None if it does anything else."""
    text = WINDOW.sub("1m", query)
    if _SUBQUERY.search(text):
        return None
    try:
        parsing = _Parsing(tokens_of(text))
        terms = tuple(parsing.expression())
        parsing.end()
    except (_Other, ValueError, RecursionError):
        return None
    # rates and counts of different kinds do not add up to events
    return terms if terms and len({term.style for term in terms}) == 1 else None


def _summed(term: Term, clause: str, labels: frozenset[str]) -> Term:
    if clause == "without":
        return replace(term, lost=term.lost | labels)
    return replace(term, kept=labels if term.kept is None else term.kept & labels)


class _Parsing:
    """A query on the way."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def expression(self) -> Iterator[Term]:
        """Terms, added and taken away; a following `or vector(0)` is passed over."""
        sign = 1
        while True:
            for term in self.factor():
                yield replace(term, sign=sign * term.sign)
            if self._word() in {"+", "-"}:
                sign = 1 if self._next() == "+" else -1
                continue
            if self._word().lower() == "or":
                self._nothing()
            return

    def factor(self) -> list[Term]:
        """A sum, a function of a selector, a selector, or an expression in brackets."""
        word = self._word()
        if word == "(":
            return self._bracketed()
        if word.lower() == "sum":
            self._next()
            before = self._labels()
            found = self._bracketed()
            clause, labels = before or self._labels() or ("by", frozenset())
            return [_summed(term, clause, labels) for term in found]
        if word in _FUNCTIONS and self._word(1) == "(":
            self.at += 2
            selector = self._selector()
            self._expect("[", None, "]", ")")
            kind, style = _FUNCTIONS[word]
            return [Term(selector=selector, kind=kind, style=style)]
        return [Term(selector=self._selector(), kind="growth", style="bare")]

    def end(self) -> None:
        """Nothing may follow."""
        if self.at < len(self.tokens):
            raise _Other

    def _bracketed(self) -> list[Term]:
        self._expect("(")
        found = list(self.expression())
        self._expect(")")
        return found

    def _labels(self) -> tuple[str, frozenset[str]] | None:
        """`by (…)` and `without (…)` of a sum: what it groups by, or by what it does not."""
        clause = self._word().lower()
        if clause not in {"by", "without"}:
            return None
        self._expect(None, "(")
        start, self.at = self.at, past(self.tokens, self.at, ")")
        return clause, frozenset(
            word for _, word in self.tokens[start : self.at - 1] if word != ","
        )

    def _nothing(self) -> None:
        """`or on() vector(0)`: zero where there is nothing."""
        self._next()
        if self._word().lower() == "on":
            self._expect(None, "(", ")")
        self._expect("vector", "(", "0", ")")

    def _selector(self) -> Selector:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        name = word if kind == "word" else ""
        if name and self._word(1) == "(":
            raise _Other
        start = self.at
        if (self._word(1) if name else word) != "{":
            if not name:
                raise _Other
            self.at += 1
            return Selector(name)
        self.at = past(self.tokens, start, "}")
        return selector_of(name, self.tokens[start : self.at - 1])

    def _word(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place][1] if place < len(self.tokens) else ""

    def _next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def _expect(self, *words: str | None) -> None:
        """These words come; None is any one."""
        for word in words:
            if not self._word() or (word is not None and self._word() != word):
                raise _Other
            self.at += 1
