"""Which column of an export means what: by its mapping, or by names that leave no doubt.

Without a mapping, columns are known by their names, and the unit of a duration by its name alone
(`latency_ms`, `elapsedNanos`). Nothing is guessed from the size of numbers: where a name does
not say it, the error lists the columns and a mapping to complete. A unit that makes most
durations longer than a day is refused.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from slogate.errors import SourceError
from slogate.sources._base import LONGEST_US, Origin
from slogate.sources._clocks import KINDS, UNITS_NS, clock_kind, tells_unit
from slogate.sources._mapping import Column, Meaning, duration_unit, plain_name, read_mapping

_NAMES = {
    "time": "ts time timestamp start starttime startedat started begin datetime date at "
    "timems timestampms tsms startms timeus timestampus timens timestampns timeunixnano "
    "end endtime endedat finishedat",
    "endpoint": "endpoint route operation operationname transaction label handler",
    "path": "path url uri requestpath requesturi target urlpath httptarget",
    "method": "method verb httpmethod requestmethod httprequestmethod",
    "status": "status statuscode code responsecode httpstatus httpstatuscode responsestatus "
    "httpresponsestatuscode",
    "ok": "ok success succeeded passed",
    "error": "error errormessage exception failuremessage",
    "bytes": "bytes size responsesize responsebytes bytessent bodybytessent contentlength",
    "worker": "worker host hostname instance pod",
    "trace_id": "traceid",
}
_AMOUNT = re.compile(r"\d{1,20}(?:\.\d*)?(?:[eE][-+]?\d{1,3})?", re.ASCII)
_COMMAS = re.compile(r"\d+(?:,\d+)+", re.ASCII)
_MOMENTS = {"clf", "iso", "local"}
_RARE = {"error", "bytes", "worker", "trace_id"}
_ENDS = {"end", "endtime", "endedat", "finishedat"}


def meaning_of(
    origin: Origin,
    samples: Mapping[str, Sequence[str]],
    inner: Sequence[str] = (),
    *,
    typed: Mapping[str, str] | None = None,
) -> Meaning:
    """What the columns are, of which `samples` hold the first values; SourceError if unsure.

    `inner` are all that can be named where rows have their own names, by dots where one holds
    others; `typed` the units of those that are durations by their type, whatever a mapping says.
    """
    typed = typed or {}
    given = origin.options.get("mapping")
    names = inner or list(samples)
    found = read_mapping(given) if given else _from_names(origin, samples, names, typed)
    columns = [*(each.name for each in found.fields.values()), *found.labels.values()]
    # where each row has its own names, what few have may be missing in the first ones
    rare = {each.name for word, each in found.fields.items() if word in _RARE}
    rare.update(found.labels.values())
    missing = [
        name
        for name in columns
        if name not in samples and name not in names and not (inner and name in rare)
    ]
    if missing:
        near = difflib.get_close_matches(missing[0], names, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"it has {', '.join(names[:50])}"
        raise origin.fail(f"there is no column '{missing[0]}'", hint=hint)
    took = found.fields.get("duration")
    if took and took.name in typed:
        took = replace(took, unit=typed[took.name])
        return replace(found, fields={**found.fields, "duration": took})
    if took:
        _check_durations(origin, took, samples.get(took.name, ()))
    return found


def is_known(names: Sequence[str]) -> bool:
    """Whether there are columns for a moment and for a duration by these names."""
    plain = {plain_name(name) for name in names}
    known = bool(plain & set(_NAMES["time"].split()))
    return known and any(duration_unit(name) for name in names)


def _from_names(
    origin: Origin,
    samples: Mapping[str, Sequence[str]],
    names: Sequence[str],
    typed: Mapping[str, str],
) -> Meaning:
    fields: dict[str, Column] = {}
    for meaning, words in _NAMES.items():
        known = words.split()
        mine = sorted(
            (known.index(plain_name(name)), name) for name in samples if plain_name(name) in known
        )
        if mine:
            fields[meaning] = Column(name=mine[0][1], at_end=known[mine[0][0]] in _ENDS)
    moments = [name for name, texts in samples.items() if _are_moments(name, texts)]
    units = {
        name: typed.get(name) or unit or ("s" if tells_unit(texts) else "")
        for name, texts in samples.items()
        if (unit := duration_unit(name)) is not None and name not in moments
    }
    plain = {name: unit for name, unit in units.items() if unit}

    def ask(fault: str) -> SourceError:
        asked = {
            "time": _yaml(moments[0]) if moments else "{column: COLUMN, unit: UNIT}",
            "duration": f"{{column: {_yaml(next(iter(units), 'COLUMN'))}, unit: UNIT}}",
            "endpoint": "COLUMN",
        }
        return _ask(origin, names, fields, asked, fault)

    if len(plain) == 1:
        [(name, unit)] = plain.items()
        fields["duration"] = Column(name=name, unit=unit)
    elif plain:
        raise ask(f"several columns are durations: {', '.join(plain)}")
    elif units:
        name = next(iter(units))
        raise ask(f"in which unit '{name}' is, its name does not say")
    else:
        raise ask("no column is plainly the duration of a request")
    if "time" not in fields:
        raise ask("no column is plainly the time of a request")
    if not {"endpoint", "path"} & set(fields):
        raise ask("no column is plainly the endpoint of a request")
    return Meaning(fields=fields)


def _are_moments(name: str, texts: Sequence[str]) -> bool:
    """Whether a column holds moments, or seconds of a name like durations' that are such."""
    kind, unit = clock_kind(texts), duration_unit(name)
    return kind in _MOMENTS or (kind is not None and bool(unit) and _are_long(unit, texts))


