from __future__ import annotations

import json
from collections import Counter

import pytest
from otlp_lane import Reading
from telemetry import START_NS, encoded, lines, metrics, point, span, traces

from slogate.recorders.otlp.answers import JSON, PROTOBUF
from slogate.recorders.otlp.router import Router
from slogate.sources._otlp.increases import (
    CAME_BACK,
    COUNTED_BEFORE,
    REPEATED,
    Crowded,
    Increase,
    Increases,
    Nothing,
)
from slogate.sources._otlp.lane import lane, streams
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.silence import AHEAD, Silence
from slogate.sources._otlp.telemetry import Explicit, Malformed, Point

S = 10**9
MINUTE, HOUR = 60 * S, 3_600 * S
DAY = 24 * HOUR
START = START_NS


def counted(total: int, *, at: int, since: int) -> Point:
    """A point of one bucket; times in ns after the start."""
    return Point(
        {}, START + since, START + at, total, None, None, Explicit((), (total,)), recorded=True
    )


def listening(most: int = 3, remembered: int = 1_000) -> Increases:
    """What listens from the start on, with room for so many series."""
    return Increases(since_ns=START, most=most, silence=Silence(now_ns=START, most=remembered))


def heard(increases, pod, total, *, at, since=1, delta=False):
    """How many requests a point of a pod tells, heard when it ends; else why none."""
    increases.silence.now_ns = START + at
    take = increases.delta if delta else increases.cumulative
    found = take((pod, "metric"), counted(total, at=at, since=since))
    return found.total if isinstance(found, Increase) else found.reason


@pytest.mark.parametrize("delta", [False, True])
def test_pods_come_and_go_for_months(delta):
    """However many series there have been, those of today are counted, all of them."""
    increases = listening(most=3, remembered=2)

    told = [
        heard(increases, f"pod-{day}", 5, at=day * DAY + HOUR, since=day * DAY + 1, delta=delta)
        for day in range(200)
    ]

    assert told == [5] * 200
    assert len(increases.lend()) <= 3


def test_a_series_that_came_back_is_not_counted_again():
    """Of one that was let go only what follows its next point is counted; what began anew, all."""
    increases = listening(most=1)
    assert heard(increases, "a", 100, at=MINUTE) == 100
    assert heard(increases, "b", 7, at=2 * HOUR, since=HOUR) == 7

    assert heard(increases, "a", 130, at=4 * HOUR) == CAME_BACK
    assert heard(increases, "a", 131, at=4 * HOUR + MINUTE) == 1
    assert heard(increases, "b", 9, at=6 * HOUR, since=5 * HOUR) == 9


def test_deltas_that_came_again_after_a_long_silence():
    """What a series said before it was let go is a repeat still; what it says then is counted."""
    increases = listening(most=1)
    assert heard(increases, "a", 100, at=MINUTE, delta=True) == 100
    assert heard(increases, "b", 7, at=2 * HOUR, since=HOUR, delta=True) == 7
    increases.silence.now_ns = START + 4 * HOUR

    again = increases.delta(("a", "metric"), counted(100, at=MINUTE, since=1))

    assert again == Nothing(REPEATED)
    assert heard(increases, "a", 3, at=4 * HOUR, since=3 * HOUR, delta=True) == 3


def test_what_was_let_go_and_forgotten_is_not_counted_again():
    """Beyond those that are remembered, what began before the last of them is none's own."""
    increases = listening(most=1, remembered=1)
    for hour, pod in enumerate("abc"):
        since = 1 + 2 * hour * HOUR
        assert heard(increases, pod, 10, at=2 * hour * HOUR + MINUTE, since=since) == 10

    assert heard(increases, "a", 11, at=8 * HOUR) == CAME_BACK
    assert heard(increases, "a", 15, at=8 * HOUR + MINUTE) == 4


def test_series_that_are_heard_are_not_let_go():
    """Where all have been heard within the hour a new one is refused, and those go on."""
    increases = listening(most=2)
    heard(increases, "a", 10, at=MINUTE)
    heard(increases, "b", 10, at=MINUTE)
    heard(increases, "a", 20, at=HOUR)

    with pytest.raises(Malformed, match="too many series"):
        heard(increases, "c", 5, at=HOUR + MINUTE)

    assert heard(increases, "c", 6, at=HOUR + 2 * MINUTE) == 6
    assert heard(increases, "a", 25, at=HOUR + 3 * MINUTE) == 5


