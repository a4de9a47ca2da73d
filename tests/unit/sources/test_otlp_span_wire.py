from __future__ import annotations

import random
import struct
from array import array
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protobuf_fields import field, varint

from slogate.recorders.otlp.repeats import REPEATED, Repeats
from slogate.sources._base import EARLIEST_TS, LATEST_TS, LONGEST_US
from slogate.sources._otlp import kinds
from slogate.sources._otlp.documents import take_protobuf
from slogate.sources._otlp.protobuf import from_protobuf, span_wire, wire
from slogate.sources._otlp.protobuf.span_layouts import SpanLayouts
from slogate.sources._otlp.protobuf.span_times import durations
from slogate.sources._otlp.requests import Columns, Kind, Told
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Malformed
from slogate.sources._otlp.translate import Ambiguous, Translator

START = 1_764_000_000_000_000_000
CHOICES = {
    "servers": Settings(service="*"),
    "others too": Settings(service="*", kinds=frozenset({2, 3}), labels=("url.path", "tenant")),
    "metrics": Settings(signal="metrics", service="*"),
}
KEYS = (
    "http.request.method", "http.route", "url.path", "http.response.status_code", "error.type",
    "url.full", "http.target", "rpc.method", "rpc.grpc.status_code", "tenant", "thread.id", "user",
    "",
)  # fmt: skip
VALUES = ("GET", "/cart", "", "/a?b=c", "503", 200, 0, 503, -1, True, 1.5, "x" * 140, "ä", None)
FEW = ("", "/cart", "GET", 7)
TEXTS = ("GET", "/cart", "/a?b=c#d", "?e", "x" * 140, "/ä", "y" * 80)


def any_value(chance: random.Random, key: str, others: tuple[Any, ...] = VALUES) -> Any:
    """A value of an attribute; a text, and not an empty one, of one that can be the endpoint."""
    return chance.choice(TEXTS if key in {"http.route", "url.path", "http.target"} else others)


def fixed(number: int, value: int) -> bytes:
    """A number of 64 bits as a field of fixed width."""
    return varint(number << 3 | 1) + struct.pack("<Q", value % 2**64)


def value(content: Any) -> bytes:
    """A value of an attribute, in the field for its type."""
    if content is None:
        return b""
    if isinstance(content, bool):
        return b"\x10" + bytes([content])
    if isinstance(content, int):
        return b"\x18" + varint(content % 2**64)
    if isinstance(content, float):
        return b"\x21" + struct.pack("<d", content)
    return field(1, content.encode())


def attribute(key: str, content: Any, number: int = 9) -> bytes:
    """An attribute as a field that is repeated."""
    return field(number, field(1, key.encode()) + field(2, value(content)))


def odd_attribute(chance: random.Random) -> bytes:
    """An attribute as nobody writes it, but anybody may."""
    key, other = (field(1, chance.choice(KEYS).encode()) for _ in range(2))
    told, more = (field(2, value(chance.choice(VALUES))) for _ in range(2))
    unknown = chance.choice((b"\x18\x05", field(7, b"?"), b"\x3b\x08\x01\x3c", fixed(9, 1)))
    parts = chance.choice(
        ((told, key), (key, other, told), (key, told, other), (key, told, more), (key,), (told,),
         (key, told, unknown), (unknown, key, told), ())
    )  # fmt: skip
    return field(9, b"".join(parts))


