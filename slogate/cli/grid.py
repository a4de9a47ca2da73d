"""Rows as aligned columns for people, as JSON for machines."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from slogate.cli.options import colour_wanted
from slogate.reports._base import plain


def grid(head: Sequence[str], rows: Sequence[Sequence[Any]], *, no_color: bool = False) -> str:
    """Aligned columns under their names, numbers to the right; names come from anywhere."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        max(len(name), *(len(row[at]) for row in cells)) if cells else len(name)
        for at, name in enumerate(head)
    ]
    right = [
        bool(rows) and all(_is_number(row[at]) or row[at] is None for row in rows)
        for at in range(len(head))
    ]
    title = _line([plain(name) for name in head], widths, right)
    if colour_wanted(no_color=no_color):
        title = f"\x1b[1m{title}\x1b[0m"
    return "".join(f"{line}\n" for line in (title, *(_line(row, widths, right) for row in cells)))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    columns = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(columns).rstrip()


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return plain(", ".join(f"{key}={_cell(item)}" for key, item in value.items()))
    if isinstance(value, list | tuple):
        return plain(", ".join(map(_cell, value)))
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return plain(str(as_json(value)))


def dumps(value: Any) -> str:
    """One JSON document of rows and values as a query gives them."""
    return json.dumps(as_json(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_json(value: Any) -> Any:
    """What JSON can say of a value: times in ISO 8601, whole decimals as integers, NaN as null."""
    for kinds, change in _CHANGES:
        if isinstance(value, kinds):
            return change(value)
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _moment(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _decimal(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _float(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(as_json(key)): as_json(item) for key, item in value.items()}


def _array(value: Sequence[Any]) -> list[Any]:
    return [as_json(item) for item in value]


_CHANGES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (datetime, _moment),
    ((date, time), str),
    (Decimal, _decimal),
    (float, _float),
    (bytes, bytes.hex),
    (Mapping, _object),
    ((list, tuple, set), _array),
)
