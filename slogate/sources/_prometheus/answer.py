"""Takes an answer of the HTTP API apart: whose samples they are, and when each was scraped.

An answer is `{"status": "success", "data": {"resultType": "matrix", "result": […]}}`; samples
are `[seconds, "value"]` in `values`, native histograms `[seconds, {…}]` in `histograms`.
ValueError for anything else, in the server's own words where it says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from slogate.sources._base import EARLIEST_TS, LATEST_TS

Labels = Mapping[str, str]
_RANGE_HINT = "ask for the samples of a time: query=metric[1h]"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer; times are ms since the epoch, values as they were written."""

    labels: Labels
    values: list[tuple[int, str]]
    histograms: list[tuple[int, Any]]


def data_of(document: object) -> Any:
    """The data of an answer that says success."""
    if not isinstance(document, dict) or document.get("status") not in {"success", "error"}:
        raise ValueError("this is no answer of Prometheus's HTTP API")
    if document["status"] == "error":
        raise ValueError(f"the server says: {document.get('error') or document.get('errorType')}")
    return document.get("data")


def warnings_of(document: object) -> str:
    """The server's warnings about a success: what it has may be less than there is."""
    if not isinstance(document, dict):
        return ""
    told = document.get("warnings")
    if document.get("isPartial") is True:  # VictoriaMetrics: a node of the cluster did not answer
        return "isPartial"
    return "; ".join(map(str, told)) if isinstance(told, list) else str(told or "")


def infos_of(document: object) -> list[str]:
    """What the server remarks on about a query: it may not mean what it seems to."""
    told = document.get("infos") if isinstance(document, dict) else None
    return [*map(str, told)] if isinstance(told, list) else []


def clock_of(data: object) -> float | None:
    """What the server says to `time()`: a number, of VictoriaMetrics in a vector."""
    try:
        answer: Any = data["result"]  # type: ignore[index]
        return float((answer[0]["value"] if isinstance(answer[0], dict) else answer)[1])
    except (KeyError, TypeError, IndexError, ValueError, OverflowError):
        return None


def matrix(data: object, *, ends: bool = False) -> Iterator[Series]:
    """The series of an answer to a range selector; with `ends`, NaN only says that one ended."""
    kind = data.get("resultType") if isinstance(data, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    if kind != "matrix" or not isinstance(result, list):
        raise ValueError(f"its result is a {kind}, a matrix is needed; {_RANGE_HINT}")
    for entry in result:
        labels = entry.get("metric") if isinstance(entry, dict) else None
        if not isinstance(labels, dict) or not all(isinstance(v, str) for v in labels.values()):
            raise ValueError("a series of it has no labels")
        values = [each for each in _points(entry, "values") if not ends or each[1] != "NaN"]
        if any(at > later for (at, _), (later, _) in pairwise(values)):
            raise ValueError("the samples of a series are not in the order of their times")
        yield Series(
            {_clean(name): _clean(value) for name, value in labels.items()},
            values,
            list(_points(entry, "histograms")),
        )


def _clean(text: str) -> str:
    """The text without halves of characters, which no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _points(entry: Mapping[str, Any], key: str) -> Iterator[tuple[int, Any]]:
    points = entry.get(key, [])
    if not isinstance(points, list):
        raise ValueError(f"the {key} of a series are no list")  # noqa: TRY004
    for point in points:
        if not isinstance(point, list) or len(point) != 2 or type(point[0]) not in {int, float}:
            raise ValueError(f"one of the {key} of a series has no time")
        # the range is asked first: an infinite or absurd time has no whole milliseconds
        if not EARLIEST_TS / 1e6 <= point[0] <= LATEST_TS / 1e6:
            raise ValueError("the time of a sample is not between 2001 and 2100")
        if key == "values" and not isinstance(point[1], str):
            raise ValueError("one of the values of a series is no text")
        yield int(point[0] * 1000 + 0.5), point[1]