def span(chance: random.Random) -> bytes:
    """The fields of a span, most of them in their order."""
    start = START + chance.randrange(10**12)
    end = start + chance.choice((0, 1, 999, 1_000, 12_345_678, 10**9))
    if chance.random() < 0.05:
        start, end = chance.choice(((0, end), (start, 0), (end, start - 1), (start, start * 3)))
    told = [
        odd_attribute(chance) if chance.random() < 0.1
        else attribute(chance.choice(KEYS), chance.choice(VALUES))
        for _ in range(chance.randrange(7))
    ]  # fmt: skip
    happened = field(1, b"") + field(2, b"exception") + attribute("exception.type", "KeyError", 3)
    status = chance.choice((b"", b"\x18\x02", b"\x18\x02" + field(2, b"no"), b"\x18\x01"))
    name = chance.choice(("GET /cart", "", "x" * 130, "0\x029", "buy"))
    parts = [
        field(1, chance.randbytes(16)), field(2, chance.randbytes(8)),
        chance.choice((b"", b"", field(3, b"ot=th:c"), field(3, b"a=b"))),
        chance.choice((b"", field(4, b""), field(4, chance.randbytes(8)))),
        field(5, name.encode()), b"\x30" + bytes([chance.choice((2, 2, 2, 3, 0))]),
        fixed(7, start), fixed(8, end), *told,
        chance.choice((b"", b"\x50\x03")), chance.choice((b"", b"", field(11, happened))),
        chance.choice((b"", b"", field(13, chance.randbytes(4)[:0]))),
        chance.choice((b"", field(15, status))), chance.choice((b"", b"\x85\x01\x01\x01\0\0")),
    ]  # fmt: skip
    unusual: list[Callable[[], Any]] = [
        lambda: chance.shuffle(parts), lambda: parts.append(chance.choice(parts)),
        lambda: parts.pop(chance.randrange(len(parts))),
        lambda: parts.insert(chance.randrange(len(parts)), chance.choice(
            (b"\x30\x02", b"\x30\x82\x00", b"\xf3\x01\x08\x01\xf4\x01", field(99, b"?"),
             b"\x48\x01", fixed(30, 1), field(1, b"short"), attribute("big", "y" * 20_000),
             b"\x10\x01")
        )),
    ]  # fmt: skip
    if chance.random() < 0.3:
        chance.choice(unusual)()
    return b"".join(parts)


def message(chance: random.Random) -> bytes:
    """A message of a few resources and scopes."""
    entries = []
    for _ in range(chance.randrange(1, 3)):
        of = field(1, attribute("service.name", chance.choice(("shop", "pay")), 1))
        scopes = [
            field(2, b"".join((
                chance.choice((b"", field(1, field(1, b"http")))),
                *(field(2, span(chance)) for _ in range(chance.randrange(6))),
                chance.choice((b"", b"", field(3, b"schema"), field(77, b"?"))),
            )))
            for _ in range(chance.randrange(3))
        ]  # fmt: skip
        parts = [of, *scopes, *([of] if chance.random() < 0.1 else [])]
        if chance.random() < 0.1:
            chance.shuffle(parts)
        entries.append(field(1, b"".join(parts)))
    return b"".join(entries)


