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


def _annotation(finding: Finding) -> str:
    command = "error" if finding.blocking else "warning"
    name = _base.plain(finding.id)
    if len(name) > _LONGEST_TITLE:
        name = f"{name[: _LONGEST_TITLE - 1]}…"
    title = f"{name}: {_base.word(finding.outcome)}"
    place = finding.place
    properties = {
        "file": _base.plain(place.file),
        "line": str(place.line),
        "col": str(place.column),
        "title": title,
    }
    shown = ",".join(f"{key}={prop(value)}" for key, value in properties.items() if value)
    message = _base.plain(finding.reason)[:_LONGEST] or _base.word(finding.outcome)
    aside = _base.aside(finding)
    return f"::{command} {shown}::{data(f'{message} ({aside})' if aside else message)}"


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
