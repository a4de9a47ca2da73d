"""What is said to GitHub's runner unasked, and how much it takes.

`run`, `check` and `compare` tell what they found, and why they could not; faults of specs are told
on their lines, whatever read them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slogate.cli.options import note
from slogate.errors import EXIT_BREACH, EXIT_PASS, Fault, SlogateError, SpecError
from slogate.verdict import Finding, Verdict

if TYPE_CHECKING:
    from slogate.slo.lint import Remark

# a summary of more than 1 MiB is not shown at all; the last sentence needs some of it
MOST_OF_A_SUMMARY = (1 << 20) - 1_000
_JUDGING = {"run", "check", "compare"}


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


def tell_github_of_faults(found: Iterable[Fault | Remark]) -> None:
    """What is wrong with specs, on their lines; what is ignored is not told."""
    from slogate.cli.placing import from_top
    from slogate.reports.github import annotation

    levels = {"error": "error", "warning": "warning", "info": "notice"}
    lines = []
    for each in found:
        if getattr(each, "ignored", None) is None:
            where = f"{each.path}: " if each.path else ""
            hint = f" ({each.hint})" if each.hint else ""
            level = levels[getattr(each, "severity", "error")]
            lines.append(
                annotation(
                    level, f"spec: {each.rule}", f"{where}{each.message}{hint}",
                    file=from_top(each.file), line=each.line, column=each.column,
                )
            )  # fmt: skip
    _write("".join(f"{line}\n" for line in lines))


def tell_github_of_error(error: SlogateError, command: str) -> None:
    """Why a command that judges did not."""
    from slogate.reports.github import annotation

    if isinstance(error, SpecError):
        tell_github_of_faults(error.faults)
    elif command in _JUDGING:
        hint = f" ({error.hint})" if error.hint else ""
        _write(f"{annotation('error', f'slogate {command}', f'{error.message}{hint}')}\n")


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _annotate(findings: Sequence[Finding]) -> None:
    from slogate.cli.placing import all_at_top
    from slogate.reports.github import commands

    _write(commands(all_at_top(findings)))


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
