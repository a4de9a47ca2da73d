"""`slogate report --window 7d`: what was promised and what was kept, over all services.

Judges by the store as `slogate check --at` would, keeps no verdict and blocks nothing. Its exit
code is 0 whatever it tells, and 2 where the report is not whole; it is written all the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from slogate.cli.complaints import complain
from slogate.cli.moments import given_age, given_moment
from slogate.cli.options import note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS, UsageError
from slogate.model.calendar import Period
from slogate.reports._weekly.week import State, Week
from slogate.units import US_PER_SECOND, format_span

PREVIOUS, NONE = "previous", "none"
FORMATS = {"markdown": "md", "html": "html", "json": "json"}
SHORTEST, LONGEST = "1d", "92d"
STALE_US = 24 * 3_600 * US_PER_SECOND
AHEAD_US = 60 * US_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked for."""

    window: str
    compare: str | None = None
    at: str | None = None
    specs: Sequence[Path] = ()
    prometheus: Sequence[str] = ()
    service: str | None = None
    store: Path | None = None
    form: str = "markdown"
    output: Path | None = None
    quiet: bool = False


def weekly(asked: Asked) -> int:
    """Gather the week, write the report, and say whether it is whole."""
    from slogate.cli.report_specs import readable
    from slogate.config import load_settings
    from slogate.measuring.measure import Asking
    from slogate.measuring.servers import addresses
    from slogate.store.layout import open_store
    from slogate.weekly.gather import Given, gather

    length, at = _length(asked.window), given_moment("--at", asked.at)
    if asked.compare not in {None, PREVIOUS, NONE}:
        raise UsageError(
            f"--compare {asked.compare} is not known", hint=f"known: {PREVIOUS}, {NONE}"
        )
    render = _form(asked.form)
    settings = load_settings(Path.cwd(), os.environ)
    specs, troubles = readable(asked.specs or settings.specs)
    known = addresses(asked.prometheus, project=settings.prometheus_url, environment=os.environ)
    given = Given(
        length_us=length,
        at=at,
        compared=asked.compare != NONE,
        asking=Asking(addresses=known),
        specs=specs,
        troubles=troubles,
        service=asked.service,
    )
    week = gather(open_store(asked.store or settings.store), given)
    if at is None:
        _age(week.span, quiet=asked.quiet)
    text = render(week)
    if asked.output is None:
        out(text)
    else:
        _write(asked.output, text)
        note(f"wrote {asked.output}", quiet=asked.quiet)
    return _whole(week)


def _length(word: str) -> int:
    length = given_age("--window", word)
    if not given_age("--window", SHORTEST) <= length <= given_age("--window", LONGEST):
        raise UsageError(f"--window: '{word}' is not from {SHORTEST} to {LONGEST}")
    if length % (60 * US_PER_SECOND):
        raise UsageError(f"--window: '{word}' is no whole number of minutes")
    return length


def _form(name: str) -> Callable[[Week], str]:
    if name not in FORMATS:
        raise UsageError(
            f"--window and --format {name} do not go together",
            hint=f"the report over a week has the formats {', '.join(FORMATS)}",
        )
    if name == "html":
        from slogate.reports._weekly.page import render
    elif name == "json":
        from slogate.reports._weekly.document import text as render
    else:
        from slogate.reports._weekly.markdown import render
    return render


def _age(span: Period, *, quiet: bool) -> None:
    """Say that the newest data are old or ahead; refuse those of the far future."""
    now = int(time.time() * US_PER_SECOND)
    if span.end_ts - now > STALE_US:
        raise UsageError(
            "the newest data of the store lie in the future, so that a clock was wrong",
            hint="say when the time ends: --at TIME",
        )
    if span.end_ts - now > AHEAD_US:
        ahead = format_span((span.end_ts - now) / US_PER_SECOND)
        note(f"note: the newest data of the store lie {ahead} ahead of this clock", quiet=quiet)
    if now - span.end_ts > STALE_US:
        old = format_span((now - span.end_ts) / US_PER_SECOND)
        note(f"note: the newest data of the store are {old} old; --at says otherwise", quiet=quiet)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None


def _whole(week: Week) -> int:
    """2 where something could not be read, once it is told; else 0."""
    unread = [row for row in week.rows if row.state is State.UNREAD]
    told = [*week.troubles, *dict.fromkeys(f"{row.service}: {row.trouble}" for row in unread)]
    if not told:
        return EXIT_PASS
    complain("the report is not whole:\n" + "\n".join(told), None)
    return EXIT_ERROR