def by_classes(translator: Translator, content: bytes) -> None:
    """Take a message as the classes read it, all of it."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    try:
        found = TracesData.FromString(content)
    except DecodeError:
        raise Malformed("it is no message of traces") from None
    if content and not found.resource_spans:
        raise Malformed("it is no message of traces")
    chosen = translator.settings
    for entry in found.resource_spans:
        resource = from_protobuf.resource_of(entry.resource.SerializeToString())
        for scope in entry.scope_spans:
            spans = from_protobuf.spans(scope.spans, chosen.kinds, chosen.wanted, translator.losses)
            translator.spans(resource, spans)


def outcome(take: Callable[[Translator, bytes], None], content: bytes, chosen: Settings) -> Any:
    """The rows of a message and what was lost of it, or why it is refused."""
    translator = Translator(chosen)
    try:
        take(translator, content)
    except (Malformed, Ambiguous) as error:
        return str(error)
    rows = [row for chunk in translator.chunks(final=True) for row in chunk.rows.to_pylist()]
    # spans that are found at once come first
    rows.sort(key=repr)
    losses = translator.losses
    return rows, +losses.bad, +losses.left_out, translator.requests.sampled


def by_wire(translator: Translator, content: bytes) -> None:
    """Take a message as an import does."""
    take_protobuf(translator, content, "traces")


def same(content: bytes, chosen: Settings) -> Any:
    """What both make of a message, which must be the same."""
    found = outcome(by_wire, content, chosen)
    assert found == outcome(by_classes, content, chosen), content.hex()
    return found


@pytest.mark.parametrize("chosen", CHOICES.values(), ids=list(CHOICES))
def test_spans_are_read_as_the_classes_read_them(chosen):
    """Whatever is in a message and in which order, both read the same of it."""
    chance = random.Random(20261127)
    kept = 0

    for _ in range(400):
        kept += len(same(message(chance), chosen)[0])

    assert kept > 500 or chosen.signal == "metrics"


def span_with(told: bytes) -> bytes:
    """A span of a server with these fields behind its times."""
    return (
        field(1, b"t" * 16) + field(2, b"s" * 8) + field(5, b"buy") + b"\x30\x02"
        + fixed(7, START) + fixed(8, START + 5) + told
    )  # fmt: skip


def spans_with(fields: Iterable[bytes]) -> bytes:
    """A message of spans with these fields behind their times."""
    of = field(1, attribute("service.name", "shop", 1))
    return field(1, of + field(2, b"".join(field(2, span_with(each)) for each in fields)))


def ordered(chance: random.Random, keys: tuple[str, ...], *, plain: bool) -> bytes:
    """A message of spans that have these attributes in this order, most of them."""
    spans = []
    for _ in range(60):
        told = [attribute(key, any_value(chance, key)) for key in keys]
        if chance.random() < 0.1 and not plain:
            told[0] = attribute(keys[0], chance.choice(VALUES))
            told.insert(chance.randrange(len(told) + 1), chance.choice(
                (odd_attribute(chance), attribute("x", "y" * chance.randrange(200)), b"\x48\x01")
            ))  # fmt: skip
        behind = chance.choice((b"", b"\x7a\x00", field(15, b"\x18\x02"), b"\x85\x01\x01\x01\0\0"))
        spans.append(b"".join(told) + behind)
    return spans_with(spans)


@pytest.mark.parametrize("chosen", [CHOICES["servers"], CHOICES["others too"]], ids=list("12"))
def test_attributes_that_follow_each_other_as_before(chosen):
    """Attributes taken apart at once tell what the classes read, with or without a route."""
    chance = random.Random(20261128)
    span_wire.scanner.cache_clear()
    orders = [
        tuple(chance.choices(KEYS[:-1], k=chance.randrange(1, 6))) for _ in range(5)
    ] + [("url.path", "http.route", "user"), ("url.path", "http.route", "http.route")]  # fmt: skip

    for _ in range(3):
        for order in orders:
            rows, *_ = same(ordered(chance, order, plain=False), chosen)
            assert len(rows) == 60

    assert span_wire.scanner(chosen).kinds.every


@pytest.mark.parametrize("chosen", [CHOICES["servers"], Settings(service="pay")], ids=["*", "pay"])
@pytest.mark.parametrize("large", [wire.LARGE, 3_000])
def test_many_resources_of_a_few_spans(monkeypatch, chosen, large):
    """Spans are those of the resource that they stand in, found at once or not."""
    chance = random.Random(12)
    span_wire.scanner.cache_clear()
    monkeypatch.setattr(span_wire.shares, "__defaults__", (large,))

    def entry() -> bytes:
        service, host = chance.choice(("shop", "pay")), f"host-{chance.randrange(5)}"
        of = attribute("service.name", service, 1) + attribute("host.name", host, 1)
        told = attribute("http.route", chance.choice(TEXTS))
        spans = [span_with(told)] * chance.randrange(4)
        if chance.random() < 0.2:
            spans.insert(0, span(chance))
        scopes = field(2, field(1, field(1, b"http")) + b"".join(field(2, one) for one in spans))
        return field(1, field(1, of) + scopes * chance.randrange(3) + field(3, b"schema"))

    kept = sum(len(same(b"".join(entry() for _ in range(20)), chosen)[0]) for _ in range(12))

    assert kept > 100


def without_reading_singly(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whoever reads a span by itself fails."""
    monkeypatch.setattr(from_protobuf, "spans_of", None)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param(("http.route", "user"), id="of a route"),
        pytest.param(("http.request.method", "url.path", "user"), id="of a path"),
        pytest.param((), id="none"),
    ],
)
def test_spans_of_a_known_order_are_found_at_once(monkeypatch, keys):
    """Once an order of keys is known, so are new values of what nobody asks for."""
    chance, chosen = random.Random(5), CHOICES["servers"]
    span_wire.scanner.cache_clear()
    for _ in range(6):
        same(ordered(chance, keys, plain=True), chosen)
    without_reading_singly(monkeypatch)
    known = span_wire.scanner(chosen).kinds.every
    before = len(known)

    rows, *_ = same(ordered(chance, keys, plain=True), chosen)

    assert len(rows) == 60
    assert len(known) < before + 60


def test_spans_whose_keys_are_in_any_order_are_found_at_once(monkeypatch):
    """Where keys are now here, now there, or missing, spans are found at once all the same."""
    chance, chosen = random.Random(11), CHOICES["servers"]
    span_wire.scanner.cache_clear()
    keys = ("http.route", "url.path", "user", "http.request.method", "tenant", "thread.id", "a")

    def some() -> bytes:
        return spans_with(
            b"".join(
                attribute(key, any_value(chance, key, FEW))
                for key in chance.choices(keys, k=chance.randrange(8))
            )
            for _ in range(60)
        )

    for _ in range(12):
        same(some(), chosen)
    without_reading_singly(monkeypatch)

    for _ in range(6):
        rows, *_ = same(some(), chosen)
        assert len(rows) == 60


