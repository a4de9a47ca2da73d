"""The verdict as JUnit XML, for the test views of Jenkins, GitLab, GitHub and others.

One suite for each service and spec, one case for each objective. A breach that blocks is a
failure, a missing verdict that blocks is an error, whatever does not pass and does not block is
skipped with the reason. Keeps to the strict schema of Jenkins' xUnit plugin: numbers are
properties of the suite, named after the objective, because that schema knows none in cases.
The names end in the unit, the same as in the JSON document: `checkout/p95.observed_ms`.
Characters that XML cannot hold are shown as escapes. A case took as long as the load that it
judged; judging production takes no time, whatever the window is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from xml.etree import ElementTree as ET

from slogate.reports import _base
from slogate.reports._base import Report
from slogate.reports._budget import numbers as budget_numbers
from slogate.units import US_PER_SECOND
from slogate.verdict import Finding, Outcome, Verdict

_UNITS = {"us": "ms", "share": "share", "per_second": "per_second"}
_NUMBERS = (
    "confidence", "good", "total", "failed", "untimed", "backfilled",
    "uncorrected", "effective_n", "requests_needed", "seconds_needed",
)  # fmt: skip


def _seconds(window: tuple[int, int] | None) -> str:
    """Whole microseconds as seconds, exact; a negative or missing length is 0."""
    length = max(0, window[1] - window[0]) if window else 0
    return f"{length // US_PER_SECOND}.{length % US_PER_SECOND:06d}"


def _took(verdict: Verdict, window: tuple[int, int] | None) -> str:
    """How long a test lasted."""
    return _seconds(window if verdict.subject.run.kind == "load" else None)


def _suites(findings: Sequence[Finding]) -> dict[tuple[str, str], list[Finding]]:
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        grouped.setdefault((finding.service, finding.place.file), []).append(finding)
    return grouped


def _verdict_tag(finding: Finding) -> str | None:
    if finding.outcome is Outcome.PASS:
        return None
    if not finding.blocking:
        return "skipped"
    return "failure" if finding.outcome is Outcome.FAIL else "error"


def _tally(findings: Sequence[Finding]) -> dict[str, str]:
    tags = [_verdict_tag(finding) for finding in findings]
    return {
        "tests": str(len(tags)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
    }


def _suite(verdict: Verdict, service: str, file: str, findings: Sequence[Finding]) -> ET.Element:
    run = verdict.subject.run
    skipped = sum(_verdict_tag(finding) == "skipped" for finding in findings)
    about = {
        "name": _base.plain(f"{service} ({file})"),
        **_tally(findings),
        "skipped": str(skipped),
        "time": _took(verdict, verdict.subject.window),
        "file": _base.plain(file),
    }
    suite = ET.Element("testsuite", about)
    if run.start_ts is not None:
        suite.set("timestamp", _base.instant(run.start_ts)[:19])
    properties = ET.SubElement(suite, "properties")
    facts = {"run": run.id, "state": run.state, "commit": run.commit, "branch": run.branch}
    for name, value in {**facts, "note": run.note, "verdict": verdict.id}.items():
        _property(properties, name, value)
    for finding in findings:
        _numbers(properties, finding)
    for finding in findings:
        suite.append(_case(finding, _took(verdict, finding.window)))
    return suite


def _property(properties: ET.Element, name: str, value: object) -> None:
    if value is None:
        return
    exact = int(value) if isinstance(value, float) and value.is_integer() else value
    ET.SubElement(properties, "property", name=name, value=_base.plain(str(exact)))


def _numbers(properties: ET.Element, finding: Finding) -> None:
    name, unit = _base.label(finding), _UNITS[finding.unit]
    lower, upper = finding.interval or (None, None)
    values = {"limit": finding.limit, "observed": finding.observed, "lower": lower, "upper": upper}
    for key, value in values.items():
        exact = value / 1000 if value is not None and unit == "ms" else value
        _property(properties, f"{name}.{key}_{unit}", exact)
    for key in _NUMBERS:
        _property(properties, f"{name}.{key}", getattr(finding, key))
    for key, figure in budget_numbers(finding):
        _property(properties, f"{name}.budget_{key}", figure)


def _case(finding: Finding, took: str) -> ET.Element:
    name = finding.id.removeprefix(f"{finding.service}/{finding.name}/")
    classname = f"{finding.service}.{finding.name}"
    case = ET.Element(
        "testcase",
        name=_base.plain(name),
        classname=_base.plain(classname),
        time=took,
    )
    tag = _verdict_tag(finding)
    reason = _base.plain(finding.reason) or _base.word(finding.outcome)
    aside = _base.aside(finding)
    if tag:
        message = f"{_base.word(finding.outcome)}, {aside}: {reason}" if aside else reason
        element = ET.SubElement(case, tag, type=finding.outcome.value, message=message)
        element.text = f"{_base.place(finding)}: {reason}"
    figures = (
        f"limit {_base.limit(finding)}, observed {_base.observed(finding)}, "
        f"good {_base.good_share(finding)}, requests {_base.requests(finding)}"
    )
    warnings = [f"warning: {_base.plain(warning)}" for warning in finding.warnings]
    said = [] if tag else [reason]
    ET.SubElement(case, "system-out").text = "\n".join([*said, figures, *warnings])
    return case


def render(verdict: Verdict) -> str:
    """The document, encoded as UTF-8 when written."""
    time = _took(verdict, verdict.subject.window)
    root = ET.Element("testsuites", {"name": "slogate", **_tally(verdict.findings), "time": time})
    for (service, file), findings in _suites(verdict.findings).items():
        root.append(_suite(verdict, service, file, findings))
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def join(texts: Sequence[str]) -> str:
    """All suites in one document, with the sums of their counts."""
    roots = [ET.fromstring(each.partition("?>")[2]) for each in texts]  # noqa: S314 - our own
    sums = {key: str(sum(int(root.get(key, "0")) for root in roots))
            for key in ("tests", "failures", "errors")}  # fmt: skip
    time = sum(Fraction(root.get("time", "0")) for root in roots)
    whole = int(time * US_PER_SECOND)
    merged = ET.Element("testsuites", {"name": "slogate", **sums, "time": _seconds((0, whole))})
    for root in roots:
        merged.extend(root)
    ET.indent(merged)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(merged, encoding="unicode")}\n'


PLUGIN = Report(
    name="junit",
    help="JUnit XML, for the test views of CI systems.",
    media_type="application/xml",
    extension="xml",
    render=render,
    join=join,
)
