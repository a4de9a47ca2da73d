"""The JSON of oha, vegeta and autocannon: counts, bounds, statuses, refusals."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from foreign import DATA, needs_data, take
from summaries import at, counted, example, summary

from slogate import plugins
from slogate.errors import SourceError

JSONS = ("oha-json", "vegeta-report", "autocannon")


def changed(folder, name: str, change: dict[str, Any], **options: str):
    """The example of a format with other values at these paths (a.b); None takes one away."""
    document = json.loads(example(name))
    for path, value in change.items():
        *parents, last = path.split("/")
        place = document
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    source = plugins.find("sources", name)
    text = json.dumps(document)
    return take(folder, text, source=source, **{**source.example_options, **options})


@pytest.mark.parametrize("name", JSONS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param('{"a": 1', "no JSON", id="cut off"),
        pytest.param("[1]", "no JSON object", id="list"),
        pytest.param("[" * 100_000, "nested too deeply", id="deep"),
        pytest.param("{}", "there is no", id="empty"),
        pytest.param('{"a": ' + "9" * 400 + "}", "absurd", id="long number"),
        pytest.param('{"a": 1e' + "9" * 20 + "}", "absurd", id="exponent"),
        pytest.param('{"a": 0.' + "1" * 400 + "}", "absurd", id="long fraction"),
        pytest.param('{"a": {"b": 1, "b": 2}}', "a name twice", id="twice"),
        pytest.param('{"a": \0}', "NUL byte", id="NUL"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8", id="latin-1"),
        pytest.param(b'\xff\xfe{"a": 1}', "UTF-16", id="UTF-16"),
    ],
)
def test_what_is_no_such_document_is_refused(tmp_path, name: str, content, reason: str):
    """Each reason is named."""
    source = plugins.find("sources", name)

    with pytest.raises(SourceError, match=reason):
        take(tmp_path, content, source=source, **source.example_options)


def test_oha_counts_statuses_and_errors(tmp_path):
    """A status is what oha says of a response; errors had none; its own deadline is left out."""
    rows, tally = summary(tmp_path, "oha-json")

    assert counted(rows, "status", "ok") == {(200, None): 190, (500, None): 7, (None, False): 3}
    assert list(tally.left_out.values()) == [2]
    assert {(r["ts"].isoformat(), r["step_us"]) for r in rows} == {
        ("2026-11-24T10:00:00+00:00", 2_004_100)
    }


def test_oha_percentiles_are_exact_ranks(tmp_path):
    """Each is the time of one request: the next after its share, as oha counts."""
    rows = changed(tmp_path, "oha-json", {"statusCodeDistribution": {"200": 197}}).rows

    bounds = [(r["lo_us"], r["hi_us"], r["count"]) for r in rows if r["lo_us"] is not None]
    assert bounds[:4] == [(512, 600, 19), (599, 600, 1), (599, 1100, 29), (1099, 1100, 1)]
    assert sum(count for *_, count in bounds) == 197


def test_oha_may_tell_successes_apart(tmp_path):
    """With --stats-success-breakdown, failures have bounds of their own."""
    shares = ("p10", "p25", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99")
    rows = changed(tmp_path, "oha-json", {
        "latencyPercentilesSuccessful": dict.fromkeys(shares, 0.002),
        "latencyPercentilesNotSuccessful": dict.fromkeys(shares, 0.009),
    }).rows  # fmt: skip

    timed = [r for r in rows if r["lo_us"] is not None]
    assert at([r for r in timed if r["status"] == 200], 50) == (1999, 2000)
    assert at([r for r in timed if r["status"] == 500], 50) == (8999, 9000)


def test_oha_without_a_response(tmp_path):
    """Where nothing answered, percentiles are null and only errors are counted."""
    rows = changed(tmp_path, "oha-json", {
        "statusCodeDistribution": {}, "latencyPercentiles": {"p50": "NaN"},
        "summary/fastest": "NaN", "summary/slowest": "NaN",
    }).rows  # fmt: skip

    assert counted(rows, "ok", "lo_us") == {(False, None): 3}


def test_a_document_of_ohas_schema_is_read(tmp_path):
    """The example, completed to a valid document of the published schema, is still read."""
    needs_data()
    document = json.loads(example("oha-json"))
    shares = document["latencyPercentiles"]
    times = {"average": 0.001, "fastest": 0.001, "slowest": 0.002}
    document |= {
        "firstByteHistogram": {"0.001": 197}, "firstBytePercentiles": shares,
        "rps": {"mean": 1.0, "stddev": None, "max": 2.0, "min": 0.5, "percentiles": shares},
        "details": {"DNSDialup": times, "DNSLookup": times, "firstByte": times},
    }  # fmt: skip
    jsonschema.validate(document, json.loads((DATA / "oha" / "schema.json").read_text()))
    source = plugins.find("sources", "oha-json")

    rows = take(tmp_path, json.dumps(document), source=source, **source.example_options).rows

    assert counted(rows, "status") == {200: 190, 500: 7, None: 3}


def test_vegeta_buckets_count_exactly(tmp_path):
    """A bucket begins at its name and ends before the next one's: 2 ms is no part of 1 ms."""
    rows = changed(tmp_path, "vegeta-report", {"status_codes": {"200": 100}, "success": 1}).rows

    assert [(r["lo_us"], r["hi_us"], r["count"]) for r in rows] == [
        (1249, 2000, 40), (1999, 3000, 54), (2999, 3661, 6)
    ]  # fmt: skip
    assert {(r["ok"], r["status"], r["step_us"], r["ts"].isoformat()) for r in rows} == {
        (True, 200, 993_508, "2026-11-24T08:00:00.645818+00:00")
    }


