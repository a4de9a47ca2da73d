from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from foreign import take
from hypothesis import given
from hypothesis import strategies as st
from telemetry import SHOP, START_NS, exponential, lines, metrics, point

from slogate.errors import SourceError
from slogate.intake import Tally, read
from slogate.sources._base import read_origin
from slogate.sources._otlp.buckets import explicit_bounds, exponential_bounds
from slogate.sources._otlp.outcomes import Outcomes
from slogate.sources.otlp_json import PLUGIN

TS = START_NS // 1_000
MINUTE = 60_000_000


def taken(folder, *messages, **options):
    """What comes of a file of these messages."""
    return take(folder, lines(*messages), source=PLUGIN, name="otel.jsonl", **options)


def buckets(rows):
    """The rows as (seconds from START_NS, length in s, lo, hi, count)."""
    return [
        ((row["ts"].timestamp() * 1_000_000 - TS) / 1e6, row["step_us"] / 1e6, row["lo_us"],
         row["hi_us"], row["count"])
        for row in rows
    ]  # fmt: skip


def test_a_delta_is_taken_as_it_is(tmp_path):
    """Each bucket that is not empty is a row; the longest, and the sum of one bucket, are kept."""
    first = point([3, 0, 2, 1], at=60, max=80.5, sum=100.0)
    second = point([0, 4, 0, 0], at=120, since=60, sum=30.25, max=9.5, min=6)

    rows = taken(tmp_path, metrics(first, delta=True), metrics(second, delta=True)).rows

    assert buckets(rows) == [
        (0, 60, -1, 5_000, 3), (0, 60, 10_000, 25_000, 2), (0, 60, 25_000, 80_500, 1),
        (60, 60, 5_000, 10_000, 4),
    ]  # fmt: skip
    assert [row["max_us"] for row in rows] == [None, None, 80_500, 9_500]
    assert [row["sum_us"] for row in rows] == [None, None, None, 30_250]
    assert {(row["method"], row["endpoint"], row["ok"]) for row in rows} == {("GET", "/cart", None)}
    assert {tuple(row["labels"]) for row in rows} == {tuple(SHOP.items())}


HTTP = {"http.request.method": "GET", "http.route": "/cart", "http.response.status_code": 200}
RPC = {"rpc.system": "grpc", "rpc.method": "Pay"}


def outcomes(rows):
    """How many requests there are of each outcome."""
    found = Counter()
    for row in rows:
        found[row["ok"]] += row["count"]
    return dict(found)


def test_a_metric_that_tells_no_outcome(tmp_path):
    """Its requests are no successes, unless people say that they are; a note says so."""
    silent = metrics(point([90, 9, 1, 0], told={}), delta=True)

    rows, tally = taken(tmp_path, silent)
    trusted, quiet = taken(tmp_path, silent, ok="true")

    assert (outcomes(rows), outcomes(trusted), quiet.notes) == ({None: 100}, {True: 100}, [])
    assert "no point of http.server.duration tells a status or an error.type" in tally.notes[0]
    with pytest.raises(SourceError, match="option ok is 'yes', it must be true or unknown"):
        taken(tmp_path, silent, ok="yes")


