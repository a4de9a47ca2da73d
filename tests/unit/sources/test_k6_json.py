"""k6's NDJSON: which points are requests, when they began, what failed, what is refused."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

K6 = plugins.find("sources", "k6-json")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW = "2025-11-24T17:00:00.123456789+01:00"
TAGS = {
    "expected_response": "true", "group": "", "method": "GET", "name": "/a", "proto": "HTTP/1.1",
    "scenario": "default", "status": "200", "url": "http://shop/a?b=1",
}  # fmt: skip
read = partial(take, source=K6, name="k6.json")


def point(
    value: Any = 1.5, time: Any = NOW, *, metric: str = "http_req_duration",
    metadata: dict[str, str] | None = None, tags: Any = TAGS, **more: str | None,
) -> str:  # fmt: skip
    """A line of a point; a tag that is None is left out."""
    if tags is not None:
        tags = {name: tag for name, tag in {**tags, **more}.items() if tag is not None}
    data = {"time": time, "value": value, "tags": tags}
    if metadata:
        data["metadata"] = metadata
    return json.dumps({"metric": metric, "type": "Point", "data": data}, separators=(",", ":"))


def lines(*given: str) -> str:
    """A file of these lines."""
    return "".join(f"{line}\n" for line in given)


def one(folder, *given: str, **options: str) -> dict[str, Any]:
    """The only request of these lines, none of which is bad."""
    rows, tally = read(folder, lines(*given), **options)
    assert (len(rows), tally.bad, tally.left_out) == (1, {}, {})
    return rows[0]


def test_a_point_becomes_a_request(tmp_path):
    """Each tag lands where the series has it; the start is the end less the duration, in ns."""
    line = point(
        459.865729, "2017-05-09T14:34:45.239531499+02:00", group="::cart", scenario="peak",
        metadata={"vu": "1", "trace_id": "0af7651916cd43dd8448eb2"},
    )  # fmt: skip

    assert one(tmp_path, line) == {
        "ts": datetime(2017, 5, 9, 12, 34, 44, 779_665, UTC), "duration_us": 459_866,
        "late_us": None, "pace_us": None, "endpoint": "/a", "method": "GET", "status": 200,
        "ok": True, "error": None, "bytes": None, "worker": None,
        "trace_id": "0af7651916cd43dd8448eb2",
        "labels": [("scenario", "peak"), ("group", "::cart")],
    }  # fmt: skip


def test_starts_and_durations_are_exact(tmp_path):
    """Over random times, zones and durations the start is floored and the duration rounded up."""
    chance = random.Random(20261124)
    given, expected = [], []
    for _ in range(1000):
        end_ns = chance.randrange(10**18, 4 * 10**18)
        took_ns = chance.choice([1, 999, 1000, 1001, chance.randrange(10**11)])
        zone = timezone(timedelta(minutes=15 * chance.randrange(-48, 57)))
        whole, rest = divmod(end_ns, 10**9)
        clock = datetime.fromtimestamp(whole, zone)
        digits = f".{rest:09}".rstrip("0").rstrip(".")
        offset = clock.isoformat()[19:] if clock.utcoffset() else "Z"
        given.append(point(took_ns / 10**6, f"{clock:%Y-%m-%dT%H:%M:%S}{digits}{offset}"))
        expected.append(((end_ns - took_ns) // 1000, -(-took_ns // 1000)))

    rows, tally = read(tmp_path, lines(*given))

    found = [((r["ts"] - EPOCH) // timedelta(microseconds=1), r["duration_us"]) for r in rows]
    assert (found, tally.bad) == (expected, {})


@pytest.mark.parametrize(
    ("tags", "ok", "status", "duration", "error"),
    [
        pytest.param({}, True, 200, 1500, None, id="as expected"),
        pytest.param({"expected_response": "false", "status": "503", "error_code": "1503"}, False,
                     503, 1500, "error_code 1503", id="not expected"),
        pytest.param({"status": "404"}, True, 404, 1500, None, id="an expected 404"),
        pytest.param({"expected_response": None}, True, 200, 1500, None, id="old, 200"),
        pytest.param({"expected_response": None, "status": "302"}, True, 302, 1500, None,
                     id="old, 302"),
        pytest.param({"expected_response": None, "status": "404"}, False, 404, 1500, None,
                     id="old, 404"),
        pytest.param({"expected_response": None, "status": "0", "error": "timeout",
                      "error_code": "1050"}, False, None, 1500, "timeout", id="old, no answer"),
        pytest.param({"expected_response": None, "status": None}, None, None, 1500, None,
                     id="nothing said"),
        pytest.param({"status": "odd"}, True, None, 1500, None, id="no status"),
    ],
)  # fmt: skip
def test_what_failed_is_what_k6_says(tmp_path, tags, ok, status, duration, error):
    """expected_response decides; without it k6's own default does, 200 to 399."""
    row = one(tmp_path, point(1.5, **tags))

    assert (row["ok"], row["status"], row["duration_us"], row["error"]) == (
        ok, status, duration, error
    )  # fmt: skip


