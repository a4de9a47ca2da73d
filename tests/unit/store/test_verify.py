"""Every kind of damage to a store is found and named; a store that is well has none."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from series_strategies import row, table

from slogate.errors import StoreError
from slogate.model.run import Reconciliation, Run
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import check_manifest, read_run, write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.seals import sealed
from slogate.store.strays import QUIET_S
from slogate.store.verdicts import check_verdict, write_verdict
from slogate.store.verify import verify

NOW = 2_000_000_000.0
LONG_AGO = NOW - 2 * QUIET_S
VERDICT = {"schema": "slogate.verdict/v1", "run": {"id": "r1"}, "outcome": "fail"}


def keep(store, run_id="r1", parts=2, rows=50, **changes):
    """A complete, sealed run of so many parts."""
    names = [
        write_part(store, run_id, "shop", "load", table([row(i) for i in range(rows)]),
                   sequence=n, worker=None)
        for n in range(parts)
    ]  # fmt: skip
    counts = Reconciliation(seen=parts * rows, written=parts * rows)
    run = Run(id=run_id, service="shop", kind="load", state="complete", parts=tuple(names),
              rows=counts)  # fmt: skip
    run = replace(sealed(store, run), **changes)
    write_run(store, run)
    return run


@pytest.fixture(name="store")
def _store(tmp_path):
    """A store with two runs and a verdict, all of it well."""
    store = open_store(tmp_path / "s", create=True)
    keep(store)
    keep(store, "r2", parts=1)
    write_verdict(store, "v", VERDICT)
    return store


def faults(store, **options):
    """(run, message) of all faults."""
    found = verify(store, now_s=NOW, **options)
    return [(fault.run, fault.message) for fault in found.faults]


def age(path, moment=LONG_AGO):
    """Let a file be written long ago."""
    os.utime(path, (moment, moment))


def test_a_store_that_is_well_has_no_fault(store):
    """Everything is counted; quick or not."""
    for quick in (False, True):
        found = verify(store, now_s=NOW, quick=quick)

        assert (found.runs, found.parts, found.rows, found.verdicts) == (2, 3, 150, 1)
        assert (found.unsealed, found.faults) == (0, [])


def first_part(store):
    """The first part of the first run."""
    return store.root / read_run(store, "r1").parts[0]


def flip(path, at):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


@pytest.mark.parametrize("seed", range(5))
def test_one_bit_anywhere_is_found(store, seed):
    """In a page, a header or the footer."""
    path = first_part(store)
    flip(path, random.Random(seed).randrange(path.stat().st_size))
    [(run, message)] = faults(store)

    assert run == "r1"
    assert f"{path} is damaged" in message


def test_a_bit_of_a_page_is_found_without_a_seal_too(store):
    """By the checksum of the page."""
    write_run(store, replace(read_run(store, "r1"), seals={}))
    path = first_part(store)
    column = pq.read_metadata(path).row_group(0).column(1)
    flip(path, column.data_page_offset + column.total_compressed_size - 2)
    found = verify(store, now_s=NOW)

    assert found.unsealed == 2
    assert "CRC" in found.faults[0].message


def test_another_file_of_the_same_shape_is_found(store):
    """A part that was put in the place of another."""
    second = store.root / read_run(store, "r1").parts[1]
    other = table([row(i, duration_us=7) for i in range(50)])
    spare = store.root / write_part(store, "r1", "shop", "load", other, sequence=9, worker=None)
    spare.replace(second)

    assert len(faults(store)) == 1


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(lambda path: path.unlink(), "is missing", id="missing"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-7]), "bytes", id="cut"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), "no regular file", id="folder"),
        pytest.param(lambda path: (path.unlink(), os.mkfifo(path)), "no regular file", id="pipe"),
    ],
)
def test_a_part_that_is_not_what_it_was(store, harm, words, quick):
    """The other parts are looked at all the same."""
    harm(first_part(store))
    [(run, message)] = faults(store, quick=quick)

    assert run == "r1"
    assert words in message
    assert verify(store, now_s=NOW, quick=quick).rows == 100


def test_each_missing_part_is_a_fault(store):
    """One line a fault."""
    for part in read_run(store, "r1").parts:
        (store.root / part).unlink()

    assert len(faults(store)) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"parts": ("series/requests/kind=load/service=x/date=d/r1-1.parquet",)},
                     "is no part of it", id="of another service"),
        pytest.param({"rows": Reconciliation(written=101)}, "101 were written", id="rows"),
        pytest.param({"rolled_up": 100}, "stand for 0 requests", id="rollup"),
    ],
)  # fmt: skip
def test_a_manifest_that_says_something_else(store, changes, words):
    """What a manifest claims and the files do not hold."""
    run = replace(read_run(store, "r1"), seals={}, **changes)
    write_run(store, run)

    assert any(words in message for run, message in faults(store) if run == "r1")


def test_a_part_named_twice_is_a_fault(store):
    """Its requests would be counted twice."""
    run = read_run(store, "r1")
    write_run(store, replace(run, parts=(*run.parts, run.parts[0])))

    assert any("twice" in message for _, message in faults(store))


@pytest.mark.parametrize("text", ["{", '{"format": 99}', '{"format": 1}'])
def test_a_manifest_that_cannot_be_read(store, text):
    """Is named; its parts are nobody's strays; the other run is looked at."""
    (store.runs / "r1.json").write_text(text)
    [(run, message)] = faults(store)

    assert run == "r1"
    assert "r1.json" in message


def test_a_verdict_that_cannot_be_read(store):
    """Is named."""
    (store.verdicts / "v.json").write_text('{"schema": "slogate.verdict/v9"}')

    assert "newer slogate" in faults(store)[0][1]


