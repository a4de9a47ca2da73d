"""Every engine tallies accounts as the reference does, slot by slot, whatever the data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from series_strategies import LENGTH, NAMES, PREDICATES, SELECTIONS, START, parts, row, rows
from step_strategies import step, step_parts, steps

from slogate import plugins
from slogate.engines import memory
from slogate.errors import StoreError
from slogate.model.predicate import And, Comparison, Ok
from slogate.model.selection import Endpoint, Selection
from slogate.model.slots import Account, Edges, Every, Tally

ENGINES = plugins.names("engines")
engine = pytest.mark.parametrize("name", ENGINES)
another = pytest.mark.parametrize("name", [name for name in ENGINES if name != "memory"])
EVERY = Every(start_ts=START, step_us=100, count=LENGTH // 100)
FAST = Selection(success=And(Ok(), Comparison("duration", "<=", 100)))

SLOTS = st.builds(
    Every, start_ts=st.integers(START - 300, START + 300), step_us=st.integers(1, 400),
    count=st.integers(1, 12),
) | st.lists(
    st.integers(START - 300, START + LENGTH + 300), min_size=2, max_size=12, unique=True
).map(lambda edges: Edges(at=tuple(sorted(edges))))  # fmt: skip

WIDE = st.builds(Selection, success=PREDICATES)


@st.composite
def accounts(draw):
    """One to four accounts, some of which share their slots."""
    slots = draw(st.lists(SLOTS, min_size=1, max_size=2))
    return [
        Account(
            id=f"a{number}",
            selection=draw(SELECTIONS | WIDE),
            slots=draw(st.sampled_from(slots)),
            by=draw(st.none() | NAMES),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def counted(name, wanted, found, threads=1):
    """The tallies; every part is of a run of its own if its number is odd."""
    numbers = {part: index % 2 * index for index, part in enumerate(found)}
    with plugins.find("engines", name).reading(found, threads) as series:
        return series.count(wanted, numbers)


@another
@settings(max_examples=30)
@given(
    single=st.just([]) | rows(max_size=12), fine=steps(), coarse=st.just([]) | steps(max_size=8),
    twice=st.booleans(), wanted=accounts(),
)  # fmt: skip
def test_tallies_equal_the_reference(name, single, fine, coarse, twice, wanted):
    """Slots of any kind, labels, buckets and steps of several runs."""
    with tempfile.TemporaryDirectory() as folder:
        found = [
            *parts(Path(folder), single[::2], single[1::2]),
            *step_parts(Path(folder), fine[::2], fine[1::2]),
            *step_parts(Path(folder), fine if twice else coarse, series="counts"),
        ]

        actual = counted(name, wanted, found)
        expected = counted("memory", wanted, found)

    assert actual == expected


def tally_of(name, folder, *groups, selection=FAST, slots=EVERY, by=None):
    """The tallies of one account over some parts."""
    account = Account(id="a", selection=selection, slots=slots, by=by)
    return counted(name, [account], [*groups])["a"]


@engine
def test_slots_are_half_open(name, tmp_path):
    """A request at an edge is in the slot that begins there; outside is nowhere."""
    found = parts(tmp_path, [row(-1), row(0), row(99), row(100), row(LENGTH - 1), row(LENGTH)])

    assert tally_of(name, tmp_path, *found) == {
        None: (Tally(0, 0, 2, 2, 2), Tally(1, 1, 1, 1, 1), Tally(9, 9, 1, 1, 1))
    }


@engine
def test_edges_of_any_length(name, tmp_path):
    """Slots between given edges."""
    slots = Edges(at=(START, START + 1, START + 500))
    found = parts(tmp_path, [row(0), row(1), row(499, 101), row(500)])

    assert tally_of(name, tmp_path, *found, slots=slots) == {
        None: (Tally(0, 0, 1, 1, 1), Tally(1, 1, 2, 1, 1))
    }


@engine
def test_buckets_and_steps_leave_doubt(name, tmp_path):
    """A bucket around the limit may be good; a step over two slots lies in either."""
    found = step_parts(tmp_path, [step(0, 0, 100, 5), step(0, 50, 150, 3), step(150, 0, 10, 2)])

    assert tally_of(name, tmp_path, *found) == {None: (Tally(0, 0, 8, 5, 8), Tally(1, 2, 2, 2, 2))}


@engine
def test_counts_and_histograms_of_a_run_are_the_same_requests(name, tmp_path):
    """Of the same requests the series that leaves less open is taken, of others both."""
    coarse = step_parts(tmp_path, [step(0, 50, 150, 3)])
    exact = step_parts(tmp_path, [step(0, 50, 100, 3)], series="counts")
    account = Account(id="a", selection=FAST, slots=EVERY)

    def of(*numbers):
        with plugins.find("engines", name).reading([*coarse, *exact], 1) as series:
            runs = dict(zip([*coarse, *exact], numbers, strict=True))
            return series.count([account], runs)["a"]

    assert of(0, 0) == {None: (Tally(0, 0, 3, 3, 3),)}
    assert of(0, 1) == {None: (Tally(0, 0, 6, 3, 6),)}


@engine
def test_labels_divide(name, tmp_path):
    """By the value of a label; requests without it, or with an empty one, are told apart."""
    found = parts(
        tmp_path,
        [row(0, labels=[("region", "eu")]), row(1, labels=[("a", "b")]), row(2),
         row(3, labels=[("region", "")])],
    )  # fmt: skip

    assert tally_of(name, tmp_path, *found, by="region") == {
        None: (Tally(0, 0, 3, 3, 3),), "eu": (Tally(0, 0, 1, 1, 1),)
    }  # fmt: skip


@engine
@pytest.mark.parametrize("threads", [1, 4])
def test_threads_and_selections_change_nothing(name, threads, tmp_path):
    """Accounts of many endpoints in one pass, on any number of threads."""
    single = [row(i % 1_000, i % 200, endpoint=f"/{i % 70}") for i in range(1_000)]
    found = parts(tmp_path, single[::2], single[1::2])
    wanted = [
        Account(
            id=f"{i}",
            selection=Selection(
                endpoint=Endpoint.parse(f"/{i}"), success=Comparison("duration", "<=", i)
            ),
            slots=EVERY,
        )
        for i in range(70)
    ]

    with plugins.find("engines", name).reading(found, threads) as series:
        actual = series.count(wanted, {})

    for i, account in enumerate(wanted):
        mine = [j for j in range(1_000) if j % 70 == i]
        assert sum(t.total for t in actual[account.id][None]) == len(mine)
        assert sum(t.sure for t in actual[account.id][None]) == sum(j % 200 <= i for j in mine)


@engine
def test_damaged_parts_are_refused(name, tmp_path):
    """What no writer writes is an error, wherever it lies."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    (part,) = parts(tmp_path, [row(0), row(-5_000)])
    whole = pq.read_table(part, partitioning=None)
    column = whole.schema.get_field_index("duration_us")
    damaged = whole.set_column(column, "duration_us", pc.negate(whole["duration_us"]))
    pq.write_table(damaged, part)

    with pytest.raises(StoreError, match="damaged"):
        tally_of(name, tmp_path, part)


