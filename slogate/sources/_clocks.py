"""Reads moments and durations that are written as texts: SQL for them, and what is sure of them.

Durations are rounded up to whole µs, exactly so where they are whole ns. What unit a duration
has is told, never guessed; a moment in numbers is of the one unit in which it lies between 2001
and 2100. A local time without its zone is none, unless the user says which zone it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slogate.sources._base import EARLIEST_TS, LATEST_TS, Origin

# the unit of durations that tell theirs themselves: 34.2ms, 1.5s, 1m2.5s
TOLD = "told"
UNITS_NS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
KINDS = ("clf", "iso", *UNITS_NS)
_ZONE = re.compile(r"UTC|Z|([+-])(\d\d):?(\d\d)", re.ASCII)
_CLF = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}", re.ASCII)
_NUMBER = re.compile(r"(\d{9,20})(?:\.\d+)?", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(Z| UTC| ?[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
# as Python and Java write the times of their logs
_COMMA = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d,\d+", re.ASCII)
# hours and minutes too, as Go writes them
_WRITTEN = r"(?:([0-9]+)h)?(?:([0-9]+)m)?([0-9]+(?:\.[0-9]+)?) ?(ns|us|[µμ]s|ms|s)"


def clock_kind(samples: Sequence[str]) -> str | None:
    """Which kind of moment most of these texts are, None if that is not sure."""
    kinds = [_kind(text) for text in samples]
    most = max(kinds, key=kinds.count, default=None)
    return most if 2 * kinds.count(most) > len(kinds) else None


def _kind(text: str) -> str | None:
    if _CLF.fullmatch(text):
        return "clf"
    if found := _ISO.fullmatch(text):
        return "iso" if found[1] else "local"
    if _COMMA.fullmatch(text):
        return "local"
    if number := _NUMBER.fullmatch(text):
        for unit, size in UNITS_NS.items():
            if EARLIEST_TS <= int(number[1]) * size // 1_000 <= LATEST_TS:
                return unit
    return None


def duration_sql(text: str, unit: str) -> str:
    """SQL for a duration of that unit, as µs rounded up, behind its `duration_steps`.

    It is NULL where the text is no number, or, of TOLD, no number with a unit. Doubles hold a day
    to a fraction of a ns: a tenth of one is no reason to round up.
    """
    if unit == TOLD:
        sizes = "WHEN 's' THEN 1e6 WHEN 'ms' THEN 1e3 WHEN 'ns' THEN 1e-3 WHEN '' THEN NULL ELSE 1"
        longer = (
            f"coalesce(TRY_CAST(took_parts.{name} AS DOUBLE), 0) * {size}"
            for name, size in (("h", "3.6e9"), ("m", "6e7"))
        )
        last = f"TRY_CAST(took_parts.n AS DOUBLE) * CASE took_parts.unit {sizes} END"
        return f"TRY_CAST(ceil({' + '.join([*longer, last])} - 0.0001) AS BIGINT)"
    return (
        f"TRY_CAST(ceil(TRY_CAST({text} AS DOUBLE) * {UNITS_NS[unit] / 1000} - 0.0001) AS BIGINT)"
    )


def tells_unit(samples: Sequence[str]) -> bool:
    """Whether most of these durations are TOLD."""
    told = [text for text in samples if text not in {"", "-"}]
    return 2 * sum(re.fullmatch(_WRITTEN, text) is not None for text in told) > len(told)


def duration_steps(text: str, unit: str | None) -> list[tuple[str, str]]:
    """What has to be worked out of durations of that unit before `duration_sql`."""
    if unit != TOLD:
        return []
    return [("took_parts", f"regexp_extract({text}, '^{_WRITTEN}$', ['h', 'm', 'n', 'unit'])")]


def clock_sql(text: str, kind: str, *, zone_us: int | None = None, zone: str = "") -> str:
    """SQL for a moment as µs since the epoch, NULL where the text is none.

    The kinds are clf (with the zone as a text of its own, or behind the time), iso, the units
    s, ms, us, ns since the epoch, and formats of strptime. `zone_us` is how far local times
    that name no zone are ahead of UTC.
    """
    if kind == "clf":
        if not zone:
            zone, text = f"split_part({text}, ' ', 2)", f"split_part({text}, ' ', 1)"
        return f"epoch_us(try_strptime({text}, '%d/%b/%Y:%H:%M:%S')) - {_offset_sql(zone)}"
    if kind == "iso":
        local = f"CASE WHEN ends_with({text}, ' UTC') THEN epoch_us(TRY_CAST({text} AS TIMESTAMP)) "
        if zone_us is not None:
            point = f"replace({text}, ',', '.')"
            local += f"ELSE epoch_us(TRY_CAST({point} AS TIMESTAMP)) - {zone_us} "
        local += "END"
        # Snowflake and Ruby write a space before the offset
        near = f"TRY_CAST(replace(replace({text}, ' +', '+'), ' -', '-') AS TIMESTAMPTZ)"
        return (
            f"CASE WHEN ends_with({text}, 'Z') THEN epoch_us(TRY_CAST({text} AS TIMESTAMP)) "
            f"WHEN CASE WHEN length({text}) > 20 AND {text}[14] = ':' AND {text}[-6] IN ('+', '-') "
            # which an expression also finds, but takes ten times as long
            f"THEN TRUE ELSE regexp_matches({text}, ':.*[+-][0-9:]+$') END "
            f"THEN epoch_us(coalesce(TRY_CAST({text} AS TIMESTAMPTZ), {near})) ELSE {local} END"
        )
    if kind == "ns":
        return f"TRY_CAST({text} AS BIGINT) // 1000"
    if kind in UNITS_NS:
        scale = UNITS_NS[kind] // 1_000
        return f"TRY_CAST(round(TRY_CAST({text} AS DOUBLE) * {scale}) AS BIGINT)"
    moment = f"try_strptime({text}, getvariable('time_format'))"
    return f"epoch_us({moment}) - {zone_us or 0}"


def _offset_sql(zone: str) -> str:
    """SQL for the µs by which a zone like +0200 is ahead of UTC."""
    minutes = f"(substr({zone}, 2, 2)::BIGINT * 60 + substr({zone}, 4, 2)::BIGINT)"
    return (
        f"CASE WHEN {zone} = '+0000' THEN 0 WHEN regexp_full_match({zone}, '[+-][0-9]{{4}}') "
        f"THEN {minutes} * CASE WHEN starts_with({zone}, '-') THEN -60000000 ELSE 60000000 END END"
    )


def zone_us(origin: Origin, zone: str | None = None) -> int | None:
    """How far the time zone, or the one that the user gave, is ahead of UTC; None without one."""
    zone = zone or origin.options.get("timezone")
    if zone is None:
        return None
    match = _ZONE.fullmatch(zone)
    if not match:
        raise origin.fail(f"timezone is '{zone}', it must be UTC or an offset like +02:00")
    sign, hours, minutes = match.groups()
    seconds = (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    return (-seconds if sign == "-" else seconds) * 1_000_000
