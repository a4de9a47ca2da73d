r"""Any log of one request a line, by a pattern that the user gives.

    %{} [%{time}] %{method} %{path} %{status} took %{duration}ms
    \[%{HTTPDATE:time}\] %{WORD:method} %{NOTSPACE:path}
    ^\[(?P<time>[^\]]+)\] (?P<method>\w+) (?P<path>\S+)

The first is a template: what stands between the words is text, a word ends at the first
character of the text behind it, and the last word takes the rest of the line. With Grok's types,
or with named groups, it is a regular expression (RE2, so without back-references and
look-around). The names say what the words mean; any other name is a label. Refuses to guess the
unit of a duration, and times whose kind is not plain.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from slogate.sources._base import Origin, Scan, Source, choice
from slogate.sources._clocks import (
    KINDS,
    TOLD,
    UNITS_NS,
    clock_kind,
    clock_sql,
    duration_sql,
    duration_steps,
    tells_unit,
    zone_us,
)
from slogate.sources._records import PATHS, Record, line_scan, lines_of
from slogate.sources._template import (
    Words,
    expression_words,
    group_names,
    template_expression,
    template_words,
)

_GROK = {
    "NUMBER": r"[-+]?[0-9]+(?:\.[0-9]+)?", "INT": r"[-+]?[0-9]+", "POSINT": "[1-9][0-9]*",
    "NONNEGINT": "[0-9]+", "WORD": r"\w+", "NOTSPACE": r"\S+", "DATA": ".*?",
    "GREEDYDATA": ".*", "SPACE": r"\s*", "IP": "[0-9A-Fa-f.:]+", "IPORHOST": r"[\w.:-]+",
    "HOSTNAME": r"[\w.-]+", "HOSTPORT": r"[\w.-]+:[0-9]+", "USER": r"[\w.-]+",
    "USERNAME": r"[\w.-]+", "QS": '"(?:[^"\\\\]|\\\\.)*"', "QUOTEDSTRING": '"(?:[^"\\\\]|\\\\.)*"',
    "URIPATH": r"[^\s?]+", "URIPATHPARAM": r"\S+", "URI": r"\S+", "LOGLEVEL": "[A-Za-z]+",
    "HTTPDATE": r"\d{2}/[A-Za-z]{3}/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}",
    "TIMESTAMP_ISO8601": r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?",
    "UUID": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
}  # fmt: skip
_REFERENCE = re.compile(r"%\{([A-Z][A-Z0-9_]*)(?::(\w+))?(?::\w+)?\}")
_DATED = re.compile(r"\d\S* \d\d?:\d\d", re.ASCII)
_TIMED = re.compile(r"duration_(s|ms|us|ns)", re.ASCII)
_MEANINGS = frozenset(
    {"time", "duration", "request", "method", "path", "endpoint", "status", "bytes", "error",
     "worker", "trace_id"}
)  # fmt: skip
# what may hold spaces
_TEXTS = ("request", "endpoint", "error")
_PLAIN = ("status", "bytes", "error", "worker", "trace_id")
_HINT = "for example --option pattern='[%{time}] %{method} %{path} %{status} %{duration}'"


def sniff(_head: bytes) -> float:
    """No file is claimed: only the user knows that there is a pattern for it."""
    return 0.0


def open_pattern(origin: Origin) -> Scan:
    """The scan of a log by its pattern; SourceError says what is wrong with either."""
    template, expression = _read(origin, _pattern(origin))
    wanted = group_names(expression)
    twice = sorted({name for name in wanted if wanted.count(name) > 1})
    if twice or "time" not in wanted:
        fault = f"names '{twice[0]}' twice" if twice else "has no word 'time'"
        raise origin.fail(f"the pattern {fault}", hint=_HINT)
    times = _values(origin, expression, "time")
    kind = _kind(origin, times)
    words = _words(template, expression, frozenset(wanted), times, clf=kind == "clf")
    took = next(
        (name for name in wanted if name.startswith("duration") and not _is_label(name)), ""
    )
    told = bool(took) and tells_unit(_values(origin, expression, took))
    unit = TOLD if told else _unit(origin, took)
    has: dict[str, Any] = {name: name for name in _PLAIN if name in wanted}
    if "status" in has:
        # as HAProxy and the balancers of AWS write that there is none
        has["status"] = "(CASE WHEN status = '-1' THEN '-' ELSE status END)"
    asked = [name for name in ("endpoint", "request", "path", "method") if name in wanted]
    has |= {name: name for name in asked} if asked not in (["method"], []) else {"endpoint": "'-'"}
    labels = {name: f"word{at}" for at, name in enumerate(wanted) if _is_label(name)}
    return line_scan(
        origin,
        replace(words, words={labels.get(name, name): sql for name, sql in words.words.items()}),
        Record(
            time=clock_sql("time", kind, zone_us=zone_us(origin), zone=_zone(words)),
            at_end=choice(origin, "timestamp", ("start", "end")) == "end",
            took=duration_sql(took, unit) if unit else None,
            steps=duration_steps(took, unit),
            untimed=f"{took} IN ('-', '-1')",
            fits="time <> ''",
            labels=labels,
            **has,
        ),
        parameters={"time_format": kind},
    )


def _words(
    template: str | None, expression: str, wanted: frozenset[str], times: list[str], *, clf: bool
) -> Words:
    """Split where that picks the same words as the expression would, which is slower."""
    if template is None:
        return expression_words(expression, wanted)
    if clf:
        template = template.replace("{time}", "{time} {zone}")
        wanted |= {"zone"}
    elif any(" " in time for time in times):
        return expression_words(expression, wanted)
    for word in re.finditer(r"(\"?)\{(\w+)\}(.?)", template):
        text = word[2] in _TEXTS or (word[2] != "zone" and _is_label(word[2]))
        if text and word[3] != " " and not (word[1] and word[3] == word[1]):
            return expression_words(expression, wanted - {"zone"})
    return template_words(template, wanted, strict=True)


def _zone(words: Words) -> str:
    return "zone" if "zone" in words.words else ""


def _is_label(name: str) -> bool:
    return name not in _MEANINGS and not _TIMED.fullmatch(name)


def _pattern(origin: Origin) -> str:
    pattern = origin.options.get("pattern", "")
    if pattern.startswith("@"):
        try:
            pattern = Path(pattern[1:]).read_text(encoding="utf-8").strip("\r\n")
        except (OSError, ValueError) as error:
            raise origin.fail(f"the pattern's file {pattern[1:]} cannot be read: {error}") from None
    if not pattern:
        raise origin.fail("there is no pattern to read it by", hint=_HINT)
    return pattern


def _read(origin: Origin, pattern: str) -> tuple[str | None, str]:
    """The pattern as a template, where it is one, and as a regular expression."""
    if not _REFERENCE.search(pattern) and "(?P<" not in pattern and "(?<" not in pattern:
        template = re.sub(r"%\{(\w*)\}", "\0\\1\0", pattern)
        if "{" in template or "}" in template:
            raise origin.fail("the pattern holds a brace that is no part of a word", hint=_HINT)
        template = re.sub("\0(\\w*)\0", r"{\1}", template)
        return template, _expression(origin, template)
    expression = _REFERENCE.sub(lambda match: _typed(origin, match), pattern)
    expression = re.sub(r"\(\?<(?=\w)", "(?P<", expression)
    try:
        re.compile(expression)
    except re.error as error:
        if "redefinition" not in str(error):
            raise origin.fail(f"the pattern is no regular expression: {error}") from None
    if re.search(r"\\[1-9]|\(\?P=|\(\?<?[=!]|\(\?\(|\(\?>|[*+?}]\+", expression):
        hint = "RE2 reads it, which knows no back-references, look-around or possessive repetition"
        raise origin.fail("the pattern has what takes unbounded time", hint=hint)
    return None, expression


def _expression(origin: Origin, template: str) -> str:
    """The template as an expression, its time with a space where that is a date and a time."""
    plain, dated = (template_expression(template, dated=each) for each in (False, True))
    try:
        found = [match for match in map(re.compile(dated).match, lines_of(origin.head)) if match]
    except re.error:
        return plain
    whole = [match for match in found if plain != dated and _DATED.match(match["time"])]
    return dated if whole and 2 * len(whole) >= len(found) else plain


def _typed(origin: Origin, match: re.Match[str]) -> str:
    expression = _GROK.get(match[1])
    if expression is None:
        known = ", ".join(_GROK)
        raise origin.fail(f"the pattern has Grok's {match[1]}, which is not known", hint=known)
    return f"(?P<{match[2]}>{expression})" if match[2] else f"(?:{expression})"


def _unit(origin: Origin, name: str) -> str | None:
    """The unit of the durations; None if there are none."""
    given = origin.options.get("unit")
    if given is not None and given not in UNITS_NS:
        raise origin.fail(f"option unit is '{given}', it must be {' or '.join(UNITS_NS)}")
    named = _TIMED.fullmatch(name)
    unit = named[1] if named else given
    if name and unit is None:
        hint = "call the word duration_ms (or _s, _us, _ns), or say --option unit=ms"
        raise origin.fail("in which unit the durations are is not known", hint=hint)
    return unit if name else None


def _values(origin: Origin, expression: str, word: str) -> list[str]:
    """What the first lines that match have there."""
    lines = lines_of(origin.head)
    found = [match[word] for match in map(re.compile(expression).search, lines) if match]
    if not any(found):
        raise origin.fail(f"none of its first {len(lines)} lines matches the pattern", line=1)
    return [text for text in found if text]


def _kind(origin: Origin, times: list[str]) -> str:
    """The kind of the times: as it was said, else as the first ones plainly are."""
    given = origin.options.get("time")
    if given is not None:
        if given not in KINDS and "%" not in given:
            hint = f"{', '.join(KINDS)}, or a format like %Y-%m-%d"
            raise origin.fail(f"option time is '{given}'", hint=hint)
        return given
    kind = clock_kind(times)
    if kind == "local":
        if zone_us(origin) is None:
            hint = "say which: --option timezone=UTC, or its offset: --option timezone=+02:00"
            raise origin.fail(f"time '{times[0][:40]}' has no time zone", hint=hint)
        return "iso"
    if kind is None:
        hint = f"--option time={'|'.join(KINDS)}, or a format like %Y-%m-%d %H:%M:%S"
        raise origin.fail(f"what kind of time '{times[0][:40]}' is, is not plain", hint=hint)
    return kind


_EXAMPLE = b"""\
INFO <24/Nov/2025:16:00:00 +0000> GET /browse?page=2 -> 200 (34 ms) shop-1
INFO <24/Nov/2025:16:00:01 +0000> POST /cart -> 503 (8 ms) shop-2
"""

PLUGIN = Source(
    name="pattern-log",
    help="any log of one request a line, by a pattern with named words",
    example=_EXAMPLE,
    example_options={
        "pattern": "%{} <%{time}> %{method} %{path} -> %{status} (%{duration_ms} ms) %{instance}"
    },
    sniff=sniff,
    open=open_pattern,
    options={
        "pattern": "the pattern, or @FILE that holds it",
        "unit": "s, ms, us or ns: what durations are in, where their word does not say it",
        "time": "clf, iso, s, ms, us, ns or a format of strptime, where the times are not plain",
        "timezone": "UTC or an offset like +02:00, where times have no zone",
        "timestamp": "end: the time is the end of a request (default: start)",
        "paths": PATHS,
    },
    lines=True,
)
