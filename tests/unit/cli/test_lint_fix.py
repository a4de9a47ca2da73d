"""`slogate spec lint --fix` and `--diff`: a few characters change, the meaning never."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from slogate.cli.app import run
from slogate.cli.rewriting import rewrite
from slogate.errors import UsageError
from slogate.slo.fixers import FIXERS

HEAD = "# slogate's\nslogate: 1\nservice: shop\nslos:\n"
SLO = """  - name: fast   # {why}
    endpoint: GET /
    good: ok
    objective: 99%
    window: 28d
"""
BLOCK = "      - budget: 2%\n        long: 1h\n        short: 5m\n"
PAIR = "{budget: 2%, long: 1h, short: 5m}"
OTHER = "{budget: 5%, long: 6h, short: 30m}"
V1 = """# ours
apiVersion: openslo/v1
kind: SLO
metadata: {name: up}
spec:
  service: shop
  indicator:
    metadata: {name: up}
    spec:
      ratioMetric:
        good: {metricSource: {type: prometheus, spec: {query: good}}}
        total: {metricSource: {type: prometheus, spec: {query: all}}}
  timeWindow:
    - duration: 28d  # four weeks
      isRolling: true
  budgetingMethod: Timeslices
  objectives:
    - displayName: "it's up"
      target: 0.99
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
"""
ALPHA = """apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: up}
spec:
  service: shop
  indicator:
    thresholdMetric: {source: prometheus, queryType: promql, query: up}
  timeWindows:
    - unit: Day # of 24 hours
      count: 28
  budgetingMethod: Occurrences
  objectives:
    - {displayName: x, op: lte, value: 1, target: 0.9}
"""
CONDITION = """apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  severity: page
  condition:
    # burns
    op: gt
    threshold: 14.4
    lookbackWindow: 1h