def _are_long(unit: str | None, texts: Sequence[str]) -> bool:
    """Whether most of these are longer than a day."""
    numbers = [float(text) for text in texts if _AMOUNT.fullmatch(text)]
    size = UNITS_NS[unit or "s"] / 1000
    return 2 * sum(number * size > LONGEST_US for number in numbers) > len(numbers)


def _ask(
    origin: Origin,
    names: Sequence[str],
    fields: Mapping[str, Column],
    asked: dict[str, str],
    fault: str,
) -> SourceError:
    """The error that lists the columns, with a mapping to complete."""
    known = {
        name: f"{{column: {_yaml(each.name)}, unit: {each.unit}}}"
        if each.unit
        else _yaml(each.name)
        for name, each in fields.items()
    }
    if "path" in known:
        asked.pop("endpoint")
    lines = "".join(f"\n  {name}: {text}" for name, text in {**asked, **known}.items())
    return origin.fail(
        f"{fault}; its columns are {', '.join(names[:50])}",
        hint=f"complete this in a file, and give it with --option mapping=FILE:{lines}\n"
        f"  (units are {', '.join(UNITS_NS)}; of times also iso and clf)",
    )


def _yaml(name: str) -> str:
    """A column's name as YAML has it."""
    return name if re.fullmatch(r"[A-Za-z_][\w. -]*", name) else json.dumps(name)


def _check_durations(origin: Origin, took: Column, samples: Sequence[str]) -> None:
    """Refuse a unit in which most of the durations are longer than a day, and decimal commas."""
    commas = [text for text in samples if _COMMAS.fullmatch(text)]
    if commas and 2 * len(commas) > len([text for text in samples if text]) and not took.decimal:
        column = f"{{column: {_yaml(took.name)}, unit: {took.unit or 's'}, decimal: "
        point = any(text.count(",") > 1 for text in commas)
        raise origin.fail(
            f"its durations are written with a comma: '{commas[0]}'",
            hint=f"it stands between thousands: say so in a mapping: duration: {column}'.'}}"
            if point
            else "if it is a decimal comma (between thousands it is decimal: '.'), say it in a "
            f"mapping: duration: {column}','}}",
        )
    if _are_long(took.unit, samples):
        held = next(text for text in samples if _AMOUNT.fullmatch(text))
        hint = f"'{took.name}' holds {float(held):g}: say its true unit in a mapping"
        raise origin.fail(f"in {took.unit}, most durations are longer than a day", hint=hint)


def time_kind(origin: Origin, column: Column, samples: Sequence[str]) -> tuple[str, str | None]:
    """Which kind of moment a column holds, and the zone of local times; SourceError if unsure."""
    zone = column.timezone or origin.options.get("timezone")
    if column.format or column.unit:
        return column.format or column.unit or "", zone
    texts = [text for text in samples if text]
    kind = clock_kind(texts)
    if kind == "local":
        if zone is None:
            hint = "say which: --option timezone=UTC, or its offset: --option timezone=+02:00"
            raise origin.fail(f"time '{texts[0][:40]}' has no time zone", hint=hint)
        return "iso", zone
    if kind is None:
        shown = texts[0][:40] if texts else ""
        hint = f"say it in a mapping: time: {{column: {column.name}, unit: …}} with one of "
        raise origin.fail(
            f"what kind of time '{shown}' is, is not plain",
            hint=f"{hint}{', '.join(KINDS)}, or a format like %Y-%m-%d %H:%M:%S",
        )
    return kind, None
