"""ApacheBench's file for gnuplot: whole seconds, whole ms, no outcome."""

from __future__ import annotations

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

HEAD = "starttime\tseconds\tctime\tdtime\tttime\twait\n"
PLUGIN = plugins.find("sources", "ab-gnuplot")


def row(seconds: object = 1_764_000_000, ms: object = 7) -> str:
    """A line of such a file."""
    return f"Mon Nov 24 16:00:00 2025\t{seconds}\t0\t{ms}\t{ms}\t1\n"


def test_a_line_is_a_request(tmp_path):
    """Its start and duration are those written; its outcome is unknown unless it is said."""
    rows, tally = take(tmp_path, HEAD + row(), source=PLUGIN, endpoint="GET /cart")
    [said] = take(tmp_path, HEAD + row(), source=PLUGIN, ok="true").rows

    assert [(r["ts"].timestamp(), r["duration_us"], r["ok"], r["endpoint"]) for r in rows] == [
        (1_764_000_000, 7000, None, "/cart")
    ]
    assert "does not say what failed" in " ".join(tally.notes)
    assert said["ok"] is True


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(row(seconds="x"), "its seconds are no time", id="no number"),
        pytest.param(row(seconds=1_764_000_000_000), "its seconds are no time", id="ms"),
        pytest.param(row(seconds="9" * 15), "its seconds are no time", id="absurd"),
        pytest.param(row(ms=-1), "its ttime is no whole number", id="negative"),
        pytest.param(row(ms=86_400_001), "its ttime is no whole number", id="over a day"),
    ],
)
def test_bad_lines_are_named(tmp_path, bad: str, reason: str):
    """A line that cannot be used is counted with its number and reason."""
    rows, tally = take(tmp_path, HEAD + row() + bad + row(), source=PLUGIN)

    assert (len(rows), tally.bad.total()) == (2, 1)
    assert tally.shown[0].startswith(f"results.jtl:3: {reason}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("Percentage served,Time in ms\n0,1.2\n", "no header of ab", id="percents"),
        pytest.param(HEAD, "no row after the header", id="header only"),
    ],
)
def test_other_files_are_refused(tmp_path, content: str, reason: str):
    """The percentages that ab writes, and a file without requests."""
    with pytest.raises(SourceError, match=reason):
        take(tmp_path, content, source=PLUGIN)
