"""What the formats of one JSON object a line share, over the lines of `_lines`.

DuckDB parses each line once (`json_transform` with a shape, within TRY): a line that is no JSON
gives NULL and is bad, one of another form gives NULL fields.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

NO_OBJECT = "it is no JSON object"
_LOOK = 200


def objects(head: bytes) -> Iterator[dict[str, Any]]:
    """The objects of the first lines that are some; a cut last line is none."""
    for line in head.split(b"\n", _LOOK)[:_LOOK]:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            yield found


def shape(**fields: object) -> str:
    """The structure for json_transform; a field that is not said otherwise is text."""
    return json.dumps(fields)


def texts(*names: str) -> dict[str, str]:
    """Fields of a shape that are text."""
    return dict.fromkeys(names, "VARCHAR")


def moment_sql(text: str) -> str:
    """SQL for a text of RFC 3339 as whole µs since the epoch; NULL for one without a zone.

    Offsets may be written in the other ways of ISO 8601 too (+0100, +01).
    """
    # what most texts have comes first: to look at a letter by its place takes longer
    zoned = f"ends_with({text}, 'Z') OR contains({text}, '+') OR {text}[-6] = '-'"
    return (
        f"CASE WHEN ({zoned} OR {text}[-1] = 'z') AND (strpos({text}, 'T') = 11 "
        f"OR {text}[11] IN ('t', ' ')) THEN epoch_us(TRY_CAST({text} AS TIMESTAMPTZ)) END"
    )


def rest_ns_sql(text: str) -> str:
    """SQL for the ns that such a text says beyond its whole µs, 0 to 999."""
    return f"coalesce(epoch_ns(TRY_CAST({text} AS TIMESTAMP_NS)) % 1000, 0)"
