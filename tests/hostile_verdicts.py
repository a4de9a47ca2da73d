"""Verdicts with a hostile text wherever a text of others can stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from verdict_examples import finding, passing, verdict

from slogate.verdict import Failure, Outcome, Place

HOSTILE = [
    pytest.param("<script>alert(1)</script>", id="script"),
    pytest.param('"><img src=x onerror=alert(1)>', id="attribute"),
    pytest.param("a | b || c", id="table"),
    pytest.param("`code` ```\nfence", id="backticks"),
    pytest.param("x\n::error::planted\n::set-output name=a::b", id="command"),
    pytest.param("##[error]planted", id="old-command"),
    pytest.param("a\r\nb\u2028c\x85d\x0b\x00\x1b[31m", id="breaks"),
    pytest.param("shop\u202egnp.exe\u2066x\u200e", id="direction"),
    pytest.param("@everyone #1 [x](https://evil.example) ![y](z)", id="mention"),
    pytest.param("]]> --> <!-- <![CDATA[ {{ x }} ${y}", id="ends"),
    pytest.param("https://evil.example www.evil.example a@evil.example ftp://x GH-1", id="links"),
    pytest.param('!1 ~bug %2 &3 $4 %"x" !x', id="references"),
    pytest.param("</details></table></code><h1>x</h1>", id="closing"),
    pytest.param("n" * 10_000, id="long"),
]


def hostile(text):
    """A verdict with that text wherever a text of others can stand."""
    place = Place(file=text, line=3, column=1, sha256="0" * 64)
    told = {
        "service": text, "name": text, "endpoint": text, "text": f"{text}: 1s", "reason": text,
        "place": place, "warnings": (text,), "population": text,
    }  # fmt: skip
    found = verdict(
        finding(**told, id=f"{text}/{text}/p95"),
        finding(**told, id=f"{text}/{text}/p99", blocking=False, waived=text),
        finding(**told, id=f"{text}/{text}/max", outcome=Outcome.INVALID),
        passing(**told, id=f"{text}/{text}/mean"),
        ended="aborted",
        note=text,
        failures=(Failure(endpoint=text, error=text, count=3),),
        warnings=(text,),
    )
    labels = {text: text}
    run = replace(found.subject.run, service=text, branch=text, commit=text, labels=labels)
    return replace(found, subject=replace(found.subject, run=run))