@engine
def test_no_parts_have_no_tallies(name, tmp_path):
    """Nothing is counted of nothing."""
    assert tally_of(name, tmp_path) == {}


def test_the_reference_is_an_engine():
    """The oracle of these tests is the engine that counts in plain Python."""
    assert plugins.find("engines", "memory") is memory.PLUGIN


@engine
def test_folders_of_any_name(name, tmp_path):
    """What is special in a pattern is a name like any other."""
    folder = tmp_path / "a[b]*?{c} 'd'"
    found = step_parts(folder, [step(0, 0, 100, 5)], [step(100, 0, 100, 1)])

    assert tally_of(name, folder, *found) == {None: (Tally(0, 0, 5, 5, 5), Tally(1, 1, 1, 1, 1))}


@engine
def test_slots_of_whole_minutes(name, tmp_path):
    """Steps within a minute lie in its slot; longer ones over as many as they touch."""
    minute = 60_000_000
    offset = -START % minute
    slots = Every(start_ts=START + offset, step_us=minute, count=4)
    edges = Edges(at=tuple(slots.start(at) for at in (0, 1, 4)))
    found = step_parts(
        tmp_path,
        [
            step(offset, 0, 9, 1, minute), step(offset + 9, 0, 9, 2, minute),
            step(offset + minute, 0, 9, 4, 3 * minute), step(offset + 4 * minute - 9, 0, 9, 8, 9),
        ],
    )  # fmt: skip

    assert tally_of(name, tmp_path, *found, slots=slots) == {
        None: (
            Tally(0, 0, 1, 1, 1), Tally(0, 1, 2, 2, 2), Tally(1, 3, 4, 4, 4), Tally(3, 3, 8, 8, 8),
        )
    }  # fmt: skip
    assert tally_of(name, tmp_path, *found, slots=edges) == {
        None: (Tally(0, 0, 1, 1, 1), Tally(0, 1, 2, 2, 2), Tally(1, 1, 12, 12, 12))
    }
