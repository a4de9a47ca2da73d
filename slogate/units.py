"""Reads and prints durations, shares and rates. The only room that rounds.

Reading is exact: durations are whole microseconds, shares are fractions (a target is a
decimal, not a float). Printing rounds for people; nothing that is printed is ever compared.
A number without a unit is refused wherever a unit belongs.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

US_PER_SECOND = 1_000_000
_UNITS_US = {
    "us": 1,
    "µs": 1,
    "ms": 1_000,
    "s": US_PER_SECOND,
    "m": 60 * US_PER_SECOND,
    "h": 3_600 * US_PER_SECOND,
    "d": 86_400 * US_PER_SECOND,
    "w": 7 * 86_400 * US_PER_SECOND,
}
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION_PART = re.compile(rf"({_NUMBER})\s*(us|µs|ms|s|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_NUMBER}\s*(?:us|µs|ms|s|m|h|d|w)\s*)+", re.ASCII)
_PERCENT = re.compile(rf"({_NUMBER})\s*%", re.ASCII)
_RATE = re.compile(rf"({_NUMBER})\s*/\s*(s|m|h)", re.ASCII)
_LONGEST_US = 3_660 * _UNITS_US["d"]


def parse_duration(text: str, likely: tuple[str, str] = ("ms", "s")) -> int:
    """`300ms`, `1.5s`, `1h30m` as whole microseconds; ValueError says what is wrong.

    A number without a unit may have been meant in one of the `likely` ones.
    """
    text = text.strip()
    if re.fullmatch(_NUMBER, text):
        meant = " or ".join(f"{text}{unit}" for unit in likely)
        raise ValueError(f"'{text}' has no unit; write {meant}")
    if not _DURATION.fullmatch(text):
        raise ValueError(f"'{text}' is not a duration; write one like 300ms, 1.5s or 1h30m")
    parts = _DURATION_PART.findall(text)
    exact = sum((Fraction(number) * _UNITS_US[unit] for number, unit in parts), Fraction(0))
    if exact.denominator != 1:
        raise ValueError(f"'{text}' is finer than a microsecond")
    if exact > _LONGEST_US:
        raise ValueError(f"'{text}' is longer than ten years")
    return int(exact)


def parse_share(text: str) -> Fraction:
    """`99.5%` as an exact fraction between 0 and 1; ValueError says what is wrong."""
    match = _PERCENT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a percentage; {_as_percentage(text.strip())}")
    share = Fraction(match[1]) / 100
    if share > 1:
        raise ValueError(f"'{text}' is over 100%")
    return share


def _as_percentage(text: str) -> str:
    """How a text that lacks its % was meant: a fraction is told apart from per cents."""
    number = Fraction(text) if re.fullmatch(_NUMBER, text, re.ASCII) else Fraction(0)
    if 0 < number < 1:
        whole = format_share(number, 12)
        return f"write {whole} if it is a fraction, {text}% if it is per cent"
    return f"write {text}%" if 0 < number <= 100 else "write one like 1% or 99.5%"


def parse_rate(text: str) -> Fraction:
    """`50/s`, `3000/m` as an exact number a second; ValueError says what is wrong."""
    match = _RATE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a rate; write one like 50/s or 3000/m")
    return Fraction(match[1]) * US_PER_SECOND / _UNITS_US[match[2]]


def significant(value: float, digits: int) -> str:
    """A number to so many significant digits, without exponent or trailing zeros."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return str(value).replace("inf", "∞")
    exponent = math.floor(math.log10(abs(value)))
    return _trim(f"{value:.{max(0, digits - 1 - exponent)}f}")


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


_PRINTED = (("h", 3_600e6, 2), ("min", 60e6, 2), ("s", 1e6, 1), ("ms", 1e3, 1), ("µs", 1.0, 0))


def duration_unit(us: float) -> tuple[str, float]:
    """The unit to print so many microseconds in, and its size in microseconds."""
    if us == 0:
        return "ms", 1e3
    return next((unit, size) for unit, size, least in _PRINTED if abs(us) >= least * size)


def format_duration(us: float | None, digits: int = 3) -> str:
    """Microseconds for people: `412 ms`, `1.25 s`; None is an unbounded value."""
    if us is None:
        return "∞"
    unit, size = duration_unit(us)
    return f"{significant(us / size, digits)} {unit}"


def format_between(least: float | None, most: float | None) -> str:
    """A duration that is known to within its ends: `between 250 ms and 500 ms`, `at least 10 s`."""
    if least is None:
        return "unbounded"
    if most is None:
        return f"at least {format_duration(least)}"
    digits = 3
    while digits < 9 and format_duration(least, digits) == format_duration(most, digits):
        digits += 1
    return f"between {format_duration(least, digits)} and {format_duration(most, digits)}"


def format_estimate(us: float | None, interval: tuple[float | None, float | None]) -> str:
    """A duration with its interval in the same unit: `412 ms (388–431)`."""
    if us is None:
        least = interval[0]
        return "unbounded" if least is None else f"unbounded (at least {format_duration(least)})"
    _, size = duration_unit(us)
    ends = ("∞" if end is None else significant(end / size, 3) for end in interval)
    return f"{format_duration(us)} ({'–'.join(ends)})"


def format_span(seconds: float) -> str:
    """Whole seconds of a clock: `45 s`, `3 min 20 s`, `2 h 5 min`, `28 d`."""
    whole = int(seconds + 0.5)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days, rest = divmod(int(seconds / 3600 + 0.5), 24)
    return f"{days} d {rest} h" if rest else f"{days} d"


def format_share(share: float | Fraction, digits: int = 3) -> str:
    """A share of 1 as a percentage: `9.1%`, `0.05%`."""
    return f"{significant(float(share) * 100, digits)}%"


def format_times(share: float | Fraction) -> str:
    """A share of which there may be many times as much: `43%`, `952%`, from 20 on `980 times`."""
    return f"{significant(float(share), 3)} times" if share >= 20 else format_share(share)


def format_rate(per_second: float | Fraction, digits: int = 3) -> str:
    """Events a second: `129/s`."""
    return f"{significant(float(per_second), digits)}/s"


def format_bytes(count: int) -> str:
    """A size for people, in powers of 1,000: `512 B`, `8.4 kB`, `1.3 GB`."""
    size, units = float(count), iter(("B", "kB", "MB", "GB", "TB"))
    unit = next(units)
    while size >= 999.95 and unit != "TB":
        size, unit = size / 1000, next(units)
    return f"{size:.1f} {unit}" if unit != "B" else f"{count} B"


def format_count(count: int) -> str:
    """A whole number with thousands separated: `12,408`."""
    return f"{count:,}"


def is_utf8(text: str) -> bool:
    """Whether it can be written: what the system gave may hold bytes of another encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