@pytest.mark.parametrize("status", ["0", None], ids=["status 0", "no status"])
def test_a_failed_connection_has_no_duration(tmp_path, status):
    """k6 writes 0 ms where nothing came back: that is no fast answer."""
    row = one(tmp_path, point(0, status=status, expected_response="false", error="no such host"))

    assert (row["duration_us"], row["status"], row["ok"], row["error"]) == (
        None, None, False, "no such host"
    )  # fmt: skip
    assert row["ts"] == datetime(2025, 11, 24, 16, 0, 0, 123_456, UTC)


@pytest.mark.parametrize(
    ("status", "ok", "error"), [("0", True, None), ("14", False, "gRPC status 14")]
)
def test_calls_of_grpc_are_requests(tmp_path, status, ok, error):
    """Their status is none of HTTP: 0 is success, and their method is part of the name."""
    row = one(tmp_path, point(2, metric="grpc_req_duration", name="/shop.Cart/Add", method="Add",
                              status=status, expected_response=None))  # fmt: skip

    assert (row["endpoint"], row["method"], row["status"], row["ok"], row["error"]) == (
        "/shop.Cart/Add", "", None, ok, error
    )  # fmt: skip


def test_other_points_and_definitions_are_passed_over(tmp_path):
    """They are neither rows nor bad nor left out, whatever they hold."""
    metric = json.dumps({
        "type": "Metric", "metric": "http_req_duration",
        "data": {"name": "http_req_duration", "thresholds": ["p(99)<250"]},
    })  # fmt: skip
    others = [
        point(1, metric=name)
        for name in ("http_reqs", "http_req_waiting", "vus", "browser_http_req_duration")
    ]

    assert one(tmp_path, metric, *others, point(7))["duration_us"] == 7000


def test_a_line_that_only_speaks_of_requests_is_left_out(tmp_path):
    """A point of another metric whose tag reads like a request's metric is told."""
    rows, tally = read(tmp_path, lines(point(1, metric="mine", kind="http_req_duration"), point()))

    assert (len(rows), tally.left_out.total(), tally.bad) == (1, 1, {})


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(point(tags=None), id="null tags"),
        pytest.param(point(tags={}), id="no tags"),
        pytest.param(point().replace('"tags":', '"nothing":'), id="none said"),
        pytest.param(point(name=None, url=None, method=None), id="no name"),
    ],
)
def test_a_point_without_tags_is_a_request(tmp_path, line):
    """Old k6 writes null tags, and tags can be switched off."""
    row = one(tmp_path, line)

    assert (row["endpoint"], row["method"], row["duration_us"]) == ("", "", 1500)


def test_the_url_names_what_has_no_name(tmp_path):
    """As k6 itself does it."""
    assert one(tmp_path, point(name=None))["endpoint"] == "http://shop/a?b=1"


def test_json_of_other_writers_is_read(tmp_path):
    """Spaces and another order of keys make no difference."""
    line = json.dumps(dict(reversed(json.loads(point(name="ä → 𝄞")).items())))

    assert one(tmp_path, line)["endpoint"] == "ä → 𝄞"


def test_tags_become_labels_if_asked_for(tmp_path):
    """A tag of one's own is kept by name; one that a request does not have is no label."""
    rows, _ = read(
        tmp_path, lines(point(region="eu", tier="1"), point(region="us"), point()),
        labels={"team": "x"}, tags="region, tier,region",
    )  # fmt: skip

    assert [dict(row["labels"]) for row in rows] == [
        {"team": "x", "region": "eu", "tier": "1"}, {"team": "x", "region": "us"}, {"team": "x"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "sentence"),
    [
        pytest.param("a b", "'a b' is no name of a tag", id="odd"),
        pytest.param("status", "status is read already", id="known"),
        pytest.param(",".join(f"t{i}" for i in range(11)), "11 are more than 10", id="many"),
    ],
)
def test_odd_tags_are_refused(tmp_path, tags, sentence):
    """Nothing is dropped in silence."""
    with pytest.raises(SourceError, match=sentence):
        read(tmp_path, lines(point()), tags=tags)


