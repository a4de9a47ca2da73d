"""Turns finished buffers into a table of the request series, in a native thread.

Columns are cut out of the rows in one copy each, and converted whole in C with the interpreter
free. Neither NumPy nor pandas is imported: `pa.array` of Python objects would try,
and a first flush then stops the load for a third of a second, so even words go in as buffers.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from slogate.recorders.locust.columns import ROW, Chunk, Rows, Words
from slogate.store.parts import SCHEMA, write_rows

if TYPE_CHECKING:
    import pyarrow as pa

HALF_NS_IN_US = 5e-4
USUAL_ROWS = 30_000
_DAY_S = 86_400.0
_LONGEST_MS = 1e12
_LONGEST_S = 1e9


def to_table(chunks: Sequence[Chunk], labels: Mapping[str, str], now_s: float) -> pa.Table:
    """The rows of the chunks; `labels` are written on every row.

    Durations are rounded up to whole µs after taking off half a nanosecond: the clock counts
    whole nanoseconds, what is below one is noise of the float arithmetic (8.1 ms × 1000 must
    stay 8,100). A start that is over a day away from `now_s` is no wall-clock time: such a
    row gets `now_s`. Negative or infinite response times are unknown (null).
    """
    import pyarrow as pa

    return pa.concat_tables([_table(chunk, labels, now_s) for chunk in chunks])


def _table(chunk: Chunk, labels: Mapping[str, str], now_s: float) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = chunk.rows
    starts, times, lates, paces = (
        _numbers(chunk.column(name)) for name in ("start", "time", "late", "pace")
    )
    now = _one(now_s)
    near = pc.less_equal(pc.abs(pc.subtract(starts, now)), _one(_DAY_S))
    micros = pc.subtract(pc.multiply(times, _one(1000.0)), _one(HALF_NS_IN_US))
    sizes = _numbers(chunk.column("size"))
    columns = {
        "ts": _micros(pc.if_else(near, starts, now)).cast(pa.timestamp("us", tz="UTC")),
        "duration_us": pc.ceil(_within(micros, times, 0.0, _LONGEST_MS)).cast(pa.int64()),
        "late_us": _micros(_within(lates, lates, -_LONGEST_S, _LONGEST_S)),
        "pace_us": _micros(pc.divide(_within(paces, paces, 0.0, _LONGEST_S), _occurrences(chunk))),
        "bytes": pc.if_else(pc.greater_equal(sizes, _zero(pa.int64())), sizes, _null(pa.int64())),
        "worker": pa.repeat(_texts([chunk.worker])[0], rows),
        "trace_id": pa.nulls(rows, pa.string()),
        "labels": label_rows(rows, labels),
        **_words(chunk),
    }
    return pa.table([columns[name] for name in SCHEMA().names], schema=SCHEMA())


def _occurrences(chunk: Chunk) -> Any:
    """How often each row's endpoint occurs in its iteration: so many share its pace."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds, iterations = (_numbers(chunk.column(name)) for name in ("kind", "iteration"))
    endpoints = {words[:2]: number for number, words in enumerate(chunk.words)}
    numbers = _numbers(array("q", [endpoints[words[:2]] for words in chunk.words]))
    many = _numbers(array("q", [len(chunk.words)]))[0]
    found = pc.add(pc.multiply(iterations, many), numbers.take(kinds))
    times = pc.value_counts(found)
    if len(times) == chunk.rows:  # once each, as where an iteration is one request
        return _one(1.0)
    return times.field("counts").take(pc.index_in(found, times.field("values"))).cast(pa.float64())


def _numbers(column: array[Any] | memoryview) -> Any:
    """An array of the numbers, of the width they have."""
    import pyarrow as pa

    kinds = {
        "d": pa.float64(), "q": pa.int64(), "i": pa.int32(), "h": pa.int16(), "b": pa.int8(),
    }  # fmt: skip
    view = memoryview(column)
    buffers = [None, pa.py_buffer(view.tobytes())]
    return pa.Array.from_buffers(kinds[view.format], len(view), buffers)


