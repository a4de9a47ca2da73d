"""The verdict as workflow commands of GitHub Actions: annotations on the spec's lines.

A line for each objective that does not pass: an error if it blocks, else a warning. GitHub
shows ten of each a step, so the worst come first; a verdict that passes prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate.reports import _base
from slogate.reports._base import Report
from slogate.verdict import Finding, Outcome, Verdict

_LONGEST = 4_000
_LONGEST_TITLE = 250
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def data(text: str) -> str:
    """The text escaped as the message of a workflow command."""
    return text.translate(_DATA)


def prop(text: str) -> str:
    """The text escaped as a property of a workflow command."""
    return text.translate(_PROPERTY)


def annotation(
    level: str, title: str, message: str, *, file: str = "", line: int = 0, column: int = 0
) -> str:
    """A workflow command: `error`, `warning` or `notice`, at a place if there is one."""
    properties = {"title": _base.plain(title)}
    if line:
        place = {"file": _base.plain(file), "line": str(line), "col": str(column)}
        properties = {**place, **properties}
    shown = ",".join(f"{key}={prop(value)}" for key, value in properties.items() if value)
    return f"::{level} {shown}::{data(_base.plain(message))}"


def _annotation(finding: Finding) -> str:
    name = _base.plain(finding.id)
    if len(name) > _LONGEST_TITLE:
        name = f"{name[: _LONGEST_TITLE - 1]}…"
    message = _base.plain(finding.reason)[:_LONGEST] or _base.word(finding.outcome)
    aside, place = _base.aside(finding), finding.place
    return annotation(
        "error" if finding.blocking else "warning",
        f"{name}: {_base.word(finding.outcome)}",
        f"{message} ({aside})" if aside else message,
        file=place.file,
        line=place.line,
        column=place.column,
    )


def commands(findings: Sequence[Finding]) -> str:
    """A workflow command for each that does not pass, a line each."""
    bad = [each for each in findings if each.outcome is not Outcome.PASS]
    return "".join(f"{_annotation(finding)}\n" for finding in _base.worst_first(bad))


def render(verdict: Verdict) -> str:
    """The workflow commands, a line each."""
    return commands(verdict.findings)


PLUGIN = Report(
    name="github",
    help="Annotations of GitHub Actions on the spec's lines.",
    media_type="text/plain",
    extension="txt",
    render=render,
    join="".join,
    placed=True,
)
