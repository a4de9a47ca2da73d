from __future__ import annotations

import json
import os
import resource
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from series_strategies import row, table

from slogate.errors import StoreError
from slogate.model.run import Health, Reconciliation, Run, Seal, Users
from slogate.model.series import LAST_TS
from slogate.store.layout import open_store
from slogate.store.locks import caring
from slogate.store.manifest import (
    delete_run,
    find_run,
    label_run,
    list_runs,
    read_run,
    write_run,
)
from slogate.store.parts import write_part
from slogate.store.record import run_from_json, run_to_json
from slogate.store.verdicts import read_verdicts, write_verdict

RUN = Run(id="r1", service="shop", kind="load", state="complete", created_ts=1)
TEXTS = st.text(max_size=8)
WHOLE = st.integers(0, 2**63 - 1)
SOME_RUN = st.builds(
    Run,
    id=st.just("r1"),
    service=TEXTS,
    kind=st.sampled_from(["load", "production"]),
    state=st.sampled_from(["running", "complete", "interrupted", "aborted", "incomplete"]),
    start_ts=st.none() | st.integers(0, LAST_TS),
    planned_rate=st.none() | st.floats(0, 1e6),
    labels=st.dictionaries(TEXTS, TEXTS),
    origin=st.dictionaries(TEXTS, TEXTS),
    commit=st.none() | TEXTS,
    note=st.none() | TEXTS,
    health=st.builds(Health, cpu=st.none() | st.floats(0, 4), lag_us=st.none() | WHOLE),
    rows=st.builds(Reconciliation, seen=WHOLE, counted=st.none() | WHOLE),
    parts=st.lists(st.just("series/requests/kind=load/x.parquet")).map(tuple),
    seals=st.dictionaries(
        TEXTS, st.builds(Seal, bytes=WHOLE, rows=WHOLE, sha256=st.just("0a" * 32))
    ),
    rolled_up=st.none() | WHOLE,
    users=st.lists(st.builds(Users, ts=st.integers(0, LAST_TS), count=WHOLE)).map(tuple),
)


@pytest.fixture
def store(tmp_path):
    """An empty store."""
    return open_store(tmp_path / "s", create=True)


def stored_part(store, run_id="r1", sequence=0, service="shop", ts=0):
    """One part of a run with one row."""
    return write_part(
        store, run_id, service, "load", table([row(ts)]), sequence=sequence, worker=None
    )


@given(run=SOME_RUN)
def test_a_run_is_read_as_it_was_written(run, tmp_path_factory):
    """Every field, nested records too, survives the file."""
    document = json.loads(json.dumps(run_to_json(run)))

    assert run_from_json(document, tmp_path_factory.getbasetemp()) == run


def test_the_file_is_sorted_and_names_its_format(store):
    """Two manifests of equal runs are equal bytes, whatever order they were built in."""
    write_run(store, replace(RUN, labels={"b": "1", "a": "2"}))
    text = (store.runs / "r1.json").read_text()

    assert json.loads(text)["format"] == 1
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_unknown_keys_of_the_same_format_are_left_out(store):
    """A later version may add keys without locking this one out."""
    write_run(store, RUN)
    path = store.runs / "r1.json"
    document = json.loads(path.read_text())
    document["health"]["new"] = document["new"] = {"x": 1}
    path.write_text(json.dumps(document))

    assert read_run(store, "r1") == RUN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param({"format": 2}, "newer slogate", id="newer"),
        pytest.param({"format": None}, "no object with a format", id="no format"),
        pytest.param({"id": "r2"}, "another run", id="other id"),
        pytest.param({"kind": "x"}, "kind is none of load, production", id="kind"),
        pytest.param({"state": 1}, "state is none of", id="state"),
        pytest.param({"start_ts": "1"}, "start_ts is not a whole number", id="text for a number"),
        pytest.param({"start_ts": True}, "start_ts is not a whole number", id="bool"),
        pytest.param({"start_ts": -1}, "start_ts is no moment between 1970 and", id="before 1970"),
        pytest.param({"end_ts": LAST_TS + 1}, "end_ts is no moment", id="after 9999"),
        pytest.param({"created_ts": 10**400}, "created_ts is no moment", id="400 digits"),
        pytest.param({"rows": {"seen": -1}}, r"rows\.seen is negative", id="negative count"),
        pytest.param({"planned_us": 2**63}, "planned_us is larger than", id="over 64 bits"),
        pytest.param({"generator_exit": -(2**64)}, "generator_exit is larger", id="under 64 bits"),
        pytest.param({"planned_rate": "x"}, "planned_rate is not a finite number", id="float"),
        pytest.param({"planned_rate": 10**400}, "planned_rate is not a finite", id="long float"),
        pytest.param({"health": {"cpu": -0.5}}, r"health\.cpu is not a finite", id="below 0"),
        pytest.param({"labels": {"a": 1}}, "labels is not an object of texts", id="labels"),
        pytest.param({"health": []}, "health is not an object", id="nested"),
        pytest.param({"health": {"lag_us": 1.5}}, r"health\.lag_us is not", id="nested key"),
        pytest.param({"rows": {"seen": None}}, r"rows\.seen is not", id="null count"),
        pytest.param({"parts": ["../../x"]}, "outside the series", id="part elsewhere"),
        pytest.param({"parts": ["/etc/passwd"]}, "outside the series", id="absolute part"),
        pytest.param({"seals": {"x": 1}}, "seals is not an object of objects", id="seal"),
        pytest.param({"seals": {"x": {}}}, r"seals\.x\.bytes is missing", id="empty seal"),
        pytest.param(
            {"seals": {"x": {"bytes": 1, "rows": 1, "sha256": "A" * 64}}},
            "the seal of 'x' holds no SHA-256",
            id="no hash",
        ),
        pytest.param({"parts": [1]}, "parts is not a list of texts", id="part no text"),
        pytest.param({"users": [1]}, "users is not a list of objects", id="users"),
        pytest.param(
            {"users": [{"ts": 1, "count": 2}, {"ts": 1, "count": -2}]},
            r"users\[1\]\.count is negative",
            id="fewer users than none",
        ),
    ],
)
def test_a_wrong_value_is_named_with_file_and_key(store, change, message):
    """Nothing that is not understood is judged as if it were."""
    write_run(store, RUN)
    path = store.runs / "r1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(StoreError, match=message) as caught:
        read_run(store, "r1")

    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "\x00", '{"format": 1}', "[" * 100_000, '{"format": NaN}',
     '{"format": ' + "9" * 5_000 + "}"],
)  # fmt: skip
def test_a_corrupt_manifest_is_named(store, text):
    """A torn or foreign file stops the gate, and the listing too."""
    (store.runs / "r1.json").write_text(text)
    with pytest.raises(StoreError, match=r"r1\.json is corrupt"):
        list_runs(store)


