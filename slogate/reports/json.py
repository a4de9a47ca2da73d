"""The verdict as a document for machines: `slogate.verdict/v1`, and back.

Values are in the document's units, never rounded: milliseconds (whole microseconds divided by
a thousand), shares of 1, events a second. An unbounded or unknown value is null; moments are
ISO 8601, UTC. Keys keep their order and nothing reads a clock, so equal verdicts give equal
bytes. The manifest's part names and its time of writing stay out: they change when a store is
compacted or copied. `parse` refuses a document of another schema, with missing keys or with
values that no verdict has: the history is computed with.
Each table below reads both ways: key of the document, field of the noun, codec.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from slogate.errors import StoreError
from slogate.model.run import Health, Reconciliation, Run
from slogate.reports._base import Report, instant, is_unbounded
from slogate.reports._early import as_early
from slogate.reports._turns import as_turns
from slogate.reports._typed import as_definition, as_float, as_map, as_texts, check_verdict
from slogate.verdict import (
    SCHEMA,
    DesignEffect,
    Failure,
    Finding,
    GoodShare,
    Outcome,
    Place,
    Subject,
    Verdict,
)

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_LARGEST_EXACT = 2**53
_UNITS = {"us": "ms", "share": "share", "per_second": "per_second"}
_UNITS_BACK = {there: here for here, there in _UNITS.items()}


@dataclass(frozen=True, slots=True)
class Codec:
    """How a value is written into the document and read from it; None is null both ways."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


Fields = Mapping[str, tuple[str, Codec]]

# keys that documents of before may lack: the noun has its default then
SINCE = frozenset({"comparison", "definition", "omission", "runs"})


def _number(value: float) -> float | int | None:
    """A JSON number; whole floats without a point; null for what JSON cannot say."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < _LARGEST_EXACT else value


def _us(ms: float) -> Fraction:
    """Whole microseconds if the decimal digits say so (412.345 ms is 412,345 µs), else exact."""
    written = Fraction(repr(ms)) * 1000
    return written if written.denominator == 1 else Fraction(ms) * 1000


def _ts(moment: str) -> int:
    return (datetime.fromisoformat(moment) - _EPOCH) // timedelta(microseconds=1)


def _window(window: tuple[int, int]) -> dict[str, Any]:
    start, end = window
    seconds = _number((end - start) / 1_000_000)
    return {"start": instant(start), "end": instant(end), "seconds": seconds}


def _read_window(window: Mapping[str, str]) -> tuple[int, int]:
    start, end = _ts(window["start"]), _ts(window["end"])
    if end < start:
        raise ValueError("a window ends before it starts")
    return start, end


AS_IS = Codec(lambda value: value, lambda value: value)
NUMBER = Codec(_number, as_float)
MS = Codec(lambda us: _number(us / 1000), lambda ms: float(_us(ms)))
WHOLE_MS = Codec(MS.write, lambda ms: int(_us(ms)))
MOMENT = Codec(instant, _ts)
WINDOW = Codec(_window, _read_window)
TEXTS = Codec(list, as_texts)
MAP = Codec(lambda value: dict(sorted(value.items())), as_map)
DEFINITION = Codec(as_definition, as_definition)
OUTCOME = Codec(lambda outcome: outcome.value, Outcome)


def _pair(end: Codec) -> Codec:
    return Codec(
        lambda pair: [_nullable(end.write, value) for value in pair],
        lambda pair: (_nullable(end.read, pair[0]), _nullable(end.read, pair[1])),
    )


def _nullable(change: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else change(value)


def _as_is(*keys: str) -> Fields:
    return {key: (key, AS_IS) for key in keys}


def _write(fields: Fields, value: Any) -> dict[str, Any]:
    return {
        key: _nullable(codec.write, getattr(value, name)) for key, (name, codec) in fields.items()
    }


def _read(fields: Fields, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _nullable(codec.read, document[key])
        for key, (name, codec) in fields.items()
        if key in document or key not in SINCE
    }


def _record(kind: Callable[..., Any], fields: Fields) -> Codec:
    return Codec(
        lambda value: _write(fields, value), lambda document: kind(**_read(fields, document))
    )


HEALTH: Fields = {
    "cpu": ("cpu", NUMBER),
    "lag_ms": ("lag_us", WHOLE_MS),
    "lag_p99_ms": ("lag_p99_us", WHOLE_MS),
    "missed": ("missed", NUMBER),
    **_as_is("processes", "lost_processes"),
    "lockstep": ("lockstep", NUMBER),
}
RECONCILIATION = _as_is("seen", "written", "counted", "uncountable", "before_reset")
FAILURE = _record(Failure, _as_is("endpoint", "error", "count"))
FAILURES = Codec(
    lambda all_of_them: [FAILURE.write(each) for each in all_of_them],
    lambda documents: tuple(FAILURE.read(each) for each in documents),
)
SUBJECT: Fields = {
    **_as_is("rows", "warmup", "judged", "backfilled", "omission"),
    "window": ("window", WINDOW),
    "failures": ("failures", FAILURES),
}
RUN: Fields = {
    **_as_is("id", "kind", "service", "state"),
    "start": ("start_ts", MOMENT),
    "ramped": ("ramped_ts", MOMENT),
    "stop": ("stop_ts", MOMENT),
    "end": ("end_ts", MOMENT),
    "planned_ms": ("planned_us", WHOLE_MS),
    "planned_rate": ("planned_rate", NUMBER),
    **_as_is("commit", "branch"),
    "labels": ("labels", MAP),
    "source": ("source", AS_IS),
    "origin": ("origin", MAP),
    **_as_is("generator_exit", "note"),
    "health": ("health", _record(Health, HEALTH)),
    "reconciliation": ("rows", _record(Reconciliation, RECONCILIATION)),
}
GOOD_SHARE: Fields = {
    key: (key, _pair(NUMBER) if key == "interval" else NUMBER)
    for key in ("observed", "interval", "required")
}
DESIGN_EFFECT: Fields = {
    **{key: (key, NUMBER) for key in ("measured", "floor", "used")},
    "runs": ("runs", TEXTS),
}
PLACE = _as_is("file", "line", "column", "sha256")


def _finding(value: Codec) -> Fields:
    """The table of a finding whose values are written so."""
    return {
        **_as_is("id", "service", "name", "kind", "text", "endpoint"),
        "spec": ("place", _record(Place, PLACE)),
        "outcome": ("outcome", OUTCOME),
        **_as_is("severity", "blocking", "waived", "downgraded"),
        "limit": ("limit", value),
        "unit": ("unit", Codec(_UNITS.__getitem__, _UNITS_BACK.__getitem__)),
        "observed": ("observed", value),
        "interval": ("interval", _pair(value)),
        "confidence": ("confidence", NUMBER),
        **_as_is("good", "total", "population", "failed", "untimed", "backfilled"),
        "uncorrected": ("uncorrected", NUMBER),
        "good_share": ("good_share", _record(GoodShare, GOOD_SHARE)),
        "design_effect": ("design_effect", _record(DesignEffect, DESIGN_EFFECT)),
        "effective_n": ("effective_n", NUMBER),
        **_as_is("requests_needed"),
        "seconds_needed": ("seconds_needed", NUMBER),
        "window": ("window", WINDOW),
        **_as_is("reason"),
        "warnings": ("warnings", TEXTS),
        "budget": ("budget", MAP),
        "definition": ("definition", DEFINITION),
        **_as_is("comparison"),
    }


FINDING = {"us": _finding(MS), "share": _finding(NUMBER), "per_second": _finding(NUMBER)}


def _objective(finding: Finding) -> dict[str, Any]:
    written = {}
    for key, value in _write(FINDING[finding.unit], finding).items():
        written[key] = value
        if key == "observed":
            unbounded = is_unbounded(finding)
            written["observed_text"] = "unbounded (failed requests)" if unbounded else None
        if key == "confidence":
            written["per_side"] = True
    written["revision"] = finding.revision
    return written


def _run(subject: Subject) -> dict[str, Any]:
    run = _write(RUN, subject.run)
    run["reconciliation"]["lost"] = subject.run.rows.lost
    head = {key: run.pop(key) for key in ("id", "kind", "service", "state")}
    return {**head, **_write(SUBJECT, subject), **run}


def document(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data, keys in their fixed order."""
    return {
        "schema": SCHEMA,
        "version": verdict.version,
        "id": verdict.id,
        "outcome": verdict.outcome.value,
        "exit_code": verdict.exit_code,
        "run": _run(verdict.subject),
        "floor_runs": list(verdict.floor_runs),
        "warnings": list(verdict.warnings),
        "objectives": [_objective(finding) for finding in verdict.findings],
        "interleaved": verdict.interleaved,
        "early_stop": verdict.early_stop,
        "specs": MAP.write(verdict.specs),
    }