def test_vegeta_percentiles_where_there_are_no_buckets(tmp_path):
    """An estimate lies between the two ranks nearest to its share."""
    rows = changed(tmp_path, "vegeta-report", {
        "buckets": None, "status_codes": {"302": 100},
    }).rows  # fmt: skip

    assert [(r["lo_us"], r["hi_us"], r["count"], r["ok"]) for r in rows] == [
        (1249, 2255, 50, True), (2254, 2829, 40, True), (2828, 2979, 5, True),
        (2978, 3530, 4, True), (3529, 3661, 1, True),
    ]  # fmt: skip
    older = changed(tmp_path, "vegeta-report", {
        "buckets": None, "status_codes": {"302": 100}, "latencies/90th": None,
    }).rows  # fmt: skip
    assert [row["count"] for row in older] == [50, 45, 4, 1]


def test_reports_of_vegeta_that_do_not_say_when_the_run_began(tmp_path):
    """The oldest say how long it was only: its start is asked for."""
    with pytest.raises(SourceError, match="does not say when the run began"):
        changed(tmp_path, "vegeta-report", {"earliest": None})

    rows = changed(tmp_path, "vegeta-report", {"earliest": None}, start="2026-11-24T10:00:00Z").rows

    assert {row["ts"].isoformat() for row in rows} == {"2026-11-24T10:00:00+00:00"}
    assert sum(row["count"] for row in rows) == 100


def test_a_success_of_vegeta_has_a_status_from_200_to_399(tmp_path):
    """No status is a failure, and so is any other."""
    rows = summary(tmp_path, "vegeta-report").rows

    assert counted(rows, "status", "ok") == {(200, True): 97, (500, False): 2, (None, False): 1}


def test_autocannon_cuts_times_to_milliseconds(tmp_path):
    """A median of 44 was from 44 up to 45 ms."""
    rows = changed(tmp_path, "autocannon", {
        "5xx": 0, "2xx": 175, "statusCodeStats": {"200": {"count": 175}}, "errors": 0,
    }).rows  # fmt: skip

    assert [at(rows, share) for share in (1, 50, 99)] == [
        (18_999, 20_000), (43_999, 45_000), (82_999, 84_000)
    ]  # fmt: skip
    assert {(r["endpoint"], r["step_us"]) for r in rows} == {("/cart", 2_024_000)}


def test_autocannon_counts_statuses_and_errors(tmp_path):
    """Errors, timeouts among them, had no response."""
    rows = summary(tmp_path, "autocannon").rows

    assert counted(rows, "status", "ok") == {(200, None): 158, (500, None): 17, (None, False): 3}


def test_autocannon_before_it_told_each_status(tmp_path):
    """Of a class of statuses only 5xx is a failure."""
    rows = changed(tmp_path, "autocannon", {"statusCodeStats": None}).rows

    assert counted(rows, "status", "ok") == {(None, True): 158, (None, False): 17 + 3}


def test_autocannon_as_it_named_percentiles_once(tmp_path):
    """The digits behind 99 are decimals; how many were timed was not told."""
    now, old = {"p97_5": None, "p99_9": 82}, {"p97_5": None, "p999": 82, "p99_9": None}
    kept = {"latency/p99_99": None, "latency/p99_999": None}

    rows = [
        changed(tmp_path, "autocannon", kept | {f"latency/{k}": v for k, v in change.items()}).rows
        for change in (now, old | {"totalCount": None})
    ]

    assert rows[0] == rows[1]


