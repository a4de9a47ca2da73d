"""What `run` and `check` say to GitHub's runner without being asked, and how much it takes."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from slogate.cli.options import note
from slogate.errors import EXIT_BREACH, EXIT_PASS
from slogate.verdict import Verdict

# a summary of more than 1 MiB is not shown at all; the last sentence needs some of it
MOST_OF_A_SUMMARY = (1 << 20) - 1_000


def tell_github(verdicts: Sequence[Verdict]) -> None:
    """Annotations on the spec's lines (stderr, read by the runner too) and the step summary."""
    from slogate.cli.placing import at_top
    from slogate.reports.github import PLUGIN as annotations

    with contextlib.suppress(OSError):
        sys.stderr.writelines(annotations.render(at_top(verdict)) for verdict in verdicts)
        sys.stderr.flush()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            _summarise(Path(summary), verdicts)
        except OSError as error:
            note(f"note: the step summary cannot be written: {error}")


def _summarise(path: Path, verdicts: Sequence[Verdict]) -> None:
    """Append what fits, the worst first, and say how much does not."""
    before = path.stat().st_size if path.exists() else 0
    texts = list(_fitting(verdicts, MOST_OF_A_SUMMARY - before))
    left = len(verdicts) - len(texts)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(texts)
        if left:
            what = "verdict is" if left == 1 else "verdicts are"
            file.write(f"\n{left} more {what} left out here, to stay within what GitHub shows.\n")


def _fitting(verdicts: Sequence[Verdict], room: int) -> Iterator[str]:
    from slogate.reports.markdown import PLUGIN as markdown

    for verdict in sorted(verdicts, key=_badness):
        text = f"{markdown.render(verdict)}\n"
        size = len(text.encode("utf-8", "replace"))
        if size <= room:
            room -= size
            yield text


def _badness(verdict: Verdict) -> int:
    return {EXIT_BREACH: 0, EXIT_PASS: 2}.get(verdict.exit_code, 1)
