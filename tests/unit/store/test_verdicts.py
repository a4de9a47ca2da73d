from __future__ import annotations

import pytest

from slogate.errors import StoreError
from slogate.store.layout import open_store
from slogate.store.verdicts import read_verdicts, write_verdict


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
    ],
)
def test_a_verdict_that_cannot_be_understood_is_named(tmp_path, text, message):
    """History is never read around a hole."""
    store = open_store(tmp_path, create=True)
    (store.verdicts / "x.json").write_text(text)
    with pytest.raises(StoreError, match=message) as caught:
        read_verdicts(store)

    assert "x.json" in str(caught.value)


def test_numbers_that_json_does_not_know_are_refused(tmp_path):
    """NaN would make the file unreadable for others."""
    store = open_store(tmp_path, create=True)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_verdict(store, "a", {**document("a"), "x": float("nan")})
