"""What a report is, and the words that all reports use for the same thing.

A file of this room ends in `PLUGIN = Report(...)`: a pure function from a verdict to text. It
refuses nothing: every verdict renders, whatever the names in it hold. Numbers are printed with
as many digits as it takes to tell them from what they are compared with.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from slogate import units
from slogate.errors import EXIT_BREACH, EXIT_NO_VERDICT
from slogate.model.run import Run
from slogate.reports._price import floor_note
from slogate.verdict import WORST_LAST, Failure, Finding, Outcome, Verdict

if TYPE_CHECKING:
    from slogate.model.beside import Beside
    from slogate.model.exhibit import Exhibit, View

MARKS = {
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.INCONCLUSIVE: "?",
    Outcome.NO_DATA: "○",
    Outcome.INVALID: "!",
}
UNKNOWN = "–"
MOST_FAILURES = 3
NO_ERROR = "(no error told)"
USUAL_POPULATIONS = {
    "percentile": "all requests, failures slower than any limit",
    "mean": "all requests, a failure counts at least the limit",
    "maximum": "all requests as measured",
    "throughput": "successful requests",
}
_STATES = {
    "running": "run never closed",
    "interrupted": "run interrupted",
    "aborted": "run aborted",
    "incomplete": "run incomplete",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A format: its name, a sentence of help, and the function that renders a verdict.

    A report with pictures says what it wants to be shown of the run (`needs`), and renders with
    that (`illustrate`), or why there is nothing to be seen, and with what was gathered beside.
    `join` makes one document of those of several verdicts; None: each needs a file of its own.
    `placed`: its reader looks for the spec from the top of the repository.
    """

    name: str
    help: str
    media_type: str
    extension: str
    render: Callable[[Verdict], str]
    needs: Callable[[Verdict], View] | None = None
    illustrate: Callable[[Verdict, Exhibit | str, Beside], str] | None = None
    join: Callable[[Sequence[str]], str] | None = None
    placed: bool = False


def instant(ts: int) -> str:
    """A moment as ISO 8601, UTC, with microseconds: `2026-11-01T02:00:00.000000Z`."""
    try:
        moment = _EPOCH + timedelta(microseconds=ts)
    except OverflowError:
        return f"{ts} µs since 1970"
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(text: str) -> str:
    """One line without control, direction and half characters: names come from anywhere."""
    shown = (_escaped(char) if unicodedata.category(char) in _UNSEEN else char for char in text)
    return " ".join("".join(shown).split())


def _escaped(char: str) -> str:
    return " " if char in "\t\n\r\v\f\x85\u2028\u2029" else f"\\u{ord(char):04x}"


def word(outcome: Outcome) -> str:
    """The outcome as a person says it."""
    return outcome.value.replace("_", " ")


def unfinished(run: Run) -> str | None:
    """How the run ended before its time: `aborted: errors > 50%`; None if it is complete."""
    if run.state == "complete":
        return None
    if run.state == "running":
        return "incomplete: its recorder never closed it"
    return plain(f"{run.state}: {run.note}" if run.note else run.state)


def label(finding: Finding) -> str:
    """The objective within its service: `submit/p95`."""
    return plain(finding.id.removeprefix(f"{finding.service}/"))