def test_what_is_damaged_comes_with_what_to_do(store):
    """There is a command that names all of it."""
    (store.runs / "r1.json").write_text("{")
    with pytest.raises(StoreError) as caught:
        list_runs(store)

    assert "slogate store verify" in str(caught.value.hint)


def test_runs_are_listed_newest_first_of_one_service_or_kind(store):
    """By the time of creation, then by id; drafts are no runs."""
    for name, created, service, kind in (
        ("a", 5, "shop", "load"),
        ("b", 7, "shop", "production"),
        ("c", 7, "bank", "load"),
        ("d", None, "shop", "load"),
    ):
        write_run(store, replace(RUN, id=name, created_ts=created, service=service, kind=kind))
    (store.runs / "e.json.1-x.tmp").write_text("{")

    assert [r.id for r in list_runs(store)] == ["c", "b", "a", "d"]
    assert [r.id for r in list_runs(store, service="shop")] == ["b", "a", "d"]
    assert [r.id for r in list_runs(store, service="shop", kind="load")] == ["a", "d"]


def test_a_run_is_found_by_id_beginning_label_or_latest(store):
    """In that order; of several runs with a label the newest."""
    for name, created in (("ab1", 1), ("ab2", 2), ("b", 3), ("ab", 0)):
        write_run(store, replace(RUN, id=name, created_ts=created, labels={"name": "night"}))
    write_run(store, replace(RUN, id="z", created_ts=9, service="bank"))

    assert find_run(store, "ab").id == "ab"
    assert find_run(store, "ab2").id == "ab2"
    assert find_run(store, "latest").id == "z"
    assert find_run(store, "latest", service="shop").id == "b"
    assert find_run(store, "night").id == "b"
    assert find_run(store, "z").id == "z"


@pytest.mark.parametrize(
    ("ref", "message", "hint"),
    [
        pytest.param("ru", "start of 2 run ids: run2, run1", None, id="ambiguous"),
        pytest.param("rum1", "no run .* 'rum1' names", "did you mean run1", id="near"),
        pytest.param("x", "no run", "the newest: run2, run1", id="far"),
        pytest.param("", "no run", "the newest", id="empty"),
    ],
)
def test_a_run_that_is_not_found_is_answered_with_near_ones(store, ref, message, hint):
    """The error says what there is."""
    write_run(store, replace(RUN, id="run1", created_ts=1))
    write_run(store, replace(RUN, id="run2", created_ts=2))
    with pytest.raises(StoreError, match=message) as caught:
        find_run(store, ref)

    assert (caught.value.hint is None) if hint is None else (hint in caught.value.hint)


def test_a_label_of_several_runs_names_none_alone(store):
    """What is to be deleted is not guessed; elsewhere the newest is meant."""
    for run in ("run1", "run2"):
        write_run(store, replace(RUN, id=run, labels={"name": "nightly"}))
    with pytest.raises(StoreError, match="label of 2 runs: run2, run1") as caught:
        find_run(store, "nightly", alone=True)

    assert caught.value.hint == "name each by its id"
    assert find_run(store, "nightly").id == "run2"
    assert find_run(store, "latest", alone=True).id == "run2"


