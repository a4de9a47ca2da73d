"""Laws of conversion: nothing is lost between the native format and OpenSLO, either way."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from openslo_strategies import NATIVE_FILES, STREAMS

from slogate.slo.convert import native_to_openslo, natives_of, openslo_to_native, stream_of
from slogate.slo.convert_words import same
from slogate.slo.document import read_document
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents
from slogate.slo.openslo.upgrade import upgraded
from slogate.slo.writing import node_of, plain, yaml_text


def _by_name(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(objects, key=lambda each: (each["kind"], each["metadata"]["name"]))


@given(NATIVE_FILES)
@settings(max_examples=30, deadline=None)
def test_native_comes_back_from_openslo(native: dict[str, Any]) -> None:
    """Native → OpenSLO → native is the identity, and what stands between is strictly valid."""
    text = yaml_text(node_of(native))
    stream = native_to_openslo([("native.yaml", text)]).texts["openslo"]
    documents = read_documents([("stream.yaml", stream)], profile="strict")
    (back,) = openslo_to_native(documents).texts.values()
    node, faults = read_document("back.yaml", back)

    assert [str(r) for r in documents.remarks if r.severity == "error"] == []
    assert faults == []
    assert same(plain(node), native), back


@given(STREAMS)
@settings(max_examples=50, deadline=None)
def test_openslo_comes_back_from_native(objects: list[dict[str, Any]]) -> None:
    """OpenSLO → native → OpenSLO keeps every field of every object; all native files load."""
    text = "---\n".join(yaml_text(node_of(each)) for each in objects)
    documents = read_documents([("stream.yaml", text)], profile="lenient")
    assert documents.valid, documents.remarks
    given_objects = [each for entity in documents.objects for each in upgraded(entity)]
    natives = list(natives_of(given_objects))
    back = [each for native in natives for each in stream_of(native)]

    load_specs([(native["service"], yaml_text(node_of(native))) for native in natives])
    assert same(_by_name(back), _by_name(given_objects))
