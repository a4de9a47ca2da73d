"""Request series for tests: rows as plain dicts, parts made of them, and hostile random ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from hypothesis import strategies as st

from slogate.model.evidence import Need
from slogate.model.predicate import And, Comparison, Not, Ok, Or
from slogate.model.selection import Endpoint, Selection
from slogate.model.window import Window
from slogate.store.layout import open_store
from slogate.store.parts import SCHEMA, write_part

START = 1_700_000_000_000_000
LENGTH = 1_000
WINDOW = Window(start_ts=START, end_ts=START + LENGTH)


def row(ts=0, duration_us=100, **columns):
    """One request that started `ts` µs after `START`; every column can be given."""
    given = {"ts": START + ts, "duration_us": duration_us, "endpoint": "/", "method": "GET",
             "status": 200, "ok": True, **columns}  # fmt: skip
    return {name: given.get(name) for name in SCHEMA().names}


def table(rows):
    """The rows as an Arrow table of the request schema."""
    import pyarrow as pa

    names = SCHEMA().names
    return pa.table(
        [
            pa.array([r[name] for r in rows], type=SCHEMA().field(name).type)
            if name != "ts"
            else pa.array([r["ts"] for r in rows], pa.int64()).cast(SCHEMA().field("ts").type)
            for name in names
        ],
        schema=SCHEMA(),
    )


def parts(folder: Path, *groups):
    """Each group of rows as one part of a run; the paths of the parts."""
    store = open_store(folder, create=True)
    return [
        str(
            store.root
            / write_part(store, "run", "shop", "load", table(rows), sequence=i, worker=None)
        )
        for i, rows in enumerate(groups)
        if rows
    ]


def need(measure="latency", **fields):
    """A need on the whole service within `WINDOW`."""
    given = {"id": "need", "selection": Selection(), "window": WINDOW, **fields}
    return Need(measure=measure, **given)


NAMES = st.sampled_from(
    ["/", "/a", "/a/b", "a*b", "a%b", "a_b", "axb", "a'b", 'a"b', "a\nb", "a.b", "a\\b", "(a|b)+",
     "", " ", "é😀", "[a]", "$v0", "?", "A", "GET /"]
)  # fmt: skip
TEXTS = NAMES | st.text(max_size=5)
PATTERNS = NAMES | st.sampled_from(["*", "a*", "*b", "a*b", "**", "*\n*", "_", "%"])
METHODS = st.sampled_from(["GET", "POST", "", "get"])
SMALL = st.integers(-5, 400)
HUGE = st.sampled_from([2**31, 10**12])


@st.composite
def rows(draw, max_size=25):
    """Up to `max_size` requests around the window, unsorted, with duplicates and nulls."""
    one = st.builds(
        row,
        st.integers(-300, LENGTH + 300) | st.sampled_from([0, LENGTH, -1, LENGTH + 1]),
        st.none() | st.integers(0, 400) | HUGE,
        pace_us=st.none() | st.integers(-3, 200),
        late_us=st.none() | SMALL,
        endpoint=TEXTS,
        method=METHODS,
        status=st.none() | st.sampled_from([200, 404, 500, 503]),
        ok=st.none() | st.booleans(),
        error=st.none() | TEXTS,
        bytes=st.none() | st.integers(0, 2**40),
        worker=st.none() | NAMES,
        labels=st.none()
        | st.dictionaries(NAMES, st.none() | TEXTS, max_size=3).map(dict.items).map(list),
    )
    found = draw(st.lists(one, max_size=max_size))
    return found + found[: draw(st.integers(0, 2))]


PREDICATES = st.recursive(
    st.just(Ok())
    | st.builds(
        Comparison,
        st.sampled_from(["status", "duration"]),
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([0, 100, 200, 404, 500, 100_000]),
    ),
    lambda inner: (
        st.builds(Not, inner) | st.builds(And, inner, inner) | st.builds(Or, inner, inner)
    ),
    max_leaves=4,
)
SELECTIONS = st.builds(
    Selection,
    endpoint=st.none() | st.builds(Endpoint, method=st.none() | METHODS, name=PATTERNS),
    where=st.dictionaries(NAMES, PATTERNS, max_size=2).map(lambda d: tuple(sorted(d.items()))),
    success=PREDICATES,
)
WINDOWS = st.just(WINDOW) | st.builds(
    lambda start, length: Window(start_ts=START + start, end_ts=START + start + length),
    st.integers(-100, LENGTH),
    st.integers(0, 50) | st.integers(0, 2 * LENGTH),
)
QUANTILES = st.sampled_from(
    [Fraction(1, 2), Fraction(95, 100), Fraction(999, 1000)]
) | st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)


@st.composite
def needs(draw, max_size=6):
    """Some needs of every measure, some of them alike."""
    return [
        Need(
            id=str(number),
            selection=draw(SELECTIONS),
            window=draw(WINDOWS),
            measure=draw(st.sampled_from(["latency", "errors", "max", "mean", "throughput"])),
            limit_us=draw(st.none() | st.integers(0, 400)),
            quantile=draw(st.none() | QUANTILES),
            failures=draw(st.sampled_from(["slow", "drop", "measured"])),
        )
        for number in range(draw(st.integers(1, max_size)))
    ]
