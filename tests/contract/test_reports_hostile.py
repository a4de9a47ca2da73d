"""Hostile names, labels and errors are inert in every format, whatever takes them in."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hostile_verdicts import HOSTILE, hostile

from slogate import plugins
from slogate.reports._base import plain

REPORTS = plugins.names("reports")
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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
