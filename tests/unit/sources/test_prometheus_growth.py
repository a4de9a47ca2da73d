"""What counters and histograms grew by: resets, missing and contradicting buckets, native ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from foreign import take
from hypothesis import given
from hypothesis import strategies as st
from replay import START_S, counter, histogram, native

from slogate import plugins
from slogate.errors import SourceError

SOURCE = plugins.find("sources", "prometheus")
INF = "+Inf"


def saved(*series: Any, **head: Any) -> str:
    """A saved answer with these series."""
    result = []
    for labels, points in series:
        entry: dict[str, Any] = {"metric": labels}
        for at, value in points.items():
            key = "values" if isinstance(value, str) else "histograms"
            entry.setdefault(key, []).append([at / 1000, value])
        result.append(entry)
    return json.dumps(
        {"status": "success", "data": {"resultType": "matrix", "result": result}, **head}
    )


def read(tmp_path, *series: Any, **options: str) -> Any:
    """Rows as (second of the start, of the end, lo, hi, count), and the tally."""
    rows, tally = take(tmp_path, saved(*series), source=SOURCE, name="saved.json", **options)
    found = [
        (
            row["ts"].timestamp() - START_S,
            row["ts"].timestamp() - START_S + row["step_us"] / 1e6,
            row["lo_us"], row["hi_us"], row["count"],
        )
        for row in rows
    ]  # fmt: skip
    return found, tally


def buckets(*scrapes: dict[str, int] | None, name: str = "x_seconds", **labels: str) -> list[Any]:
    """The series of a classic histogram: at each scrape what each `le` says."""
    bounds = dict.fromkeys(le for scrape in scrapes if scrape for le in scrape)
    return [
        (
            {"__name__": f"{name}_bucket", "le": le, **labels},
            {
                (START_S + i * 15) * 1000: str(scrape[le])
                for i, scrape in enumerate(scrapes)
                if scrape and le in scrape
            },
        )
        for le in bounds
    ]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        pytest.param([5, 7, 7, 10], [(0, 15, 2), (30, 45, 3)], id="growing"),
        pytest.param([5, 2, 4], [(0, 15, 2), (15, 30, 2)], id="reset"),
        pytest.param([5, 0, 0], [], id="reset and idle"),
        pytest.param([5, None, None, 9], [(0, 45, 4)], id="stale for a while"),
        pytest.param([5, None, 2], [(0, 30, 2)], id="gone and reset"),
        pytest.param([10**15, 10**15 + 1], [(0, 15, 1)], id="large"),
        pytest.param(["1e+06", "1.000002e+06"], [(0, 15, 2)], id="exponents"),
    ],
)
def test_a_counter_grows_between_scrapes(tmp_path, values, rows):
    """A drop is a reset, after which it counted up from nothing; nothing is extrapolated."""
    found, tally = read(tmp_path, counter(*values), step="scrape")

    assert [(*row[:2], row[4]) for row in found] == rows
    assert {row[2:4] for row in found} <= {(None, None)}
    assert tally.bad == {}


def test_a_step_sums_up_what_came_to_light_in_it(tmp_path):
    """Rows begin and end at scrapes: those after 0:00 and up to 0:40 are one step of 40 s."""
    found, _ = read(tmp_path, counter(*range(0, 70, 10)), step="40s")

    assert [(*row[:2], row[4]) for row in found] == [(0, 30, 20), (30, 75, 30), (75, 90, 10)]


def test_the_first_scrape_and_long_gaps_are_told(tmp_path):
    """What a series had counted before, and what fell into a gap, is left out and counted."""
    found, tally = read(tmp_path, counter(5, 6, *[None] * 9, 16), step="scrape", gap="1m")

    assert [row[4] for row in found] == [1]
    assert tally.left_out == {
        "requests that their series had counted already when it was first scraped": 5,
        "requests between two scrapes that are too far apart": 10,
    }


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("NaN", "its value is NaN"),
        ("+Inf", "its value is +Inf"),
        ("1.5", "its value is no whole number"),
        ("-3", "its value is negative"),
        ("99999999999999999", "its value is over 2^53"),
        ("many", "its value is no number"),
    ],
)
def test_a_value_that_is_no_count_is_passed_over(tmp_path, value, reason):
    """It is counted and named with its series; the next scrape makes up for it."""
    found, tally = read(tmp_path, counter(5, value, 9, job="a"), step="scrape")

    assert [row[4] for row in found] == [4]
    assert tally.bad == {reason: 1}
    assert tally.shown == [f'saved.json: 2025-11-24 16:00:15 requests_total{{job="a"}}: {reason}']


@pytest.mark.parametrize(
    ("scrapes", "rows"),
    [
        pytest.param(
            [{"0.1": 1, "0.5": 2, INF: 2}, {"0.1": 2, "0.5": 5, INF: 9}],
            [(0, 15, -1, 100_000, 1), (0, 15, 100_000, 500_000, 2), (0, 15, 500_000, None, 4)],
            id="each bucket",
        ),
        pytest.param(
            [{"0.1": 5, INF: 9}, {"0.1": 2, INF: 20}],
            [(0, 15, -1, 100_000, 2), (0, 15, 100_000, None, 18)],
            id="one bucket dropped: all began anew",
        ),
        pytest.param(
            [{"0.1": 1, "0.5": 2, INF: 2}, {"0.1": 2, INF: 9}, {"0.1": 3, "0.5": 9, INF: 10}],
            [(0, 15, -1, 100_000, 1), (0, 15, 100_000, None, 6), (15, 30, -1, 100_000, 1)],
            id="a missing bucket makes it coarser",
        ),
        pytest.param(
            [{"0.5": 1, INF: 2}, {"5e-1": 2, INF: 3}, {"0.50": 2, INF: 4}],
            [(0, 15, -1, 500_000, 1), (15, 30, 500_000, None, 1)],
            id="a bound written otherwise",
        ),
        pytest.param([{INF: 1}, {INF: 4}], [(0, 15, -1, None, 3)], id="no bound at all"),
        pytest.param(
            [{"0": 0, "15e-7": 1, "1e9": 1, INF: 1}, {"0": 1, "15e-7": 3, "1e9": 4, INF: 4}],
            [(0, 15, -1, 0, 1), (0, 15, 0, 2, 1), (0, 15, 1, 10**15, 1)],
            id="rounded outward",
        ),
        pytest.param(
            [{"0.1": 0, INF: 0}, {"0.1": 1, INF: 2}, {"0.1": 1, INF: 2}],
            [(0, 15, -1, 100_000, 1), (0, 15, 100_000, None, 1)],
            id="idle",
        ),
    ],
)  # fmt: skip
def test_a_classic_histogram_grows_by_bucket(tmp_path, scrapes, rows):
    """What lies between two bounds of both scrapes, in µs, rounded outward."""
    found, tally = read(tmp_path, *buckets(*scrapes), step="scrape")

    assert found == rows
    assert tally.bad == {}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        pytest.param({"0.1": 5}, "its bucket +Inf is missing", id="no end"),
        pytest.param({"0.1": 5, INF: 4}, "its buckets are not cumulative", id="not cumulative"),
        pytest.param({"-1": 1, "0.1": 5, INF: 5}, "it counts negative durations", id="negative"),
        pytest.param(
            {"0.1": 9, INF: 11}, "its buckets contradict the scrape before", id="torn scrape"
        ),
    ],
)
def test_a_scrape_that_contradicts_itself_is_passed_over(tmp_path, odd, reason):
    """It is bad; the next scrape makes up for it, and nothing is lost or doubled."""
    scrapes = [{"0.1": 3, INF: 10}, odd, {"0.1": 10, INF: 18}]

    found, tally = read(tmp_path, *buckets(*scrapes), step="scrape")

    assert found == [(0, 30, -1, 100_000, 7), (0, 30, 100_000, None, 1)]
    assert tally.bad == {reason: 1}


def test_a_contradiction_that_stays_is_a_reset(tmp_path):
    """A process that began anew and soon overtook its old counts is believed the second time."""
    scrapes = [
        {"0.1": 3, INF: 10},
        {"0.1": 12, INF: 12},
        {"0.1": 13, INF: 13},
        {"0.1": 14, INF: 15},
    ]

    found, tally = read(tmp_path, *buckets(*scrapes), step="scrape")

    assert found == [(0, 30, -1, 100_000, 13), (30, 45, -1, 100_000, 1), (30, 45, 100_000, None, 1)]
    assert tally.bad.total() == 1


def test_a_torn_scrape_that_looked_well_doubles_nothing(tmp_path):
    """What was counted but in one of its buckets contradicts all that follow: it is no reset."""
    scrapes = [
        {"0.1": 900, "0.5": 950, INF: 1_001},  # the +Inf of one request was written first
        {"0.1": 901, "0.5": 951, INF: 1_001},
        {"0.1": 905, "0.5": 955, INF: 1_005},
        {"0.1": 906, "0.5": 958, INF: 1_008},
    ]

    found, tally = read(tmp_path, *buckets(*scrapes), step="scrape")

    assert found == [
        (0, 30, -1, None, 4), (30, 45, -1, 100_000, 1), (30, 45, 100_000, 500_000, 2),
    ]  # fmt: skip
    assert tally.bad == {"its buckets contradict the scrape before": 1}


@pytest.mark.parametrize(
    ("scrapes", "rows"),
    [
        pytest.param(
            [
                native((3, "-1e-09", "1e-09", "1"), (0, "0.25", "0.5", "2")),
                native((3, "-1e-09", "1e-09", "2"), (0, "0.25", "0.5", "5"), (0, "0.5", "1", "1")),
            ],
            [(0, 15, -1, 1, 1), (0, 15, 250_000, 500_000, 3), (0, 15, 500_000, 1_000_000, 1)],
            id="zero bucket and new ones",
        ),
        pytest.param(
            [native((0, "0.25", "0.5", "2"), (0, "0.5", "1", "9")), native((0, "0.5", "1", "10"))],
            [(0, 15, 500_000, 1_000_000, 10)],
            id="a bucket that vanished is a reset",
        ),
        pytest.param(
            [native((0, "0.25", "0.5", "2"), (0, "0.5", "1", "1")), native((0, "0.25", "1", "7"))],
            [(0, 15, 250_000, 1_000_000, 4)],
            id="a coarser resolution",
        ),
        pytest.param(
            [native((0, "0.25", "1", "3")), native((0, "0.25", "0.5", "2"), (0, "0.5", "1", "2"))],
            [(0, 15, 250_000, 500_000, 2), (0, 15, 500_000, 1_000_000, 2)],
            id="a finer one is a reset",
        ),
        pytest.param(
            [
                native((3, "-0.001", "0.001", "1"), (0, "0.002", "0.004", "2")),
                native((3, "-0.004", "0.004", "5")),
            ],
            [(0, 15, -1, 4_000, 2)],
            id="a wider zero bucket",
        ),
        pytest.param(
            [
                native((0, "-Inf", "0.005", "1"), (0, "0.005", "+Inf", "1")),
                native((0, "-Inf", "0.005", "2"), (0, "0.005", "+Inf", "4")),
            ],
            [(0, 15, -1, 5_000, 1), (0, 15, 5_000, None, 3)],
            id="custom buckets",
        ),
        pytest.param(
            [native((0, "0.25", "0.5", "1")), native((0, "0.25", "0.5", "1"), count="3")],
            [(0, 15, None, None, 2)],
            id="observations that were no number",
        ),
        pytest.param(
            [native((1, "0.25", "0.5", "1")), native((1, "0.25", "0.5", "2"))],
            [(0, 15, 249_999, 500_000, 1)],
            id="closed below",
        ),
    ],
)  # fmt: skip
def test_a_native_histogram_grows_by_bucket(tmp_path, scrapes, rows):
    """As the API writes them: boundary rule, bounds, count; a reset is asked of the whole."""
    found, tally = read(tmp_path, histogram("x_seconds", scrapes), step="scrape")

    assert found == rows
    assert tally.bad == {}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        pytest.param(native((1, "-0.5", "-0.25", "4")), "it counts negative durations", id="minus"),
        pytest.param(native((0, "0.1", "0.2", "4"), count="3"), "its buckets hold more", id="more"),
        pytest.param(native((0, "0.2", "0.1", "4")), "ends before it begins", id="backward"),
        pytest.param(native((0, "a", "0.1", "4")), "bound is no number", id="no number"),
        pytest.param(native((0, "0.1", "0.2", "1.5"), count="1.5"), "no whole number", id="half"),
        pytest.param({"count": "3", "buckets": [[0, "1"]]}, "not understood", id="short"),
        pytest.param({"count": "3", "buckets": {}}, "its histogram is not understood", id="shape"),
        pytest.param([], "its histogram is not understood", id="list"),
    ],
)  # fmt: skip
def test_an_odd_native_histogram_is_passed_over(tmp_path, odd, reason):
    """It is bad, with its reason, and the next one makes up for it."""
    one, two = native((0, "0.1", "0.2", "4")), native((0, "0.1", "0.2", "5"))

    found, tally = read(tmp_path, histogram("x_seconds", [one, odd, two]), step="scrape")

    assert [row[4] for row in found] == [1]
    [(told, count)] = tally.bad.items()
    assert (reason in told, count) == (True, 1)


A, B = "1.000e-01...1.136e-01", "1.136e-01...1.292e-01"
TINY, HUGE = "0...1.000e-09", "1.000e+18...+Inf"


def ranged(*scrapes: dict[str, int | str]) -> list[Any]:
    """The series of a histogram as VictoriaMetrics counts it: what each range holds."""
    return [
        (
            {"__name__": "x_seconds_bucket", "vmrange": each},
            {
                (START_S + i * 15) * 1000: str(scrape[each])
                for i, scrape in enumerate(scrapes)
                if each in scrape
            },
        )
        for each in dict.fromkeys(each for scrape in scrapes for each in scrape)
    ]


LOW, HIGH = (100_000, 113_657), (113_543, 129_265)


@pytest.mark.parametrize(
    ("scrapes", "rows"),
    [
        pytest.param([{A: 1}, {A: 3, B: 2}], [(0, 15, *LOW, 2), (0, 15, *HIGH, 2)], id="new"),
        pytest.param([{A: 9}, {A: 2, B: 5}], [(0, 15, *LOW, 2), (0, 15, *HIGH, 5)], id="reset"),
        pytest.param([{A: 9}, {B: 5}], [(0, 15, *HIGH, 5)], id="none in common"),
        pytest.param([{A: 9, B: 1}, {B: 2}, {A: 9, B: 2}], [(0, 15, *HIGH, 1)], id="one lacks"),
        pytest.param([{A: 1}, {A: "NaN"}, {A: 3}], [(0, 30, *LOW, 2)], id="bad"),
        pytest.param(
            [{A: 1}, {A: 1, TINY: 1, HUGE: 1}],
            [(0, 15, -1, 1, 1), (0, 15, 10**15, None, 1)],
            id="ends",
        ),
    ],
)
def test_the_ranges_of_victoriametrics(tmp_path, scrapes, rows):
    """Each is a counter of its own, there from its first request; its bounds were rounded."""
    found, tally = read(tmp_path, *ranged(*scrapes), step="scrape")

    assert sorted(found, key=str) == sorted(rows, key=str)
    assert set(tally.bad) <= {"its value is NaN"}


@pytest.mark.parametrize("text", ["", "0.1", "0.2...0.1", "a...b", "-1...1", "0.1...NaN"])
def test_a_range_that_is_none(tmp_path, text):
    """It is bad, as a bound that is none."""
    found, tally = read(tmp_path, *ranged({text: 1}, {text: 2}))

    assert found == []
    assert tally.bad.total() == 2


@pytest.mark.parametrize(
    ("name", "options", "hi"),
    [
        ("x_seconds", {}, 500_000),
        ("x_duration_milliseconds", {}, 500),
        ("x_microseconds", {}, 1),
        ("x", {"unit": "ms"}, 500),
        ("x_seconds", {"unit": "ns"}, 1),
    ],
)
def test_the_unit_is_that_of_the_name(tmp_path, name, options, hi):
    """Unless it is said."""
    found, _ = read(
        tmp_path, *buckets({"0.5": 0, INF: 0}, {"0.5": 1, INF: 1}, name=name), **options
    )

    assert found[0][3] == hi


@pytest.mark.parametrize(
    ("series", "options", "told"),
    [
        (buckets({INF: 1}, name="x_bytes"), {}, "the unit of the buckets of x_bytes is not known"),
        (buckets({INF: 1}), {"unit": "days"}, "option unit is 'days', it must be s or ms"),
        (
            [counter(1), ({"__name__": "b_total"}, {1_764_000_000_000: "1"})],
            {},
            "it has b_total, r",
        ),
        ([({"__name__": "up"}, {1_764_000_000_000: "1"})], {}, "up may be no counter"),
        ([({}, {1_764_000_000_000: "1"})], {}, "it has none"),
        ([counter(1)], {"endpoint": "path"}, "there is no label path, there are none"),
        ([counter(1)], {"ok": "yes"}, "option ok is 'yes', it must be true or unknown"),
        ([counter(1, job="a")], {"drop": "pod"}, "there is no label pod, only job"),
        ([counter(1)], {"step": "1"}, "option step: '1' has no unit"),
        ([counter(1)], {"from": "1d"}, "option from is for servers, this is a saved answer"),
        ([counter(1)], {"step": "0s"}, "option step is shorter than a millisecond"),
    ],
)
def test_what_cannot_be_understood_is_refused(tmp_path, series, options, told):
    """With the file's name and what would help."""
    with pytest.raises(SourceError) as caught:
        read(tmp_path, *series, **options)

    assert str(caught.value).startswith("saved.json: ")
    assert told in str(caught.value)


