"""What `run`, `check` and `compare` say to GitHub's runner unasked, and how much it takes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from slogate.cli.options import note
from slogate.errors import EXIT_BREACH, EXIT_PASS
from slogate.verdict import Finding, Verdict

# a summary of more than 1 MiB is not shown at all; the last sentence needs some of it
MOST_OF_A_SUMMARY = (1 << 20) - 1_000


def tell_github(verdicts: Sequence[Verdict]) -> None:
    """Annotations on the spec's lines (stderr, read by the runner too) and the step summary."""
    from slogate.reports.markdown import PLUGIN as markdown

    for verdict in verdicts:
        _annotate(verdict.findings)
    worst_first = sorted(verdicts, key=_badness)
    _summarise([f"{markdown.render(verdict)}\n" for verdict in worst_first])


def tell_github_of(findings: Sequence[Finding], summary: str) -> None:
    """The same of what is no verdict, with its own text for the summary."""
    _annotate(findings)
    _summarise([summary])


def _annotate(findings: Sequence[Finding]) -> None:
    from slogate.cli.placing import all_at_top
    from slogate.reports.github import commands

    with contextlib.suppress(OSError):
        sys.stderr.write(commands(all_at_top(findings)))
        sys.stderr.flush()


def _summarise(texts: Sequence[str]) -> None:
    """Append to the step summary what fits, and say how much does not."""
    told = os.environ.get("GITHUB_STEP_SUMMARY")
    if not told:
        return
    try:
        path = Path(told)
        kept = list(_fitting(texts, path.stat().st_size if path.exists() else 0))
        with path.open("a", encoding="utf-8") as file:
            file.writelines(kept)
            if left := len(texts) - len(kept):
                file.write(f"\n{left} more left out here, to stay within what GitHub shows.\n")
    except OSError as error:
        note(f"note: the step summary cannot be written: {error}")


def _fitting(texts: Sequence[str], before: int) -> Iterator[str]:
    room = MOST_OF_A_SUMMARY - before
    for text in texts:
        size = len(text.encode("utf-8", "replace"))
        if size <= room:
            room -= size
            yield text


def _badness(verdict: Verdict) -> int:
    return {EXIT_BREACH: 0, EXIT_PASS: 2}.get(verdict.exit_code, 1)
