"""The thresholds of a k6 script, read from its text; nothing of it is run.

What is understood: an object literal behind `thresholds:` whose keys are metrics, with or
without tags, and whose values are conditions, or lists of them. What slogate has no word for is
kept with the reason, to be told to people.

    condition = aggregation operator number ;      p(95)<500, avg<=200, rate<0.01, rate>50
    metric    = name [ "{" tag ":" value { "," tag ":" value } "}" ] ;
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import islice
from pathlib import Path

from slogate.errors import SourceError
from slogate.initial.reading import is_nameable, read_text

LARGEST = 2_000_000
MOST = 500
IMPORTS = re.compile(r"""\bfrom\s+['"]k6(?:/[\w/]*)?['"]|require\(['"]k6(?:/[\w/]*)?['"]\)""")
_TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/
    |(?P<text>"(?:[^"\\\n]|\\.){0,1000}"|'(?:[^'\\\n]|\\.){0,1000}'|`(?:[^`\\]|\\.){0,1000}`)
    |(?P<word>[\w$.]{1,200})|(?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)
_METRIC = re.compile(r"(?P<name>\w+)(?:\{(?P<tags>.*)\})?", re.DOTALL)
_CONDITION = re.compile(
    r"\s*(?P<what>p\(\s*(?P<q>\d{1,2}(?:\.\d{1,6})?)\s*\)|avg|med|max|min|rate|count|value)\s*"
    r"(?P<sign><=|>=|<|>|===?|!=)\s*(?P<number>\d{1,12}(?:\.\d{1,9})?)\s*"
)
_DURATIONS = {"http_req_duration", "http_req_waiting", "grpc_req_duration"}
_NAMES = ("name", "url")


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One that is carried over: a key of budgets and its value, for which requests.

    `limit` is in µs for latencies, a share for `errors`, a rate a second for `throughput`.
    """

    key: str
    limit: Fraction
    written: str
    method: str | None = None
    name: str | None = None
    labels: Mapping[str, str]
    successes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script: what is carried over, and sentences about what is not."""

    file: str
    thresholds: tuple[Threshold, ...]
    left: tuple[str, ...]


def read_script(path: Path, name: str) -> Script:
    """The thresholds of a script; SourceError if it cannot be read."""
    text = read_text(path, name, LARGEST)
    found, left = list[Threshold](), list[str]()
    for metric, condition in islice(_pairs(text, name), MOST):
        made = _threshold(metric, condition)
        if isinstance(made, Threshold):
            found.append(made)
        else:
            left.append(f"{metric[:200]}: {condition[:200]}: {made}")
    return Script(file=name, thresholds=tuple(found), left=tuple(left))


def _pairs(text: str, name: str) -> Iterator[tuple[str, str]]:
    """(Metric, condition) of each threshold, in the order of the file."""
    tokens = [token for token in _TOKEN.finditer(text) if token.lastgroup]
    at = 0
    while at < len(tokens) - 2:
        head = [token[0].strip("\"'") for token in tokens[at : at + 3]]
        at += 1
        if head == ["thresholds", ":", "{"]:
            at = yield from _object(tokens, at + 2, name)


def _object(
    tokens: Sequence[re.Match[str]], at: int, name: str
) -> Generator[tuple[str, str], None, int]:
    """The pairs of one object literal, whose brace is open; where it ends."""
    depth, metric, before = 1, "", ","
    for number in range(at, len(tokens)):
        token = tokens[number]
        mark = token["mark"]
        if mark is not None:
            depth += (mark in "[{(") - (mark in "]})")
            if depth == 0:
                return number + 1
            metric = "" if mark == "," and depth == 1 else metric
            # of an object only `threshold: '…'` is a condition; `delayAbortEval: '10s'` is none
            kept = mark == ":" and depth > 1 and before == "threshold"
            before = "threshold:" if kept else f"{mark}{depth}"
            continue
        word = token["text"] or token["word"]
        value = re.sub(r"\\(.)", r"\1", word[1:-1]) if token["text"] else word
        if depth == 1 and metric == "":
            metric = value
        elif token["text"] and before in {":1", "[2", ",2", "threshold:"}:
            yield metric, value
        before = value
    raise SourceError(f"{name}: the braces of `thresholds` are not closed")


def _threshold(metric: str, condition: str) -> Threshold | str:
    """What slogate makes of it, or why nothing."""
    named, said = _METRIC.fullmatch(metric), _CONDITION.fullmatch(condition)
    if named is None or said is None:
        return "it is not understood"
    tags = _tags(named["tags"] or "")
    if tags is None:
        return "its tags are not understood"
    meant = _meant(named["name"], said)
    if isinstance(meant, str):
        return meant
    key, limit = meant
    method, successes = tags.pop("method", None), tags.pop("expected_response", None)
    if successes == "false":
        return "budgets speak of all requests, or of those that succeed"
    names = [tags.pop(tag) for tag in _NAMES if tag in tags]
    if "status" in tags:
        return "budgets cannot speak of one status"
    return Threshold(
        key=key, limit=limit, written=f"{metric}: {condition.strip()}", method=method,
        name=names[0] if names else None, labels=tags, successes=successes == "true",
    )  # fmt: skip


def _tags(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for each in text.split(",") if text.strip() else []:
        key, colon, value = each.strip().partition(":")
        if not colon or not re.fullmatch(r"[A-Za-z_][\w.-]{0,99}", key.strip(), re.ASCII):
            return None
        if not is_nameable(value):
            return None
        found[key.strip()] = value.strip()
    return found


def _meant(metric: str, said: re.Match[str]) -> tuple[str, Fraction] | str:
    """(Key of a budget, limit) of a condition on a metric, or why there is none."""
    try:
        number = Fraction(Decimal(said["number"]))
    except InvalidOperation:
        return "its number is not understood"
    at_most, what = said["sign"] in {"<", "<="}, said["what"]
    if metric in _DURATIONS and metric != "http_req_waiting":
        keys = {"avg": "mean", "med": "p50", "max": "max"}
        quantile = (
            (said["q"] or "").rstrip("0").rstrip(".") if "." in (said["q"] or "") else said["q"]
        )
        key = f"p{quantile}" if quantile else keys.get(what)
        if key is None or not at_most or key == "p0":
            return "a budget is a percentile, the mean or the maximum, at most"
        if number <= 0:
            return "a limit is longer than 0"
        return key, number * 1000
    if metric == "http_req_failed" and what == "rate" and at_most and number < 1:
        return "errors", number
    if metric == "http_req_failed" and what == "rate" and at_most:
        return "all may fail"
    if metric in {"http_reqs", "iterations"} and what == "rate" and not at_most:
        return ("throughput", number) if metric == "http_reqs" else "iterations are not recorded"
    return "it is no budget of requests"
