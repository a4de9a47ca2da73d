"""Shared by the summaries of load tools: one file is one run, and one step of its histogram.

    text ──parse──► Step(ts, step_us, endpoint) + Ranks ──► rows ──► one Chunk

A summary is small: the whole text is read, and one over 16 MiB is refused, as are numbers that
are no number, times outside 2001 to 2100, durations over a day, and a start that is neither in
the file nor given. Whatever a parser finds wrong it raises as ValueError.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from slogate.sources._base import (
    DAMAGED,
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    TO_UTF8,
    Chunk,
    Origin,
    choice,
    damaged,
)
from slogate.sources._histograms import MOST_COUNT, Number, Ranks, Rows, hi_us

MOST_BYTES = 16 << 20
MOST_REQUESTS = MOST_COUNT
START = {"start": "when the run began, which the file does not say: 2026-11-24T10:00:00Z"}
ENDPOINT = {"endpoint": "what the requests are called: /checkout, or 'GET /checkout'"}

OUTCOME = {"ok": "true: all that was recorded are successes (default: unknown)"}
NO_OUTCOME = (
    "the file does not say what failed: what is not known to be a success is a failure; "
    "if only successes were recorded, say --option ok=true"
)
ONE_STEP = "it is one step: budgets need `judge: observed` and `warmup: 0s` to decide it"
ESTIMATES = "vegeta's percentiles are estimates, exact times are those of its single results"

UNITS_US = {
    "ns": Fraction(1, 1_000), "us": Fraction(1), "ms": Fraction(1_000), "s": Fraction(1_000_000),
    "m": Fraction(60_000_000), "h": Fraction(3_600_000_000),
}  # fmt: skip
_DIGITS = 40
_LONGEST_FLOAT = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{0,18})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The one step of a summary; collects what is known of its requests."""

    ts: int
    step_us: int
    endpoint: str
    rows: Rows = field(default_factory=Rows)
    left_out: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def timed(self, ranks: Ranks, *, ok: bool | None = None, status: int | None = None) -> None:
        """Requests of which there are percentiles or buckets."""
        for low, high, count in ranks.buckets() if ranks.count else ():
            self._add(count, (low, high), ok, status)

    def untimed(self, count: int, *, ok: bool | None = None, status: int | None = None) -> None:
        """Requests that are counted, but of which no response time is told."""
        if count:
            self._add(count, None, ok, status)

    def split(self, ranks: Ranks, failed: int, unclear: int = 0) -> None:
        """Requests of which so many failed, and others perhaps, though it is not told which."""
        failed = min(failed, ranks.count)
        unclear = min(unclear, ranks.count - failed)
        self.timed(ranks.some(ranks.count - failed - unclear), ok=True)
        self.timed(ranks.some(failed), ok=False)
        self.timed(ranks.some(unclear))

    def _add(
        self, count: int, bounds: tuple[int, int | None] | None, ok: bool | None,
        status: int | None,
    ) -> None:  # fmt: skip
        self.rows.add(
            ts=self.ts, step_us=self.step_us, endpoint=self.endpoint, count=count, bounds=bounds,
            ok=ok, status=status,
        )  # fmt: skip


def outcome_of(origin: Origin) -> bool | None:
    """The `ok` of all requests of a file that does not say what failed, as the option has it."""
    return True if choice(origin, "ok", ("unknown", "true")) == "true" else None


def reads(parse: Callable[[Origin, str], Step]) -> Callable[[Origin], Iterator[Chunk]]:
    """The `open` of a source whose files `parse` reads."""

    def open_summary(origin: Origin) -> Iterator[Chunk]:
        """The one chunk of the summary; SourceError if it cannot be used."""
        text = _text(origin)
        try:
            step = parse(origin, text)
        except (ValueError, OverflowError) as error:
            raise origin.fail(str(error)) from None
        if not len(step.rows) and not step.left_out:
            raise origin.fail("it tells of no request")
        yield step.rows.chunk(left_out=step.left_out, notes=(ONE_STEP, *step.notes))

    return open_summary


def _text(origin: Origin) -> str:
    try:
        with origin.stream() as stream:
            content = stream.read(MOST_BYTES + 1)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if len(content) > MOST_BYTES:
        raise origin.fail("it is over 16 MiB, no summary is that long")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise origin.fail("it is not UTF-8", line=line, hint=TO_UTF8) from None
    if "\0" in text:
        raise origin.fail("it holds a NUL byte", line=text.count("\n", 0, text.index("\0")) + 1)
    return text.replace("\r\n", "\n")


def document(origin: Origin, text: str) -> dict[str, Any]:
    """The text as a JSON object whose numbers are exact."""
    try:
        found = json.loads(
            text, parse_float=_json_float, parse_int=_json_int, parse_constant=str,
            object_pairs_hook=_json_object,
        )  # fmt: skip
    except json.JSONDecodeError as error:
        raise origin.fail(f"it is no JSON: {error.msg}", line=error.lineno) from None
    except RecursionError:
        raise origin.fail("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise origin.fail("it is no JSON object")
    return found


def _json_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("one of its objects has a name twice")
    return found


def _json_float(text: str) -> Decimal:
    # an exponent of twenty digits is more than Decimal takes, a million digits more than time
    if len(text) > _LONGEST_FLOAT:
        raise ValueError(f"the number {text[:40]} is absurd")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"the number {text[:40]} is absurd") from None


