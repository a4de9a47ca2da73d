r"""Access logs of Apache: common, combined, with a virtual host before, or any LogFormat.

`%t` is when the request came, so that times are starts. A response time is there only if the
owner added it, as `%D` (µs), `%T` (whole seconds) or `%{ms}T`: a number alone does not say
which, so that its unit is asked for and never guessed. Quotes within a field are written as
`\"`. Refuses formats without a time, and times written by strftime.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slogate.sources._base import Origin, Scan, Source, choice
from slogate.sources._clf import clf_lines, common_score, commonest, passed, unread
from slogate.sources._clocks import (
    TOLD,
    UNITS_NS,
    clock_sql,
    duration_sql,
    duration_steps,
    tells_unit,
)
from slogate.sources._records import PATHS, Record, line_scan
from slogate.sources._template import STAMP, template_words

_DIRECTIVE = re.compile(r"%[!\d,]*[<>]?(?:\{([^}]*)\})?(\^[A-Za-z]{2}|[A-Za-z]|%)")
# what the directives of Apache are for us; all others are passed over
_FIELDS = {
    "r": "request", "m": "method", "U": "path", "s": "status", "b": "bytes", "B": "bytes",
    "O": "bytes", "v": "vhost", "V": "vhost",
}  # fmt: skip
_EPOCHS = {"sec": "s", "msec": "ms", "usec": "us"}
_UNITS = ("none", *UNITS_NS)
_HINT = """say how it is written: --option log_format='%h %l %u %t "%r" %>s %b %D'"""


def sniff(head: bytes) -> float:
    r"""Sure of a virtual host before, of `\"` and of a whole number behind; else less."""
    lines = clf_lines(head)
    if not lines:
        return 0.0
    line = commonest(lines)
    if line.vhost or any('\\"' in each.text for each in lines):
        return 0.9
    if any(extra.isdecimal() for extra in line.extras):
        return 0.8
    return common_score(line, common=0.7, combined=0.6, other=0.52)


def open_apache(origin: Origin) -> Scan:
    """The scan of an Apache access log; SourceError says why it cannot be one."""
    unit = choice(origin, "unit", _UNITS)
    given = origin.options.get("log_format")
    if given is not None:
        return _given(origin, given)
    lines = clf_lines(origin.head)
    if not lines:
        raise origin.fail("it is neither common nor combined", line=1, hint=_HINT)
    line = commonest(lines)
    template, numbers = line.template, 0
    told = next(
        (extra for extra in line.extras if extra[-1:].isalpha() and tells_unit([extra])), ""
    )
    for extra in line.extras:
        numbers += extra.isdecimal()
        is_time = extra == told if told else extra.isdecimal() and numbers == 1
        template += f" {passed(extra, 'duration' if is_time else '')}"
    if told:
        return _scan(origin, template, "clf", TOLD)
    if numbers and "unit" not in origin.options:
        raise origin.fail(
            f"what the number {_number(line.extras)} behind the line means is not known",
            hint="--option unit=us for %D, s for %T, ms for %{ms}T, none for anything else",
        )
    if numbers > 1 and unit != "none":
        raise origin.fail("several numbers stand behind the line", hint=_HINT)
    if unit == "none":
        template = template.replace("{duration}", "{}")
    scan = _scan(origin, template, "clf", unit)
    return scan if "{duration}" in template else replace(scan, notes=(*scan.notes, *unread(line)))


def _number(extras: tuple[str, ...]) -> str:
    return next(extra for extra in extras if extra.isdecimal())


def _given(origin: Origin, log_format: str) -> Scan:
    """The scan by a LogFormat as Apache's configuration has it."""
    log_format = log_format.strip().removeprefix("LogFormat ").strip()
    if log_format.startswith('"') and '"' in log_format[1:]:
        log_format = log_format[1 : log_format.rindex('"')]
    log_format = log_format.replace('\\"', '"')
    took = [match for match in _DIRECTIVE.finditer(log_format) if match[2] in {"D", "T"}]
    # where there are both, %D is the finer one
    best = min(
        took, key=lambda match: (match[2] != "D", match[1] not in {"us", "ms"}), default=None
    )
    clock, unit, seen = "", "", {"": 0}
    template, at = "", 0
    for match in _DIRECTIVE.finditer(log_format):
        template += _literal(origin, log_format[at : match.start()])
        at = match.end()
        word = _FIELDS.get(match[2], "")
        if match[2] == "%":
            template += "%"
            continue
        if match[2] == "t":
            template += STAMP if not match[1] else "{epoch}"
            clock = "clf" if not match[1] else _epoch(origin, match[1])
            continue
        if best and match.start() == best.start():
            word, unit = "duration", "us" if match[2] == "D" else match[1] or "s"
        template += f"{{{word}}}" if word not in seen else "{}"
        seen[word] = 1
    if not clock:
        raise origin.fail("option log_format has no %t", hint=_HINT)
    if best and unit not in UNITS_NS:
        raise origin.fail(f"option log_format has %{{{unit}}}T, which is no unit of Apache's")
    return _scan(origin, template + _literal(origin, log_format[at:]), clock, unit)


def _literal(origin: Origin, text: str) -> str:
    if "{" in text or "}" in text:
        raise origin.fail("option log_format holds braces that are no part of a directive")
    return text


def _epoch(origin: Origin, words: str) -> str:
    kind = words.removeprefix("begin:")
    if kind not in _EPOCHS:
        hint = "%t, %{sec}t, %{msec}t and %{usec}t are; others by a pattern: --format pattern-log"
        raise origin.fail(f"option log_format has %{{{words}}}t, which is not read", hint=hint)
    return _EPOCHS[kind]


def _scan(origin: Origin, template: str, clock: str, unit: str) -> Scan:
    found = set(re.findall(r"\{(\w+)\}", template))
    words = template_words(template, frozenset(found))
    has: dict[str, Any] = {name: name for name in ("status", "bytes") if name in found}
    if "request" in found:
        has["request"] = "request"
    elif "path" in found:
        has |= {name: name for name in ("path", "method") if name in found}
    else:
        has["endpoint"] = "'-'"
    return line_scan(
        origin,
        words,
        Record(
            time=clock_sql("clf", "clf", zone="zone")
            if clock == "clf"
            else clock_sql("epoch", clock),
            took=duration_sql("duration", unit) if "duration" in found else None,
            steps=duration_steps("duration", unit),
            untimed="duration = '-'",
            labels={"vhost": "vhost"} if "vhost" in found else {},
            **has,
        ),
    )


_EXAMPLE = rb"""shop.example:443 203.0.113.9 - - [24/Nov/2025:16:00:00 +0000] "GET /browse?page=2 HTTP/1.1" 200 5316 "-" "curl/8.5.0"
shop.example:443 203.0.113.9 - ann [24/Nov/2025:18:00:01 +0200] "POST /cart HTTP/1.1" 503 197 "-" "a \"quoted\" agent"
"""  # noqa: E501

PLUGIN = Source(
    name="apache-log",
    help="Apache access logs: common, combined, vhost_combined, or any LogFormat",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_apache,
    options={
        "log_format": "the LogFormat of Apache's configuration, where the log is of another form",
        "unit": "us, ms, s or none: what the number behind the line is (%D, %{ms}T, %T, no time)",
        "paths": PATHS,
    },
    lines=True,
)