def test_autocannon_without_the_times_of_errors(tmp_path):
    """With --excludeErrorStats responses that are not 2xx have no response time."""
    rows = changed(tmp_path, "autocannon", {"latency/totalCount": 158}).rows

    assert counted([r for r in rows if r["lo_us"] is None], "status") == {500: 17, None: 3}


def test_autocannon_mismatches_are_failures(tmp_path):
    """Bodies that were not as expected fail, and may be those of status 500 or not."""
    rows = changed(tmp_path, "autocannon", {"mismatches": 20}).rows

    assert counted(rows, "ok") == {True: 175 - 37, False: 20 + 3, None: 17}


@pytest.mark.parametrize(("mismatches", "failed", "unclear"), [(20, 3, 17), (9, 0, 9)])
def test_autocannon_mismatches_where_only_2xx_have_times(tmp_path, mismatches, failed, unclear):
    """They are failures all the same, of those with times or of the others."""
    change = {"latency/totalCount": 158, "mismatches": mismatches}

    rows = changed(tmp_path, "autocannon", change).rows

    timed = [row for row in rows if row["lo_us"] is not None]
    expected = {True: 158 - failed - unclear, None: unclear, False: failed}
    assert counted(timed, "ok") == {ok: count for ok, count in expected.items() if count}
    assert counted([r for r in rows if r["lo_us"] is None], "status") == {500: 17, None: 3}


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        pytest.param("oha-json", {"statusCodeDistribution": {"20": 1}}, "of HTTP", id="status"),
        pytest.param("oha-json", {"statusCodeDistribution": []}, "is no object", id="no table"),
        pytest.param("oha-json", {"statusCodeDistribution/200": -1}, "no count", id="negative"),
        pytest.param("oha-json", {"statusCodeDistribution/200": True}, "no count", id="bool"),
        pytest.param("oha-json", {"latencyPercentiles/p50": -0.1}, "no duration", id="below zero"),
        pytest.param("oha-json", {"latencyPercentiles/p50": 1e300}, "no duration", id="absurd"),
        pytest.param("oha-json", {"latencyPercentiles/p50": 90_000}, "over a day", id="a day"),
        pytest.param("oha-json", {"latencyPercentiles/p50": 0.0121}, "contradict", id="falls"),
        pytest.param("oha-json", {"latencyPercentiles/q": 1}, "percentile q is none", id="name"),
        pytest.param("oha-json", {"statusCodeDistribution/200": 10**13 + 1}, "no count", id="many"),
        pytest.param("vegeta-report", {"requests": 99}, "status_codes count 100", id="requests"),
        pytest.param("vegeta-report", {"buckets/0": 1}, "buckets count 101", id="buckets"),
        pytest.param("vegeta-report", {"buckets/x": 0}, "no duration", id="bucket"),
        pytest.param("vegeta-report", {"earliest": "0001-01-01T00:00:00Z"}, "between", id="zero"),
        pytest.param("vegeta-report", {"latencies/mean": 0}, r"Metrics\.Close", id="not closed"),
        pytest.param("vegeta-report", {"requests": 0}, "tells of no request", id="nothing"),
        pytest.param("autocannon", {"latency/totalCount": 3899}, "3899 samples", id="made up"),
        pytest.param("autocannon", {"finish": "2026-11-24T10:00:00Z"}, "before", id="end"),
        pytest.param("autocannon", {"5xx": 16, "2xx": 159}, "not the sum", id="classes"),
        pytest.param("autocannon", {"latency/p50": 49}, "contradict", id="falls too"),
    ],
)  # fmt: skip
def test_contradictions_and_absurdities_are_refused(tmp_path, name, change, reason):
    """A document that cannot be true gives its reason and no row."""
    with pytest.raises(SourceError, match=reason):
        changed(tmp_path, name, change)


def test_numbers_with_huge_exponents_are_not_written_out(tmp_path):
    """1e-999999999 is refused before it fills memory."""
    with pytest.raises(SourceError, match="no duration"):
        summary(tmp_path, "oha-json", ('"p50": 0.0019', '"p50": 1e-999999999'))


def test_contradicting_buckets_can_be_left_alone(tmp_path):
    """The hint of the refusal works: percentiles instead."""
    rows = changed(tmp_path, "vegeta-report", {"buckets/0": 1}, **{"from": "percentiles"}).rows

    assert sum(row["count"] for row in rows) == 100
