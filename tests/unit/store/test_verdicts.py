from __future__ import annotations

import hashlib
import os
import threading

import pytest

from slogate.errors import StoreError
from slogate.store.layout import open_store
from slogate.store.verdicts import check_verdict, read_verdicts, write_verdict

HEAD = '{"schema": "slogate.verdict/v1"'
RUN = ', "run": {"id": "r"}'


def document(name, service="shop"):
    """The least that a verdict says."""
    return {"schema": "slogate.verdict/v1", "id": name, "run": {"id": "r", "service": service}}


def test_verdicts_are_read_as_written_in_the_order_of_writing(tmp_path):
    """The last one written is the last one read, whatever its id."""
    store = open_store(tmp_path, create=True)
    for name in ("b", "a", "c"):
        write_verdict(store, name, document(name))
    write_verdict(store, "b", document("b"))

    assert read_verdicts(store) == [document("a"), document("c"), document("b")]


def test_a_digest_lies_beside_each_verdict(tmp_path):
    """As `sha256sum` writes it; who judges anew puts a damaged one right, with its digest."""
    store = open_store(tmp_path, create=True)
    path, seal = store.verdicts / "a.json", store.verdicts / "a.sha256"
    assert write_verdict(store, "a", document("a"))
    whole = path.read_bytes()
    assert seal.read_text() == f"{hashlib.sha256(whole).hexdigest()}  a.json\n"

    for damage in (b"{", whole.replace(b"shop", b"shot")):
        path.write_bytes(damage)
        assert write_verdict(store, "a", document("a"))
        assert path.read_bytes() == whole
        check_verdict(path)
    seal.unlink()
    assert write_verdict(store, "a", document("a"))
    assert seal.is_file()

    assert not write_verdict(store, "a", document("a"))


def test_verdicts_of_one_service_are_chosen(tmp_path):
    """By the service of the run that was judged."""
    store = open_store(tmp_path, create=True)
    write_verdict(store, "a", document("a"))
    write_verdict(store, "b", document("b", service="bank"))

    assert read_verdicts(store, service="bank") == [document("b", service="bank")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "is corrupt", id="torn"),
        pytest.param("[]", "is no verdict", id="no object"),
        pytest.param('{"schema": 1}', "is no verdict", id="foreign"),
        pytest.param('{"schema": "slogate.verdict/v2"}', "newer slogate", id="newer"),
        pytest.param(HEAD + "}", "names no run", id="no run"),
        pytest.param(HEAD + ', "run": [1]}', "names no run", id="list for a run"),
        pytest.param(HEAD + ', "run": {"id": {}}}', "names no run", id="object for an id"),
        pytest.param(HEAD + RUN + ', "outcome": []}', "outcome is no text", id="outcome"),
        pytest.param(HEAD + RUN + ', "objectives": [5]}', "no list of objects", id="number"),
        pytest.param(HEAD + RUN + ', "objectives": {"a": {}}}', "no list of", id="no list"),
        pytest.param(
            HEAD + RUN + ', "objectives": [{"interval": [1]}]}', "no two ends", id="interval"
        ),
        pytest.param(HEAD + ', "x": NaN}', "NaN is no JSON", id="NaN"),
    ],
)
def test_a_verdict_that_cannot_be_understood_is_named(tmp_path, text, message):
    """History is never read around a hole."""
    store = open_store(tmp_path, create=True)
    (store.verdicts / "x.json").write_text(text)
    with pytest.raises(StoreError, match=message) as caught:
        read_verdicts(store)

    assert "x.json" in str(caught.value)
    assert caught.value.hint is not None


def test_numbers_that_json_does_not_know_are_refused(tmp_path):
    """NaN would make the file unreadable for others."""
    store = open_store(tmp_path, create=True)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_verdict(store, "a", {**document("a"), "x": float("nan")})


def test_a_verdict_that_is_a_pipe_is_not_waited_for(tmp_path):
    """It stops the reader with its name."""
    store = open_store(tmp_path, create=True)
    os.mkfifo(store.verdicts / "x.json")
    with pytest.raises(StoreError, match=r"x\.json cannot be read: it is no regular file"):
        read_verdicts(store)


def test_several_write_and_read_at_once(tmp_path):
    """Whoever reads sees whole documents, also of verdicts that are written again meanwhile."""
    store = open_store(tmp_path, create=True)
    seen = []

    def work(number):
        for turn in range(15):
            name = f"v{turn % 3}"
            write_verdict(store, name, {**document(name), "writer": number, "filler": "x" * 9_999})
            seen.extend(each["filler"] for each in read_verdicts(store))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) >= 6 * 15
    assert set(seen) == {"x" * 9_999}
    assert [each["id"] for each in read_verdicts(store)].count("v0") == 1


def test_verdicts_that_are_deleted_meanwhile_are_left_out(tmp_path):
    """A run that is deleted while others read its verdicts stops nobody."""
    store = open_store(tmp_path, create=True)
    problems = []
    done = threading.Event()

    def delete():
        for _ in range(60):
            write_verdict(store, "gone", document("gone"))
            (store.verdicts / "gone.json").unlink()
        done.set()

    def read():
        while not done.is_set():
            try:
                read_verdicts(store)
            except StoreError as error:
                problems.append(error)

    threads = [threading.Thread(target=target) for target in (delete, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []


def test_a_link_that_leads_nowhere_is_named(tmp_path):
    """It is not taken for a verdict that was deleted meanwhile."""
    store = open_store(tmp_path, create=True)
    (store.verdicts / "x.json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError, match=r"x\.json cannot be read"):
        read_verdicts(store)
