"""What was decided, and why: the head of the page, the reasons, the table of objectives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from slogate import units
from slogate.model.beside import Past
from slogate.reports import _base
from slogate.reports._base import MARKS, plain
from slogate.reports._html.markup import Html, joined, name, tag
from slogate.reports._html.parts import section, table
from slogate.reports._html.trend import trend
from slogate.reports._next import Code, next_step
from slogate.verdict import Finding, Outcome, Verdict

# what a bar shows beyond its limit, of the limit
_ROOM = 1.5
_BAR = 120
# so many objectives with the same trouble are told of together
_MANY = 3
# no text has it: control characters are taken out of all
_EDGE = "\0"


def head(verdict: Verdict) -> Html:
    """The outcome, the conclusion in one sentence, and what was judged."""
    run = verdict.subject.run
    said, _, rest = _base.conclusion(verdict).partition(": ")
    facts = [joined("run ", name(run.id)), *_when(verdict)]
    if run.branch or run.commit:
        facts.append(name("@".join(part for part in (run.branch, (run.commit or "")[:10]) if part)))
    facts.append(joined(_divided(verdict)))
    trouble = _base.unfinished(run)
    return tag(
        "header",
        tag("p", joined("slogate · ", name(run.service)), class_="over"),
        tag(
            "h1",
            tag("span", f"{MARKS[verdict.outcome]} {said}", class_=f"badge {_class(verdict)}"),
            " ",
            tag("span", rest[:1].upper() + rest[1:], class_="conclusion"),
        ),
        tag("ul", *(tag("li", fact) for fact in facts), class_="facts"),
        tag("p", f"The run did not end in order: {trouble}", class_="alarm") if trouble else None,
    )


def _when(verdict: Verdict) -> list[Html]:
    """The start of a run; of production the window, since the data began long before it."""
    run, window = verdict.subject.run, verdict.subject.window
    ends = window if run.kind == "production" and window else (run.start_ts,)
    shown = [_base.instant(ts)[:19].replace("T", " ") for ts in ends if ts is not None]
    return [joined(" to ".join(shown), " UTC")] if shown else []


def _class(verdict: Verdict) -> str:
    if verdict.exit_code == 0:
        return "pass"
    return "fail" if verdict.outcome is Outcome.FAIL else "open"


def _divided(verdict: Verdict) -> str:
    subject = verdict.subject
    count = units.format_count
    if subject.warmup or subject.judged != subject.rows:
        text = f"{count(subject.rows)} requests = {count(subject.warmup)} warm-up + "
        text += f"{count(subject.judged)} judged"
    else:
        text = f"{count(subject.judged)} requests judged"
    if subject.window:
        lasted = (subject.window[1] - subject.window[0]) / units.US_PER_SECOND
        text += f" over {units.format_span(lasted)}"
    if subject.backfilled:
        text += f", {count(subject.backfilled)} missed starts back-filled"
    return text


def badge(outcome: Outcome, *, blocking: bool) -> Html:
    """The outcome as mark and word; in capitals and filled where it blocks."""
    said = _base.word(outcome)
    kind = "pass" if outcome is Outcome.PASS else "fail" if outcome is Outcome.FAIL else "open"
    return tag(
        "span",
        f"{MARKS[outcome]} {said.upper() if blocking else said}",
        class_=f"badge small {kind}" + ("" if blocking or kind == "pass" else " quiet"),
    )


def reasons(verdict: Verdict, *, drawn: bool = False) -> Html | None:
    """Why: each objective that does not pass, what blocks first; None if all pass.

    `drawn`: there are pictures below.
    """
    found = [f for f in _base.worst_first(verdict.findings) if f.outcome is not Outcome.PASS]
    if not found:
        return None
    shared, alike = _shared(found)
    items = [_reason(each) for each in found if each not in alike]
    if alike:
        items.insert(0, _together(shared, alike))
    shown = "its pictures below show" if drawn else ""
    told = step(lambda code: next_step(verdict, code, shown))
    return section("why", "Why", tag("ol", *items, class_="reasons"), told)


def step(told: Callable[[Code], str | None]) -> Html | None:
    """What to do next, in words that are told how to make names and commands stand out."""
    text = told(lambda code: f"{_EDGE}{plain(code)}{_EDGE}")
    if text is None:
        return None
    pieces = text.split(_EDGE)
    shown = (name(each) if at % 2 else joined(each) for at, each in enumerate(pieces))
    return tag("p", tag("strong", "Next step: "), *shown, class_="step")


def _reason(finding: Finding) -> Html:
    return tag(
        "li",
        badge(finding.outcome, blocking=finding.blocking),
        tag(
            "div",
            tag("p", finding.reason or _base.word(finding.outcome), class_="reason"),
            tag("p", *_whereabouts(finding), class_="under"),
        ),
    )


def _whereabouts(finding: Finding) -> list[Html]:
    aside = _base.aside(finding)
    where = joined(name(_base.label(finding)), " · ", name(_base.place(finding)))
    return [where, joined(" · ", aside)] if aside else [where]


def _shared(findings: Sequence[Finding]) -> tuple[str, list[Finding]]:
    """What is wrong with the whole run, and those of whose reasons it is the beginning."""
    alike = [f for f in findings if f.outcome is Outcome.INVALID and f.blocking]
    texts = [each.reason or "" for each in alike]
    if len(texts) < _MANY:
        return "", []
    shared, _, _ = texts[0][: _prefix(texts)].rpartition("; ")
    return (shared, alike) if shared else ("", [])


def _prefix(texts: Sequence[str]) -> int:
    """How many characters they begin with alike."""
    for at, chars in enumerate(zip(*texts, strict=False)):
        if len(set(chars)) > 1:
            return at
    return min(map(len, texts), default=0)


def _together(shared: str, findings: Sequence[Finding]) -> Html:
    """A reason of many objectives, once, and what else there is to each."""
    own = [
        tag("li", name(_base.label(each)), ": ", (each.reason or "")[len(shared) + 2 :])
        for each in findings
    ]
    return tag(
        "li",
        badge(findings[0].outcome, blocking=True),
        tag(
            "div",
            tag("p", f"{shared} ({len(findings)} objectives)", class_="reason"),
            tag("ul", *own, class_="notes under"),
        ),
    )


def objectives(verdict: Verdict, past: Mapping[str, Sequence[Past]] | None = None) -> Html | None:
    """The table of all objectives, the worst first."""
    if not verdict.findings:
        return None
    several = len({finding.service for finding in verdict.findings}) > 1
    heads = [
        ("Objective", ""), ("Outcome", "state"), ("Endpoint", ""), ("Limit", "figure"),
        ("Observed (95% interval)", "figure"), ("Against the limit", ""),
        ("Good / required", "figure"), ("Requests", "figure"),
    ]  # fmt: skip
    found = _base.worst_first(verdict.findings)
    heads[4] = (_observed_head(found), "figure")
    rows = [_row(finding, whole_id=several) for finding in found]
    if past and any(past.get(finding.id) for finding in found):
        heads.insert(6, ("Last runs", ""))
        for finding, row in zip(found, rows, strict=True):
            row.insert(6, trend(finding, past.get(finding.id, ())))
    return section("objectives", "Objectives", table("Objectives, the worst first", heads, rows))


def _observed_head(findings: Sequence[Finding]) -> str:
    sides = {finding.confidence for finding in findings if finding.interval is not None}
    if not sides:
        return "Observed"
    if len(sides) != 1 or (side := sides.pop()) is None:
        return "Observed (interval)"
    return f"Observed ({units.format_share(side)} a side)"


def _row(finding: Finding, *, whole_id: bool) -> list[Html]:
    title = finding.id if whole_id else _base.label(finding)
    return [
        name(title),
        badge(finding.outcome, blocking=finding.blocking),
        name(finding.endpoint) if finding.endpoint else joined("all"),
        joined(_base.limit(finding)),
        joined(_base.observed(finding)),
        _bar(finding),
        joined(_base.good_share(finding)),
        joined(_base.requests(finding)),
    ]


def _bar(finding: Finding) -> Html:
    """The observed value with its interval on a line that ends half over the limit."""
    endless = _base.is_unbounded(finding)
    if finding.limit <= 0 or (finding.observed is None and not endless):
        return joined(_base.UNKNOWN)
    most = finding.limit * _ROOM

    def at(value: float | None) -> float:
        return _BAR * (1.0 if value is None else max(0.0, min(1.0, value / most)))

    limit, value = at(finding.limit), at(finding.observed)
    low, high = finding.interval or (finding.observed, finding.observed)
    said = f"{_base.observed(finding)} against {_base.limit(finding)}"
    floor = finding.unit == "per_second"
    return tag(
        "svg",
        tag("title", said),
        tag("rect", x=limit if floor else 0, y=5, height=6, class_="allowed",
            width=_BAR - limit if floor else limit),
        tag("rect", x=0, y=7, width=value, height=2, class_="value"),
        tag("rect", x=at(low), y=5, width=max(1.0, at(high) - at(low)), height=6, class_="spread"),
        tag("path", d=f"M{_BAR - 3} 4l4 4l-4 4z", class_="value")
        if endless
        else tag("circle", cx=value, cy=8, r=3, class_="value"),
        tag("path", d=f"M{limit:.1f} 1v14", class_="limit"),
        class_="bar", width=_BAR, height=16, viewBox=f"-3 0 {_BAR + 6} 16", role="img",
        aria_label=said,
    )  # fmt: skip
