"""The course of an objective over the last runs: a line of dots in a row of the table.

Values stand as far apart as runs came after one another; the limit is a line. Colour is never the
only sign: a breach is a square, what has no value a ring at the top.
"""

from __future__ import annotations

from collections.abc import Sequence

from slogate.model.beside import Past
from slogate.reports import _base
from slogate.reports._html.markup import Html, joined, number, tag
from slogate.verdict import Finding, Outcome

_WIDTH, _HEIGHT, _PAD = 96.0, 26.0, 5.0
_ROOM = 1.12


def trend(finding: Finding, past: Sequence[Past]) -> Html:
    """The values of earlier runs, and this one's at the end; a dash where there is none before."""
    values = [*(each.value for each in past), finding.observed]
    outcomes = [*(each.outcome for each in past), finding.outcome.value]
    known = [value for value in values if value is not None]
    if not past or not known:
        return joined(_base.UNKNOWN)
    low, high = _reach([*known, finding.limit])

    def x(at: int) -> float:
        return _PAD + (_WIDTH - 2 * _PAD) * at / (len(values) - 1)

    def y(value: float | None) -> float:
        share = 1.0 if value is None else (value - low) / (high - low)
        return _PAD + (_HEIGHT - 2 * _PAD) * (1 - share)

    said = _said(finding, known, len(past))
    points = [(x(at), y(value)) for at, value in enumerate(values)]
    return tag(
        "svg",
        tag("title", said),
        tag("line", class_="limit", x1=0, x2=_WIDTH, y1=y(finding.limit), y2=y(finding.limit)),
        tag("path", class_="run", d="M" + "L".join(f"{number(a)} {number(b)}" for a, b in points)),
        *(
            _sign(place, outcome, known=value is not None, last=at == len(values) - 1)
            for at, (place, value, outcome) in enumerate(
                zip(points, values, outcomes, strict=True)
            )
        ),
        class_="trend", width=_WIDTH, height=_HEIGHT, role="img", aria_label=said,
        viewBox=f"0 0 {number(_WIDTH)} {number(_HEIGHT)}",
    )  # fmt: skip


def _reach(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest that is drawn, the limit among them."""
    low, high = min(values), max(values)
    middle, half = (low + high) / 2, max((high - low) / 2, abs(high) * 0.02, 1e-9) * _ROOM
    return middle - half, middle + half


def _sign(place: tuple[float, float], outcome: str, *, known: bool, last: bool) -> Html:
    x, y = place
    size = 3.0 if last else 2.0
    kind = {Outcome.PASS.value: "pass", Outcome.FAIL.value: "fail"}.get(outcome, "open")
    if not known:
        return tag("circle", class_=f"none {kind}", cx=x, cy=y, r=size)
    if kind == "fail":
        return tag("rect", class_=kind, x=x - size, y=y - size, width=2 * size, height=2 * size)
    return tag("circle", class_=kind, cx=x, cy=y, r=size)


def _said(finding: Finding, known: Sequence[float], runs: int) -> str:
    first, last = (_base.figure(each, finding.unit) for each in (known[0], known[-1]))
    return (
        f"{runs + 1} runs: {first} in the first, {last} in the last, limit {_base.limit(finding)}"
    )
