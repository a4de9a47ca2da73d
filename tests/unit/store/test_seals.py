"""What a part was when its run was closed, and how that tells damage."""

from __future__ import annotations

from dataclasses import replace

import pytest
from series_strategies import row, table

from slogate.errors import StoreError
from slogate.model.run import Run
from slogate.store.layout import open_store
from slogate.store.parts import write_part
from slogate.store.seals import check_seal, seal, sealed

RUN = Run(id="r1", service="shop", kind="load", state="complete")


@pytest.fixture(name="part")
def _part(tmp_path):
    """A part with three rows, and its store."""
    store = open_store(tmp_path / "s", create=True)
    rows = table([row(i) for i in range(3)])
    return store, write_part(store, "r1", "shop", "load", rows, sequence=0, worker=None)


def test_a_run_is_sealed_by_what_it_names(part):
    """Each named part has size, rows and hash; seals of parts no longer named are dropped."""
    store, name = part
    path = store.root / name
    run = sealed(store, replace(RUN, parts=(name,), seals={"gone": seal(path)}))

    assert list(run.seals) == [name]
    assert (run.seals[name].rows, run.seals[name].bytes) == (3, path.stat().st_size)
    assert sealed(store, run) == run


def test_a_seal_once_given_stays(part):
    """Damage that came later is not sealed anew."""
    store, name = part
    run = sealed(store, replace(RUN, parts=(name,)))
    (store.root / name).write_bytes(b"PAR1")

    assert sealed(store, run) == run


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(lambda data: data[:-1], "bytes", id="cut"),
        pytest.param(lambda data: data[:9] + bytes([data[9] ^ 1]) + data[10:], "SHA-256", id="bit"),
    ],
)
def test_a_changed_byte_is_damage(part, damage, words):
    """One bit, or one byte less."""
    store, name = part
    path = store.root / name
    before = seal(path)
    check_seal(path, before)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(StoreError, match=words):
        check_seal(path, before)


def test_what_is_no_part_cannot_be_sealed(part):
    """A recorder or import that cannot read back what it wrote says so."""
    store, name = part
    (store.root / name).write_bytes(b"nothing")
    with pytest.raises(StoreError, match="cannot be read"):
        sealed(store, replace(RUN, parts=(name,)))
