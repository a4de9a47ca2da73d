"""`slogate import` as people call it: one line, pipes, patterns, refusals."""

from __future__ import annotations

import gzip
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import slogate_in
from foreign import START_MS, good, jtl

from slogate.cli.busy import PATIENCE_S

pytestmark = pytest.mark.e2e
COMMAND = [sys.executable, "-P", "-m", "slogate", "import"]


def call(folder: Path, *words: object, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run the command in a folder of its own: exit code, stdout, stderr."""
    ended = slogate_in(folder, "import", *words, stdin=stdin)
    return ended.returncode, ended.stdout, ended.stderr


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
    assert "endpoints, as specs name them: GET /a, b" in err
    assert again == (0, f"already imported as {run}: nothing changed\n", "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param([], "120 endpoints, as specs name them: GET /o/0, GET /o/1, GET /o/10, GET "
                     "/o/100, GET /o/101, …; where paths hold ids, --option paths=numbers makes "
                     "them one", id="raw"),
        pytest.param(["-O", "paths=numbers"], "endpoints, as specs name them: GET /o/:id",
                     id="numbers"),
    ],
)  # fmt: skip
def test_paths_with_ids_are_told_of(tmp_path, options, told):
    """Who imports a log's raw paths learns that they are too many, and what groups them."""
    line = '10.0.0.1 - - [24/Nov/2025:16:00:00 +0000] "GET /o/{} HTTP/1.1" 200 5 "-" "-" 0.010\n'
    (tmp_path / "a.log").write_text("".join(line.format(number) for number in range(120)))

    code, _, err = call(tmp_path, "a.log", "--service", "shop", *options)

    assert (code, err) == (0, f"{told}\n")


def test_how_many_endpoints_there_are_is_not_claimed_beyond_what_is_counted(tmp_path):
    """Names with ids can be as many as requests: they are told as very many."""
    rows = (good(number, f"GET /o/{number:06}{'x' * (number % 400)}") for number in range(100_020))
    (tmp_path / "a.jtl").write_text(jtl(*rows))

    code, out, err = call(tmp_path, "a.jtl", "--service", "shop")

    assert (code, ", over 100,000 endpoints, as run" in out) == (0, True)
    assert err.startswith("over 100,000 endpoints, as specs name them: GET /o/000000, GET /o/")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(["a.jtl", "--max-bad", ""], "--max-bad: '' is not a percentage", id="share"),
        pytest.param([""], "an empty word is no file", id="file"),
    ],
)
def test_an_empty_word_is_not_taken_for_nothing(tmp_path, words, told):
    """What a variable left empty is refused, not the default."""
    (tmp_path / "a.jtl").write_text(jtl(good()))

    code, _, err = call(tmp_path, *words, "--service", "shop")

    assert (code, told in err) == (2, True)


@pytest.mark.parametrize(("endpoint", "told"), [("POST /a", True), ("GET /a", False)])
def test_a_spec_that_names_no_endpoint_of_the_run_is_helped(tmp_path, endpoint, told):
    """There is no data; what was meant, and where all names can be seen, is said beside it."""
    (tmp_path / "a.jtl").write_text(jtl(*(good(1_000 * number) for number in range(60))))
    run = imported(tmp_path, "a.jtl")["run"]
    (tmp_path / "s.yaml").write_text(
        f"slogate: 1\nservice: shop\nbudgets:\n  - {{name: a, endpoint: {endpoint}, p95: 1s}}\n"
    )

    done = slogate_in(tmp_path, "check", "s.yaml")

    assert ("NO DATA" in done.stdout) is told
    assert (
        f"note: `slogate runs show {run}` lists the endpoints of the run" in done.stderr
    ) is told
    assert (f"note: there is no POST /a in run {run}; did you mean GET /a?" in done.stderr) is told


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
    (tmp_path / "slo" / "y.yaml").write_text(
        "slogate: 1\nservice: shop\nbudgets:\n  - {name: a, p95: 1s}\n"
    )
    code, _, err = call(tmp_path, "a.jtl")
    assert (code, "whose results are these? The specs speak of shop, till" in err) == (2, True)


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
        pytest.param(["a.jtl", "-s", "x", "--format", "k6"], "mean 'k6-csv' or", id="short"),
        pytest.param(["https://h", "-s", "x", "--follow"], "--follow takes a file", id="follow"),
        pytest.param(["bad.jtl", "-s", "x", "--strict"], "bad.jtl:3: it has too few", id="strict"),
    ],
)
def test_what_cannot_be_imported_is_exit_2_and_a_sentence(tmp_path, words, sentence):
    """No traceback, no run, the reason on stderr."""
    (tmp_path / "slo").mkdir()  # as empty as it is where nobody has written a spec yet
    (tmp_path / "a.jtl").write_text(jtl(good()))
    (tmp_path / "bad.jtl").write_text(jtl(good(), "cut"))

    code, out, err = call(tmp_path, *words)

    assert (code, out) == (2, "")
    assert sentence in err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.parquet"))


def test_names_of_another_encoding(tmp_path):
    """Files of old disks are imported; what must be UTF-8 says so, each by its own name."""
    odd = os.fsdecode(b"na\xefve")
    for folder in (tmp_path, tmp_path / odd):
        folder.mkdir(exist_ok=True)
        (folder / f"{odd}.jtl").write_text(jtl(good(0)))

    first = imported(tmp_path, f"{odd}.jtl")
    again = call(tmp_path, f"{odd}/{odd}.jtl", "--service", "shop")
    service = call(tmp_path, f"{odd}.jtl", "--service", odd)
    store = call(tmp_path, f"{odd}.jtl", "--service", "shop", "--store", odd)
    label = call(tmp_path, f"{odd}.jtl", "--service", "shop", "--label", f"a={odd}")

    assert again == (0, f"already imported as {first['run']}: nothing changed\n", "")
    assert (service[0], store[0], label[0]) == (2, 2, 2)
    assert "error: the service name 'na\\udcefve' is not UTF-8" in service[2]
    assert "the path of the store" in store[2]
    assert "and DuckDB reads no other\n  hint: choose another folder" in store[2]
    assert "--label 'a=na\\udcefve' is not UTF-8" in label[2]


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
    begun = time.monotonic()
    ended = subprocess.run(
        [*COMMAND, "a.jtl", "--service", "shop"], cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=slave, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip
    short = time.monotonic() - begun < PATIENCE_S
    os.close(slave)
    try:
        shown = os.read(master, 10_000)
    except OSError:  # nothing was written, and nobody holds the other end any more
        shown = b""
    os.close(master)

    said = b"endpoints, as specs name them: GET /a\r\n"
    assert (ended.returncode, shown if short else shown[-len(said) :]) == (0, said)
    assert ended.stdout.startswith(b"imported 1,000 requests (0 bad rows)")
