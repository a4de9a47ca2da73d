"""The options of `slogate alerts rules` as a metric; UsageError for what cannot be one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from slogate.errors import UsageError
from slogate.rulebook.metric import Kind, Metric
from slogate.rulebook.promql import Matcher, Operator, is_label, is_metric
from slogate.units import parse_duration

_KINDS: tuple[Kind, ...] = ("classic", "native", "counter")
_UNITS_US = {
    "s": Fraction(10**6), "ms": Fraction(1000), "us": Fraction(1), "ns": Fraction(1, 1000),
}  # fmt: skip
_SUFFIXES = {
    "seconds": "s", "milliseconds": "ms", "ms": "ms", "microseconds": "us", "us": "us",
    "nanoseconds": "ns", "ns": "ns",
}  # fmt: skip
_OPERATORS: tuple[Operator, ...] = ("=~", "!~", "!=", "=")
_MATCHER = re.compile(r"([^=!~]*)(=~|!~|!=|=)(.*)", re.DOTALL)
_PARTS = re.compile("_(bucket|count|sum)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options as they were written."""

    name: str | None = None
    kind: str | None = None
    labels: tuple[str, ...] = ()
    endpoint: str | None = None
    method: str | None = None
    status: str | None = None
    ok: str | None = None
    bounds: str | None = None
    unit: str | None = None


def metric_of(given: Given) -> Metric | None:
    """The metric; None where none is named."""
    if given.name is None:
        _needs_metric(given)
        return None
    kind = _kind(given, given.name)
    name = given.name if kind == "counter" else _PARTS.sub("", given.name)
    if not is_metric(name):
        raise UsageError(
            f"--metric: '{given.name}' is not the name of a metric",
            hint="labels go into --label: --metric http_requests_total --label job=shop",
        )
    if given.bounds is not None and kind != "classic":
        raise UsageError(f"--bounds have no meaning with --type {kind}")
    unit_us = Fraction(1) if kind == "counter" else _unit(given.unit, name)
    return Metric(
        name=name,
        kind=kind,
        matchers=tuple(_matcher("--label", text) for text in given.labels),
        unit_us=unit_us,
        endpoint=_label("--endpoint-label", given.endpoint),
        method=_label("--method-label", given.method),
        status=_label("--status-label", given.status),
        ok=_ok(given.ok),
        bounds=None if given.bounds is None else tuple(_bounds(given.bounds, unit_us)),
    )


def pending_of(text: str | None) -> int:
    """The microseconds of `--for`."""
    if text is None:
        return 0
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _needs_metric(given: Given) -> None:
    named = {
        "--type": given.kind, "--label": given.labels, "--endpoint-label": given.endpoint,
        "--method-label": given.method, "--status-label": given.status, "--ok": given.ok,
        "--bounds": given.bounds, "--unit": given.unit,
    }  # fmt: skip
    for option, value in named.items():
        if value:
            raise UsageError(f"{option} without --metric tells nothing", hint="name the metric")


def _kind(given: Given, name: str) -> Kind:
    wanted = given.kind or ("counter" if name.endswith("_total") else "classic")
    for kind in _KINDS:
        if kind == wanted:
            return kind
    raise UsageError(f"--type: there is no type '{wanted}'", hint=", ".join(_KINDS))


def _unit(given: str | None, name: str) -> Fraction:
    unit = given or _SUFFIXES.get(name.rpartition("_")[2])
    if unit is None:
        raise UsageError(f"the unit of {name} is not in its name", hint="--unit s, ms, us or ns")
    if unit not in _UNITS_US:
        raise UsageError(f"--unit: there is no unit '{unit}'", hint="s, ms, us or ns")
    return _UNITS_US[unit]


def _label(option: str, name: str | None) -> str | None:
    if name is not None and not is_label(name):
        raise UsageError(f"{option}: '{name}' cannot be the name of a label in Prometheus")
    return name


def _ok(text: str | None) -> tuple[Matcher, ...] | None:
    if text is None:
        return None
    return () if text == "all" else (_matcher("--ok", text),)


def _matcher(option: str, text: str) -> Matcher:
    found = _MATCHER.fullmatch(text)
    if found is None or not is_label(found[1]):
        raise UsageError(f"{option}: '{text}' is no label with its value", hint="job=shop")
    operator = next(known for known in _OPERATORS if known == found[2])
    value = found[3]
    if len(value) > 1 and value[0] == value[-1] == '"':
        hint = f"the quotes are added: {found[1]}{operator}{value[1:-1]}"
        raise UsageError(f"{option}: the value of '{found[1]}' is in quotes", hint=hint)
    if "~" in operator:
        try:
            re.compile(value)
        except re.error as error:
            raise UsageError(f"{option}: '{value}' is no regular expression: {error}") from None
    return Matcher(found[1], operator, value)


def _bounds(text: str, unit_us: Fraction) -> Iterator[int]:
    """Durations, or numbers in the unit of the metric; `+Inf` is no limit to anything."""
    for word in filter(None, (each.strip() for each in text.split(","))):
        if word.lower() in {"+inf", "inf"}:
            continue
        try:
            bare = re.fullmatch(r"[0-9]+(\.[0-9]+)?", word, re.ASCII)
            us = Fraction(word) * unit_us if bare else Fraction(parse_duration(word))
        except ValueError as error:
            raise UsageError(f"--bounds: {error}") from None
        if us.denominator != 1:
            raise UsageError(f"--bounds: '{word}' is finer than a microsecond")
        yield int(us)