def test_an_empty_store_has_no_latest_run(store):
    """The error says what was sought, and how to get one."""
    with pytest.raises(StoreError, match="no load run of service 'shop'") as caught:
        find_run(store, "latest", service="shop", kind="load")

    assert "slogate run" in caught.value.hint


def test_labels_are_added_replaced_and_taken_away(store):
    """An empty value removes a label; the others stay."""
    write_run(store, replace(RUN, labels={"a": "1", "b": "2"}))
    label_run(store, "r1", {"a": "", "b": "3", "c": "4"})

    assert read_run(store, "r1").labels == {"b": "3", "c": "4"}


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_a_manifest_that_is_no_file_is_not_waited_for(store, make):
    """A pipe named like a manifest stops the listing with its name."""
    make(store.runs / "r1.json")
    with pytest.raises(StoreError, match=r"r1\.json cannot be read: it is no regular file"):
        list_runs(store)


def test_a_manifest_that_could_not_be_read_again_is_not_written(store):
    """One absurd time would stop every listing of the store from then on."""
    with pytest.raises(StoreError, match=r"r1\.json cannot be written: end_ts is no moment"):
        write_run(store, replace(RUN, end_ts=LAST_TS + 1))

    assert list_runs(store) == []


def test_a_deletion_leaves_the_parts_of_others(store):
    """Even those that a damaged manifest names as its own."""
    mine, other = stored_part(store), stored_part(store, run_id="r2")
    write_run(store, replace(RUN, parts=(mine, other)))
    delete_run(store, "r1")

    assert [p.name for p in store.series("requests").rglob("*.parquet")] == [
        other.rpartition("/")[2]
    ]


def test_a_deleted_run_leaves_nothing_of_its_own(store):
    """Its parts, its verdicts and its manifest go; those of others stay."""
    mine, other = stored_part(store), stored_part(store, run_id="r2")
    write_run(store, replace(RUN, parts=(mine,)))
    write_run(store, replace(RUN, id="r2", parts=(other,)))
    for name in ("r1", "r2"):
        document = {"schema": "slogate.verdict/v1", "id": name, "run": {"id": name}}
        write_verdict(store, f"v-{name}", document)
    delete_run(store, "r1")

    assert [run.id for run in list_runs(store)] == ["r2"]
    assert [document["id"] for document in read_verdicts(store)] == ["r2"]
    assert [p.name for p in store.series("requests").rglob("*.parquet")] == [
        other.rpartition("/")[2]
    ]


def test_a_deletion_cut_short_leaves_a_run_that_can_be_deleted_again(store):
    """What cannot be removed stops it; the manifest stays and names no part that is gone."""
    part = stored_part(store)
    write_run(store, replace(RUN, parts=(part,)))
    stubborn = (store.root / part).parent / "r1-00009.parquet"
    stubborn.mkdir()
    with pytest.raises(StoreError, match="'r1' cannot be deleted"):
        delete_run(store, "r1")

    left = read_run(store, "r1")
    assert (left.state, left.parts) == ("incomplete", ())
    stubborn.rmdir()
    delete_run(store, "r1")
    assert list_runs(store) == []


def test_deleting_an_unknown_run_is_an_error(store):
    """A typing error deletes nothing."""
    with pytest.raises(StoreError, match="no run 'r9'"):
        delete_run(store, "r9")


def test_a_run_that_is_being_recorded_is_neither_labelled_nor_deleted(store):
    """Its recorder would write over the one and stumble over the other; force is for the dead."""
    part = stored_part(store)
    write_run(store, replace(RUN, state="running", parts=(part,)))
    for change in (lambda: label_run(store, "r1", {"a": "1"}), lambda: delete_run(store, "r1")):
        with pytest.raises(StoreError, match="still being recorded"):
            change()
    assert (store.root / part).is_file()
    delete_run(store, "r1", force=True)

    assert list_runs(store) == []


@contextmanager
def _full_disk():
    """Not a byte more can be written to any file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_run_can_be_deleted_where_the_disk_is_full(store):
    """That is when it is most wanted; a run that is recorded stays all the same."""
    part = write_part(store, "r1", "shop", "load", table([row()]), sequence=0, worker=None)
    write_run(store, Run(id="r1", service="shop", kind="load", state="complete", parts=(part,)))
    write_run(store, Run(id="r2", service="shop", kind="load", state="running"))
    with _full_disk(), caring(store):
        delete_run(store, "r1")
        with pytest.raises(StoreError, match="still being recorded"):
            delete_run(store, "r2")

    assert [run.id for run in list_runs(store)] == ["r2"]
    assert not (store.root / part).exists()