def test_values_of_any_length_are_found_at_once(monkeypatch):
    """Where the values of an attribute have many lengths, one that is new is found, too."""
    chance, chosen = random.Random(7), CHOICES["servers"]
    span_wire.scanner.cache_clear()

    def some(longest: int) -> bytes:
        return spans_with(
            attribute("user", "x" * chance.randrange(longest)) + attribute("http.route", "/cart")
            for _ in range(60)
        )

    for _ in range(6):
        same(some(90), chosen)
    without_reading_singly(monkeypatch)

    rows, *_ = same(some(170), chosen)

    assert len(rows) == 60


def test_a_span_that_hides_in_another():
    """A value that looks like a span is none, wherever it is."""
    chance, chosen = random.Random(8), CHOICES["servers"]
    span_wire.scanner.cache_clear()
    told = attribute("http.route", "/cart")
    inner = field(2, span_with(told))
    for _ in range(6):
        same(ordered(chance, ("http.route",), plain=True), chosen)

    taken = []
    for hidden in (
        attribute("x", inner.decode("latin-1")), attribute("x", f"{inner!r}"),
        field(9, field(1, b"x") + field(2, field(7, inner))), field(11, field(9, inner)),
        field(11, field(2, b"x" + inner[:30])), field(15, field(9, inner)), field(99, inner), inner,
    ):  # fmt: skip
        found = same(spans_with([told, told + hidden, hidden + told, told]), chosen)
        taken.append(found if isinstance(found, str) else len(found[0]))
        same(field(1, field(2, field(2, span_with(told)) + field(4, inner) + inner)), chosen)

    assert taken.count(4) > 4


def test_a_span_that_is_not_as_long_as_what_follows():
    """What follows a span and could be its own is not taken for it."""
    chance, chosen = random.Random(9), CHOICES["servers"]
    span_wire.scanner.cache_clear()
    for _ in range(6):
        same(ordered(chance, ("http.route", "user"), plain=True), chosen)
    route, user = attribute("http.route", "/cart"), attribute("user", "me")

    for behind in (b"", b"\x7a\x00", field(15, b"\x18\x02")):
        rows, *_ = same(field(1, field(2, field(2, span_with(route)) + user + behind)), chosen)
        assert rows[0]["ok"]


def test_new_orders_are_learnt_late():
    """A file may go on with spans of another kind, which are found at once after a while."""
    layouts = SpanLayouts(frozenset([b"\x02"]), frozenset("kl"), frozenset())
    for key in "kl":
        for _ in range(3_000):
            layouts.learn(field(2, span_with(attribute(key, "abc"))))
        layouts.pay(100_000)

    told = attribute("l", "xyz")
    parts = layouts.split(field(2, span_with(told)))

    assert told in parts


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_a_message_that_breaks_off(seed):
    """At each byte at which a message ends early, it is refused or read as the classes do."""
    chance = random.Random(seed)
    content = message(chance)

    for _ in range(40):
        same(content[: chance.randrange(len(content) + 1)], CHOICES["others too"])


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_flipped_bits(seed):
    """A message with a bit flipped is refused, or read as the classes read it."""
    chance = random.Random(seed)
    content = bytearray(message(chance))

    for _ in range(40):
        at, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        content[at] ^= bit
        same(bytes(content), CHOICES["servers"])
        content[at] ^= bit


@given(st.integers(0, 2**32), st.sampled_from([16, 100, 700]))
@settings(max_examples=40, deadline=None)
def test_a_large_message_is_checked_in_pieces(seed, large):
    """A message is valid if and only if all pieces of it are."""
    chance = random.Random(seed)
    content = bytearray(message(chance))

    def refused(check: Callable[[bytes], None]) -> str:
        try:
            check(bytes(content))
        except Malformed as error:
            return str(error)
        return ""

    def in_pieces(content: bytes) -> None:
        wire.check(content, from_protobuf.check_traces, wire.TRACES, large)

    for _ in range(20):
        at, bit = chance.randrange(len(content)), 1 << chance.randrange(8)
        content[at] ^= bit
        why = refused(in_pieces)
        assert bool(why) == bool(refused(from_protobuf.check_traces)) or why == wire.DENSE
        content[at] ^= bit


