"""Laws of `spec lint`: it never raises, and `--fix` ends, changes no meaning and adds no remark."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from openslo_strategies import NATIVE_FILES, STREAMS
from spec_strategies import TEXTS

from slogate.cli.linting import Files, Known, linted
from slogate.cli.mending import mendable
from slogate.slo.dialect import dialect_of
from slogate.slo.fixers import FIXERS
from slogate.slo.ignoring import ignores_of
from slogate.slo.manual import entries
from slogate.slo.meaning import same_native
from slogate.slo.rules import Held, Planned
from slogate.slo.writing import node_of, yaml_text

KNOWN = Known(
    now_ts=1_795_500_000_000_000,
    planned=Planned(run_us=45_000_000, rate=20.0),
)
HELD = Held(endpoints=(("POST /order", 100), ("n", 3)), span_us=10**12, edges_us=(100, 500_000))
PAIR = {"budget": "2%", "long": "1h", "short": "5m"}
ALERTS = st.sampled_from([None, None, "google", [PAIR, PAIR], [{**PAIR, "long": "6h"}, PAIR, PAIR]])
COMMENTS = st.sampled_from(
    [
        "",
        "  # slogate: ignore point-rule: because",
        "  # slogate: ignore",
        " #slogate:ignore a,,b:",
        "  # slogate: ignore mixed-latency, no-such-rule",
    ]
)
SLIPS = st.sampled_from(
    [
        ("endpoint:", "Endpoint:"),
        ("window:", "WINDOW:"),
        ("on_no_data:", "on-no-data:"),
        ("severity: warn", "severity: Warn"),
        ("budgeting: timeslices", "budgeting: Timeslices"),
        ("name:", "Name:"),
    ]
)


def _commented(text: str, comments: list[str]) -> str:
    """The text with a comment behind some of its lines."""
    lines = text.splitlines()
    return "\n".join(
        f"{line}{comments[at]}" if at < len(comments) else line for at, line in enumerate(lines)
    )


def _check(files: Files) -> None:
    found = linted(files, KNOWN)
    for change in mendable(files, found.remarks, KNOWN):
        again = linted([(change.file, change.after)], KNOWN)
        gone = {remark.rule for remark in change.gone}

        assert gone <= {*FIXERS}
        assert not [*mendable([(change.file, change.after)], again.remarks, KNOWN)]
        assert dialect_of(change.after) == dialect_of(change.before)
        if dialect_of(change.before) == "native":
            assert same_native(change.before, change.after, change.gone)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_any_text_is_linted(text: str) -> None:
    """Whatever stands in a file, remarks come of it and never an exception."""
    _check([("f.yaml", text)])
    ignores_of(text)


@given(NATIVE_FILES, ALERTS, st.lists(COMMENTS, max_size=40), SLIPS)
@settings(max_examples=25, deadline=None)
def test_native_specs_are_linted_and_mended(
    native: dict[str, Any], alerts: Any, comments: list[str], slip: tuple[str, str]
) -> None:
    """Budgets and SLOs of all kinds with comments and slips of spelling."""
    slos = [{**slo, "alerts": alerts} if alerts else slo for slo in native["slos"]]
    text = yaml_text(node_of({**native, "slos": slos}))
    known = replace(KNOWN, held={native["service"]: HELD})
    found = linted([("f.yaml", _commented(text, comments))], known)

    assert {remark.rule for remark in found.remarks} <= {rule.id for rule in entries()}
    _check([("f.yaml", _commented(text, comments))])
    _check([("f.yaml", _commented(text.replace(*slip), comments))])


@given(STREAMS, st.lists(COMMENTS, max_size=40))
@settings(max_examples=20, deadline=None)
def test_openslo_is_linted_and_mended(objects: list[dict[str, Any]], comments: list[str]) -> None:
    """Valid objects of version 1, mended where they only warn."""
    _check([("f.yaml", _commented("---\n".join(yaml_text(node_of(o)) for o in objects), comments))])
