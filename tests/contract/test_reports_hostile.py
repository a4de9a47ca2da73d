"""Hostile names, labels and errors are inert in every format, whatever takes them in."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from verdict_examples import finding, passing, verdict

from slogate import plugins
from slogate.reports._base import plain
from slogate.verdict import Failure, Outcome, Place

REPORTS = plugins.names("reports")
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
    pytest.param("n" * 10_000, id="long"),
]
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_inert(name, text):
    """No markup, no workflow command, no control or direction character comes out alive."""
    report = plugins.find("reports", name)
    shown = report.render(hostile(text))

    kept = json.dumps(json.loads(shown)) if name == "json" else shown
    assert UNSEEN.search(kept) is None
    if name not in {"json", "text", "github"}:  # these are no markup to who reads them
        body = shown.partition("<body")[2] if name == "html" else shown
        assert "<img" not in body
        assert "<script>alert" not in body
    if name != "github":
        assert not re.search(r"(?m)^\s*::", kept)


@pytest.mark.parametrize("text", HOSTILE)
def test_annotations_stay_as_many_as_there_are_objectives(text):
    """A name can neither end an annotation, nor begin one, nor change its line."""
    shown = plugins.find("reports", "github").render(hostile(text))

    lines = shown.splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::error", "::warning"]
    form = re.compile(r"::\w+ (file=[^,:]*,)?line=3,col=1,title=[^,:]*::")
    assert all(form.match(line) for line in lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_junit_stays_as_it_is_built(text):
    """A name adds no element: one suite, four cases, each with what it is due."""
    root = ET.fromstring(plugins.find("reports", "junit").render(hostile(text)))

    children = [[child.tag for child in case] for case in root.iter("testcase")]
    assert children == [
        ["failure", "system-out"], ["skipped", "system-out"], ["error", "system-out"],
        ["system-out"],
    ]  # fmt: skip
    assert root.find("testsuite").get("file") == plain(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_table_of_markdown_keeps_its_columns(text):
    """A name ends no cell and no row."""
    shown = plugins.find("reports", "markdown").render(hostile(text))

    rows = [line for line in shown.splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} == {8}
    assert "@everyone" not in re.sub("<code>.*?</code>", "", shown)  # code mentions nobody
    assert "](http" not in shown
