"""OpenSLO's duration shorthand: a whole number and m, h, d, w, M (month), Q (quarter), Y (year).

No seconds, no fractions, no sums; `1m` is a minute and `1M` a month. v2alpha knows no more than
m, h, d and w. Where a fixed length is wanted (a rolling window) a month is 30 days, a quarter
90, a year 365; calendar windows follow the calendar instead.
"""

from __future__ import annotations

import re

from slogate.units import US_PER_SECOND

_SHORTHAND = re.compile(r"([1-9][0-9]{0,8})([mhdwMQY])")
_MINUTES = {
    "m": 1,
    "h": 60,
    "d": 1_440,
    "w": 10_080,
    "M": 43_200,
    "Q": 129_600,
    "Y": 525_600,
}
CALENDAR_UNITS = "MQY"
MINUTE_US = 60 * US_PER_SECOND


def parse_shorthand(text: str, *, units: str = "mhdwMQY") -> tuple[int, str]:
    """The number and the unit; ValueError says what is wrong."""
    match = _SHORTHAND.fullmatch(text)
    if match is None or match[2] not in units:
        lower = _SHORTHAND.fullmatch(text.lower())
        hint = f"; write {text.lower()}" if lower and lower[2] in units else ""
        if re.fullmatch("[1-9][0-9]{0,8}", text):
            hint = f"; it has no unit, write {text}m for minutes"
        expected = ", ".join(units[:-1]) + f" or {units[-1]}"
        raise ValueError(f"'{text}' is no whole number followed by {expected}{hint}")
    return int(match[1]), match[2]


def length_us(text: str) -> int:
    """The length in microseconds, months of 30 days."""
    number, unit = parse_shorthand(text)
    return number * _MINUTES[unit] * MINUTE_US


def shorthand(us: int) -> str | None:
    """The shorthand of a length, in the largest unit without rest up to days; None for seconds."""
    minutes, rest = divmod(us, MINUTE_US)
    if rest or minutes == 0:
        return None
    for unit in "dh":
        if minutes % _MINUTES[unit] == 0:
            return f"{minutes // _MINUTES[unit]}{unit}"
    return f"{minutes}m"
