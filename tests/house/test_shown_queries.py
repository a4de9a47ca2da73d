"""The queries that the manual and the help show, asked of a real store."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from slogate.cli.app import run
from slogate.cli.docs import pages
from slogate.cli.tree import build

ROWS = 40
SQL = re.compile(r'^ *(slogate store sql ".*?")', re.MULTILINE | re.DOTALL)


def shown() -> list[str]:
    """Each `slogate store sql "…"` of the manual and of the command's own help."""
    command = build().get_command(None, "store").get_command(None, "sql")
    texts = [*(page.text for page in pages()), command.help or ""]
    return sorted({query for text in texts for query in SQL.findall(text)})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one imported run."""
    folder = tmp_path_factory.mktemp("shown")
    rows = [f"{1_790_000_000_000 + 500 * n},{20 + n},GET /,200,true\n" for n in range(ROWS)]
    results = folder / "results.jtl"
    results.write_text("timeStamp,elapsed,label,responseCode,success\n" + "".join(rows))
    where = folder / ".slogate"

    assert run(["import", str(results), "--service", "shop", "--store", str(where), "-q"]) == 0
    return where


def test_queries_are_shown():
    """There is something to check."""
    assert len(shown()) >= 3


@pytest.mark.parametrize("query", shown())
def test_shown_query_runs(query: str, store: Path, capsys: pytest.CaptureFixture[str]):
    """A query that is shown can be copied and asked."""
    arguments = shlex.split(query)[1:]

    code = run([*arguments, "--store", str(store), "--json"])

    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert isinstance(json.loads(printed.out), list)


def test_shown_python_reads_the_rows(store: Path):
    """The store can be read with Arrow as the how-to page shows it."""
    [page] = [page for page in pages() if page.topic == "read-the-store"]
    assert 'ds.dataset(".slogate/series/requests", partitioning="hive").to_table()' in page.text

    table = ds.dataset(str(store / "series/requests"), partitioning="hive").to_table()

    assert table.num_rows == ROWS
