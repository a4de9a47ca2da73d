"""What an `indicator:` asks: queries of a Prometheus, or the requests of the store.

The form was checked by `indicator.py`; here it gets a meaning, or `Unjudged` says why it has none:
an unknown type of source, a key of the query that is not understood, a source that is not there.
Nothing is passed over: what is not understood might change what is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.model.indicator import Indicator, Measure, Query, Server
from slogate.model.predicate import And, Not, Predicate
from slogate.model.selection import Endpoint, Selection
from slogate.slo.expression import parse_expression

STORE, PROMETHEUS = "slogate", "prometheus"
_SIDES: tuple[Measure, ...] = ("good", "bad", "raw", "threshold")
_ADDRESSES = ("url", "address", "endpoint", "server")
_OPTIONS = ("tenant", "timeout", "ca", "insecure", "warnings")
_TEXTS = ("query", "promql", "metric")
_ALL = "all"
_GROUPING = "grouping"
_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")


class Unjudged(ValueError):
    """Why an indicator cannot be judged: below which key, and what to do about it."""

    def __init__(self, key: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.key = key
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Requests of the store: those of the selection that are `events`, its success is good."""

    selection: Selection
    events: Predicate | None


def asked(
    said: Mapping[str, Any], sources: Mapping[str, Any], by: str | None = None
) -> Indicator | Stored:
    """What an indicator asks; `sources` are the specs of the DataSources by name.

    `by` is the label that the SLO names; Pyrra's `grouping` within the queries says the same.
    """
    side = next(side for side in _SIDES if side in said)
    kinds = {key: _kind(key, said[key], sources) for key in ("total", side) if key in said}
    if len(set(kinds.values())) > 1:
        raise Unjudged(side, f"the two queries are of different types: {', '.join(kinds.values())}")
    if kinds[side] == STORE:
        return _stored(said, side)
    if kinds[side] != PROMETHEUS:
        told = f"sources of the type '{kinds[side]}' cannot be asked"
        raise Unjudged(f"{side}.type", told, "known: prometheus, slogate")
    queries = {key: _query(key, said[key], sources) for key in kinds}
    total = queries.get("total")
    if total is not None and not _same_server(total.server, queries[side].server):
        raise Unjudged(f"{side}.source", "the two queries ask different sources")
    return Indicator(
        measure=side,
        query=queries[side],
        total=total,
        counter=said.get("counter"),
        raw_of=said.get("raw_type", "success"),
        op=said.get("op", "lte"),
        value=Fraction(str(said.get("value", 0))),
        by=_labels(said, kinds, by),
    )


def _labels(said: Mapping[str, Any], keys: Iterable[str], by: str | None) -> tuple[str, ...]:
    """The labels whose values have an SLO each."""
    found = {(by,)} if by is not None else set[tuple[str, ...]]()
    for key in keys:
        told = said[key]["spec"].get(_GROUPING)
        if told is None and by is not None:
            continue
        listed = told if isinstance(told, list) else [] if told is None else [told]
        for label in listed:
            if not isinstance(label, str) or not _LABEL.fullmatch(label):
                raise Unjudged(f"{key}.spec.{_GROUPING}", f"'{label}' is no label of Prometheus")
        found.add(tuple(dict.fromkeys(listed)))
        if len(found) > 1:
            told_by = " and `by:`" if by is not None else ""
            raise Unjudged(f"{key}.spec", f"its queries{told_by} group by different labels")
    if by is not None and not _LABEL.fullmatch(by):
        raise Unjudged(next(iter(keys)), f"'{by}' of `by:` is no label of Prometheus")
    return next(iter(found), ())


def _kind(key: str, source: Mapping[str, Any], sources: Mapping[str, Any]) -> str:
    told = source.get("type")
    known = sources.get(source.get("source", ""))
    named = str(known.get("type", "")) if isinstance(known, Mapping) else None
    if told is None and named is None:
        hint = "tell its type, or keep the DataSource under `openslo:`"
        raise Unjudged(f"{key}.source", f"there is no DataSource '{source['source']}'", hint)
    if told is not None and named is not None and told.lower() != named.lower():
        said = f"the type is '{told}', the DataSource '{source['source']}' is of type '{named}'"
        raise Unjudged(f"{key}.type", said)
    return str(told or named).lower()