"""
V2 = V1.replace("openslo/v1", "openslo.com/v2alpha").replace("indicator:", "sli:").replace(
    "metricSource: {type: prometheus, ", "dataSourceRef: prom, "
).replace("}}}\n", "}}\n")  # fmt: skip


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SLOGATE_STORE", raising=False)
    return tmp_path


def fixed(text: str, *options: str) -> str:
    """The file as `--fix` leaves it."""
    file = Path("spec.yaml")
    file.write_bytes(text.encode())
    run(["spec", "lint", "spec.yaml", "--fix", "--quiet", *options])
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        pytest.param(("  objective", "  Objective"), None, id="unknown-key"),
        pytest.param(("    good: ok", "    'good': ok\n    'MIN-EVENTS': 5"),
                     ("    good: ok", "    'good': ok\n    'min_events': 5"), id="quoted"),
        pytest.param(("99%\n", "99%  # so\n    severity: WARN # loud\n"),
                     ("99%\n", "99%  # so\n    severity: warn # loud\n"), id="unknown-word"),
        pytest.param(("28d\n", f"28d\n    alerts: [{PAIR}, {PAIR}, {OTHER}]\n"),
                     ("28d\n", f"28d\n    alerts: [{PAIR}, {OTHER}]\n"), id="alert-twice"),
        pytest.param(("28d\n", f"28d\n    alerts: [{PAIR}, {OTHER}, {PAIR}]  # three\n"),
                     ("28d\n", f"28d\n    alerts: [{PAIR}, {OTHER}]  # three\n"), id="the last"),
        pytest.param(("28d\n", f"28d\n    alerts:\n      - {PAIR} # one\n      - {PAIR}\n"),
                     ("28d\n", f"28d\n    alerts:\n      - {PAIR} # one\n"), id="in lines"),
        pytest.param(("28d\n", f"28d\n    alerts:\n      - {PAIR}\n{BLOCK}    by: x\n"),
                     ("28d\n", f"28d\n    alerts:\n      - {PAIR}\n    by: x\n"), id="a block"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lines", "windows lines"])
def test_native_specs_are_mended(
    wrong: tuple[str, str], right: tuple[str, str] | None, ending: str
) -> None:
    """What is told is gone, everything else stands as it stood; a second time nothing changes."""
    whole = HEAD + SLO
    before = whole.replace(*wrong).replace("\n", ending)
    after = (whole.replace(*right) if right else whole).replace("\n", ending)

    assert fixed(before) == after
    assert fixed(after) == after


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        pytest.param(V1, ("timeSliceWindow: 5m", "timeSliceWindow: 5"), None, id="slice-number"),
        pytest.param(V1, ("28d  #", "1M  #"), ("28d  #", "30d  #"), id="rolling-month"),
        pytest.param(V1, ("      target: 0.99\n", "      op: lte\n      target: 0.99\n"), None,
                     id="ratio-op"),
        pytest.param(V1, ("Window: 5m\n", "Window: 5m\n      value: 1\n"), None, id="the last"),
        pytest.param(V1, ("    - displayName", "    - op: lte\n      displayName"), None,
                     id="the first"),
        pytest.param(V2, ("  serviceRef: ", "  service: "), None, id="renamed-field"),
        pytest.param(ALPHA, ("    - unit", "    - unit"),
                     ("    - unit", "    - isRolling: true\n      unit"), id="alpha-window"),
        pytest.param(CONDITION, ("    op", "    op"), ("    op", "    kind: burnrate\n    op"),
                     id="condition-kind"),
    ],
)  # fmt: skip
def test_openslo_is_mended(
    text: str, wrong: tuple[str, str], right: tuple[str, str] | None
) -> None:
    """As it is read anyway, so it is written; comments and quotes stay."""
    base = text.replace("  service: ", "  serviceRef: ") if text is V2 else text
    after = base.replace(*right) if right else base

    assert fixed(base.replace(*wrong)) == after
    assert fixed(after) == after


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD + SLO.replace("objective", "objectiv"), id="a guess"),
        pytest.param(HEAD + SLO.replace("99%", "0.99"), id="a number that may be two"),
        pytest.param(HEAD + SLO + "    Good: ok\n", id="a key that is there"),
        pytest.param(
            HEAD + SLO + f"    alerts:\n      - {PAIR}\n      - {PAIR} # why twice\n",
            id="a comment in the way",
        ),
        pytest.param('{"slogate": 1, "Service": "shop"}', id="JSON"),
        pytest.param(HEAD + "  - [\n", id="no YAML"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_not_sure_is_left_alone(text: str) -> None:
    """No guess, no lost comment: the file is the same."""
    assert fixed(text) == text


def test_a_diff_is_shown_and_nothing_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """With `--diff` the file stays, and the exit code tells of what it is."""
    wrong = HEAD + SLO.replace("  good", "  Good")
    Path("spec.yaml").write_text(wrong)

    assert run(["spec", "lint", "spec.yaml", "--diff"]) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines()[:3] == ["--- a/spec.yaml", "+++ b/spec.yaml", "@@ -4,6 +4,6 @@"]
    assert "-    Good: ok\n+    good: ok\n" in printed.out
    assert printed.err == "1 error\n1 can be mended by --fix\n"
    assert Path("spec.yaml").read_text() == wrong
    assert run(["spec", "lint", "spec.yaml", "--dry-run", "--json"]) == 2


def test_what_is_mended_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The findings are those that are left, and so is the exit code."""
    Path("spec.yaml").write_text(HEAD + SLO.replace("  good", "  Good"))

    assert run(["spec", "lint", "spec.yaml", "--fix"]) == 0
    assert capsys.readouterr().err == "1 spec, 1 objective: no findings\nmended: 1 in spec.yaml\n"


def test_an_ignored_remark_is_not_mended() -> None:
    """Who says why it stays keeps it."""
    text = HEAD + SLO + f"    alerts: [{PAIR}, {PAIR}]  # slogate: ignore alert-twice: a test\n"

    assert fixed(text) == text


def test_a_file_keeps_its_mode_and_a_link_stays_one(here: Path) -> None:
    """What the link leads to is written; nothing is left beside it."""
    (here / "real").mkdir()
    real = here / "real" / "spec.yaml"
    real.write_text("a")
    real.chmod(0o640)
    (here / "link.yaml").symlink_to(real)
    rewrite(Path("link.yaml"), "a", "b")

    assert real.read_text() == "b"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert (here / "link.yaml").is_symlink()
    assert [path.name for path in real.parent.iterdir()] == ["spec.yaml"]


def test_a_file_that_changed_meanwhile_is_left_alone(here: Path) -> None:
    """Somebody's newer text is not overwritten."""
    (here / "spec.yaml").write_text("newer")
    with pytest.raises(UsageError) as caught:
        rewrite(Path("spec.yaml"), "older", "mended")

    assert caught.value.message == "spec.yaml was changed meanwhile"
    assert (here / "spec.yaml").read_text() == "newer"


def test_every_fixer_is_tried_here() -> None:
    """A new one is not forgotten above."""
    assert {*FIXERS} == {
        "unknown-key",
        "unknown-word",
        "alert-twice",
        "openslo/slice-number",
        "openslo/rolling-month",
        "openslo/condition-kind",
        "openslo/alpha-window",
        "openslo/ratio-op",
        "openslo/renamed-field",
    }
