"""What exports share: a record of the columns that mean something, whatever the file's format.

The columns come as a relation whose names are ours (`time`, `duration`, …, `label_0`), all
texts, but for moments that the file itself knows as such.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from slogate.sources._base import LONGEST_US, Origin
from slogate.sources._clocks import (
    TOLD,
    UNITS_NS,
    clock_sql,
    duration_sql,
    duration_steps,
    tells_unit,
    zone_us,
)
from slogate.sources._mapping import Meaning
from slogate.sources._naming import time_kind
from slogate.sources._records import Record

OPTIONS = {
    "mapping": "a YAML file that says which column is what (slogate docs import-exports)",
    "timezone": "UTC or an offset like +02:00, where times have no zone",
    "paths": "numbers: replace numbers and UUIDs in paths by :id (default: paths as they are)",
}
NO_REQUEST = "rows that tell of no request"
_PLAIN = ("status", "error", "bytes", "worker", "trace_id")
# of a span, what is not set is no error
_TRUE = (
    "true", "t", "yes", "1", "ok", "success", "passed", "pass",
    "unset", "status_code_ok", "status_code_unset",
)  # fmt: skip
_FALSE = (
    "false", "f", "no", "0", "ko", "error", "failure", "failed", "fail", "status_code_error",
)  # fmt: skip


# what is written with marks as a number is
_AMOUNTS = {
    "": "duration",
    ",": "replace(duration, ',', '.')",
    ".": r"CASE WHEN regexp_full_match(duration, '[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?') "
    "THEN replace(duration, ',', '') ELSE duration END",
}


def words_of(meaning: Meaning) -> dict[str, str]:
    """The columns to read, by the names that the record knows them by."""
    labels = {f"label_{at}": name for at, name in enumerate(meaning.labels.values())}
    return {**{word: each.name for word, each in meaning.fields.items()}, **labels}


def export_record(
    origin: Origin,
    meaning: Meaning,
    samples: Mapping[str, Sequence[str]],
    moment: str | None = None,
    *,
    numbers: Collection[str] = (),
) -> tuple[Record, dict[str, object]]:
    """The record of an export, and what its query binds; `moment` is SQL for a typed time.

    `numbers` are those of the words that come as such, with what they are as texts besides.
    """
    fields = meaning.fields
    first = samples.get(fields["time"].name, ())
    kind, zone = ("", None) if moment else time_kind(origin, fields["time"], first)
    plain = ("request", "method", "path", "endpoint", *_PLAIN)
    has: dict[str, Any] = {name: name for name in plain if name in fields}
    if "endpoint" in has:
        has.pop("path", None)
    elif "path" in has:
        has.pop("request", None)
    if "ok" in fields:
        words = [*((word, "TRUE") for word in _TRUE), *((word, "FALSE") for word in _FALSE)]
        cases = " ".join(f"WHEN '{word}' THEN {value}" for word, value in words)
        has["ok"] = f"CASE lower(ok) {cases} END"
        # read as unknown, a word for failure would let the status say that all was well
        has["odd_ok"] = f"coalesce(ok, '') NOT IN ('', '-') AND ({has['ok']}) IS NULL"
    if "status" in has:
        # one that was read as a fraction (200.0) is one
        has["unanswered"] = _untold("status", numbers)
    took = fields.get("duration")
    amount = _AMOUNTS[took.decimal] if took else ""
    if took:
        unit = TOLD if tells_unit(samples.get(took.name, ())) else took.unit or "s"
        has |= {"took": duration_sql(amount, unit), "steps": duration_steps(amount, unit)}
    record = Record(
        left_out=f"CASE WHEN {_nothing(has, fields, numbers)} THEN '{NO_REQUEST}' END",
        time=moment or clock_sql("time", kind, zone_us=zone_us(origin, zone)),
        at_end=fields["time"].at_end,
        untimed=_untold("duration", numbers),
        labels={name: f"label_{at}" for at, name in enumerate(meaning.labels)},
        **has,
    )
    return record, {"time_format": kind}


def _nothing(has: Mapping[str, Any], fields: Collection[str], numbers: Collection[str]) -> str:
    """SQL for whether a row tells of no request at all, but of another event."""
    called = next(name for name in ("endpoint", "path", "request") if name in has)
    asked = [called, *(name for name in ("status", "duration", "ok") if name in fields)]
    # of a usual line the number alone is there, of an odd one its text
    untold = [
        f"{name} IS NULL AND {_untold(name, numbers)}"
        if name in numbers
        else _untold(name, numbers)
        for name in asked
    ]
    return " AND ".join(["time_us IS NOT NULL", *untold])


def _untold(word: str, numbers: Collection[str]) -> str:
    text = f"{word}_text" if word in numbers else word
    return f"coalesce({text}, '') IN ('', '-')"


def usual_numbers(
    origin: Origin, meaning: Meaning, samples: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Which words can be read as numbers of what type, and what holds of a word in a usual row."""
    time, took = meaning.fields["time"], meaning.fields.get("duration")
    kind, _ = time_kind(origin, time, samples.get(time.name, ()))
    kinds = {"time": "DOUBLE"} if kind in ("s", "ms", "us") else {}
    usual = {"time": "{0} IS NOT NULL"}
    if took and not took.decimal and not tells_unit(samples.get(took.name, ())):
        kinds["duration"] = "DOUBLE"
        # no more than that, so that it is a number of µs
        usual["duration"] = f"{{0}} BETWEEN 0 AND {LONGEST_US * 1000 // UNITS_NS[took.unit or 's']}"
    if "status" in meaning.fields:
        kinds["status"] = "SMALLINT"
        usual["status"] = "{0} BETWEEN 100 AND 999"
    if "bytes" in meaning.fields:
        kinds["bytes"] = "BIGINT"
    return kinds, usual