def test_series_that_are_refused_take_no_memory():
    """Nothing is kept of what was refused, however often other series are sent."""
    increases = listening(most=1)
    heard(increases, "a", 1, at=MINUTE)
    for number in range(50):
        for delta in (False, True):
            with pytest.raises(Malformed):
                heard(increases, f"new-{number}", 1, at=MINUTE + 1, delta=delta)

    assert len(increases.lend()) == 1


def test_a_series_of_many_starts_makes_room_for_itself():
    """A process that begins again and again is one series, whose starts are let go with it."""
    increases = listening(most=8)
    for number in range(20):
        heard(increases, "a", 1, at=(number + 1) * 2 * HOUR, since=number * 2 * HOUR + 1)
    late = 60 * HOUR

    told = [heard(increases, f"b{n}", 2, at=late + n, since=late - 1) for n in range(8)]

    assert told == [2] * 8


def test_a_clock_that_is_ahead_hides_nobody():
    """One series of the year 2099 that was let go does not make all others look old."""
    increases = listening(most=1, remembered=1)
    ahead = counted(1, at=20_000 * DAY, since=1)
    increases.silence.now_ns = START + MINUTE
    assert isinstance(increases.cumulative(("far", "metric"), ahead), Increase)
    for hour in range(2, 10, 2):
        assert heard(increases, f"pod-{hour}", 4, at=hour * HOUR, since=hour * HOUR - MINUTE) == 4


def test_a_receiver_goes_by_its_clock():
    """A router lets go of what was silent by its own clock, and says what it left out."""
    now = [START]
    chosen = Settings(service="*", signal="both", since_ns=START)
    router = Router(chosen, clock_ns=lambda: now[0])

    def sent(pod: int, count: int, at: float, since: float):
        told = {"service.name": "shop", "service.instance.id": f"pod-{pod}"}
        message = metrics(point([count, 0, 0, 0], at=at, since=since), resource=told)
        now[0] = START + int(at * S)
        rows, losses = router.take("metrics", JSON, json.dumps(message).encode())
        return sum(sum(table["count"].to_pylist()) for *_, table in rows), losses

    assert sent(1, 3, at=60, since=1)[0] == 3
    [translator] = router._translators.values()
    translator.increases.most = 1
    assert sent(2, 4, at=7_200, since=7_100)[0] == 4
    rows, losses = sent(1, 5, at=14_400, since=1)

    assert (rows, dict(losses.left_out)) == (0, {CAME_BACK: 1})
    assert COUNTED_BEFORE not in losses.left_out


def test_services_come_and_go(monkeypatch):
    """One that was silent for long makes room where there are too many, and may come back."""
    monkeypatch.setattr("slogate.recorders.otlp.router.MOST_SERVICES", 5)
    now = [START]
    chosen = Settings(service="*", signal="both", since_ns=START)
    router = Router(chosen, clock_ns=lambda: now[0])

    def sent(service: str, count: int, at: float, since: float):
        message = metrics(
            point([count, 0, 0, 0], at=at, since=since), resource={"service.name": service}
        )
        now[0] = START + int(at * S)
        rows, losses = router.take("metrics", JSON, json.dumps(message).encode())
        return sum(sum(table["count"].to_pylist()) for *_, table in rows), [*losses.left_out]

    assert sent("first", 3, 60, 1) == (3, [])
    for number in range(4):
        assert sent(f"s{number}", 1, 1_000 + number, 900) == (1, [])
    with pytest.raises(Malformed, match="too many services"):
        sent("new", 4, 3_600, 3_500)
    assert sent("new", 4, 3_700, 3_500) == (4, [])

    assert sent("first", 5, 9_000, 1) == (0, [CAME_BACK])
    assert sent("first", 6, 9_060, 1) == (1, [])
    assert sent("another", 7, 9_060, 8_000) == (7, [])


def in_a_file(increases, pod, total, *, at, since=1, delta=False):
    """How many requests a point of a file tells; else why none."""
    take = increases.delta if delta else increases.cumulative
    found = take((pod, "metric"), counted(total, at=at, since=since))
    return found.total if isinstance(found, Increase) else found.reason