@pytest.mark.parametrize(
    ("told", "failed"),
    [
        pytest.param(HTTP, False, id="status"),
        pytest.param({**RPC, "rpc.grpc.status_code": 0}, False, id="gRPC status"),
        pytest.param({**RPC, "error.type": "timeout"}, True, id="error type"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_metric_that_tells_outcomes(tmp_path, told, failed, first):
    """Where one of its series tells one, wherever it stands, the others are successes."""
    silent = [metrics(point([5, 0, 0, 0], told=RPC, at=60 * n, since=60 * n - 60), delta=True)
              for n in (1, 2)]  # fmt: skip
    telling = metrics(point([2, 0, 0, 0], told=told), delta=True)
    messages = [telling, *silent] if first else [*silent, telling]

    rows, tally = taken(tmp_path, *messages)

    assert outcomes(rows) == ({True: 10, False: 2} if failed else {True: 12})
    assert tally.notes == []


def test_another_metric_tells_no_outcome_for_this(tmp_path):
    """What one metric says of its requests says nothing of those of the next, or of a service."""
    silent = metrics(point([5, 0, 0, 0], told={}), delta=True, name="rpc.server.duration")
    other = metrics(point([7, 0, 0, 0], told={}), delta=True, resource={"service.name": "bank"})
    telling = metrics(point([2, 0, 0, 0], told=HTTP), delta=True)

    rows = taken(tmp_path, silent, other, telling, service="*").rows

    assert outcomes(rows) == {None: 12, True: 2}


def test_what_waits_for_an_outcome_is_bounded():
    """Rows beyond what may wait are given out without an outcome, and later ones are known."""
    found = Outcomes(most=3)
    for _ in range(2):
        found.waiting(("shop", "m")).add(ts=TS, step_us=1, endpoint="/", count=1, bounds=(-1, 9))
    assert found.chunks(final=False) == []
    found.waiting(("shop", "m")).add(ts=TS, step_us=1, endpoint="/", count=1, bounds=(-1, 9))
    [given_out] = found.chunks(final=False)

    assert (given_out.rows["ok"].to_pylist(), list(found.unknown)) == ([None] * 3, ["m"])


def test_cumulative_points_become_increases(tmp_path):
    """The first counts from its start, the others from the one before; the last adds up."""
    points = [point([1, 0, 0, 0], at=60, max=4), point([1, 2, 0, 0], at=120, max=9),
              point([1, 2, 0, 0], at=180, max=9), point([5, 3, 0, 0], at=240, max=9)]  # fmt: skip

    rows, tally = taken(tmp_path, *map(metrics, points))

    assert buckets(rows) == [
        (0, 60, -1, 5_000, 1), (60, 60, 5_000, 10_000, 2),
        (180, 60, -1, 5_000, 4), (180, 60, 5_000, 10_000, 1),
    ]  # fmt: skip
    assert tally.requests == 8
    # it is known whose the longest is only where it grew
    assert [row["max_us"] for row in rows] == [4_000, 9_000, None, None]


def test_a_restart_begins_anew(tmp_path):
    """A new start is a new stream: its count is its own, though it is higher than the last."""
    rows = taken(
        tmp_path,
        metrics(point([5, 0, 0, 0], at=60)),
        metrics(point([9, 0, 0, 0], at=120, since=70)),
        metrics(point([9, 1, 0, 0], at=180, since=70)),
    ).rows

    assert buckets(rows) == [
        (0, 60, -1, 5_000, 5), (70, 50, -1, 5_000, 9), (120, 60, 5_000, 10_000, 1)
    ]  # fmt: skip


def test_a_fall_is_a_reset(tmp_path):
    """Where a count falls and the start does not change, it began again after the last point."""
    rows = taken(
        tmp_path, metrics(point([5, 0, 3, 0], at=60)), metrics(point([6, 0, 1, 0], at=120))
    ).rows

    assert buckets(rows)[2:] == [(60, 60, -1, 5_000, 6), (60, 60, 10_000, 25_000, 1)]


def test_two_processes_that_do_not_say_who_they_are(tmp_path):
    """Points of different starts are told apart, so that neither is a reset of the other."""
    messages = [
        metrics(point([number, 0, 0, 0], at=60 * number + (since > 0), since=since))
        for number in (1, 2, 3)
        for since in (0, 1)
    ]

    assert taken(tmp_path, *messages).tally.requests == 6


def test_what_was_delivered_before_is_left_out(tmp_path):
    """The same point again, and one that is late, say nothing new."""
    cumulative = [metrics(point([n, 0, 0, 0], at=60 * n)) for n in (1, 2, 2, 1, 3)]
    delta = [
        metrics(point([1, 0, 0, 0], at=60 * n, since=60 * n - 60), delta=True) for n in (1, 2, 2)
    ]

    for messages, requests, repeated in ((cumulative, 3, 2), (delta, 2, 1)):
        tally = taken(tmp_path, *messages).tally
        assert tally.requests == requests
        assert dict(tally.left_out) == {"data points that were delivered before": repeated}


@pytest.mark.parametrize("start", ["0", str(START_NS + 60 * 10**9)])
def test_an_unknown_start(tmp_path, start):
    """The first point of a series whose start is not known is only compared with."""
    first = point([7, 0, 0, 0], at=60, startTimeUnixNano=start)
    second = point([9, 0, 0, 0], at=120, startTimeUnixNano=start)

    rows, tally = taken(tmp_path, metrics(first), metrics(second))

    assert buckets(rows) == [(60, 60, -1, 5_000, 2)]
    assert dict(tally.left_out) == {"first points of series whose start is not known": 1}


def test_the_rest_of_a_series(tmp_path):
    """Of a file whose beginning is imported already the first points can be skipped."""
    messages = [metrics(point([n, 0, 0, 0], at=60 * n)) for n in (5, 6, 7)]

    assert taken(tmp_path, *messages, first="skip").tally.requests == 2


def test_files_of_one_import_are_one_series(tmp_path):
    """A series that goes on in the next file is not counted from its start again."""
    halves = [[5, 6], [7, 9]]
    origins = []
    for name, numbers in zip("ab", halves, strict=True):
        path = tmp_path / name
        path.write_text(lines(*(metrics(point([n, 0, 0, 0], at=60 * n)) for n in numbers)))
        origins.append((PLUGIN, read_origin(name, path)))
    tally = Tally()

    list(read(origins, tally, {}, lambda _rows, _expected: None))

    assert tally.requests == 9


def test_a_piece_of_a_file_that_is_followed(tmp_path):
    """Its first points count on from what was imported before; a later piece from the last."""
    path = tmp_path / "otel.jsonl"
    tally = Tally()
    path.write_text(lines(metrics(point([5, 0, 0, 0], at=60))))
    origin = replace(read_origin("otel.jsonl", path), first_line=7)
    for at in (2, 3):
        list(read([(PLUGIN, origin)], tally, {}, lambda _rows, _expected: None))
        path.write_text(lines(metrics(point([5 + at, 0, 0, 0], at=60 * at))))
    list(read([(PLUGIN, origin)], tally, {}, lambda _rows, _expected: None))

    assert tally.requests == 3


def test_series_are_told_apart(tmp_path):
    """By the attributes of resource and point, whatever their order."""
    told = {"http.route": "/a", "http.request.method": "GET"}
    swapped = dict(reversed(told.items()))
    other = {**SHOP, "service.instance.id": "2"}

    rows, tally = taken(
        tmp_path,
        metrics(point([2, 0, 0, 0], told=told)),
        metrics(point([3, 0, 0, 0], told=swapped, at=120)),
        metrics(point([2, 0, 0, 0], told=told), resource=other),
        metrics(point([2, 0, 0, 0], told={**told, "http.response.status_code": 500})),
    )

    assert [row["count"] for row in rows] == [2, 1, 2, 2]
    assert [(row["status"], row["ok"]) for row in rows][-1] == (500, False)
    assert tally.bad.total() == 0


@pytest.mark.parametrize(
    ("unit", "lo", "hi"),
    [
        pytest.param("s", 5_000_000, 10_000_000, id="s"),
        pytest.param("ms", 5_000, 10_000, id="ms"),
        pytest.param("us", 5, 10, id="us"),
        pytest.param("µs", 5, 10, id="micro"),
        pytest.param("μs", 5, 10, id="mu"),
        pytest.param("ns", 0, 1, id="ns"),
    ],
)
def test_units(tmp_path, unit, lo, hi):
    """The unit of the metric, rounded outward to whole µs."""
    [row] = taken(tmp_path, metrics(point([0, 2, 0, 0]), unit=unit)).rows

    assert (row["lo_us"], row["hi_us"]) == (lo, hi)


def test_a_unit_is_not_guessed(tmp_path):
    """A histogram that tells no unit, or another, is bad; the unit can be given."""
    message = metrics(point([1, 0, 0, 0]), unit="")

    _, tally = taken(tmp_path, metrics(point([1, 0, 0, 0]), unit="By"))
    [given_unit] = taken(tmp_path, message, unit="s").rows

    assert list(tally.bad) == ["its unit 'By' is none of s, ms, us, ns"]
    assert list(taken(tmp_path, message).tally.bad) == [
        "it tells no unit (say which: --option unit=ms)"
    ]
    assert given_unit["hi_us"] == 5_000_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"count": "9"}, "do not add up", id="count"),
        pytest.param({"bucketCounts": ["1"]}, "one bucket more", id="buckets"),
        pytest.param({"explicitBounds": [5, 5, 6]}, "ascending", id="bounds"),
        pytest.param({"explicitBounds": [5, "NaN", 6]}, "no number", id="NaN"),
        pytest.param({"explicitBounds": [-5, -3, -1]}, "negative", id="negative"),
        pytest.param({"bucketCounts": ["1", "-1", "0", "1"]}, "whole number", id="negative count"),
        pytest.param({"timeUnixNano": "0"}, "its time is no time", id="time"),
        pytest.param({"timeUnixNano": str(START_NS // 1000)}, "its time is no time", id="in µs"),
        pytest.param({"sum": "x"}, "no number", id="sum"),
        pytest.param({"sum": -0.5}, "its sum is negative", id="negative sum"),
        pytest.param({"max": -1.0}, "negative", id="negative max"),
        pytest.param({"bucketCounts": ["0", "0", "0", "1"], "max": 25.0},
                     "longest duration is under", id="max on the bound"),
        pytest.param({"bucketCounts": ["0", "0", "1", "0"], "max": 1.0},
                     "longest duration is under", id="max under a closed bucket"),
        pytest.param({"count": str(2**63), "bucketCounts": ["0", str(2**63), "0", "0"]},
                     "its count is absurd", id="absurd count"),
        pytest.param({"explicitBounds": [1e12, 1e13, 1e14], "bucketCounts": ["0", "1", "0", "0"],
                      "count": "1"}, "over a day", id="absurd"),
    ],
)  # fmt: skip
def test_a_bad_point_is_counted_and_shown(tmp_path, change, reason):
    """The other points of the message are kept; no state is taken from the bad one."""
    bad, good = point([1, 0, 0, 0], **change), point([1, 1, 0, 0])

    rows, tally = taken(tmp_path, metrics(bad, good))

    assert [row["count"] for row in rows] == [1, 1]
    assert tally.bad.total() == 1
    assert reason in tally.shown[0]


def test_a_histogram_without_buckets(tmp_path):
    """Where only the number is told, all lie between nothing and the longest, if that is told."""
    bare = {"explicitBounds": [], "bucketCounts": [], "count": "4"}
    first, second = point([], **bare, told={}), point([], **bare, max=20, sum=50.0)

    rows = taken(tmp_path, metrics(first, second)).rows

    assert [(r["lo_us"], r["hi_us"], r["count"], r["sum_us"]) for r in rows] == [
        (-1, None, 4, None), (-1, 20_000, 4, 50_000)
    ]  # fmt: skip


def test_changed_bounds_cannot_be_compared(tmp_path):
    """Within one series they are an error, not a difference of unlike things."""
    second = point([2, 0, 0, 0], at=120, explicitBounds=[5, 10, 50])

    _, tally = taken(tmp_path, metrics(point([1, 0, 0, 0])), metrics(second))

    assert list(tally.bad) == ["the bounds of its buckets changed within the series"]


def test_which_histograms_are_of_requests(tmp_path):
    """Those of the conventions, of two names for one thing the first, or those asked for."""
    old = metrics(point([1, 0, 0, 0]))
    new = metrics(point([1, 0, 0, 0]), name="http.server.request.duration", unit="s")
    other = metrics(point([4, 0, 0, 0]), name="queue.wait")

    rows, tally = taken(tmp_path, new, old, other)
    asked = taken(tmp_path, new, old, other, metric="queue.wait").rows

    assert [row["hi_us"] for row in rows] == [5_000_000]
    assert dict(tally.left_out) == {
        "data points of other histograms (http.server.duration, queue.wait)": 2
    }
    assert [row["count"] for row in asked] == [4]


def test_other_metrics_are_left_out(tmp_path):
    """Sums, gauges and summaries are no histograms; a point without a value says nothing."""
    gauge = {"name": "x", "gauge": {"dataPoints": [{}, {}]}}
    message = metrics(point([1, 0, 0, 0]), point([0, 0, 0, 0], flags=1, at=120))
    message["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].append(gauge)

    _, tally = taken(tmp_path, message)

    assert dict(tally.left_out) == {
        "data points of metrics that are no histograms": 2, "data points without a value": 1
    }  # fmt: skip


def test_an_exponential_histogram(tmp_path):
    """Zeros, an offset under 0, and the bounds of the specification: base^i to base^(i + 1)."""
    message = metrics(exponential(-1, [1, 0, 2], scale=0, zeroCount=3), delta=True)

    rows = taken(tmp_path, message).rows

    assert buckets(rows) == [
        (0, 60, -1, 0, 3), (0, 60, 500, 1_000, 1), (0, 60, 2_000, 4_000, 2)
    ]  # fmt: skip


def test_a_zero_threshold(tmp_path):
    """What counts as zero ends at the threshold."""
    message = metrics(exponential(0, [], zeroCount=3, zeroThreshold=0.0025), delta=True)

    [row] = taken(tmp_path, message).rows

    assert (row["lo_us"], row["hi_us"]) == (-1, 3)


@pytest.mark.parametrize(
    ("longest", "kept"),
    [
        pytest.param(2.001, 2_001, id="in the bucket"),
        pytest.param(2.0, None, id="rounded over the bound"),
        pytest.param(1.9, "under the bucket", id="under it"),
    ],
)
def test_the_longest_of_an_exponential_histogram(tmp_path, longest, kept):
    """It lies in the highest bucket; right at its bound it may be rounding, and is not told."""
    rows, tally = taken(
        tmp_path, metrics(exponential(0, [1] * 9, max=longest), exponential(0, [1]))
    )

    if isinstance(kept, str):
        assert kept in tally.shown[0]
    else:
        assert (tally.bad.total(), rows[8]["lo_us"], rows[8]["max_us"]) == (0, 2_000, kept)


def test_an_exponential_series_that_lost_resolution(tmp_path):
    """Points are compared at the coarser scale; an index under 0 is halved downward."""
    messages = [
        metrics(exponential(-3, [1, 1, 1, 1], scale=1)),
        metrics(exponential(-2, [4, 3], scale=0, at=120)),
    ]

    rows = taken(tmp_path, *messages).rows[4:]

    # indices −3, −2, −1, 0 of scale 1 are −2, −1, −1, 0 of scale 0: 4 − 1, 3 − 2, and 0 fell
    assert buckets(rows) == [(60, 60, 250, 500, 4), (60, 60, 500, 1_000, 3)]
    grown = [messages[0], metrics(exponential(-2, [4, 3, 1], scale=0, at=120))]
    assert buckets(taken(tmp_path, *grown).rows[4:]) == [
        (60, 60, 250, 500, 3), (60, 60, 500, 1_000, 1)
    ]  # fmt: skip


def test_negative_durations_are_refused(tmp_path):
    """A histogram with values below zero is no histogram of durations."""
    negative = exponential(0, [1], negative={"offset": 0, "bucketCounts": ["2"]}, count="3")

    _, tally = taken(tmp_path, metrics(negative, delta=True))

    assert list(tally.bad) == ["it counts negative durations"]


def test_no_histogram_of_requests(tmp_path):
    """Where there is none, what there is instead is named."""
    rows, tally = taken(tmp_path, metrics(point([1, 0, 0, 0]), name="queue.wait"))

    assert rows == []
    assert list(tally.left_out) == ["data points of other histograms (queue.wait)"]


@given(st.integers(-10, 20), st.integers(-300_000, 300_000), st.sampled_from([1, 1_000, 1_000_000]))
def test_exponential_bounds_hold_the_bucket(scale: int, index: int, unit: int):
    """The exact bounds, to 60 digits, lie within those in µs, less than 1 µs + 1e-13 off."""
    exponent = Fraction(index) / 2**scale if scale >= 0 else Fraction(index * 2**-scale)
    if not -60 < exponent < 40:
        return
    low, high = exponential_bounds(scale, index, Fraction(unit))
    with localcontext() as context:
        context.prec = 60
        two = Decimal(2)

        def power(of: Fraction) -> Decimal:
            return unit * two ** (Decimal(of.numerator) / Decimal(of.denominator))

        step = Fraction(1, 2**scale) if scale >= 0 else Fraction(2**-scale)
        exact_low = power(exponent)
        assert low <= exact_low < low * (1 + Decimal("1e-13")) + 1
        if high is not None:
            exact_high = power(exponent + step)
            assert exact_high <= high <= exact_high * (1 + Decimal("1e-13")) + 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5, unique=True).map(sorted))
def test_explicit_bounds_are_the_written_numbers(bounds: list[float]):
    """Each bound as it is written, not as its float is, is rounded down below and up above."""
    found = explicit_bounds(tuple(bounds), Fraction(1_000))

    for bound, (low, _), (_, high) in zip(bounds, found[1:], found[:-1], strict=True):
        exact = Fraction(repr(bound)) * 1_000
        assert (low, high) == (math.floor(exact), math.ceil(exact))


def test_a_bound_that_no_column_holds(tmp_path):
    """A bound of more µs than can be written is none, what lies under it is kept."""
    rows, tally = taken(tmp_path, metrics(point([3, 2, 0], explicitBounds=[1, 1e300])))

    assert [row[2:] for row in buckets(rows)] == [(-1, 1_000, 3), (1_000, None, 2)]
    assert not tally.bad


@pytest.mark.parametrize(("scale", "bounds"), [(-(2**31), (0, 1_000)), (2**31 - 1, (999, 1_000))])
def test_an_absurd_scale_takes_no_time(tmp_path, scale: int, bounds: tuple[int, int]):
    """Its buckets are as wide, or as narrow, as numbers are told apart."""
    rows, _ = taken(tmp_path, metrics(exponential(-1, [7], scale=scale)))

    assert [row[2:] for row in buckets(rows)] == [(*bounds, 7)]


def test_a_misshapen_file(tmp_path):
    """A file whose only message has the wrong shape is refused."""
    with pytest.raises(SourceError, match="there is no OTLP in it: it is not as OTLP has it"):
        taken(tmp_path, {"resourceMetrics": 5})
