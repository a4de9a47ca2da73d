"""Shows a running test: live on a terminal, one plain line every ten seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from slogate.loadtest.generator import Status
from slogate.units import (
    format_count,
    format_duration,
    format_rate,
    format_share,
    format_span,
)
from slogate.verdict import Finding, Verdict

EVERY_S = 10.0
MOST_CELLS = 40
HEADLINE = 60
_MARKS = {"pass": "✓", "fail": "✗", "inconclusive": "?", "no_data": "…", "invalid": "!"}

Show = Callable[[Status, Verdict | None], None]


def headline(status: Status, run_time_us: int | None, rate: float) -> str:
    """`12 s of 45 s · 150 users · 148/s · 5,812 requests · 0.1% failed`."""
    whole = f" of {format_span(run_time_us / 1e6)}" if run_time_us else ""
    failed = status.failures / status.requests if status.requests else 0.0
    users = f"{status.users} user{'' if status.users == 1 else 's'}"
    users += "" if status.ramped else " (spawning)"
    return " · ".join(
        [
            f"{format_span(status.elapsed_s)}{whole}",
            users,
            format_rate(rate),
            f"{format_count(status.requests)} requests",
            f"{format_share(failed)} failed",
        ]
    )


def bar_of(done: float, width: int, headline: int) -> str:
    """A bar that leaves a headline so long its room on a terminal so wide; maybe none."""
    cells = max(0, min(MOST_CELLS, width - max(HEADLINE, headline + 2)))
    full = int(cells * done)
    return "━" * full + "╌" * (cells - full) + "  " * bool(cells)


def moving(finding: Finding) -> str:
    """One budget as it stands: `✓ checkout/p95 112 ms (limit 300 ms)`."""
    show = {"us": format_duration, "share": format_share, "per_second": format_rate}[finding.unit]
    value = "…" if finding.observed is None else show(finding.observed)
    name = finding.id.partition("/")[2]
    return f"{_MARKS[finding.outcome]} {name} {value} (limit {show(finding.limit)})"


def plain(say: Callable[[str], None], run_time_us: int | None) -> Show:
    """A line every ten seconds, with the budgets that do not pass so far."""
    last = {"at": time.monotonic(), "requests": 0, "elapsed": 0.0}

    def show(status: Status, verdict: Verdict | None) -> None:
        now = time.monotonic()
        if now - last["at"] < EVERY_S:
            return
        rate = _rate(status, last)
        last.update(at=now, requests=status.requests, elapsed=status.elapsed_s)
        open_ones = [f for f in verdict.findings if f.outcome == "fail"] if verdict else []
        worst = "".join(f" · {moving(finding)}" for finding in open_ones[:3])
        say(f"{headline(status, run_time_us, rate)}{worst}")

    return show


def terminal(live: Any, run_time_us: int | None) -> Show:
    """Redraw a `rich.live.Live`: the headline and every budget as it moves."""
    last = {"at": time.monotonic(), "requests": 0, "elapsed": 0.0, "rate": 0.0}
    budgets: list[str] = []

    def show(status: Status, verdict: Verdict | None) -> None:
        from rich.text import Text

        if status.elapsed_s - last["elapsed"] >= 2:
            rate = _rate(status, last)
            last.update(requests=status.requests, elapsed=status.elapsed_s, rate=rate)
        if verdict is not None:
            budgets[:] = [moving(finding) for finding in verdict.findings]
        done = min(1.0, status.elapsed_s * 1e6 / run_time_us) if run_time_us else 0.0
        head = headline(status, run_time_us, last["rate"])
        lines = [f"{bar_of(done, live.console.width, len(head))}{head}"]
        lines += [f"  {budget}" for budget in budgets]
        live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"))

    return show


def _rate(status: Status, last: dict[str, float]) -> float:
    seconds = status.elapsed_s - last["elapsed"]
    return (status.requests - last["requests"]) / seconds if seconds > 0 else 0.0
