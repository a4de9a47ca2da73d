"""What every report keeps: each file of slogate/reports/ is tested on arrival."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from builders import evidence, objective
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker
from strategies import untidy_us, verdicts
from verdict_examples import finding, passing, verdict

import slogate.reports
from slogate import plugins
from slogate.model.window import Window
from slogate.reports._base import USUAL_POPULATIONS, Report
from slogate.reports.json import document, parse
from slogate.verdict import Outcome

GOLDEN = Path(__file__).parent.parent / "golden" / "reports"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
REPORTS = plugins.names("reports")
SCHEMA = json.loads((files("slogate") / "schemas" / "verdict.v1.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())

DROPPED_IN = """
from slogate.reports._base import Report, conclusion

PLUGIN = Report(
    name="one-line",
    help="The conclusion alone.",
    media_type="text/plain",
    extension="txt",
    render=lambda verdict: conclusion(verdict) + "\\n",
)
"""


def spoken(outcome: Outcome) -> str:
    """The outcome as reports may write it, in small letters."""
    return outcome.value.replace("_", " ")


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_a_named_record(name):
    """The file's name is the plugin's name, and it says what it is for."""
    report = plugins.find("reports", name)

    assert isinstance(report, Report)
    assert report.name == name
    assert report.help.endswith(".")
    assert "/" in report.media_type
    assert report.extension.isalnum()


@pytest.mark.parametrize("name", REPORTS)
@given(found=verdicts(us=untidy_us))
@settings(max_examples=25)
def test_a_report_renders_every_verdict(name, found):
    """Whatever a verdict holds, it renders to text that can be written, the same each time."""
    report = plugins.find("reports", name)
    text = report.render(found)

    assert text.encode("utf-8").decode("utf-8") == text
    assert text == report.render(found)
    assert text.endswith("\n") or not text


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.PASS])
def test_a_report_tells_the_outcome_of_what_does_not_pass(name, outcome):
    """No outcome but a pass is ever left out, blocking or not, and its reason is given."""
    render = plugins.find("reports", name).render
    for blocking in (True, False):
        found = passing(outcome=outcome, blocking=blocking, reason="because of the weather")
        text = render(verdict(found)).replace("_", " ").replace("\u00a0", " ").casefold()

        assert spoken(outcome) in text
        assert "because of the weather" in text


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_a_breach_differs_from_that_of_a_pass(name):
    """A reader can tell them apart in every format."""
    render = plugins.find("reports", name).render

    assert render(verdict(finding())) != render(verdict(passing()))


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("case", CASES)
def test_a_report_equals_its_golden_file(name, case, update):
    """Every stored verdict renders as the file beside it; `--update` rewrites it."""
    report = plugins.find("reports", name)
    stored = json.loads((GOLDEN / case / "verdict.json").read_text("utf-8"))
    golden = GOLDEN / case / f"{name}.{report.extension}"
    if name == "json":
        golden = GOLDEN / case / "verdict.json"
    rendered = report.render(parse(stored))
    if update:
        golden.write_text(rendered, "utf-8")

    assert rendered == golden.read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_golden_verdict_is_valid(case):
    """The published JSON Schema describes the documents that we keep."""
    stored = json.loads((GOLDEN / case / "verdict.json").read_text("utf-8"))

    assert [error.message for error in VALIDATOR.iter_errors(stored)] == []


@given(verdicts(us=untidy_us))
def test_every_document_is_valid(found):
    """Whatever the judge says, the document keeps to the published JSON Schema."""
    assert [error.message for error in VALIDATOR.iter_errors(document(found))] == []


def levels(schema: dict[str, object]) -> list[dict[str, object]]:
    """All schemas in a schema that name their properties."""
    inner = [
        each
        for value in schema.values()
        for each in (value if isinstance(value, list) else [value])
    ]
    found = [level for each in inner if isinstance(each, dict) for level in levels(each)]
    return [schema, *found] if isinstance(schema.get("required"), list) else found


def test_the_schema_is_closed():
    """The schema is valid itself; each level of ours requires every key and allows no other."""
    Draft202012Validator.check_schema(SCHEMA)

    assert len(levels(SCHEMA)) == 26
    for level in levels(SCHEMA):
        assert level["additionalProperties"] is False
        # only a budget that a server was asked for names it, and only a composite its parts
        told = [
            key
            for key in level["properties"]
            if key in level["required"] or key not in {"source", "components"}
        ]
        assert level["required"] == told


@pytest.mark.parametrize(
    ("where", "value"),
    [
        pytest.param(("outcome",), "warn", id="outcome"),
        pytest.param(("exit_code",), 2, id="exit-code"),
        pytest.param(("surprise",), 1, id="unknown-key"),
        pytest.param(("objectives", 0, "unit"), "us", id="unit"),
        pytest.param(("objectives", 0, "interval"), [1], id="half-an-interval"),
        pytest.param(("objectives", 0, "per_side"), False, id="per-side"),
        pytest.param(("run", "start"), "yesterday", id="moment"),
        pytest.param(("run", "rows"), -1, id="negative"),
    ],
)
def test_the_schema_refuses_what_is_no_verdict(where, value):
    """It would be no use if everything were valid."""
    changed = document(verdict(finding()))
    inner = changed
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = value

    assert not VALIDATOR.is_valid(changed)


def test_a_file_dropped_in_is_a_report(tmp_path, monkeypatch):
    """Adding a format is adding one file: it is found by its name and renders."""
    (tmp_path / "one_line.py").write_text(DROPPED_IN)
    monkeypatch.setattr(slogate.reports, "__path__", [*slogate.reports.__path__, str(tmp_path)])
    plugins.names.cache_clear()
    try:
        assert "one-line" in plugins.names("reports")
        report = plugins.find("reports", "one-line")
        assert report.render(verdict(finding())) == "FAIL: 1 of 1 objective breached (exit 1)\n"
    finally:
        sys.modules.pop("slogate.reports.one_line", None)
        plugins.names.cache_clear()


@pytest.mark.parametrize("name", plugins.names("objectives"))
def test_the_usual_population_is_what_a_kind_counts_unless_told(name):
    """The notes leave out exactly what a spec with no word of failures leads to."""
    kind = plugins.find("objectives", name)
    window = Window(start_ts=0, end_ts=200_000_000)
    found = evidence(1, max_us=1_000, sum_us=[100_000] * 10)
    judgement = kind.judge(objective(kind.example), found, window, None)

    assert judgement.population == USUAL_POPULATIONS.get(name, "all")