def parse(document: Mapping[str, Any]) -> Verdict:
    """The verdict of a document; StoreError if it is none that this version understands."""
    name = document.get("id", "without an id")
    if document.get("schema") != SCHEMA:
        raise StoreError(
            f"the verdict {name} has the schema {document.get('schema')!r}; "
            f"this version reads {SCHEMA}",
            hint="judge the run again: slogate check --run ID",
        )
    try:
        verdict = _parse(document)
        check_verdict(verdict)
    except (KeyError, IndexError) as error:
        raise StoreError(f"the verdict {name} is incomplete: it lacks {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise StoreError(f"the verdict {name} is damaged: {error}") from None
    return verdict


def _parse(document: Mapping[str, Any]) -> Verdict:
    subject = _read(SUBJECT, document["run"])
    findings = (
        Finding(**_read(FINDING[_UNITS_BACK[each["unit"]]], each))
        for each in document["objectives"]
    )
    return Verdict(
        id=document["id"],
        version=document["version"],
        subject=Subject(run=Run(**_read(RUN, document["run"])), **subject),
        findings=tuple(findings),
        floor_runs=TEXTS.read(document["floor_runs"]),
        warnings=TEXTS.read(document["warnings"]),
        specs=MAP.read(document["specs"]),
        interleaved=_nullable(as_turns, document.get("interleaved")),
        early_stop=_nullable(as_early, document.get("early_stop")),
    )


def text(verdict: Verdict) -> str:
    """The document as JSON; half a character, as odd file names have, is written as an escape."""
    shown = json.dumps(document(verdict), indent=2, ensure_ascii=False, allow_nan=False)
    return shown.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


PLUGIN = Report(
    name="json", help="The document slogate.verdict/v1, for machines.",
    media_type="application/json", extension="json", render=text,
    join=lambda texts: f"[{','.join(texts)}]\n",
)  # fmt: skip
