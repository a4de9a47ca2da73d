"""Counts and histograms for tests: rows as plain dicts, parts made of them, hostile random ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st
from series_strategies import LENGTH, METHODS, NAMES, START, TEXTS, needs

from slogate.store.layout import open_store
from slogate.store.parts import SCHEMA, write_part

LARGEST = 2**63 - 1


def step(ts=0, lo_us=0, hi_us=100, count=1, step_us=100, **columns):
    """`count` requests in a bucket of the step that begins `ts` µs after `START`."""
    given = {"ts": START + ts, "step_us": step_us, "endpoint": "/", "method": "GET", "status": 200,
             "ok": True, "lo_us": lo_us, "hi_us": hi_us, "count": count, **columns}  # fmt: skip
    return {name: given.get(name) for name in SCHEMA("histograms").names}


def step_table(rows, series="histograms"):
    """The rows as an Arrow table of the series."""
    import pyarrow as pa

    schema = SCHEMA(series)
    columns = [
        pa.array([r["ts"] for r in rows], pa.int64()).cast(field.type)
        if field.name == "ts"
        else pa.array([r[field.name] for r in rows], field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def step_parts(folder: Path, *groups, series="histograms"):
    """Each group of rows as one part of a run; the paths of the parts."""
    store = open_store(folder, create=True)
    return [
        str(
            store.root
            / write_part(
                store, "run", "shop", "load", step_table(rows, series),
                sequence=i, worker=None, series=series,
            )
        )
        for i, rows in enumerate(groups)
        if rows
    ]  # fmt: skip


@st.composite
def buckets(draw):
    """Bounds of a bucket: small, a single duration, unbounded, any at all, or no duration told."""
    kind = draw(st.sampled_from(["small", "exact", "unbounded", "any", "none"]))
    lo = draw(st.integers(-1, 400))
    match kind:
        case "small":
            return lo, lo + draw(st.integers(1, 300))
        case "exact":
            return lo, lo + 1
        case "unbounded":
            return lo, None
        case "any":
            return -1, draw(st.none() | st.integers(0, 400))
    return None, None


@st.composite
def steps(draw, max_size=15, most=7):
    """Up to `max_size` rows around the window, with steps of every length."""

    @st.composite
    def one(draw):
        lo, hi = draw(buckets())
        count = draw(st.integers(1, most))
        least = 0 if lo is None else lo + 1
        longest = least + 200 if hi is None else hi
        top = draw(st.none() | st.integers(least, max(least, longest)))
        total = draw(st.none() | st.integers(count * least, count * max(least, longest)))
        return step(
            draw(st.integers(-300, LENGTH + 300) | st.integers(0, LENGTH - 100)),
            lo,
            hi,
            count,
            draw(st.sampled_from([1, 10, 50, 100, 700, 5_000]) | st.integers(1, 100)),
            sum_us=total,
            max_us=top,
            endpoint=draw(TEXTS),
            method=draw(METHODS),
            status=draw(st.none() | st.sampled_from([200, 404, 500, 503])),
            ok=draw(st.none() | st.booleans()),
            worker=draw(st.none() | NAMES),
            labels=draw(
                st.none()
                | st.dictionaries(NAMES, st.none() | TEXTS, max_size=2).map(dict.items).map(list)
            ),
        )

    return draw(st.lists(one(), max_size=max_size))


@st.composite
def broad_needs(draw):
    """Some needs, most of them of the whole service, so that buckets matter."""
    found = draw(needs(max_size=4))
    if draw(st.integers(0, 4)) == 0:
        return found
    whole = [replace(need.selection, endpoint=None, where=()) for need in found]
    return [replace(need, selection=it) for need, it in zip(found, whole, strict=True)]


EXTENTS = st.just((None, None)) | st.tuples(
    st.none() | st.integers(-200, 200).map(lambda at: START + at),
    st.none() | st.integers(LENGTH - 200, LENGTH + 200).map(lambda at: START + at),
)