def test_what_an_exporter_writes_is_not_read_by_the_classes(monkeypatch):
    """Spans of the usual shape, however long their attributes, are never read as a whole."""
    chance = random.Random(3)
    ids = (chance.randbytes(16), chance.randbytes(8))
    told = {"http.route": "/cart", "user_agent.original": "Mozilla " * 30, "http.url": "/" * 200}
    head = (
        field(1, ids[0]) + field(2, ids[1]) + field(4, b"") + field(5, b"GET /cart") + b"\x30\x02"
    )
    one = head + fixed(7, START) + fixed(8, START + 5)
    one += b"".join(attribute(key, content) for key, content in told.items()) + b"\x7a\x00"
    content = field(1, field(2, field(2, one) * 40))
    span_wire.scanner.cache_clear()
    outcome(by_wire, content, CHOICES["servers"])
    monkeypatch.setattr(from_protobuf, "spans_of", None)

    rows, bad, left_out, _ = outcome(by_wire, content, CHOICES["servers"])

    assert [row["endpoint"] for row in rows] == ["/cart"] * 40
    assert not bad
    assert not left_out


def test_what_is_remembered_is_bounded(monkeypatch):
    """Telemetry in which no two attributes, names or keys are alike is forgotten again."""
    monkeypatch.setattr(kinds, "MOST", 10)
    chosen = CHOICES["servers"]
    scanner = span_wire.scanner.__wrapped__(chosen)

    def take(translator: Translator, content: bytes) -> None:
        scanner.take(translator, content)

    for begin in range(0, 2_000, 40):
        numbers = range(begin, begin + 40)
        told = (attribute(f"key{n}", n) + attribute("http.route", f"/{n}") for n in numbers)
        rows, *_ = outcome(take, spans_with(told), chosen)
        assert {row["endpoint"] for row in rows} == {f"/{n}" for n in numbers}

    assert len(scanner.kinds.every) <= 50
    assert len(scanner.layouts._keys) <= 200
    assert len(scanner.layouts._orders) <= 200


EARLIEST, LATEST, DAY = EARLIEST_TS * 1_000, LATEST_TS * 1_000 + 999, LONGEST_US * 1_000
MOMENTS = st.sampled_from([0, 1, EARLIEST - 1, LATEST + 1, 2**63 - 1, 2**63, 2**64 - 1])
TOOK = st.sampled_from([0, 1, DAY - 1, DAY, DAY + 1, 2**47, 2**56, -1, -DAY, -(2**62)])


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(EARLIEST, LATEST), st.sampled_from([EARLIEST, LATEST]), MOMENTS),
            st.one_of(st.integers(0, DAY), TOOK),
        ),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_durations_of_many(spans):
    """All durations are found at once, or one of the times is known to be none."""
    starts, took = zip(*spans, strict=True)
    ends = [(start + long) % 2**64 for start, long in spans]
    can = [
        EARLIEST <= start <= LATEST and 0 <= end - start <= DAY
        for start, end in zip(starts, ends, strict=True)
    ]
    columns = tuple(struct.pack(f"<{len(spans)}Q", *each) for each in (starts, ends))

    begun, found, clear = durations(*columns)

    assert clear == ([] if all(can) else can)
    assert [each for each, good in zip(begun, can, strict=True) if good] == [
        each for each, good in zip(starts, can, strict=True) if good
    ]
    assert [each for each, good in zip(found, can, strict=True) if good] == [
        each for each, good in zip(took, can, strict=True) if good
    ]


def test_spans_that_came_before():
    """Columns are without the spans that came before, be it in the same columns."""
    losses, repeats = Losses(), Repeats(3)
    kind = Kind(Told("/", "GET", 200, True, None, False), {})

    def columns(*ids: int) -> Columns:
        spans = [bytes([each]) * 8 for each in ids]
        many = array("q", range(len(ids)))
        traces, none = [each * 2 for each in spans], [0] * len(ids)
        return Columns(many, many, traces, spans, [None] * len(ids), none, [kind], none, [])

    found = [repeats.fresh(columns(*ids), losses) for ids in ((1, 2, 1), (2, 3), (4, 5), (1, 5))]

    assert [[each[0] for each in some.spans] for some in found] == [[1, 2], [3], [4, 5], [1]]
    assert found[0].starts == array("q", [0, 1])
    assert losses.left_out[REPEATED] == 3
