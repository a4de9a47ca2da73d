"""The pictures of the manual, taken out of pages that the tool renders of made-up series.

A picture is the SVG of a page with the rules of the page's style that it needs: it is light or
dark as its reader's system is, and needs nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

from exhibit_examples import START, exhibit, requests
from pages import tree
from verdict_examples import finding, verdict

from slogate.model.beside import Base, Beside, Burn, Past
from slogate.model.calendar import Period
from slogate.reports._html.style import STYLE
from slogate.reports._weekly.picture import course
from slogate.reports._weekly.style import STYLE as WEEKLY
from slogate.reports._weekly.week import Row, Week
from slogate.reports.html import illustrate
from slogate.verdict import Finding, Outcome

WIDTH, LEFT, TOP = 760, 64, 34
DAY = 86_400_000_000
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")


def drawings() -> dict[str, str]:
    """By file name each picture as it is to be."""
    load = illustrate(
        verdict(finding()),
        exhibit(),
        Beside(
            past={finding().id: _past()},
            base=Base(run="20261101-020000-3df71d", pin="baseline", exhibit=_pinned()),
        ),
    )
    slo = finding(
        id="shop/latency/28d", kind="slo", text="99.5% over 28d", unit="share", limit=0.005,
        observed=0.004, interval=None, outcome=Outcome.PASS, blocking=False,
        budget={"spent": 0.8, "remaining": 0.2, "allowed_minutes": 200, "remaining_minutes": 40},
    )  # fmt: skip
    burnt = illustrate(verdict(slo), "no pictures of one run", Beside(burns={slo.id: _burn()}))
    return {
        "latency-over-time.svg": _drawn(load, "Latency over time", last=True),
        "distribution.svg": _drawn(load, "Distribution of the judged window", last=True),
        "budget-left.svg": _drawn(burnt, "Budget left"),
        "burn-rate.svg": _drawn(burnt, "Burn rate"),
        "weekly-course.svg": _course(slo),
    }


def _past() -> tuple[Past, ...]:
    return tuple(Past(run=str(at), ts=at, value=2e5 + 1e4 * at, outcome="pass") for at in range(8))


def _pinned():
    """A run in which nothing was slow."""
    calm = [row for row in requests() if row.most_us < 300_000]
    return exhibit(calm)


def _burn() -> Burn:
    """Four weeks, with a bad day in the second and a slow decay in the last."""
    rates = [0.4] * 56
    rates[20], rates[21] = 6.0, 9.0
    rates[44:] = [1.1] * 12
    left = [1.0]
    for rate in rates:
        left.append(left[-1] - rate / len(rates))
    moments = tuple(START - 28 * DAY + at * DAY // 2 for at in range(57))
    return Burn(moments=moments, left=tuple(left), rates=tuple(rates))


def _course(slo: Finding) -> str:
    """The budget left at eight ends of weeks, three of which were worse than promised."""
    lefts = (0.9, 0.86, 0.81, 0.34, 0.29, 0.31, -0.2, -0.55)
    ends = [replace(slo, budget={**slo.budget, "remaining": left}) for left in lefts]
    bad = {3, 6, 7}
    weeks = [replace(slo, outcome=Outcome.FAIL if at in bad else Outcome.PASS) for at in range(8)]
    row = Row(
        id=slo.id, service="shop", promised=0.995, window="28d", length_us=28 * DAY,
        ends=tuple(ends), weeks=tuple(weeks),
    )  # fmt: skip
    periods = tuple(Period(start_ts=at * 7 * DAY, end_ts=(at + 1) * 7 * DAY) for at in range(8))
    week = Week(
        version="0", weeks=periods, compared=True, rows=(row,), runs=(), runs_before=(), specs=1
    )
    svg = ET.fromstring(course(row, week).text)
    svg.set("xmlns", "http://www.w3.org/2000/svg")
    for key in ("width", "height", "aria-label"):
        svg.attrib.pop(key)
    width, height = (float(each) for each in svg.attrib.pop("viewBox").split()[2:])
    svg.set("viewBox", f"-4 -4 {width + 8:g} {height + 8:g}")
    svg.set("width", f"{2 * (width + 8):g}")
    style = ET.Element("style")
    style.text = "".join(_rules(svg, WEEKLY))
    svg.insert(1, style)
    back = {"class": "back", "x": "-4", "y": "-4", "width": f"{width + 8:g}", "rx": "3"}
    svg.insert(2, ET.Element("rect", {**back, "height": f"{height + 8:g}"}))
    return ET.tostring(svg, encoding="unicode") + "\n"


def _drawn(page: str, title: str, *, last: bool = False) -> str:
    """The picture of that title as a file of its own: the first such, or the last."""
    found = [
        svg
        for svg in tree(page).iter("svg")
        if svg.get("role") == "img" and svg.findtext("title") == title
    ]
    svg = found[-1 if last else 0]
    height = float(svg.get("height", "0"))
    told = svg.findtext("desc") or ""
    svg.attrib.pop("role")
    svg.set("x", str(LEFT))
    svg.set("y", str(TOP))
    svg.set("width", str(WIDTH - LEFT - 20))
    svg.set("overflow", "visible")
    whole = ET.Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "class": "chart", "role": "img", "width": str(WIDTH),
        "viewBox": f"0 0 {WIDTH} {height + TOP + 14:g}", "font-family": "system-ui, sans-serif",
    })  # fmt: skip
    ET.SubElement(whole, "title").text = f"{title}: {told}"
    ET.SubElement(whole, "style").text = "".join(_rules(svg))
    ET.SubElement(whole, "rect", {"class": "back", "width": "100%", "height": "100%", "rx": "10"})
    ET.SubElement(whole, "text", {"class": "head", "x": "16", "y": "22"}).text = title
    whole.append(svg)
    return ET.tostring(whole, encoding="unicode") + "\n"


def _rules(svg: ET.Element, style: str = STYLE) -> Iterator[str]:
    """Colours, light and dark, and the rules whose classes the picture has."""
    light, dark = STYLE.partition("* { box-sizing")[0].split("@media", 1)
    variables = re.compile(r"--[a-z0-9-]+")
    kept = [*_kept(svg, style)]
    used = {*variables.findall("".join(kept)), "--card", "--ink", "--soft", "--line"}
    for start, block in (("", light), ("@media (prefers-color-scheme:dark){", dark)):
        pairs = re.findall(r"(--[a-z0-9-]+): ([^;]+);", block)
        inside = ";".join(f"{name}:{value}" for name, value in pairs if name in used)
        yield f"{start}:root{{{inside}}}{'}' if start else ''}"
    yield ".back{fill:var(--card);stroke:var(--line)}"
    yield from kept
    yield ".chart .head{fill:var(--ink);font-size:14px;font-weight:600}"


def _kept(svg: ET.Element, style: str) -> Iterator[str]:
    classes = {"chart", *(name for node in svg.iter() for name in node.get("class", "").split())}
    # rules for narrow screens and paper are not those of a picture
    body = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style)
    body = body.partition("* { box-sizing")[2]
    for selector, rule in _RULE.findall(body):
        named = set(re.findall(r"\.([a-z0-9]+)", selector))
        drawn = re.search(r"fill|stroke|font|overflow", rule)
        if named and named <= classes and drawn and "focus" not in selector:
            yield f"{' '.join(selector.split())}{{{' '.join(rule.split())}}}"
