from __future__ import annotations

import fcntl
import io
import os
import resource
import socket
import zlib
from email.message import Message
from itertools import count

import pyarrow as pa
import pytest
from telemetry import encoded, lines, metrics, point, span, traces

from slogate.errors import StoreError
from slogate.recorders.otlp.answers import JSON, PROTOBUF
from slogate.recorders.otlp.bodies import Body, Refused
from slogate.recorders.otlp.budget import Budget
from slogate.recorders.otlp.journal import HEAD, Journal, Record, left
from slogate.recorders.otlp.ledger import Ledger
from slogate.recorders.otlp.patience import Patient
from slogate.recorders.otlp.recovery import recover
from slogate.recorders.otlp.repeats import REPEATED, Repeats
from slogate.recorders.otlp.router import Router
from slogate.recorders.otlp.writer import Writer
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Malformed, Span
from slogate.store.layout import open_store
from slogate.store.manifest import read_run
from slogate.store.reading import parts_of

NOW = 1_764_000_000_000_000


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "st", create=True)


def rows_of(first: int, number: int) -> pa.Table:
    """Rows as the router makes them."""
    router = Router(Settings(service="*", signal="both"))
    message = traces(*(span(first + n) for n in range(number)))
    [(_, _, rows)] = router.take("traces", JSON, lines(message).encode())[0]
    return rows


def begun(store, run_id: str = "r1") -> Ledger:
    """A run that has begun."""
    return Ledger.begin(store, "requests", run_id=run_id, service="shop", now_ts=NOW, labels={})


def abandoned(journal: Journal) -> None:
    """Let go of a journal as a killed receiver does: its file stays, its lock goes."""
    journal._file.close()


def test_recovery_stores_what_is_in_no_part(store):
    """Rows of a part that was written are not stored again, those after it are, in order."""
    ledger, journal = begun(store), Journal(store)
    journal.begin([])
    journal.announce("r1")
    first, second, third = rows_of(0, 5), rows_of(5, 3), rows_of(8, 2)
    journal.append([Record("r1", "requests", 1, first)])
    ledger.add(first)
    ledger.flush()
    journal.append([Record("r1", "requests", 2, second), Record("r1", "requests", 2, third)])
    abandoned(journal)

    [(run, kept)] = recover(store)

    assert (kept, run.state, run.rows.written, len(run.parts)) == (5, "complete", 10, 2)
    tables = [pa.parquet.read_table(part, partitioning=None) for part in parts_of(store, run)]
    assert [t.num_rows for t in tables] == [5, 5]
    assert recover(store) == []
    assert set(read_run(store, "r1").seals) == set(run.parts)
    assert read_run(store, "r1").rows.lost == 0


@pytest.mark.parametrize("cut", [1, HEAD.size + 3, 200])
def test_a_record_that_breaks_off_was_never_acknowledged(store, cut):
    """What is whole before it is recovered."""
    begun(store)
    journal = Journal(store)
    journal.begin(["r1"])
    journal.append([Record("r1", "requests", 1, rows_of(0, 5))])
    size = journal._path.stat().st_size
    journal.append([Record("r1", "requests", 1, rows_of(5, 5))])
    abandoned(journal)
    content = journal._path.read_bytes()
    journal._path.write_bytes(content[: size + cut])

    [(run, kept)] = recover(store)

    assert (kept, run.rows.written) == (5, 5)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_no_journal(store, make):
    """A pipe would be waited for, and nothing received."""
    path = store.root / "journal" / "1-a.journal"
    path.parent.mkdir()
    make(path)

    with pytest.raises(StoreError, match="it is no regular file"):
        list(left(store))


@pytest.mark.parametrize(
    ("at", "state", "kept"),
    [
        pytest.param(None, "complete", 10, id="zeros behind it"),
        pytest.param(-100, "incomplete", 5, id="in the rows of the last"),
        pytest.param(0, "incomplete", 0, id="in the length of the first"),
    ],
)
def test_a_journal_that_is_damaged(store, at, state, kept):
    """Zeros are what a loss of power leaves; of anything else some may have been acknowledged."""
    begun(store)
    journal = Journal(store)
    journal.begin(["r1"])
    begins = journal._path.stat().st_size
    for first in (0, 5):
        journal.append([Record("r1", "requests", 1, rows_of(first, 5))])
    abandoned(journal)
    content = bytearray(journal._path.read_bytes())
    if at is None:
        content += bytes(5_000)
    else:
        content[at or begins] ^= 0xFF
    journal._path.write_bytes(content)

    [(run, rows)] = recover(store)

    assert (run.state, rows, run.rows.written) == (state, kept, kept)
    left_there = [path.suffix for path in journal._path.parent.iterdir()]
    assert left_there == ([] if at is None else [".damaged"])
    assert recover(store) == []