def place(finding: Finding) -> str:
    """Where it is written: `slo/shop.yaml:12`."""
    return f"{plain(finding.place.file)}:{finding.place.line}"


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Blocking before not blocking, worst outcome first, else as written."""
    return sorted(findings, key=lambda f: (not f.blocking, -WORST_LAST.index(f.outcome)))


def limit(finding: Finding) -> str:
    """The limit, exact: `≤ 300 ms`, `≥ 100/s`."""
    sign = "≥" if finding.unit == "per_second" else "≤"
    return f"{sign} {figure(finding.limit, finding.unit, 9)}"


def is_unbounded(finding: Finding) -> bool:
    """Whether nothing was observed because failed requests count as slower than anything."""
    if finding.observed is not None or finding.outcome is Outcome.NO_DATA:
        return False
    return finding.unit == "us" and bool(finding.total) and finding.failed > 0


def observed(finding: Finding) -> str:
    """What was observed, with its interval in the same unit: `412 ms (388–431)`.

    Among failed requests a percentile may be `unbounded`, perhaps with what it is at least.
    """
    unit, value, interval = finding.unit, finding.observed, finding.interval
    if value is None:
        shown = "unbounded" if is_unbounded(finding) else UNKNOWN
        if interval is None or interval[0] is None:
            return shown
        return f"{shown} (≥ {figure(interval[0], unit)})"
    digits = digits_apart(value, finding.limit, unit)
    shown = figure(value, unit, digits)
    if interval is None:
        return shown
    size = _size(value, unit)
    dash = " to " if min(0.0, interval[0] or 0.0, interval[1] or 0.0) < 0 else "–"
    return f"{shown} ({_end(interval[0], size, digits)}{dash}{_end(interval[1], size, digits)})"


def _size(value: float, unit: str) -> float:
    """What one of the printed unit is: of microseconds, of a share, of a rate."""
    if unit == "us":
        return units.duration_unit(value)[1]
    return 0.01 if unit == "share" else 1.0


def _end(value: float | None, size: float, digits: int) -> str:
    return "∞" if value is None else units.significant(value / size, digits)


def figure(value: float | None, unit: str, digits: int = 3) -> str:
    """A value in its unit: of microseconds, a share, a rate a second."""
    if value is None:
        return "∞"
    if unit == "us":
        return units.format_duration(value, digits)
    if unit == "share":
        return units.format_share(value, digits)
    return units.format_rate(value, digits)


def digits_apart(value: float, other: float, unit: str, least: int = 3) -> int:
    """How many significant digits it takes to print two different values differently."""
    enough = least
    while (
        enough < 9 and value != other and figure(value, unit, enough) == figure(other, unit, enough)
    ):
        enough += 1
    return enough


def good_share(finding: Finding) -> str:
    """Observed and required share of good requests: `90.9% / 95%`."""
    share = finding.good_share
    if share is None:
        return UNKNOWN
    digits = max(digits_apart(share.observed, mark, "share") for mark in (share.required, 1.0))
    if share.observed == share.required:
        digits = 9
    return f"{figure(share.observed, 'share', digits)} / {figure(share.required, 'share', 9)}"


def requests(finding: Finding) -> str:
    """How many requests were judged."""
    return UNKNOWN if finding.total is None else units.format_count(finding.total)


def aside(finding: Finding) -> str | None:
    """Why a finding that is no pass does not block; None if it passes or blocks."""
    if finding.blocking or finding.outcome is Outcome.PASS:
        return None
    if finding.waived is not None:
        return f"does not block, waived: {plain(finding.waived)}"
    if finding.downgraded is not None:
        return f"does not block: {plain(finding.downgraded)}"
    return f"does not block: severity {finding.severity}"


def conclusion(verdict: Verdict) -> str:
    """The verdict in one plain sentence: `FAIL: 2 of 13 objectives breached (exit 1)`.

    A run that did not end in order is never concluded on without saying so.
    """
    findings = verdict.findings
    count = len(findings)
    blocking = [f for f in findings if f.blocking]
    breached = sum(f.outcome is Outcome.FAIL for f in blocking)
    undecided = [f.outcome for f in blocking if f.outcome is not Outcome.FAIL]
    rest = [f for f in findings if not f.blocking and f.outcome is not Outcome.PASS]
    besides = f", {len(rest)} more not blocking" if rest else ""
    noun = "objective" if count == 1 else "objectives"
    of_all = f"of {count} {noun}"
    code = verdict.exit_code
    if not findings:
        text = "NO VERDICT: there is no objective, so nothing was judged"
    elif code == EXIT_BREACH:
        also = f", {len(undecided)} without a verdict" if undecided else ""
        text = f"FAIL: {breached} {of_all} breached{also}{besides}"
    elif code == EXIT_NO_VERDICT:
        kinds = sorted(set(undecided), key=WORST_LAST.index)
        tally = ", ".join(f"{undecided.count(kind)} {word(kind)}" for kind in kinds)
        text = f"NO VERDICT: {len(undecided)} {of_all} undecided ({tally}){besides}"
    elif rest:
        text = f"PASS: nothing blocks, {len(rest)} {of_all} without a pass"
    else:
        text = f"PASS: {'the only' if count == 1 else f'all {count}'} {noun} met"
    state = verdict.subject.run.state
    ended = "" if state == "complete" else f"; {_STATES.get(state, 'run not complete')}"
    return f"{text}{ended} (exit {code})"


def failures(verdict: Verdict) -> list[Failure]:
    """The commonest failures, where an objective that does not pass has failed requests."""
    matter = any(f.failed and f.outcome is not Outcome.PASS for f in verdict.findings)
    return list(verdict.subject.failures[:MOST_FAILURES]) if matter else []


def notes(verdict: Verdict) -> list[str]:
    """Warnings and what else a reader must know, each once, with the objectives it is about."""
    about: dict[str, list[str]] = {plain(text): [] for text in verdict.warnings}
    for remarks in (_warnings, _counts, _population):
        for finding in verdict.findings:
            for text in remarks(finding):
                about.setdefault(text, []).append(label(finding))
    if (floor := floor_note(verdict)) is not None:
        about[plain(floor)] = []
    return [_note(text, labels, len(verdict.findings)) for text, labels in about.items()]


def _warnings(finding: Finding) -> list[str]:
    return [plain(text) for text in finding.warnings]


def _population(finding: Finding) -> list[str]:
    """Who was counted, if it is not what a spec that says nothing of it would count."""
    usual = {"all", USUAL_POPULATIONS.get(finding.kind)}
    return [] if finding.population in usual else [f"population: {plain(finding.population)}"]


def _counts(finding: Finding) -> list[str]:
    counted = [_backfilled(finding)] if finding.backfilled else []
    if finding.untimed:
        count = units.format_count(finding.untimed)
        left = "" if finding.kind == "slo" else ", left out of latencies"
        counted.append(f"{count} without a response time{left}")
    return counted


def _backfilled(finding: Finding) -> str:
    text = f"{units.format_count(finding.backfilled)} missed starts back-filled"
    if finding.uncorrected is None or finding.good_share is None:
        return text
    bad = 1 - finding.good_share.observed
    digits = digits_apart(bad, finding.uncorrected, "share")
    counted, measured = figure(bad, "share", digits), figure(finding.uncorrected, "share", digits)
    return f"{text}: {counted} of requests bad with them, {measured} as measured"


def _note(text: str, labels: Sequence[str], count: int) -> str:
    if not labels:
        return text
    if len(labels) > 3:
        who = "all objectives" if len(labels) == count else f"{len(labels)} objectives"
    else:
        who = ", ".join(labels)
    return f"{text} ({who})"