def test_every_bit_of_a_verdict_counts(store):
    """Whichever bit of a verdict or of its digest flips, it is found; put back, all is well."""
    for path in (store.verdicts / "v.json", store.verdicts / "v.sha256"):
        whole = path.read_bytes()
        for at in range(len(whole) * 8):
            damaged = bytearray(whole)
            damaged[at // 8] ^= 1 << at % 8
            path.write_bytes(damaged)
            with pytest.raises(StoreError, match=r"v\.json"):
                check_verdict(store.verdicts / "v.json")
        assert len(faults(store)) == 1
        path.write_bytes(whole)

    assert faults(store) == []


def test_every_bit_of_a_manifest_counts(store):
    """Whichever bit flips, in the name of its digest too, somebody sees it."""
    path = store.runs / "r2.json"
    whole = path.read_bytes()
    name = whole.rindex(b'"sha256"') * 8
    for at in [*range(0, len(whole) * 8, 61), *range(name, name + 64)]:
        damaged = bytearray(whole)
        damaged[at // 8] ^= 1 << at % 8
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"r2\.json"):
            check_manifest(store, read_run(store, "r2").id)


def test_a_verdict_that_is_gone_is_missed(store):
    """Its digest is there; without that, as of a store of before, it is taken as it is."""
    (store.verdicts / "v.json").rename(store.root / "elsewhere")
    [(_, message)] = faults(store)
    assert "v.json is missing" in message

    (store.root / "elsewhere").rename(store.verdicts / "v.json")
    (store.verdicts / "v.sha256").unlink()

    assert faults(store) == []


def test_values_out_of_bounds_are_found(store):
    """No writer of ours writes a negative duration; some other tool has."""
    path = first_part(store)
    bad = pa.Table.from_pylist(table([row(duration_us=-1)]).to_pylist(), SCHEMA())
    pq.write_table(bad, path)
    run = read_run(store, "r1")
    write_run(store, replace(sealed(store, replace(run, seals={})),
                             rows=Reconciliation(seen=51, written=51)))  # fmt: skip

    assert "'duration_us' holds -1" in faults(store)[0][1]


def test_what_a_dead_writer_left_is_found(store):
    """Drafts, parts of a complete run that it does not name, parts without a manifest."""
    named = first_part(store)
    unnamed = named.with_name("r1-00009.parquet")
    lost = named.with_name("r3-00000.parquet")
    draft = named.with_name("r1-00010.parquet.7-ab.tmp")
    for path in (unnamed, lost, draft):
        path.write_bytes(named.read_bytes())
        age(path)

    assert sorted(message.split("date=")[1].split("/")[1] for _, message in faults(store)) == [
        "r1-00009.parquet is a part that its run does not name",
        "r1-00010.parquet.7-ab.tmp is the draft of a writer that died",
        "r3-00000.parquet is a part of a run without a manifest",
    ]


def test_what_a_writer_at_work_has_written_is_no_fault(store):
    """An import names its parts last; a recorder names them one by one; a compaction at the end."""
    named = first_part(store)
    old, new = (named.with_name(f"r3-0000{n}.parquet") for n in (0, 1))
    for path in (old, new, named.with_name("r1-00010.parquet.7-ab.tmp")):
        path.write_bytes(named.read_bytes())
    age(old)
    age(new, NOW - 1)
    age(named.with_name("r1-00010.parquet.7-ab.tmp"), NOW - 1)
    running = named.with_name("r4-00000.parquet")
    running.write_bytes(named.read_bytes())
    write_run(store, Run(id="r4", service="shop", kind="load", state="running"))

    assert faults(store) == []
    named.with_name("r1-00009.parquet").write_bytes(named.read_bytes())
    with caring(store):
        assert faults(store) == []
    assert len(faults(store)) == 1


def test_manifests_from_before_there_were_seals_are_well(store):
    """Their parts are read; there is nothing to hold them against."""
    path = store.runs / "r1.json"
    document = json.loads(path.read_text())
    del document["seals"], document["rolled_up"], document["sha256"]
    path.write_text(json.dumps(document))
    found = verify(store, now_s=NOW)

    assert (found.unsealed, found.faults) == (2, [])


def test_no_change_of_a_manifest_goes_unnoticed(store):
    """Whichever of its characters is another: it can be read, and says what was not written."""
    path = store.runs / "r1.json"
    text = path.read_text()
    chance = random.Random(1)
    places = [at for at, sign in enumerate(text) if sign.isalnum()]
    for at in chance.sample(places, 60):
        sign = chance.choice([c for c in "aek0359" if c != text[at]])
        path.write_text(text[:at] + sign + text[at + 1 :])

        assert any(run == "r1" or "r1.json" in told for run, told in faults(store)), text[at:][:30]


def test_files_that_are_no_parts_are_named(store):
    """They may have been meant to be some; nobody reads them."""
    day = first_part(store).parent
    (day / "old.parquet").write_bytes(first_part(store).read_bytes())
    (day / "notes.txt").write_text("mine")
    (day / ".hidden").write_text("the system's")

    told = [told for _, told in faults(store)]
    assert [each.split("/")[-1] for each in told] == [
        "notes.txt is no file of a store", "old.parquet is no file of a store"
    ]  # fmt: skip


def test_progress_is_told_in_bytes(store):
    """Up to all that there is to read."""
    told = []
    verify(store, now_s=NOW, progress=lambda done, total: told.append((done, total)))

    assert (
        told[-1][0] == told[-1][1] == sum(p.stat().st_size for p in store.root.rglob("*.parquet"))
    )
