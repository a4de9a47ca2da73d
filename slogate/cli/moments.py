"""What people write for times on a command line: an age like `90d`, a day, a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from slogate.errors import UsageError
from slogate.units import parse_duration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = len("2026-11-01")


def given_age(flag: str, word: str, likely: tuple[str, str] = ("d", "h")) -> int:
    """A length of time like `90d` in µs; UsageError for anything else."""
    try:
        return parse_duration(word, likely)
    except ValueError as error:
        raise UsageError(f"{flag}: {error}") from None


def given_moment(flag: str, word: str | None) -> int | None:
    """A day (its midnight, UTC) or a moment with its zone in µs; UsageError for anything else."""
    if word is None:
        return None
    hint = "write a day, 2026-11-01, or a moment with its zone, 2026-11-01T02:00Z"
    try:
        moment = datetime.fromisoformat(word.strip())
    except ValueError:
        raise UsageError(f"{flag}: '{word}' is no moment", hint=hint) from None
    if moment.tzinfo is None:
        if len(word.strip()) > _DAY:
            raise UsageError(f"{flag}: '{word}' has no zone", hint=hint)
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
