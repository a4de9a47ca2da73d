"""The words of rows as the series has them: method and name, labels.

    columns of a foreign file ──endpoints, labelled──► dictionaries and maps to be stored

An endpoint that comes as `METHOD name` is split, where no row has a method of its own. Each word
is looked at once, however many rows have it.
"""

from __future__ import annotations

import array
from collections.abc import Mapping, Sequence
from typing import Any

from slogate.model.series import split_endpoint


def endpoints(columns: Mapping[str, Any]) -> tuple[Any, Any, set[tuple[str, str]]]:
    """Method and name as dictionaries; a name alone is split where the source has no method."""
    names = _encoded(columns["endpoint"])
    if columns["method"].null_count < len(columns["method"]):
        methods = _encoded(columns["method"].fill_null(""))
        return methods, names, _pairs(methods, names)
    split = [split_endpoint(name) for name in names.dictionary.to_pylist()]
    return (
        _recoded(names.indices, [method for method, _ in split]),
        _recoded(names.indices, [name for _, name in split]),
        set(split),
    )


def _encoded(words: Any) -> Any:
    """Words as one dictionary array, however many pieces they come in."""
    import pyarrow as pa

    found = words.dictionary_encode()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _pairs(methods: Any, names: Any) -> set[tuple[str, str]]:
    """The pairs that occur, found by their codes."""
    import pyarrow.compute as pc

    width = len(names.dictionary)
    codes = pc.add(pc.multiply(methods.indices.cast("int64"), width), names.indices)
    both = methods.dictionary.to_pylist(), names.dictionary.to_pylist()
    found = pc.unique(codes).drop_null().to_pylist()
    return {(both[0][code // width], both[1][code % width]) for code in found}


def _recoded(indices: Any, words: Sequence[str]) -> Any:
    """The words at these indices as a dictionary array whose words differ."""
    import pyarrow as pa

    codes = {word: code for code, word in enumerate(dict.fromkeys(words))}
    recoded = pa.array([codes[word] for word in words], pa.int32()).take(indices)
    return pa.DictionaryArray.from_arrays(recoded, pa.array(list(codes), pa.string()))


def labelled(own: Any, labels: Mapping[str, str]) -> Any:
    """The labels of the import on every row; a row's own label wins."""
    import pyarrow as pa

    if own.null_count < len(own):
        rows = [list({**labels, **dict(row or [])}.items()) for row in own.to_pylist()]
        return pa.array(rows, pa.map_(pa.string(), pa.string()))
    count, width = len(own), len(labels)
    offsets = pa.array(range(0, count * width + 1, width), pa.int32())
    keys = pa.array(list(labels) * count, pa.string())
    return pa.MapArray.from_arrays(offsets, keys, pa.array(list(labels.values()) * count))


def mapped(values: Any, names: Sequence[str]) -> Any:
    """A map for each row of the list of its values, one for each of the names; null for none."""
    import pyarrow as pa

    kind = pa.map_(pa.string(), pa.string())
    return pa.chunked_array([_mapped(chunk, names) for chunk in values.chunks], kind)


def _mapped(rows: Any, names: Sequence[str]) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = rows.flatten()
    codes = pa.py_buffer(array.array("i", range(len(names))) * len(rows))
    places = pa.Array.from_buffers(pa.int32(), len(values), [None, codes])
    keys = pa.array(names, pa.string()).take(places)
    bounds = pc.subtract(rows.offsets, rows.offsets[0]) if len(rows) else rows.offsets
    if not values.null_count:
        return pa.MapArray.from_arrays(bounds, keys, values)
    told = values.is_valid()
    counts = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(told.cast("int32"))])
    bounds = counts.take(bounds)
    starts, ends = bounds[:-1], bounds[1:]
    some = pc.if_else(pc.equal(starts, ends), pa.scalar(None, pa.int32()), starts)
    bounds = pa.concat_arrays([some, ends[-1:]])
    return pa.MapArray.from_arrays(bounds, keys.filter(told), values.filter(told))
