"""vegeta's JSON: starts, latencies, what succeeded, endpoints of URLs, what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

VEGETA = plugins.find("sources", "vegeta-json")
NOW = "2025-11-24T17:00:00.123456789+01:00"
RESULT = {
    "attack": "big", "seq": 7, "code": 200, "timestamp": NOW, "latency": 3_228_223,
    "bytes_out": 5, "bytes_in": 6067, "error": "", "body": "aGVsbG8=", "method": "GET",
    "url": "http://user:pw@shop:8080/a/b?c=1#d", "headers": {"X": ["1"]},
}  # fmt: skip
read = partial(take, source=VEGETA, name="results.json")


def result(**changed: Any) -> str:
    """A line of a result; a key that is changed to Ellipsis is left out."""
    fields = {key: value for key, value in {**RESULT, **changed}.items() if value is not ...}
    return json.dumps(fields, separators=(",", ":"))


def lines(*given: str) -> str:
    """A file of these lines."""
    return "".join(f"{line}\n" for line in given)


def test_a_result_becomes_a_request(tmp_path):
    """Each field lands where the series has it; neither query nor credentials are kept."""
    rows, tally = read(tmp_path, lines(result()))

    assert (tally.bad, tally.left_out) == ({}, {})
    assert rows == [
        {
            "ts": datetime(2025, 11, 24, 16, 0, 0, 123_456, UTC), "duration_us": 3_229,
            "late_us": None, "pace_us": None, "endpoint": "/a/b", "method": "GET", "status": 200,
            "ok": True, "error": None, "bytes": 6067, "worker": None, "trace_id": None,
            "labels": [("attack", "big"), ("host", "shop:8080")],
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "error", "ok", "status"),
    [
        pytest.param(200, "", True, 200, id="200"),
        pytest.param(200, "odd", True, 200, id="200 with an error"),
        pytest.param(302, "", True, 302, id="302"),
        pytest.param(399, "", True, 399, id="399"),
        pytest.param(400, "400 Bad", False, 400, id="400"),
        pytest.param(101, "", False, 101, id="101"),
        pytest.param(500, "", False, 500, id="500"),
        pytest.param(0, "no such host", False, None, id="not sent"),
    ],
)
def test_success_is_what_vegeta_counts_as_such(tmp_path, code, error, ok, status):
    """A code from 200 to 399, whatever the error says; the code 0 is no status."""
    row = read(tmp_path, lines(result(code=code, error=error))).rows[0]

    assert (row["ok"], row["status"], row["error"]) == (ok, status, error or None)


@pytest.mark.parametrize(
    ("url", "endpoint", "host"),
    [
        pytest.param("http://h", "/", "h", id="no path"),
        pytest.param("https://h/", "/", "h", id="root"),
        pytest.param("http://h?a=/b", "/", "h", id="only a query"),
        pytest.param("http://h/a#b?c", "/a", "h", id="fragment"),
        pytest.param("http://[::1]:80/ä/%20", "/ä/%20", "[::1]:80", id="IPv6"),
        pytest.param("//h/a", "/a", "h", id="no scheme"),
        pytest.param("/a?b", "/a", None, id="a path"),
        pytest.param("http://u@h/a@b", "/a@b", "h", id="user"),
        pytest.param("odd one", "odd one", None, id="no URL"),
        pytest.param("", "", None, id="empty"),
        pytest.param(None, "", None, id="null"),
        pytest.param(..., "", None, id="none"),
    ],
)
def test_the_path_is_the_endpoint(tmp_path, url, endpoint, host):
    """And the host a label, so that two of them can be told apart."""
    row = read(tmp_path, lines(result(url=url, attack=""))).rows[0]

    assert (row["endpoint"], row["labels"]) == (endpoint, [("host", host)] if host else None)


def test_old_results_are_read(tmp_path):
    """Before vegeta 12 a result did not say what was asked for."""
    line = result(attack=..., seq=..., method=..., url=..., headers=..., header=None)

    row = read(tmp_path, lines(line)).rows[0]

    assert (row["endpoint"], row["method"], row["labels"]) == ("", "", None)


def test_latencies_are_rounded_up(tmp_path):
    """To whole µs, nothing is made faster."""
    rows, _ = read(tmp_path, lines(*(result(latency=ns) for ns in (0, 1, 999, 1000, 1001))))

    assert [row["duration_us"] for row in rows] == [0, 1, 1, 1, 2]


OBJECT = "it is no JSON object"
TIME = "its timestamp is none between 2001 and 2100"
LATENCY = "its latency is no time between 0 and a day"
CODE = "its code is no status"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param(result()[:-1], OBJECT, id="cut"),
        pytest.param("hello", OBJECT, id="text"),
        pytest.param(result(url="/\0").replace("\\u0000", "\0"), OBJECT, id="NUL"),
        pytest.param("[1]", TIME, id="an array"),
        pytest.param(result(timestamp="2025-11-24T17:00:00"), TIME, id="no zone"),
        pytest.param(result(timestamp=1_764_000_000), TIME, id="a number for a time"),
        pytest.param(result(timestamp="9999-12-31T23:59:59Z"), TIME, id="far off"),
        pytest.param(result(timestamp=...), TIME, id="no time"),
        pytest.param(result(latency=-1), LATENCY, id="negative"),
        pytest.param(result(latency=86_400_000_000_001), LATENCY, id="over a day"),
        pytest.param(result(latency=10**30), LATENCY, id="huge"),
        pytest.param(result(latency=2**63 - 1), LATENCY, id="the longest"),
        pytest.param(result(latency="fast"), LATENCY, id="a word"),
        pytest.param(result(latency=True), LATENCY, id="true"),
        pytest.param(result(code=-1), CODE, id="negative code"),
        pytest.param(result(code=70_000), CODE, id="huge code"),
        pytest.param(result(code=...), CODE, id="no code"),
        pytest.param(result(code=True), CODE, id="true as code"),
        pytest.param("x" * 17_000_000, "it is longer than 16 MB", id="17 MB"),
    ],
)
def test_a_bad_line_is_counted_and_told_with_its_number(tmp_path, line, reason):
    """The others are kept."""
    rows, tally = read(tmp_path, lines(result(), "", line, result(latency=5)))

    assert [row["duration_us"] for row in rows] == [3_229, 1]
    assert (tally.bad, tally.shown) == ({reason: 1}, [f"results.json:3: {reason}"])


def test_a_body_of_ten_megabytes_is_read(tmp_path):
    """Vegeta keeps bodies; they are passed over."""
    rows, tally = read(tmp_path, lines(result(body="A" * 10_000_000), result()))

    assert (len(rows), tally.bad) == (2, {})


GOB = (
    bytes.fromhex("7fff8103010106526573756c7401ff820001")
    + b"Attack Seq Code Timestamp Latency BytesOut"
)


@pytest.mark.parametrize(
    ("content", "sentence", "hint"),
    [
        pytest.param(GOB, "this is vegeta's binary format", "vegeta encode --to json", id="gob"),
        pytest.param('{"latencies":{}}\n', "begins with no result", None, id="report"),
        pytest.param("\n", "begins with no result", None, id="blank"),
        pytest.param(result().encode("utf-16"), "it is UTF-16", "iconv", id="UTF-16"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence, hint):
    """The binary with how to convert it."""
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, content)

    assert hint is None or hint in caught.value.hint


def test_what_it_recognises():
    """Results as JSON, and the binary so that it can be refused; no other JSON."""
    fraction = result().replace('"latency":3228223', '"latency":32.28')
    assert fraction != result()
    heads = [result(), GOB, '{"code":1,"timestamp":"x"}', fraction, "", "[]"]

    sure = [VEGETA.sniff(head.encode() if isinstance(head, str) else head) for head in heads]

    assert sure == [1, 0.6, 0, 0, 0, 0]