def test_acknowledged_rows_wait_for_their_manifest(store):
    """One that cannot be read is no run that was deleted: it is named, and nothing is dropped."""
    begun(store)
    journal = Journal(store)
    journal.begin(["r1"])
    journal.append([Record("r1", "requests", 1, rows_of(0, 5))])
    abandoned(journal)
    path = store.runs / "r1.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(StoreError, match=r"r1\.json is corrupt"):
        recover(store)
    path.write_bytes(whole)

    assert [rows for _, rows in recover(store)] == [5]


def test_a_living_receiver_is_left_alone(store):
    """A journal that is locked is nobody else's."""
    begun(store)
    journal = Journal(store)
    journal.begin(["r1"])

    assert list(left(store)) == []
    journal.close()
    assert list((store.root / "journal").iterdir()) == []


def test_a_deleted_run_is_not_recovered(store):
    """Rows of a run that somebody deleted are dropped with it."""
    journal = Journal(store)
    journal.begin(["gone"])
    journal.append([Record("gone", "requests", 1, rows_of(0, 5))])
    abandoned(journal)

    assert recover(store) == []


def test_a_run_ends_after_a_day(store):
    """The next rows are another run's."""
    clock = count(NOW, 86_400_000_000)
    writer = Writer(store, flush_s=0.001, labels={}, clock_us=lambda: next(clock))
    writer.start()
    for number in range(3):
        rows = [("shop", "requests", rows_of(number, 1))]
        assert writer.submit(rows).done.wait(60)
    writer.stop()

    assert writer.failure is None
    assert len({run.id for run, _ in writer.closed}) >= 2
    assert sum(requests for _, requests in writer.closed) == 3
    assert {run.state for run, _ in writer.closed} == {"complete"}


def test_a_disk_that_refuses(store):
    """Nothing is acknowledged after it; what was acknowledged is recovered when it is mended."""
    folder = store.root / "series" / "requests" / "kind=production"
    folder.write_text("in the way")
    writer = Writer(store, flush_s=0.001, labels={}, clock_us=lambda: NOW)
    writer.start()
    first = writer.submit([("shop", "requests", rows_of(0, 4))])
    assert first.done.wait(60)
    writer.stop()
    late = writer.submit([("shop", "requests", rows_of(9, 1))])

    assert "cannot be written" in str(writer.failure)
    assert (first.failed, late.failed) == (False, True)
    folder.unlink()
    abandoned(writer._journal)
    [(run, kept)] = recover(store)
    assert (kept, run.rows.written) == (4, 4)


