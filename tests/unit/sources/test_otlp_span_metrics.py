"""Histograms that the collector makes of spans: one kind of them is requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.errors import SourceError

START = 1_764_000_000_000_000_000
METRIC = "traces.span.metrics.duration"
OTHERS = "data points of spans of other kinds"


def point(kind: str, status: str, count: int, name: str = "span.name") -> dict[str, Any]:
    """A point of a minute, all of whose spans took at most 100 ms."""
    told = {name: "GET /cart", "span.kind": kind, "status.code": status, "service.name": "shop"}
    return {
        "startTimeUnixNano": str(START), "timeUnixNano": str(START + 60 * 10**9),
        "count": str(count), "sum": 5.0 * count, "explicitBounds": [100, 250],
        "bucketCounts": [str(count), "0", "0"],
        "attributes": [{"key": key, "value": {"stringValue": told[key]}} for key in told],
    }  # fmt: skip


def read(folder: Path, *lines: list[dict[str, Any]], **options: str) -> Taken:
    """What lines of such points give."""
    messages = [
        {"resourceMetrics": [{"resource": {"attributes": []}, "scopeMetrics": [{"metrics": [
            {"name": METRIC, "unit": "ms",
             "histogram": {"aggregationTemporality": 1, "dataPoints": points}}
        ]}]}]}
        for points in lines
    ]  # fmt: skip
    content = "".join(json.dumps(message) + "\n" for message in messages)
    source = plugins.find("sources", "otlp-json")
    return take(folder, content, source=source, metric=METRIC, **options)


def test_a_message_within_another_object_is_told(tmp_path):
    """As Tempo answers: the error says how to take it out."""
    source = plugins.find("sources", "otlp-json")
    with pytest.raises(SourceError, match="there is no OTLP in it") as caught:
        take(tmp_path, '{"trace": {"resourceSpans": []}}\n', source=source)
    assert "jq -c .trace" in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["span.name", "operation"])
def test_points_of_servers_are_requests(tmp_path, name: str):
    """Their endpoint is the span's name, and their outcome its status."""
    taken = read(
        tmp_path,
        [point("SPAN_KIND_SERVER", "STATUS_CODE_UNSET", 7, name)],
        [point("SPAN_KIND_SERVER", "STATUS_CODE_ERROR", 2, name)],
    )

    told = ("endpoint", "method", "ok", "count", "hi_us")
    assert [tuple(row[key] for key in told) for row in taken.rows] == [
        ("/cart", "GET", True, 7, 100_000), ("/cart", "GET", False, 2, 100_000)
    ]  # fmt: skip
    assert not taken.tally.left_out


def test_points_of_clients_are_no_second_requests(tmp_path):
    """Whoever called tells of the same requests: those are left out, unless they are asked for."""
    line = [
        point("SPAN_KIND_SERVER", "STATUS_CODE_OK", 7),
        point("SPAN_KIND_CLIENT", "STATUS_CODE_UNSET", 7),
        point("SPAN_KIND_INTERNAL", "STATUS_CODE_UNSET", 3),
    ]

    servers, clients = read(tmp_path, line), read(tmp_path, line, kinds="client")

    assert [row["count"] for row in servers.rows] == [7]
    assert [row["count"] for row in clients.rows] == [7]
    assert dict(servers.tally.left_out) == dict(clients.tally.left_out) == {OTHERS: 2}
