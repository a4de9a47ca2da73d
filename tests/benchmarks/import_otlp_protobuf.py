"""How fast OTLP's protobuf spans are imported, beside its official classes writing the same.

    python tests/benchmarks/import_otlp_protobuf.py [servers|small|paths] [megabytes=200] [repeats]

Messages of 100 spans behind four bytes of length, as the collector's file exporter writes them
with `format: proto`: a third are a server's (`servers`: all are, with eight attributes instead of
twelve), with the attributes that an HTTP server's instrumentation gives; no two spans are alike.
`small`: the spans of a server, of which each resource sent one to five, as a collector's batch of
many requests is; there are 40 resources. `paths`: so, too, with no route but paths that all differ.
The peer is a loop over the classes of `opentelemetry-proto`, which are C, that writes Parquet by
pyarrow: DuckDB cannot read protobuf. It looks at no attributes of other spans than a server's.

On two cores at 120 MB, the best of four: with spans of a server in large scopes 51 MB/s per core
and 147 MB resident, with three spans a resource on average 48 (scope by scope 22), with paths that
all differ, in large scopes, 37 (11, when each was looked at); while
another process works, down to 30. In JSON 43 and 45. A third of a second is for the start. The
classes wrote the rows of `servers` at 28.
"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from import_otlp_json import ROUTES
from protobuf_fields import field, varint
from side_by_side import run, write_rows

SPANS = 100
START = 1_764_000_000_000_000_000


def pair(key: str, value: str | int) -> bytes:
    """An attribute as it is in a list of them."""
    one = field(1, value.encode()) if isinstance(value, str) else b"\x18" + varint(value)
    return field(1, key.encode()) + field(2, one)


def attributes(number: int, told: dict[str, Any]) -> bytes:
    """Attributes as a field that is repeated."""
    return b"".join(field(number, pair(key, value)) for key, value in told.items())


def span(chance: random.Random, start: int, shape: str) -> bytes:
    """A span of a server, or of what it calls."""
    servers = shape != "mixed"
    route, failed = chance.choice(ROUTES), chance.random() < 0.005
    told = {
        "http.request.method": "GET", "url.path": route.replace("{id}", str(chance.randrange(999))),
        "url.scheme": "https", "http.route": route,
        "http.response.status_code": 503 if failed else 200, "server.address": "shop.example",
        "client.address": f"10.1.{chance.randrange(256)}.{chance.randrange(256)}",
        "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64)",
    }  # fmt: skip
    if not servers:
        told |= {
            "network.protocol.version": "1.1", "server.port": 8443,
            "thread.id": chance.randrange(1000), "thread.name": "http-nio-8443-exec-3",
        }  # fmt: skip
    if shape == "paths":
        del told["http.route"]
        told["url.path"], route = f"/orders/{chance.getrandbits(40)}/items", ""
    kind = 2 if servers else chance.choice((1, 2, 3))
    return b"".join(
        (
            field(1, chance.randbytes(16)), field(2, chance.randbytes(8)), field(4, b""),
            field(5, f"GET {route}".strip().encode()), b"\x30" + bytes([kind]), b"\x39",
            struct.pack("<Q", start), b"\x41",
            struct.pack("<Q", start + int(chance.lognormvariate(18, 0.6))),
            attributes(9, told), field(15, b"\x18\x02" if failed else b""), b"\x85\x01\x01\x01\0\0",
        )
    )  # fmt: skip


def generate(path: Path, megabytes: int, *, shape: str = "mixed") -> None:
    """A file of about that size."""
    chance, size, start = random.Random(20261127), 0, START
    told = {"service.name": "shop", "service.version": "1.4.2"}
    of = [attributes(1, {**told, "host.name": f"shop-{host}"}) for host in range(40)]
    scope = field(1, field(1, b"http") + field(2, b"2.1"))
    with path.open("wb") as file:
        while size < megabytes * 1_000_000:
            spans = [field(2, span(chance, start + n * 1_000_000, shape)) for n in range(SPANS)]
            start += SPANS * 1_000_000
            message = b""
            while spans:
                many = chance.randrange(1, 6) if shape in {"small", "paths"} else SPANS
                some = field(2, scope + b"".join(spans[:many]))
                message += field(1, field(1, chance.choice(of)) + some)
                del spans[:many]
            size += file.write(len(message).to_bytes(4, "big") + message)


def messages(file: str) -> Iterator[bytes]:
    """The messages of a file."""
    with Path(file).open("rb") as stream:
        while head := stream.read(4):
            yield stream.read(int.from_bytes(head, "big"))


def rows_of(file: str) -> Iterator[tuple[Any, ...]]:
    """The requests of a file, message object by message object."""
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    for content in messages(file):
        for entry in TracesData.FromString(content).resource_spans:
            of = {each.key: each.value.string_value for each in entry.resource.attributes}
            labels = list(of.items())
            for scope in entry.scope_spans:
                for each in scope.spans:
                    if each.kind != 2:
                        continue
                    told = {one.key: one.value for one in each.attributes}
                    status = told["http.response.status_code"].int_value
                    start, end = each.start_time_unix_nano, each.end_time_unix_nano
                    yield (
                        start // 1000, -((start - end) // 1000),
                        told["url.path" if "http.route" not in told else "http.route"].string_value,
                        told["http.request.method"].string_value,
                        status, each.status.code != 2 and status < 500, each.status.message or None,
                        each.trace_id.hex(), labels,
                    )  # fmt: skip


def classes(file: str, out: str) -> int:
    """The official classes, writing the columns of requests as Parquet."""
    import pyarrow as pa

    words = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [("ts", pa.timestamp("us", "UTC")), ("duration_us", pa.int64()), ("endpoint", words),
         ("method", words), ("status", pa.int16()), ("ok", pa.bool_()), ("error", words),
         ("trace_id", pa.string()), ("labels", pa.map_(pa.string(), pa.string()))]
    )  # fmt: skip
    return write_rows(rows_of(file), schema, out)


if __name__ == "__main__":
    shapes = [word for word in sys.argv[1:] if word in {"servers", "small", "paths"}]
    words = [word for word in sys.argv[1:] if word not in shapes]
    writing = partial(generate, shape=shapes[0] if shapes else "mixed")
    run(__file__, "traces.bin", writing, classes, words, peer="opentelemetry-proto")
