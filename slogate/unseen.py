"""What nobody has seen of a series, told once for budgets and promises: failures, rows, times.

Some sources leave failed requests out, some rows cannot be read, some requests come without a
response time. Here is what is said of them; whether they could matter, each judge reckons with its
own arithmetic. Pure.
"""

from __future__ import annotations

from slogate.model.run import Run
from slogate.units import format_count

ROWS = "rows of the source could not be read"


def silent(run: Run) -> str | None:
    """That failed requests are not in what the run's source tells; None if they are."""
    if "failures" not in run.untold:
        return None
    return f"{run.source} does not tell which requests failed"


def could_break(count: int, lost: str, whose: str) -> str:
    """That so many which nobody has seen could break a `budget` or a `promise`."""
    return f"{format_count(count)} {lost}, and what they held could break the {whose}"


def untimed(count: int, total: int) -> str:
    """That so many requests have no response time."""
    have = "has" if count == 1 else "have"
    return f"{format_count(count)} of {format_count(total)} requests {have} no response time"