def test_labels_become_endpoint_method_and_status(tmp_path):
    """Common names are tried in order, classes of status say ok, the rest stays as labels."""
    series = [
        counter(0, 1, handler="/a", endpoint="http", code="404", pod="p1", job="j"),
        counter(0, 1, handler="/b", endpoint="http", code="5xx", pod="p1", job="j"),
        counter(0, 1, handler="POST /c", endpoint="http", code="-", pod="p1", job="j"),
    ]

    rows = take(tmp_path, saved(*series), source=SOURCE, drop="pod,endpoint").rows

    assert [
        (r["method"], r["endpoint"], r["status"], r["ok"], dict(r["labels"])) for r in rows
    ] == [
        ("", "/a", 404, None, {"job": "j"}),
        ("", "/b", None, False, {"code": "5xx", "job": "j"}),
        ("POST", "/c", None, None, {"code": "-", "job": "j"}),
    ]


def test_labels_with_dots_as_opentelemetry_has_them(tmp_path):
    """Prometheus 3 may leave them as they are."""
    labels = {"http.route": "/a", "http.request.method": "GET", "http.response.status_code": "200"}
    (row,) = take(tmp_path, saved(counter(0, 1, **labels)), source=SOURCE).rows

    assert (row["method"], row["endpoint"], row["status"], row["labels"]) == ("GET", "/a", 200, [])


