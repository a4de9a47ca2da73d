"""The results of the bench as Markdown, and their place in the manual."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[3] / "slogate" / "docs" / "calibration.md"
# the heading that each section's table stands under
HEADINGS = {
    "gate": "## One run against a limit",
    "compare": "## Base against head",
    "history": "## Change points over a hundred runs",
    "real": "## Recorded series",
}

Rows = Sequence[Mapping[str, Any]]


def table(found: Mapping[str, Any]) -> str:
    """The table of one section."""
    return {"gate": _gate, "compare": _compare, "history": _history, "real": _real}[
        found["section"]
    ](found["rows"])


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.1f}" if 0 < share < 0.1 else f"{100 * share:.0f}"


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rules(row: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(key.split("|")[0] for key in row if "|" in key))


def _gate(rows: Rows) -> str:
    """At the limit: wrong fails and passes; with room: rightly decided."""
    rules = _rules(rows[0])
    body = []
    for row in rows:
        cells = []
        for rule in rules:
            at = " / ".join(_percent(row[f"{rule}|1|{end}"]) for end in ("fail", "pass"))
            away = " / ".join(
                _percent(row[f"{rule}|{ratio}|{end}"])
                for ratio, end in (("0.5", "pass"), ("2", "fail"))
            )
            cells.append(f"{at}; {away}")
        body.append([str(row["process"]), *cells])
    return _grid(["latency", *rules], body)


def _compare(rows: Rows) -> str:
    """Alarms with nothing changed / at 20% slower; a row a rule."""
    body = [
        [rule, *(f"{_percent(r[f'{rule}|same'])} / {_percent(r[f'{rule}|slower'])}" for r in rows)]
        for rule in _rules(rows[0])
    ]
    return _grid(["rule", *(str(row["process"]) for row in rows)], body)


def _history(rows: Rows) -> str:
    """Series with a false alarm / steps found / places right; a row a detector."""
    body = [
        [
            rule,
            *(
                " / ".join(_percent(row[f"{rule}|{what}"]) for what in ("same", "found", "right"))
                for row in rows
            ),
        ]
        for rule in _rules(rows[0])
    ]
    return _grid(["detector", *(str(row["process"]) for row in rows)], body)


def _real(rows: Rows) -> str:
    """Series in random order with an alarm / changes a hundred runs as they were."""
    body = [
        [
            rule,
            *(
                f"{_percent(row[f'{rule}|in random order'])} / {row[f'{rule}|as it was']:.1f}"
                for row in rows
            ),
        ]
        for rule in _rules(rows[0])
    ]
    head = [f"{row['process']}, {row['series']} series, {row['runs']:,} runs" for row in rows]
    return _grid(["detector", *head], body)


def stored(folder: Path) -> list[dict[str, Any]]:
    """The results that are kept, in the order of the page."""
    files = [folder / f"{section}.json" for section in HEADINGS]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def placed(text: str, found: Mapping[str, Any]) -> str:
    """The page with the table of this section in its place."""
    heading = HEADINGS[found["section"]]
    before, _, after = text.partition(f"{heading}\n")
    return f"{before}{heading}\n" + re.sub(
        r"(?:^\|.*\n)+", lambda _: table(found), after, count=1, flags=re.MULTILINE
    )


def write(folder: Path, page: Path) -> None:
    """Put every table that is kept into the page."""
    text = page.read_text(encoding="utf-8")
    for found in stored(folder):
        text = placed(text, found)
    page.write_text(text, encoding="utf-8")