@pytest.mark.parametrize("delta", [False, True])
def test_pods_come_and_go_within_a_file(delta):
    """By the times of its points; one that comes back is not counted again."""
    increases = Increases(most=3)
    told = [
        in_a_file(increases, f"pod-{n}", 5, at=n * HOUR + 2, since=n * HOUR + 1, delta=delta)
        for n in range(50)
    ]

    assert told == [5] * 50
    again = in_a_file(increases, "pod-7", 5, at=7 * HOUR + 2, since=7 * HOUR + 1, delta=delta)
    assert again == (REPEATED if delta else CAME_BACK)
    assert len(increases.lend()) <= 3


def test_a_file_of_more_series_at_once_is_refused():
    """As soon as one does not fit: nothing of the rest could be told."""
    increases = Increases(most=3)
    for n in range(3):
        in_a_file(increases, f"pod-{n}", 5, at=MINUTE)

    with pytest.raises(Crowded, match="over 3 series are counted at once"):
        in_a_file(increases, "pod-3", 5, at=MINUTE)


def test_nothing_is_counted_twice_where_series_come_back_to_the_fast_lane(monkeypatch):
    """What was let go there is known again, whether it is taken at once or line by line."""
    for module in (lane, streams):
        monkeypatch.setattr(module, "MOST_IN_FILE", 14)
    reading, last = Reading(), {}
    reading.translator.increases.most = 14
    for hour in range(90):
        points = []
        for begun in sorted({hour, max(0, hour - 1), 0 if hour % 7 == 0 else hour}):
            told = {"http.route": f"/{begun}"}
            since = 1 + begun * 2_400
            points.append(point([hour + 1, 0, 0, 0], at=60 + hour * 2_400, since=since, told=told))
            last[f"/{begun}"] = hour + 1
        reading.block(lines(metrics(*points)))
    rows, bad, left_out = reading.all()
    counts = Counter()
    for told in map(dict, rows):
        counts[told["endpoint"]] += told["count"]

    assert reading.fast > 40
    assert not bad
    assert left_out[CAME_BACK]
    assert counts.keys() == last.keys()
    assert {route for route, count in counts.items() if count != last[route]} == {"/0"}
    assert counts["/0"] < last["/0"]


@pytest.mark.parametrize(
    ("most", "size"), [(255, 1), (256, 2), (65_536, 4), (2**32, 8), (10**12, 8)]
)
def test_counts_are_held_in_few_bytes(most, size):
    """A series is held in as little memory as its largest count needs."""
    increases = Increases()
    buckets = Explicit((1.0,), [0, most])
    increases.cumulative(("pod",), counted(most, at=9, since=1)._replace(buckets=buckets))

    ((last,),) = (starts.values() for starts in increases.lend().values())
    assert (list(last.buckets.counts), last.buckets.counts.itemsize) == ([0, most], size)


@pytest.mark.parametrize("delta", [False, True])
def test_points_of_the_future(delta):
    """A clock that is ahead for a moment hides nothing of what comes after it."""
    told = 0
    router = Router(
        Settings(service="*", signal="both", since_ns=START - 1), clock_ns=lambda: START + MINUTE
    )
    for at, bad in ((60, 0), (10 * 365 * 86_400, 1), (62, 0)):
        since = 0 if not delta else at - 1
        message = metrics(point([told + 1, 0, 0, 0], at=at, since=since), delta=delta)
        found, losses = router.take("metrics", JSON, lines(message).encode())
        told += sum(sum(rows["count"].to_pylist()) for _, _, rows in found)
        assert losses.bad == ({AHEAD: 1} if bad else {})

    assert told == (3 if delta else 2)


@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_spans_of_the_future(kind):
    """They are counted as bad, whichever way they are read; the others are kept."""
    router = Router(Settings(service="*", signal="both"), clock_ns=lambda: START + MINUTE)
    message = traces(span(1), span(2 * 3_600_000), span(3))
    body = encoded(message) if kind == PROTOBUF else json.dumps(message).encode()

    ((_, _, rows),), losses = router.take("traces", kind, body)

    assert rows.num_rows == 2
    assert losses.bad == {AHEAD: 1}
