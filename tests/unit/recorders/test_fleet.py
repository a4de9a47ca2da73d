from __future__ import annotations

from dataclasses import replace

import greenlet
import pytest

from slogate.model.run import Health
from slogate.recorders.locust.arrow import to_table
from slogate.recorders.locust.capture import Capture
from slogate.recorders.locust.fleet import Fleet
from slogate.recorders.locust.pacing import STATE, UserState
from slogate.recorders.locust.wire import KEY, Report, pack, unpack


@pytest.fixture(autouse=True)
def user():
    setattr(greenlet.getcurrent(), STATE, UserState(watched=False))
    yield
    delattr(greenlet.getcurrent(), STATE)


def chunks(*names):
    capture = Capture("host-1")
    for name in names:
        capture.on_request(request_type="GET", name=name, response_time=2, response_length=1,
                           exception="ü" if name == "bad" else None,
                           start_time=1_700_000_000.0)  # fmt: skip
    return tuple(capture.take(final=True))


def fleet(connected=lambda _: True):
    return Fleet(Capture("master"), lambda _: 1, connected)


def test_a_report_survives_the_wire():
    """What is unpacked makes the same table as what was packed."""
    sent = Report(chunks=chunks("a", "bad"), shipped=2, health=Health(cpu=0.5))
    got = unpack(pack(sent), "host-1")

    assert replace(got, chunks=()) == replace(sent, chunks=())
    assert to_table(got.chunks, {}, 1.7e9).equals(to_table(sent.chunks, {}, 1.7e9))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"version": 1}, id="another version"),
        pytest.param({"order": "middle"}, id="another byte order"),
        pytest.param({"shipped": None}, id="a missing counter"),
        pytest.param({"chunks": [{"rows": 1}]}, id="a chunk without columns"),
        pytest.param({"health": {"mood": 1}}, id="an unknown figure"),
    ],
)
def test_a_damaged_report_is_refused_and_counted(damage):
    """Its rows are lost, and that shows."""
    master = fleet()

    with pytest.raises(ValueError, match="worker host-1"):
        master.receive("host_uuid", {KEY: pack(Report()) | damage})
    assert master.tally().faults == 1


def test_a_chunk_of_another_length_is_refused():
    """Half a row is no row."""
    packed = pack(Report(chunks=chunks("a", "b")))
    packed["chunks"][0]["packed"] = packed["chunks"][0]["packed"][:-1]

    with pytest.raises(ValueError, match="its rows have a wrong length"):
        unpack(packed, "host-1")


def test_who_leaves_in_order_while_the_test_goes_on_is_counted():
    """The load may have been lower from then on; of the next test it is no part."""
    master = fleet()
    for name in ("stays_1", "goes_2"):
        master.receive(name, {KEY: pack(Report(generation=1))})
    master.begin()
    master.receive("goes_2", {KEY: pack(Report(generation=1, stopped=True, leaving=True))})
    master.leave("goes_2")
    master.receive("stays_1", {KEY: pack(Report(generation=1, stopped=True, asked=1))})

    assert (master.health().left_processes, master.health().lost_processes) == (1, 0)
    master.begin()
    assert master.health().left_processes == 0


def test_a_report_without_our_part_is_not_ours():
    """A worker that runs plain Locust is no member."""
    master = fleet()

    assert master.receive("host_uuid", {"stats": []}) is None
    assert master.members == {}


def test_what_was_shipped_and_did_not_arrive_is_seen():
    """The counters run on, so that a lost message shows as rows seen and not written."""
    master = fleet()
    master.receive("host_uuid", {KEY: pack(Report(shipped=100, generation=1))})
    master.begin()
    lost = Report(chunks=chunks("a"), shipped=101, generation=2, stopped=False)
    kept = Report(chunks=chunks("a", "b"), shipped=103, generation=2, failed=4)
    pack(lost)
    master.receive("host_uuid", {KEY: pack(kept)})

    assert master.tally().seen == 3 + 4
    assert sum(chunk.rows for chunk in master.take(final=True)) == 2


@pytest.mark.parametrize(
    ("report", "outstanding"),
    [
        pytest.param(None, True, id="never heard of again"),
        pytest.param(Report(generation=1, stopped=False), True, id="still running"),
        pytest.param(Report(generation=1), False, id="its test is over"),
        pytest.param(Report(asked=1), False, id="had nothing to do and said so"),
        pytest.param(Report(leaving=True), False, id="left before it began"),
        pytest.param(Report(), True, id="has not begun yet"),
    ],
)
def test_who_is_still_to_report(report, outstanding):
    """A worker that was there at the start is waited for until it says that it has stopped."""
    master = fleet()
    master.receive("host_uuid", {KEY: pack(Report())})
    master.begin()
    if report is not None:
        master.receive("host_uuid", {KEY: pack(report)})

    assert master.outstanding() == (["host_uuid"] if outstanding else [])
    assert master.health().lost_processes == int(outstanding)


def test_a_worker_that_was_gone_at_the_start_is_not_expected():
    """It belongs to an earlier test."""
    master = fleet(connected=lambda _: False)
    master.receive("host_uuid", {KEY: pack(Report(generation=1, shipped=5))})
    master.begin()

    assert master.outstanding() == []
    assert master.tally().seen == 0
