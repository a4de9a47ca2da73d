"""`slogate spec convert`, `spec fmt`, `spec lint` of other formats: codes, files, streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slogate.cli.app import run

pytestmark = pytest.mark.e2e
NATIVE = """\
slogate: 1
service: shop
slos:
  - name: fast
    good: ok and duration <= 400ms
    objective: 99.5%
    window: 28d
"""
SLOTH = """\
version: prometheus/v1
service: shop
slos:
  - name: up
    objective: 99.9
    sli: {events: {error_query: e, total_query: t}}
    alerting: {name: Up}
"""
TWO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: %s}
spec:
  service: %s
  indicator: {metadata: {name: a}, spec: {thresholdMetric: {metricSource: {type: x, spec: {q: 1}}}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: 5, target: 0.99}]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_and_back(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Native to OpenSLO, strictly valid, and to the same native file."""
    (here / "native.yaml").write_text(NATIVE)
    assert run(["spec", "convert", "native.yaml"]) == 0
    (here / "openslo.yaml").write_text(capsys.readouterr().out)
    assert run(["spec", "lint", "openslo.yaml", "--profile", "strict", "--strict"]) == 0
    capsys.readouterr()

    assert run(["spec", "convert", "openslo.yaml"]) == 0
    assert capsys.readouterr().out == NATIVE


def test_a_file_for_each_service(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two services want a folder; what is there is not replaced unless forced."""
    (here / "two.yaml").write_text(f"{TWO % ('a', 'web')}---\n{TWO % ('b', 'api')}")

    assert run(["spec", "convert", "two.yaml"]) == 2
    assert "these are 2 services: api, web" in capsys.readouterr().err
    assert run(["spec", "convert", "two.yaml", "--out", "slo"]) == 0
    assert sorted(file.name for file in (here / "slo").iterdir()) == ["api.yaml", "web.yaml"]
    assert run(["spec", "convert", "two.yaml", "--out", "slo"]) == 2
    assert run(["spec", "convert", "two.yaml", "--out", "slo", "--force"]) == 0
    assert run(["spec", "lint", "slo"]) == 0


def test_what_sloth_most_likely_does_not_mean_is_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fraction where per cent is meant, at the SLO's line; a comment lets it be."""
    wrong = SLOTH.replace("99.9", "0.999")
    (here / "sloth.yaml").write_text(wrong)
    assert run(["spec", "lint", "sloth.yaml"]) == 2
    assert "percent-as-fraction" in capsys.readouterr().out

    (here / "sloth.yaml").write_text(f"# slogate: ignore percent-as-fraction: a toy\n{wrong}")
    assert run(["spec", "lint", "sloth.yaml"]) == 0


def test_sloth_is_linted_and_converted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The format is told by its mark; the document for machines has texts and notes."""
    (here / "sloth.yaml").write_text(SLOTH)
    assert run(["spec", "lint", "sloth.yaml"]) == 0
    capsys.readouterr()

    assert run(["spec", "convert", "sloth.yaml", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document["specs"]) == ["shop"]
    assert "objective: 99.9%" in document["specs"]["shop"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(TWO.replace("0.99", "1.0") % ("a", "b"), "1.0 is not under 1", id="openslo"),
        pytest.param(SLOTH.replace("99.9", "100"), "100 is not between 0 and 100", id="sloth"),
        pytest.param("groups: []\n", "rules of Prometheus are no specs", id="rules"),
        pytest.param(NATIVE.replace("99.5%", "100%"), "is not under 100%", id="native"),
    ],
)
def test_faults_end_a_conversion(
    here: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    """Exit 2, the fault with its place, and nothing on stdout."""
    (here / "spec.yaml").write_text(text)

    assert run(["spec", "convert", "spec.yaml"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err


def test_check_refuses_what_cannot_be_judged(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An SLO that asks what cannot be asked is exit 2, never a pass, in either format."""
    (here / "two.yaml").write_text(TWO % ("a", "web"))
    run(["spec", "convert", "two.yaml", "--out", "slo"])
    capsys.readouterr()

    for words in (["check", "two.yaml"], ["check"]):
        assert run(words) == 2
        assert "sources of the type 'x' cannot be asked" in capsys.readouterr().err
    assert run(["spec", "show"]) == 0
    assert "sources of the type 'x' cannot be asked" in capsys.readouterr().out


def test_fmt(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check names and changes nothing; without, the file is rewritten once."""
    file = here / "spec.yaml"
    file.write_text("service: 'shop' # mine\nslogate: 1\n")

    assert run(["spec", "fmt", "spec.yaml", "--check"]) == 2
    assert capsys.readouterr().out == "spec.yaml\n"
    assert file.read_text().startswith("service")
    assert run(["spec", "fmt", "spec.yaml"]) == 0
    assert file.read_text() == "slogate: 1\nservice: shop  # mine\n"
    assert run(["spec", "fmt", "spec.yaml", "--check"]) == 0
    assert [each.name for each in here.iterdir()] == ["spec.yaml"]


def test_fmt_leaves_alone_what_it_cannot_keep(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anchors are a fault with their place; other files are written all the same."""
    (here / "a.yaml").write_text("b: &x 1\na: *x\n")
    (here / "b.yaml").write_text("a:   1\n")

    assert run(["spec", "fmt", "a.yaml", "b.yaml"]) == 2
    assert "a.yaml:1:4: anchors would be written out" in capsys.readouterr().err
    assert (here / "b.yaml").read_text() == "a: 1\n"
