"""The switches that degrade the shop: their little grammar and what they mean.

    SLOW    = TARGET "=" (FACTOR "x" | "+" DURATION)      POST /checkout=3x, /cart=+200ms
    ERRORS  = TARGET "=" NUMBER "%"                       POST /login=5%
    TARGET  = METHOD " " PATH | PATH | "*"
    FREEZE  = DURATION "/" DURATION                       1s/20s: stalls 1 s every 20 s
    WINDOW  = DURATION "+" DURATION                       10s+5s: from 10 s on, for 5 s

Anything else raises ValueError with a sentence that shows what would do. Times are counted in
whole µs from the first shop request; the functions here are pure and take the time elapsed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000}
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
LARGEST_FACTOR = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Make the endpoints that `target` names slower: times `factor`, plus `extra_us`."""

    target: str
    factor: float = 1.0
    extra_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """Make a share of the answers of the endpoints that `target` names failures."""

    target: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Stall everything for `length_us` at each multiple of `period_us`."""

    length_us: int
    period_us: int

    def left_us(self, elapsed_us: int) -> int:
        """Say how much of the present stall is left; 0 when there is none."""
        if elapsed_us < self.period_us:
            return 0
        return max(0, self.length_us - elapsed_us % self.period_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailWindow:
    """Fail every request from `start_us` on, for `length_us`."""

    start_us: int
    length_us: int

    def covers(self, elapsed_us: int) -> bool:
        """Say whether a request at this moment fails."""
        return self.start_us <= elapsed_us < self.start_us + self.length_us


def parse_duration_us(text: str) -> int:
    """Read `200ms`, `1.5s`, `2m` or `500us` as whole µs."""
    match = re.fullmatch(f"({_NUMBER})(us|ms|s|m)", text)
    if not match:
        raise ValueError(
            f"'{text}' is not a duration; write a number with a unit, like 200ms or 2s"
        )
    return int(float(match[1]) * _UNITS_US[match[2]])


def parse_slow(text: str) -> Slow:
    """Read one --slow switch."""
    target, value = _split(text, "'POST /checkout=3x' or 'POST /checkout=+200ms'")
    if value.startswith("+"):
        return Slow(target=target, extra_us=parse_duration_us(value[1:]))
    if not re.fullmatch(f"{_NUMBER}x", value) or not 0 < float(value[:-1]) <= LARGEST_FACTOR:
        raise ValueError(f"'{value}' is neither a factor (like 3x) nor an addition (like +200ms)")
    return Slow(target=target, factor=float(value[:-1]))


def parse_errors(text: str) -> Errors:
    """Read one --errors switch."""
    target, value = _split(text, "'POST /login=5%'")
    if not re.fullmatch(f"{_NUMBER}%", value) or float(value[:-1]) > 100:
        raise ValueError(f"'{value}' is not a share of the requests; write 0% to 100%, like 5%")
    return Errors(target=target, share=float(value[:-1]) / 100)


def parse_freeze(text: str) -> Freeze:
    """Read the --freeze switch."""
    length, slash, period = text.partition("/")
    if not slash:
        raise ValueError(f"'{text}' has no '/'; write LENGTH/PERIOD, like 1s/20s")
    freeze = Freeze(length_us=parse_duration_us(length), period_us=parse_duration_us(period))
    if not 0 < freeze.length_us < freeze.period_us:
        raise ValueError(f"'{text}' never ends or never begins; the first must be the shorter")
    return freeze


def parse_fail_window(text: str) -> FailWindow:
    """Read the --fail-window switch."""
    start, plus, length = text.partition("+")
    if not plus:
        raise ValueError(f"'{text}' has no '+'; write START+LENGTH, like 10s+5s")
    window = FailWindow(start_us=parse_duration_us(start), length_us=parse_duration_us(length))
    if not window.length_us:
        raise ValueError(f"'{text}' is an empty window; write START+LENGTH, like 10s+5s")
    return window


def _split(text: str, example: str) -> tuple[str, str]:
    target, equals, value = text.partition("=")
    if not equals or not target.strip():
        raise ValueError(f"'{text}' is not ENDPOINT=VALUE; write it like {example}")
    return " ".join(target.split()), value.strip()
