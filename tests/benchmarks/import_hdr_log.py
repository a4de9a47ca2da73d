"""How fast a log of HdrHistogram (`.hlog`) is imported.

    python tests/benchmarks/import_hdr_log.py [small] [v0|v1] [megabytes=10] [repeats=3]

An interval a second of five thousand log-normal response times in µs, at three digits; `small`:
five tags, and forty response times an interval. V2 unless said. Such a log is compressed to less
than a byte a bucket: look at the rows, not at the megabytes. The peer only writes the same rows,
which it has in Arrow's memory, as the same Parquet.

On two cores at 20 MB: 3,800,000 rows a second and core, 0.55 times as fast as the peer, which
needs more than half of the time: 40 MB/s would be 50 million rows. `small` 920,000 (5 MB/s), 0.43
times; `small v1`, each of 12 kB unpacked, 370,000. Histogram by histogram in Python 380,000.
"""

from __future__ import annotations

import base64
import random
import struct
import sys
import zlib
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from side_by_side import run

_START = 1_764_000_000
_DIFFERENT = 100
_TAGS = 5
_VERSIONS = {2: (0x1C849314, 0x1C849313), 1: (0x1C849302, 0x1C849381), 0: (0x1C849309, 0x1C849388)}


def generate(path: Path, megabytes: int, *, small: bool = False, version: int = 2) -> None:
    """Write a log of this size, of a hundred histograms in turns, and beside it their rows."""
    chance = random.Random(1)
    many, tags = (40, _TAGS) if small else (5_000, 1)
    counted = [
        Counter(_index(int(chance.lognormvariate(8, 0.6))) for _ in range(many))
        for _ in range(_DIFFERENT)
    ]
    ends = [f",1.000,90.000,{_encoded(counts, version)}\n" for counts in counted]
    _keep_rows(path.with_suffix(".arrow"), counted, tags)
    with path.open("w") as file:
        file.write(f"#[Histogram log format version 1.2]\n#[StartTime: {_START}.000 (s)]\n")
        second = 0
        while file.tell() < megabytes * 1_000_000:
            for at, end in enumerate(ends):
                tag = f"Tag=op{at % tags}," if tags > 1 else ""
                file.write(f"{tag}{second + at // tags}.000{end}")
            second += _DIFFERENT // tags


def _keep_rows(path: Path, counted: list[Counter[int]], tags: int) -> None:
    """The rows of a turn, with times from its start."""
    import pyarrow as pa

    rows = [
        (at // tags * 10**6, f"op{at % tags}" if tags > 1 else "", *_bounds(index), counts[index])
        for at, counts in enumerate(counted)
        for index in sorted(counts)
    ]
    names = ("ts", "endpoint", "lo_us", "hi_us", "count")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def written(file: str, out: str) -> int:
    """Write the rows of all turns as a part of a store has them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from slogate.store.parts import SCHEMA, write_rows

    with pa.OSFile(str(Path(file).with_suffix(".arrow"))) as source:
        turn = pa.ipc.open_file(source).read_all()
    with Path(file).open("rb") as lines:
        turns = sum(line[:1] != b"#" for line in lines) // _DIFFERENT
    schema, words = SCHEMA("histograms"), ("endpoint", "method")
    given = {name: turn[name] for name in turn.column_names}
    given |= {"step_us": pa.repeat(10**6, len(turn)), "method": pa.repeat("", len(turn))}
    given |= {name: given[name].dictionary_encode() for name in words}
    nothing = {name: pa.nulls(len(turn), schema.field(name).type) for name in schema.names}
    length = pc.max(turn["ts"]).as_py() + 10**6

    def tables() -> Any:
        for at in range(turns):
            start = pa.scalar(_START * 10**6 + at * length)
            ts = pc.add(turn["ts"], start).cast(schema.field("ts").type)
            yield pa.table(nothing | given | {"ts": ts})

    parts = tables()
    write_rows(Path(out), next(parts), parts)
    return turns * len(turn)


def _encoded(counts: Counter[int], version: int) -> str:
    body, at = bytearray(), 0
    for index in sorted(counts):
        if index > at:
            body += _varint(2 * (index - at) - 1)
        body += _varint(2 * counts[index])
        at = index + 1
    if version < 2:
        body = bytearray(struct.pack(f">{at}q", *(counts[index] for index in range(at))))
    outer, inner = _VERSIONS[version]
    head = struct.pack(">iiiiqqd", inner, len(body), 0, 3, 1, 3_600_000_000, 1.0)
    if version == 0:
        head = struct.pack(">iiqqq", inner, 3, 1, 3_600_000_000, counts.total())
    packed = zlib.compress(head + body)
    return base64.b64encode(struct.pack(">ii", outer, len(packed)) + packed).decode()


def _index(value: int) -> int:
    shift = max(value.bit_length() - 11, 0)
    return (shift << 10) + (value >> shift)


def _bounds(index: int) -> tuple[int, int]:
    """One less than the lowest value of an index, and the highest."""
    shift = max((index >> 10) - 1, 0)
    lowest = index - (shift << 10) << shift
    return lowest - 1, lowest + (1 << shift) - 1


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _options(file: Path) -> dict[str, str]:
    del file
    return {"unit": "us"}


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word not in ("small", "v0", "v1")]
    version = next((int(word[1]) for word in sys.argv[1:] if word in ("v0", "v1")), 2)
    write = partial(generate, small="small" in sys.argv, version=version)
    run(__file__, "run.hlog", write, written, words or ["10"], _options, peer="Parquet")