def test_what_a_full_disk_refused_is_not_recovered(store):
    """It is sent again: of a batch that was half written nothing is found afterwards."""
    begun(store)
    journal = Journal(store)
    journal.begin(["r1"])
    journal.append([Record("r1", "requests", 1, rows_of(0, 5))])
    size = journal._path.stat().st_size
    refused = [Record("r1", "requests", 1, rows_of(first, 5)) for first in (5, 10, 15)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size * 2 + 500, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            journal.append(refused)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    abandoned(journal)

    assert [rows for _, rows in recover(store)] == [5]


def test_repeats_are_remembered_up_to_a_number():
    """The oldest are forgotten first; spans without ids are never taken for repeats."""
    repeats, losses = Repeats(remembered=2), Losses()

    def passed(*ids: str) -> list[str]:
        spans = [Span("", 0, 0, i, i[:16], 0, "", "", False, {}) for i in ids]
        return [each.trace_id for each in repeats.new(spans, losses)]

    one, two, three = (digit * 32 for digit in "123")
    assert passed(one, two, one) == [one, two]
    assert passed(three, one, two) == [three, one, two]
    assert passed("", "") == ["", ""]
    assert dict(losses.left_out) == {"spans that were delivered before": 1}


def read(budget: Budget, content: bytes, **headers: str) -> bytes:
    """The body of a request with these headers."""
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    body = Body(budget, limit=1_000)
    try:
        return body.read(io.BytesIO(content), message)
    finally:
        body.release()


def gzipped(*parts: bytes) -> bytes:
    """Members of gzip, one behind the other."""
    return b"".join(zlib.compress(part, wbits=31) for part in parts)


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        pytest.param(b"abc", {"Content_Length": "3"}, b"abc", id="plain"),
        pytest.param(b"abcGET", {"Content_Length": "3"}, b"abc", id="another behind it"),
        pytest.param(b"2;x=1\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
                     {"Transfer_Encoding": "chunked"}, b"abc", id="chunks"),
        pytest.param(gzipped(b"ab", b"c"), {"Content_Length": str(len(gzipped(b"ab", b"c"))),
                     "Content_Encoding": "GZIP"}, b"abc", id="two members"),
        pytest.param(zlib.compress(b"abc"), {"Content_Length": str(len(zlib.compress(b"abc"))),
                     "Content_Encoding": "deflate"}, b"abc", id="deflate"),
        pytest.param(b"abc", {}, 411, id="no length"),
        pytest.param(b"abc", {"Content_Length": "-3"}, 411, id="odd length"),
        pytest.param(b"ab", {"Content_Length": "3"}, 400, id="cut off"),
        pytest.param(b"-1\r\n", {"Transfer_Encoding": "chunked"}, 400, id="negative chunk"),
        pytest.param(b"2\r\nabc", {"Transfer_Encoding": "chunked"}, 400, id="odd chunk"),
        pytest.param(b"a" * 2_000, {"Content_Length": "2000"}, 413, id="too large"),
        pytest.param(b"a" * 600, {"Content_Length": "600"}, 429, id="no room"),
        pytest.param(gzipped(*[b""] * 99), {"Content_Length": str(len(gzipped(b"")) * 99),
                     "Content_Encoding": "gzip"}, 413, id="much of nothing"),
    ],
)  # fmt: skip
def test_bodies(content, headers, expected):
    """A body is read whole or refused with its status, and the budget is given back."""
    budget = Budget(500)

    if isinstance(expected, bytes):
        assert read(budget, content, **headers) == expected
    else:
        with pytest.raises(Refused) as caught:
            read(budget, content, **headers)
        assert caught.value.http == expected
    assert budget.take(500)


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        pytest.param(b"abc", {}, id="no length"),
        pytest.param(b"ab", {"Content_Length": "3"}, id="cut off"),
        pytest.param(b"2\r\nabc", {"Transfer_Encoding": "chunked"}, id="odd chunk"),
    ],
)
def test_a_connection_whose_next_request_cannot_be_found_is_closed(content, headers):
    """What is left of a body would be taken for one."""
    with pytest.raises(Refused) as caught:
        read(Budget(500), content, **headers)

    assert caught.value.close


def test_a_body_that_grows_as_no_telemetry_does():
    """It is stopped long before the limit: a few KiB would take a GiB when they are parsed."""
    packed = gzipped(b"{}" * (9 << 20))
    headers = Message()
    headers["Content-Length"], headers["Content-Encoding"] = str(len(packed)), "gzip"
    body = Body(Budget(64 << 20), limit=20 << 20)

    with pytest.raises(Refused, match="grows over 500 times") as caught:
        body.read(io.BytesIO(packed), headers)
    assert caught.value.http == 413


def test_deltas_of_processes_that_do_not_say_who_they_are():
    """Each point counts once, whichever comes first; one that is sent again does not."""
    router = Router(Settings(service="*", signal="both", since_ns=1))
    sent = [
        metrics(point([1, 0, 0, 0], since=since, at=since + 60), delta=True)
        for since in (60 * step + ahead for step in range(6) for ahead in (1, 0, 2))
    ]
    counted = 0
    for message in (*sent[:9], *sent[6:9], *sent[9:], *sent[-3:]):
        found, _ = router.take("metrics", JSON, lines(message).encode())
        counted += sum(sum(rows["count"].to_pylist()) for _, _, rows in found)

    assert counted == len(sent)


def test_a_journal_that_was_done_with_while_it_was_looked_at(store, monkeypatch):
    """Its receiver lives on: the run is left to it."""
    ledger, journal = begun(store), Journal(store)
    journal.begin([ledger.run.id])
    locked = fcntl.flock

    def late(file, how):
        if how & fcntl.LOCK_NB:
            journal.begin([ledger.run.id])
        locked(file, how)

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", late)
        found = recover(store)

    assert found == []
    assert read_run(store, ledger.run.id).state == "running"
    journal.close()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (JSON, b'{"resourceSpans": [' + b"{}," * (1 << 20) + b"{}]}"),
        (PROTOBUF, b"\x0a\x00" * (1 << 20)),
    ],
)
def test_a_message_of_nothing_but_empty_objects(kind, message):
    """Each takes a hundred times the memory of its brackets."""
    router = Router(Settings(service="*", signal="both"))

    with pytest.raises(Malformed, match="more objects than telemetry has"):
        router.take("traces", kind, message)