def _json_int(text: str) -> int:
    if len(text) > 19:
        raise ValueError(f"the number {text[:40]} is absurd")
    return int(text)


def within(found: object, *path: str) -> Any:
    """The value at that path of a JSON document; ValueError if there is none."""
    for at, name in enumerate(path):
        if not isinstance(found, Mapping) or name not in found:
            raise ValueError(f"there is no {'.'.join(path[: at + 1])}")
        found = found[name]
    return found


def table(found: object, *path: str) -> Mapping[str, Any]:
    """The JSON object at that path; ValueError if there is none."""
    value = within(found, *path)
    if not isinstance(value, Mapping):
        raise ValueError(f"its {'.'.join(path)} is no object")  # noqa: TRY004 (the file is wrong)
    return value


def json_count(value: object, name: str) -> int:
    """A count of a JSON document; ValueError unless it is a plausible whole number."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_REQUESTS:
        raise ValueError(f"its {name} is {str(value)[:40]!r}, no count")
    return value


def json_us(value: object, unit: str, name: str) -> Fraction:
    """A duration of a JSON document, in µs; ValueError unless it is from 0 to a day."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        exact = Decimal(value)
        # the bounds come first: a number of a thousand digits is never written out
        if 0 <= exact <= LONGEST_US * 1_000 and (not exact or exact.adjusted() > -_DIGITS):
            return _checked(Fraction(exact) * UNITS_US[unit], name)
    raise ValueError(f"its {name} is {str(value)[:40]!r}, no duration")


def spread(text: str, name: str) -> tuple[Fraction, Fraction]:
    """Between which numbers one lies that was rounded to what is written."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"its {name} is '{text[:40]}', no number")
    value, half = Fraction(text.rstrip(".")), Fraction(1, 2 * 10 ** len(text.partition(".")[2]))
    return max(value - half, Fraction(0)), value + half


def spread_us(text: str, unit: str, name: str) -> tuple[Fraction, Fraction]:
    """The same for a duration, in µs; ValueError if it is over a day."""
    if unit not in UNITS_US:
        raise ValueError(f"its {name} has the unit '{unit[:10]}', which is not known")
    least, most = (each * UNITS_US[unit] for each in spread(text, name))
    return _checked(least, name), most


def _checked(value: Fraction, name: str) -> Fraction:
    if not 0 <= value <= LONGEST_US:
        raise ValueError(f"its {name} is over a day")
    return value


def whole_us(text: str, unit: str, name: str) -> tuple[Number, Number]:
    """The same for a duration that was whole µs before it was rounded."""
    least, most = spread_us(text, unit, name)
    return hi_us(least), most.numerator // most.denominator


def count_of(text: str, name: str) -> int:
    """A count as it is written; ValueError if it is none."""
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"its {name} is '{text[:40]}', no count")
    return int(text)


def step_us(value: Number) -> int:
    """The length of a step, at least 1 µs."""
    return max(hi_us(value), 1)


def start_of(origin: Origin) -> int:
    """The start that was given, µs since the epoch; SourceError if none was."""
    given = origin.options.get("start")
    if given is None:
        raise origin.fail(
            "the file does not say when the run began",
            hint="say it: --option start=2026-11-24T10:00:00Z",
        )
    try:
        return moment(given, "option start")
    except ValueError as error:
        raise origin.fail(str(error)) from None


def moment(text: object, name: str) -> int:
    """A time of RFC 3339 as µs since the epoch; ValueError unless it is from 2001 to 2100."""
    # more digits than Python reads are cut: a start is no bound of anything
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text) if isinstance(text, str) else ""
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        raise ValueError(f"{name} is '{str(text)[:40]}', no time of RFC 3339") from None
    if found.tzinfo is None:
        raise ValueError(f"{name} is '{plain}', which has no time zone")
    ts = (found - _EPOCH) // timedelta(microseconds=1)
    if not EARLIEST_TS <= ts <= LATEST_TS:
        raise ValueError(f"{name} is '{plain}', not between 2001 and 2100")
    return ts


def endpoint_of(origin: Origin, url: str = "") -> str:
    """What the requests are called: the option, else the path of the URL."""
    given = origin.options.get("endpoint")
    if given is not None:
        return given
    try:
        found = urlsplit(url)
    except ValueError:
        return ""
    return found.path or ("/" if found.netloc else "")


def only(pattern: re.Pattern[str], text: str, what: str) -> re.Match[str]:
    """The only match; ValueError if there is none, or several."""
    found = list(pattern.finditer(text))
    if len(found) > 1:
        raise ValueError(f"it holds {what} {len(found)} times; import each as a file of its own")
    if not found:
        raise ValueError(f"it does not hold {what} as a whole")
    return found[0]
