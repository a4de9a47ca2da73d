"""`slogate import` as people call it: real files of JMeter and Taurus, pipes, refusals."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from foreign import DATA, START_MS, good, jtl

pytestmark = pytest.mark.e2e
JMETER = DATA / "jmeter"
COMMAND = [sys.executable, "-P", "-m", "slogate", "import"]


def call(folder: Path, *words: object, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run the command in a folder of its own: exit code, stdout, stderr."""
    ended = subprocess.run(
        [*COMMAND, *map(str, words)], cwd=folder, input=stdin, capture_output=True, timeout=120,
        check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


def imported(folder: Path, *words: object, stdin: bytes = b"") -> dict[str, Any]:
    """The document of an import that works."""
    code, out, err = call(folder, *words, "--service", "shop", "--json", stdin=stdin)
    assert code == 0, err
    document: dict[str, Any] = json.loads(out)
    return document


def stored(folder: Path, run: str) -> pa.Table:
    """The rows of a run."""
    parts = sorted((folder / ".slogate").rglob(f"{run}-*.parquet"))
    return pa.concat_tables([pq.read_table(part, partitioning=None) for part in parts])


def real(name: str) -> Path:
    """One of the real files; the test is skipped where they are not."""
    if not DATA.is_dir():
        pytest.skip(f"needs {DATA.name}/ beside the repository")
    return JMETER / name


@pytest.mark.parametrize(
    ("name", "rows", "failed", "shortest", "longest", "labels"),
    [
        pytest.param("apache-jmeter/HTMLReportTestFile.csv", 255, 3, 100, 353, 2, id="report"),
        pytest.param("apache-jmeter/HTMLReportFalseTestFile.csv", 50, 50, 0, 0, 1, id="false"),
        pytest.param("taurus/tabs.jtl", 4, 0, 253, 1008, 1, id="tabs"),
        pytest.param("taurus/unicode.jtl", 13, 13, None, None, 2, id="unicode"),
        pytest.param("taurus/doublequoting.jtl", 2, 2, 1391, 3205, 1, id="quoting"),
        pytest.param("taurus/quote-guessing-crash.jtl", 10, 0, 284, 2137, 1, id="variables"),
        pytest.param("taurus/kpi1.jtl", 21, 9, 2, 34, 2, id="kpi1"),
        pytest.param("taurus/simple.kpi.jtl", 6, 3, None, None, 2, id="simple"),
        pytest.param("taurus/500-success/kpi.jtl", 1, 0, 772, 772, 1, id="500 is a success"),
        pytest.param("taurus/slow-stdev.jtl", 599, None, None, None, 18, id="slow"),
    ],
)
def test_real_files_give_their_numbers(tmp_path, name, rows, failed, shortest, longest, labels):
    """Counts, failures, extremes and labels are those that the file's authors state."""
    done = imported(tmp_path, real(name))

    table = stored(tmp_path, done["run"])
    times = np.array(table["duration_us"].to_pylist()) / 1000
    assert (done["rows"], table.num_rows, done["endpoints"]) == (rows, rows, labels)
    assert (done["bad"], done["left_out"]) == ({}, {})
    if failed is not None:
        assert table["ok"].to_pylist().count(False) == failed
    if shortest is not None:
        assert (times.min(), times.max()) == (shortest, longest)


def test_the_report_of_jmeter_itself_agrees(tmp_path):
    """Mean, percentiles and rate are those of JMeter's own report of the same file."""
    done = imported(tmp_path, real("apache-jmeter/HTMLReportTestFile.csv"))

    table = stored(tmp_path, done["run"])
    times = np.array(table["duration_us"].to_pylist()) / 1000
    fine = times[np.array(table["endpoint"].to_pylist()) == "JR-OK"]
    assert (len(fine), f"{fine.mean():.6f}", f"{times.mean():.6f}") == (
        252, "235.900794", "235.474510"
    )  # fmt: skip
    assert [float(np.percentile(times, q, method="weibull")) for q in (50, 90, 95, 99)] == [
        232, 337, pytest.approx(339.2), 353
    ]  # fmt: skip


def test_no_status_is_invented(tmp_path):
    """A file without responseCode has no status at all."""
    done = imported(tmp_path, real("apache-jmeter/HTMLReportFalseTestFile.csv"))

    assert stored(tmp_path, done["run"])["status"].null_count == done["rows"]


def test_labels_and_messages_come_out_as_they_went_in(tmp_path):
    """Cyrillic labels, and messages that hold commas and quotes."""
    unicode = stored(tmp_path, imported(tmp_path, real("taurus/unicode.jtl"))["run"])
    quoting = stored(tmp_path, imported(tmp_path, real("taurus/doublequoting.jtl"))["run"])

    assert set(unicode["endpoint"].to_pylist()) == {"САП.АутентифицироватьРасш", "Тест.Эхо"}
    assert all("," in m and '"' in m and '""' not in m for m in quoting["error"].to_pylist())


def test_controllers_are_left_out_unless_asked_for(tmp_path):
    """A file of transaction controllers only is refused, with the option that keeps them."""
    file = real("taurus/tranctl.jtl")

    code, _, err = call(tmp_path, file, "--service", "shop")
    kept = imported(tmp_path, file, "--option", "transactions=keep")

    assert (code, "2 transaction controllers" in err, "transactions=keep" in err) == (2, True, True)
    assert stored(tmp_path, kept["run"])["ok"].to_pylist() == [True, False]


@pytest.mark.parametrize(
    "name",
    ["apache-jmeter/sample_log1c.jtl", "taurus/standard-errors.jtl", "taurus/error-bug1.jtl",
     "taurus/resource-errors-no-fail.jtl", "taurus/many-errors-unique-responses.jtl"],
)  # fmt: skip
def test_xml_is_refused_by_name(tmp_path, name: str):
    """JMeter's XML is told from its CSV, and said to be unsupported."""
    code, out, err = call(tmp_path, real(name), "--service", "shop")

    assert (code, out) == (2, "")
    assert "JMeter's XML format, which is not supported yet" in err
    assert not list((tmp_path / ".slogate").rglob("*.parquet"))


def test_one_line_says_what_was_imported(tmp_path):
    """Rows, bad rows, span, endpoints and run, then again: nothing changed."""
    (tmp_path / "a.jtl").write_text(jtl(good(0), good(61_000, "b"), f"{START_MS},x,a,200,OK,true"))

    code, out, err = call(tmp_path, "a.jtl", "--service", "shop")
    again = call(tmp_path, "a.jtl", "--service", "shop")

    run = out.split("as run ")[1].split(" ")[0]
    assert code == 0
    assert out == (
        "imported 2 requests (1 bad row) over 61 s from 2025-11-24 16:00:00 UTC, 2 endpoints, "
        f"as run {run} of shop\n"
    )
    assert "a.jtl:4: its elapsed is no whole number" in err
    assert again == (0, f"already imported as {run}: nothing changed\n", "")


def test_patterns_stdin_and_gzip_are_one_run(tmp_path):
    """Files may be named by a pattern, come through a pipe, and be compressed."""
    for name, content in (("b1.jtl", jtl(good(1))), ("b2.jtl", jtl(good(2)))):
        (tmp_path / name).write_text(content)
    piped = gzip.compress(jtl(good(3), good(4)).encode())

    done = imported(tmp_path, "b*.jtl", "-", "--label", "region=eu", stdin=piped)

    table = stored(tmp_path, done["run"])
    assert (done["rows"], list(done["origin"])) == (4, ["b1.jtl", "b2.jtl", "stdin"])
    assert [dict(row) for row in table["labels"].to_pylist()] == [{"region": "eu"}] * 4


def test_the_only_spec_says_whose_results_they_are(tmp_path):
    """Without --service the one service that slo/ speaks of is meant."""
    (tmp_path / "slo").mkdir()
    (tmp_path / "slo" / "x.yaml").write_text(
        "slogate: 1\nservice: till\nbudgets:\n  - {name: a, p95: 1s}\n"
    )
    (tmp_path / "a.jtl").write_text(jtl(good()))

    code, out, _ = call(tmp_path, "a.jtl")

    assert (code, out.rstrip().rsplit(" ", 1)[1]) == (0, "till")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["a.jtl"], "No service is given", id="service"),
        pytest.param(["none.jtl", "-s", "x"], "there is no file none.jtl", id="missing"),
        pytest.param(["z*.jtl", "-s", "x"], "there is no file z*.jtl", id="pattern"),
        pytest.param([".", "-s", "x"], ". is a folder", id="folder"),
        pytest.param(["https://h/a.jtl", "-s", "x"], "No query is given", id="URL"),
        pytest.param(["a.jtl", "-s", "x", "--kind", "dev"], "--kind dev is not known", id="kind"),
        pytest.param(["a.jtl", "-s", "x", "--label", "eu"], "--label 'eu' is no pair", id="label"),
        pytest.param(["a.jtl", "-s", "x", "--max-bad", "1"], "--max-bad: '1' is not", id="share"),
        pytest.param(["a.jtl", "-s", "x", "--strict", "--max-bad", "1%"], "contradict", id="both"),
        pytest.param(["a.jtl", "-s", "x", "--format", "jmter-csv"], "mean 'jmeter-csv'", id="typo"),
        pytest.param(["bad.jtl", "-s", "x", "--strict"], "bad.jtl:3: it has too few", id="strict"),
    ],
)
def test_what_cannot_be_imported_is_exit_2_and_a_sentence(tmp_path, words, sentence):
    """No traceback, no run, the reason on stderr."""
    (tmp_path / "a.jtl").write_text(jtl(good()))
    (tmp_path / "bad.jtl").write_text(jtl(good(), "cut"))

    code, out, err = call(tmp_path, *words)

    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.parquet"))


def test_hostile_names_command_no_terminal(tmp_path):
    """Control characters of a file's name are not sent to the terminal."""
    (tmp_path / "a\x1b[31m.jtl").write_text(jtl(good(), "cut"))

    code, _, err = call(tmp_path, "a\x1b[31m.jtl", "--service", "shop")

    assert (code, "\x1b" in err) == (0, False)
    assert "too few columns" in err


def test_a_terminal_sees_progress_only_when_it_takes_long(tmp_path):
    """A short import shows one line on a terminal, and no bar."""
    (tmp_path / "a.jtl").write_text(jtl(*map(good, range(1000))))
    master, slave = pty.openpty()
    ended = subprocess.run(
        [*COMMAND, "a.jtl", "--service", "shop"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=slave, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    os.close(slave)
    try:
        shown = os.read(master, 10_000)
    except OSError:  # nothing was written, and nobody holds the other end any more
        shown = b""
    os.close(master)

    assert (ended.returncode, shown) == (0, b"")
    assert ended.stdout.startswith(b"imported 1,000 requests (0 bad rows)")