def test_a_sender_of_a_byte_now_and_then_is_late():
    """The deadline is that of the request, whatever comes meanwhile."""
    now = iter(range(100))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        patient = Patient(ours, clock=lambda: next(now))
        patient.wait(3)
        reader = io.BufferedReader(patient)
        theirs.sendall(b"a")
        assert reader.read1(9) == b"a"
        theirs.sendall(b"b")
        assert reader.read1(9) == b"b"
        theirs.sendall(b"c")
        with pytest.raises(TimeoutError):
            reader.read1(9)


@pytest.mark.parametrize(
    "name", [pytest.param("雪" * 40, id="long when encoded"), pytest.param("s" * 201, id="long")]
)
def test_a_service_whose_name_is_no_folder(name):
    """It is refused by itself, and does not end the receiver."""
    router = Router(Settings(service="*", signal="both"))
    message = lines(traces(span(), resource={"service.name": name})).encode()

    with pytest.raises(Malformed, match="too long for the name of a folder"):
        router.take("traces", JSON, message)


@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_services_beside_one_that_is_refused(kind):
    """All spans of the others are stored, all of its own are told as refused; again when resent."""
    router = Router(Settings(service="*", signal="both"))
    names, odd = ["shop", "s" * 201, "bank"], span(9, traceId="")
    each = [
        traces(span(2 * at), span(2 * at + 1), odd, resource={"service.name": name})
        for at, name in enumerate(names)
    ]
    message = {"resourceSpans": [one for some in each for one in some["resourceSpans"]]}
    body = encoded(message) if kind == PROTOBUF else lines(message).encode()

    for again in (False, True):
        taken, losses = router.take("traces", kind, body)

        counts = {name: 0 for name, *_ in taken}
        for name, _, rows in taken:
            counts[name] += rows.num_rows
        assert counts == dict.fromkeys(("shop", "bank"), 1 if again else 3)
        assert losses.bad == {"its service.name is too long for the name of a folder": 3}
        assert losses.left_out == ({REPEATED: 4} if again else {})


def test_points_beside_a_service_that_is_refused():
    """Those of the others are stored."""
    router = Router(Settings(service="*", signal="both"))
    each = [
        metrics(point([1, 0, 0, 0], since=1), delta=True, resource={"service.name": name})
        for name in ("s" * 201, "bank")
    ]
    message = {"resourceMetrics": [one for some in each for one in some["resourceMetrics"]]}

    ((name, _, rows),), losses = router.take("metrics", JSON, lines(message).encode())

    assert (name, rows.num_rows, losses.bad.total()) == ("bank", 1, 1)


def test_outcomes_of_a_metric_that_tells_them_late():
    """Requests that came before a point with a status have no outcome, those after are successes.

    Nobody else's points tell, and what was stored is not told again.
    """
    router = Router(Settings(service="*", signal="both"))
    status = {"http.response.status_code": 200}
    sent = [
        metrics(point([n, 0, 0, 0], at=n, since=n - 1, told=told), delta=True, resource=of)
        for n, told, of in (
            (1, {}, None), (2, status, {"service.name": "bank"}), (3, {}, None), (4, status, None),
            (5, {}, None),
        )
    ]  # fmt: skip

    taken = [router.take("metrics", JSON, lines(each).encode())[0] for each in sent]

    assert [
        [(row["count"], row["ok"]) for row in rows.to_pylist()]
        for each in taken for _, _, rows in each
    ] == [[(1, None)], [(2, True)], [(3, None)], [(4, True)], [(5, True)]]  # fmt: skip


def test_too_many_services():
    """Memory is bounded: after a thousand names there are no more."""
    router = Router(Settings(service="*", signal="both"))
    for number in range(1_001):
        message = lines(traces(span(number), resource={"service.name": f"s{number}"})).encode()
        if number < 1_000:
            assert len(router.take("traces", JSON, message)[0]) == 1
    with pytest.raises(Malformed, match="there are too many services"):
        router.take("traces", JSON, message)