def _query(key: str, source: Mapping[str, Any], sources: Mapping[str, Any]) -> Query:
    spec = source["spec"]
    texts = [name for name in _TEXTS if name in spec]
    if len(texts) != 1:
        raise Unjudged(f"{key}.spec", "one query is expected", "spec: {query: …}")
    text = spec[texts[0]]
    if not isinstance(text, str) or not text.strip():
        raise Unjudged(f"{key}.spec.{texts[0]}", "the query is no text, or an empty one")
    for name, value in spec.items():
        if name == "queryType" and str(value).lower() == "promql":
            continue
        if name not in {*texts, _GROUPING}:
            told = f"'{name}' of a query of Prometheus is not understood"
            raise Unjudged(f"{key}.spec.{name}", told, "say it within the query")
    return Query(text=text.strip(), server=_server(key, source.get("source"), sources))


def _server(key: str, name: str | None, sources: Mapping[str, Any]) -> Server:
    """Whom to ask; a DataSource that is nowhere told is asked where the command line says."""
    details = (sources.get(name or "") or {}).get("connectionDetails")
    if details is None:
        return Server(name=name)
    where = f"{key}.source"
    about = f"connectionDetails of the DataSource '{name}'"
    if not isinstance(details, Mapping):
        raise Unjudged(where, f"{about}: keys and values are expected", "url: http://host:9090")
    unknown = [str(word) for word in details if word not in {*_ADDRESSES, *_OPTIONS}]
    if unknown:
        hint = (
            "credentials come from the environment: SLOGATE_PROMETHEUS_TOKEN, or _USER and "
            f"_PASSWORD; known here: {', '.join((*_ADDRESSES[:1], *_OPTIONS))}"
        )
        raise Unjudged(where, f"{about}: '{unknown[0]}' is not understood", hint)
    urls = [str(details[word]) for word in _ADDRESSES if details.get(word) is not None]
    if len(urls) > 1:
        raise Unjudged(where, f"{about}: one address is expected, not {len(urls)}")
    options = tuple((word, _word(details[word])) for word in _OPTIONS if word in details)
    return Server(name=name, url=urls[0] if urls else None, options=options)


def _same_server(one: Server, other: Server) -> bool:
    """Two names of one address are one; inline sources have a name for each query."""
    told = one.url is not None and (one.url, one.options) == (other.url, other.options)
    return told or one == other


def _word(value: Any) -> str:
    """A value as the options of an import spell it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _stored(said: Mapping[str, Any], side: str) -> Stored:
    if side not in {"good", "bad"}:
        told = "the store has requests, no values and no ratios"
        raise Unjudged(side, told, "say good and total")
    one, whole = (_requests(key, said[key]["spec"]) for key in (side, "total"))
    if one[0] != whole[0]:
        told = f"{side} and total speak of different requests"
        raise Unjudged(side, told, "the same endpoint and where in both")
    chosen, events = one[1], whole[1]
    if chosen is None:
        raise Unjudged(f"{side}.spec.events", "all are not some of them", "events: ok")
    wanted = Not(chosen) if side == "bad" else chosen
    success = wanted if events is None else And(events, wanted)
    endpoint, where = one[0]
    selection = Selection(endpoint=endpoint, where=where, success=success)
    return Stored(selection=selection, events=events)


Chosen = tuple[Endpoint | None, tuple[tuple[str, str], ...]]


def _requests(key: str, spec: Mapping[str, Any]) -> tuple[Chosen, Predicate | None]:
    """Which requests a query of the store speaks of, and which of them are events; None: all."""
    unknown = [name for name in spec if name not in {"events", "endpoint", "where"}]
    if unknown or not isinstance(spec.get("events"), str):
        told = f"'{unknown[0]}' is not understood" if unknown else "'events' is missing"
        raise Unjudged(f"{key}.spec", told, "spec: {events: ok and duration <= 400ms}")
    endpoint, where = spec.get("endpoint"), spec.get("where", {})
    if not isinstance(endpoint, str | None) or not isinstance(where, Mapping):
        raise Unjudged(f"{key}.spec", "an endpoint is a text, where has labels")
    pairs = tuple(sorted((str(name), str(pattern)) for name, pattern in where.items()))
    chosen = (None if endpoint is None else Endpoint.parse(endpoint), pairs)
    if spec["events"] == _ALL:
        return chosen, None
    try:
        return chosen, parse_expression(spec["events"])
    except ValueError as error:
        raise Unjudged(f"{key}.spec.events", str(error)) from None