scrapes = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=8)


@given(st.lists(scrapes, min_size=1, max_size=4))
def test_no_request_of_a_life_is_lost_or_doubled(tmp_path_factory, lives):
    """Whatever is observed between scrapes, over restarts that show: the sums are exact."""
    shown, truth = [], [0, 0, 0]
    for life in lives:
        now = [0, 0, 0]  # and scraped so, before it could overtake what was before
        for observed in [now, *life]:
            now = [a + b for a, b in zip(now, observed, strict=True)]
            truth = [a + b for a, b in zip(truth, observed, strict=True)]
            shown.append({"1": now[0], "2": now[0] + now[1], INF: sum(now)})

    rows, tally = read(tmp_path_factory.mktemp("a"), *buckets(*shown), step="scrape")

    found = [sum(row[4] for row in rows if row[2] == low) for low in (-1, 1_000_000, 2_000_000)]
    assert (found, tally.bad, tally.left_out) == (truth, {}, {})


@pytest.mark.parametrize(
    ("labels", "options", "ok", "warned"),
    [
        pytest.param({}, {}, None, True, id="nobody says"),
        pytest.param({}, {"ok": "true"}, True, False, id="only successes"),
        pytest.param({"code": "500"}, {"ok": "true"}, None, False, id="the status says"),
        pytest.param({"code": "5xx"}, {"ok": "true"}, False, False, id="its class says"),
        pytest.param({"code": "boom"}, {"ok": "true"}, None, False, id="something else says"),
    ],
)
def test_where_no_label_says_what_failed(tmp_path, labels, options, ok, warned):
    """What is unknown stays so, and is told, unless it is said that only successes count."""
    rows, tally = take(
        tmp_path, saved(counter(0, 1, **labels)), source=SOURCE, name="saved.json", **options
    )

    assert [row["ok"] for row in rows] == [ok]
    assert any("--option ok=true" in note for note in tally.notes) is warned