def _one(value: float) -> Any:
    """An Arrow scalar that no conversion from Python was needed for."""
    return _numbers(array("d", [value]))[0]


def _zero(kind: pa.DataType) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(kind, 1, [None, pa.py_buffer(bytes(8))])[0]


def _null(kind: pa.DataType) -> Any:
    import pyarrow as pa

    return pa.nulls(1, kind)[0]


def _within(values: Any, known: Any, low: float, high: float) -> Any:
    """The values, null where what they were made of is NaN or out of range."""
    import pyarrow as pa
    import pyarrow.compute as pc

    fits = pc.and_(pc.greater_equal(known, _one(low)), pc.less(known, _one(high)))
    return pc.if_else(fits, values, _null(pa.float64()))


def _micros(seconds: Any) -> Any:
    """Seconds to the nearest whole µs: a float of today's date is exact to a quarter of one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.floor(pc.add(pc.multiply(seconds, _one(1e6)), _one(0.5))).cast(pa.int64())


def _words(chunk: Chunk) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = _numbers(chunk.column("kind"))
    words = chunk.words
    status = _numbers(array("h", [word.status for word in words]))
    failed, good = (
        _numbers(array("b", flags)).cast(pa.bool_())
        for flags in ([word.error is not None for word in words], [word.ok for word in words])
    )
    errors = _texts([word.error or "" for word in words])
    no_status = pc.equal(status, _zero(pa.int16()))
    small = {
        "endpoint": _texts([word.endpoint for word in words]),
        "method": _texts([word.method for word in words]),
        "status": pc.if_else(no_status, _null(pa.int16()), status),
        "ok": good,
        "error": pc.if_else(failed, errors, _null(pa.string())),
    }
    return {name: column.take(kinds) for name, column in small.items()}


def _texts(texts: Sequence[str]) -> Any:
    import pyarrow as pa

    encoded = [text.encode() for text in texts]
    ends = array("i", [0])
    for text in encoded:
        ends.append(ends[-1] + len(text))
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def label_rows(rows: int, labels: Mapping[str, str]) -> Any:
    """So many rows with the same labels."""
    import pyarrow as pa

    kind = SCHEMA().field("labels").type
    if not labels:
        return pa.nulls(rows, kind)
    one = pa.MapArray.from_arrays(
        _numbers(array("i", [0, len(labels)])),
        _texts(list(labels)),
        _texts(list(labels.values())),
    )
    return one.take(pa.repeat(_zero(pa.int32()), rows))


def warm_up() -> None:
    """Write as many rows as a flush may have, nowhere to; in the thread that is to write.

    The first use of Arrow costs a third of a second, and the first memory that a thread of its
    takes 50 ms: before the load, not in it.
    """
    with _without_numpy():
        _write_nowhere()


@contextlib.contextmanager
def _without_numpy() -> Iterator[None]:
    """Arrow is imported for the first time, and would import NumPy, which nobody here needs.

    The libquadmath of NumPy's wheels registers a modifier of printf, after which glibc formats
    every number of the process the long way, as where Locust rounds a response time over 100 ms:
    0.4% of a generator's instructions. A locustfile that uses NumPy has it by now; where pandas
    is installed, it may later want an Arrow that knows NumPy. None in its place refuses an import.
    """
    if "numpy" in sys.modules or importlib.util.find_spec("pandas"):
        yield
        return
    sys.modules["numpy"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["numpy"]


def _write_nowhere() -> None:
    import pyarrow as pa

    rows = Rows()
    kind = rows.kind(Words("", "", 0, True, None))
    for number in range(USUAL_ROWS):
        rows.packed += ROW.pack(
            number * 1e-3, number % 97, number * 1e-6, 1.0, number, kind, number
        )
    packed, words = rows.take()
    chunk = Chunk(worker="", packed=packed, uncountable=0, words=tuple(words))
    write_rows(pa.BufferOutputStream(), to_table([chunk], {}, 0.0))
