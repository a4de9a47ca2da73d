"""Imports real files one by one through the command line, and asks the store for all their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands import slogate_in
from foreign import DATA, needs_data


@dataclass(frozen=True)
class Done:
    """An import that worked: its document, what it said on stderr, and the rows of its run."""

    document: dict[str, Any]
    said: str
    rows: list[dict[str, Any]]


def call(folder: Path, *words: object) -> tuple[int, str, str]:
    """Run a command in a folder of its own: exit code, stdout, stderr."""
    ended = slogate_in(folder, *words)
    return ended.returncode, ended.stdout, ended.stderr


def import_all(
    folder: Path, files: Mapping[str, Sequence[str]], *, table: str = "requests"
) -> dict[str, Done]:
    """Each file (below shared/data, with options) as a run of its own.

    Rows come in order of time, those of one moment in the order of their text: the store promises
    none.
    """
    needs_data()
    told: dict[str, tuple[dict[str, Any], str]] = {}
    for name, options in files.items():
        words = [word for option in options for word in ("--option", option)]
        code, out, err = call(
            folder, "import", DATA / name, "--service", name.replace("/", "_"), "--json", *words
        )
        assert code == 0, err
        told[name] = (json.loads(out), err)
    query = f"SELECT *, epoch_us(ts) AS start_us FROM {table}"
    code, out, err = call(folder, "store", "sql", query, "--json")
    assert code == 0, err
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(json.loads(out), key=lambda row: (row["start_us"], json.dumps(row))):
        rows.setdefault(row["run"], []).append(row)
    return {
        name: Done(document, said, rows[document["run"]]) for name, (document, said) in told.items()
    }
