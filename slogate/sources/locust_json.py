"""Locust's statistics as JSON (`--json-file`, `--json`): one entry an endpoint, the whole run.

Buckets are Locust's rounded response times; the whole run is one step. Failures are counted but
not told apart: bounds are such that they hold whichever requests failed. Refuses what is no
whole list of entries: a part of it would look like a smaller run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from slogate.sources._base import DAMAGED, NO_UTF8, TO_UTF8, Chunk, Origin, Source, damaged
from slogate.sources._histograms import Rows
from slogate.sources._locust_entries import Entry, failures_beside, read_entry

_MOST_BYTES = 64 << 20
_BEGINS = re.compile(rb'\s*\[\s*\{\s*"(?:name|method|last_request_timestamp|start_time)"')


def sniff(head: bytes) -> float:
    """1 for a list of entries with Locust's names."""
    named = b'"num_requests"' in head and b'"response_times"' in head
    return float(named and _BEGINS.match(head) is not None)


def open_locust(origin: Origin) -> Iterator[Chunk]:
    """The one chunk of the file; SourceError if it cannot be used."""
    found = _document(origin)
    if not isinstance(found, list):
        raise origin.fail("it is no list of Locust's statistics")
    try:
        beside = failures_beside(found)
        entries = [entry for each in found if (entry := read_entry(each, beside=beside))]
        if not entries:
            raise origin.fail("it tells of no request")
        yield _rows(entries).chunk()
    except (ValueError, OverflowError) as error:
        raise origin.fail(str(error)) from None


def _rows(entries: list[Entry]) -> Rows:
    rows = Rows()
    begin = min(entry.begin for entry in entries)
    step_us = max(entry.end for entry in entries) - begin
    for entry in entries:
        entry.counted.add_to(rows, begin, step_us)
    return rows


def _document(origin: Origin) -> Any:
    try:
        with origin.stream() as stream:
            content = stream.read(_MOST_BYTES + 1)
    except DAMAGED as error:
        raise damaged(origin, error) from None
    if len(content) > _MOST_BYTES:
        raise origin.fail("it is over 64 MiB, Locust's statistics are not that long")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise origin.fail(NO_UTF8, line=line, hint=TO_UTF8) from None
    except json.JSONDecodeError as error:
        raise origin.fail(f"it is no whole JSON: {error.msg}", line=error.lineno) from None
    except (ValueError, RecursionError):
        raise origin.fail("it holds an absurd number or is nested too deeply") from None


_EXAMPLE = b"""\
[{"name": "/fast", "method": "GET", "last_request_timestamp": 1795544050.02,
"start_time": 1795544034.57, "num_requests": 5, "num_none_requests": 0, "num_failures": 1,
"max_response_time": 240.5, "min_response_time": 2.4, "response_times": {"3": 3, "240": 1, "2": 1}}]
"""

PLUGIN = Source(
    name="locust-json",
    help="Locust statistics as JSON (--json-file)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_locust,
)