OBJECT = "it is no JSON object"
TIME = "its time is none between 2001 and 2100"
VALUE = "its value is no time between 0 and a day"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("hello", OBJECT, id="text"),
        pytest.param(point()[:-1], OBJECT, id="cut"),
        pytest.param(point()[:20], OBJECT, id="cut early"),
        pytest.param(point(metric="vus")[:-9], OBJECT, id="another metric, cut"),
        pytest.param(f"{point()}{point()}", OBJECT, id="two in one"),
        pytest.param(f"[{point()}]", OBJECT, id="an array"),
        pytest.param("17", OBJECT, id="a number"),
        pytest.param(point().replace("/a", "/\0a"), OBJECT, id="NUL"),
        pytest.param("x" * 10_000_000, OBJECT, id="10 MB"),
        pytest.param("x" * 17_000_000, "it is longer than 16 MB", id="17 MB"),
        pytest.param(point(-0.5), VALUE, id="negative"),
        pytest.param(point(86_400_000.001), VALUE, id="over a day"),
        pytest.param(point(1e300), VALUE, id="huge"),
        pytest.param(point(9223372036854.7755), VALUE, id="the longest"),
        pytest.param(point("fast"), VALUE, id="a word"),
        pytest.param(point(None), VALUE, id="no value"),
        pytest.param(point(True), VALUE, id="true"),
        pytest.param(point(time=1764000000), TIME, id="a number for a time"),
        pytest.param(point(time="1764000000000"), TIME, id="a Unix time"),
        pytest.param(point(time="2025-11-24T17:00:00.123"), TIME, id="no zone"),
        pytest.param(point(time="2025-11-24"), TIME, id="a date"),
        pytest.param(point(time="0001-01-01T00:00:00Z"), TIME, id="Go's zero"),
        pytest.param(point(time="9999-12-31T23:59:59.999999999Z"), TIME, id="far off"),
        pytest.param(point(time="294247-01-10T04:00:54Z"), TIME, id="the end of time"),
        pytest.param(point(time=""), TIME, id="empty"),
        pytest.param(point(time=None), TIME, id="no time"),
    ],
)
def test_a_bad_line_is_counted_and_told_with_its_number(tmp_path, line, reason):
    """The others are kept; blank lines and lines of other metrics count in the number."""
    content = lines(point(), "", point(metric="vus"), line, point(3))

    rows, tally = read(tmp_path, content)

    assert [row["duration_us"] for row in rows] == [1500, 3000]
    assert tally.shown == [f"k6.json:4: {reason}"]
    assert tally.bad == {reason: 1}


def test_what_is_no_utf8_is_bad(tmp_path):
    """In a line of a request as in any other."""
    content = lines(point(), point(name="odd")).encode().replace(b"odd", b"\xe4")

    rows, tally = read(tmp_path, content)

    assert (len(rows), tally.shown) == (1, ["k6.json:2: it is not UTF-8"])


def test_clocks_that_go_back_and_equal_points_are_kept(tmp_path):
    """The order is that of the file; equal points are equal requests."""
    times = ["2025-11-24T17:00:05Z", "2025-11-24T17:00:01Z", "2025-11-24T17:00:01Z"]

    rows, _ = read(tmp_path, lines(*(point(0.001, time) for time in times)))

    assert [row["ts"].second for row in rows] == [4, 0, 0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "k6.json is empty", id="empty"),
        pytest.param("\n\n", "begins with no line of k6", id="blank"),
        pytest.param('{"metrics":{"http_reqs":{}}}\n', "begins with no line of k6", id="summary"),
        pytest.param(lines(point(metric="vus"), point(metric="checks")),
                     "no point of http_req_duration or grpc_req_duration in it, only of checks, "
                     "vus", id="no request"),
        pytest.param(lines(*(point(metric=f"m{i}") for i in range(12))), "and 4 more", id="many"),
        pytest.param(b"\xff\xfe" + point().encode("utf-16-le"), "it is UTF-16", id="UTF-16"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence):
    """The file is named, and what is in it instead."""
    with pytest.raises(SourceError, match=sentence) as caught:
        read(tmp_path, content)

    assert caught.value.message.startswith("k6.json")


@pytest.mark.parametrize(
    ("head", "sure"),
    [
        pytest.param(lines(point()), 1, id="point"),
        pytest.param('{"type":"Metric","data":{},"metric":"vus"}\n', 1, id="definition"),
        pytest.param(f"warning: old\n{point()}\n", 1, id="after a log line"),
        pytest.param('{"type":"Point","data":{}}', 0, id="another tool's point"),
        pytest.param('{"level":"info","type":"Metric"}', 0, id="a log"),
        pytest.param('[{"type":"Point"}]', 0, id="array"),
    ],
)
def test_what_it_recognises(head, sure):
    """The form of k6's lines, nothing else that is JSON."""
    assert K6.sniff(head.encode()) == sure
