"""Reads bytes as a foreign format, without a store: what the tests of sources and import share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from slogate import plugins
from slogate.intake import Tally, read
from slogate.sources._base import Source, read_origin

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
HEADER = "timeStamp,elapsed,label,responseCode,responseMessage,success\n"
START_MS = 1_764_000_000_000


def needs_data() -> None:
    """Skip the test where the real files are not."""
    if not DATA.is_dir():
        pytest.skip(f"needs {DATA.name}/ beside the repository")


class Taken(NamedTuple):
    """The rows that came out, as dictionaries, and the count of the others."""

    rows: list[dict[str, Any]]
    tally: Tally


def take(
    folder: Path,
    content: bytes | str,
    *,
    source: Source | None = None,
    name: str = "results.jtl",
    labels: Mapping[str, str] | None = None,
    **options: str,
) -> Taken:
    """What the source (JMeter's by default) makes of a file with that content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    origin = replace(read_origin(name, path), options=options)
    tally = Tally()
    chosen = source or plugins.find("sources", "jmeter-csv")
    tables = list(read([(chosen, origin)], tally, labels or {}, lambda _rows, _expected: None))
    return Taken([row for _, table in tables for row in table.to_pylist()], tally)


def jtl(*rows: str, header: str = HEADER, end: str = "\n") -> str:
    """A JMeter CSV file of these rows."""
    return header.replace("\n", end) + "".join(f"{row}{end}" for row in rows)


def good(number: int = 0, label: str = "GET /a") -> str:
    """A row of `HEADER` without fault."""
    return f"{START_MS + number},{10 + number % 90},{label},200,OK,true"
