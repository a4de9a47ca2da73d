"""The verdict as GitLab's code-quality report, for the widget and the changes of merge requests.

An entry is an objective that does not pass, on its line of the spec. Its fingerprint comes from
the objective's id alone, so that GitLab knows it again in the next run and tells what is new and
what is mended.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from slogate.reports import _base
from slogate.reports._base import Report
from slogate.verdict import Finding, Outcome, Verdict

_LONGEST = 2_000
_INERT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


def _severity(finding: Finding) -> str:
    if finding.blocking:
        return "blocker" if finding.outcome is Outcome.FAIL else "critical"
    return "info" if finding.severity == "info" or finding.waived is not None else "minor"


def _fingerprint(finding: Finding, seen: Counter[str]) -> str:
    """The same in each run; two of one id in different specs are told apart by their order."""
    earlier = seen[finding.id]
    seen[finding.id] += 1
    text = f"slogate\n{finding.id}" + (f"\n{earlier}" if earlier else "")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _entry(finding: Finding, fingerprint: str) -> dict[str, Any]:
    aside = _base.aside(finding)
    said = _base.plain(f"{finding.id}: {_base.word(finding.outcome)}: {finding.reason}")
    if aside:
        said = f"{said} ({aside})"
    return {
        "description": said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…",
        "check_name": _base.plain(f"slogate/{finding.kind}"),
        "fingerprint": fingerprint,
        "severity": _severity(finding),
        "location": {
            "path": _base.plain(finding.place.file).removeprefix("./"),
            "lines": {"begin": max(1, finding.place.line)},
        },
    }


def render(verdict: Verdict) -> str:
    """The array of entries, the worst first."""
    seen: Counter[str] = Counter()
    marks = {id(each): _fingerprint(each, seen) for each in verdict.findings}
    findings = [each for each in verdict.findings if each.outcome is not Outcome.PASS]
    entries = [_entry(each, marks[id(each)]) for each in _base.worst_first(findings)]
    return f"{json.dumps(entries, indent=2, ensure_ascii=False).translate(_INERT)}\n"


def join(texts: Sequence[str]) -> str:
    """The entries of all as one array."""
    entries = [entry for each in texts for entry in json.loads(each)]
    return f"{json.dumps(entries, indent=2, ensure_ascii=False).translate(_INERT)}\n"


PLUGIN = Report(
    name="gitlab",
    help="GitLab's code-quality report, for merge requests.",
    media_type="application/json",
    extension="json",
    render=render,
    join=join,
    placed=True,
)
