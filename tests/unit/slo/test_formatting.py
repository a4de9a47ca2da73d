"""`spec fmt`: one spelling, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign import DATA
from hypothesis import given, settings
from openslo_strategies import NATIVE_FILES, STREAMS
from spec_strategies import TEXTS

from slogate.slo.convert_words import same
from slogate.slo.document import read_stream
from slogate.slo.formatting import UnformattableError, formatted
from slogate.slo.writing import flow_text, json_text, node_of, plain, yaml_text

MESSY = """\
# the shop

kind: Service   # a kind
apiVersion: openslo/v1


metadata:
    # its name
    name:   'shop'
    labels: {team: [ "a",'b' ], on: "12:30"}
spec:
    description: "two\\nlines\\n"
# the end
"""
TIDY = """\
# the shop

apiVersion: openslo/v1
kind: Service  # a kind

metadata:
  # its name
  name: shop
  labels: {team: [a, b], "on": "12:30"}
spec:
  description: |
    two
    lines
# the end
"""


def test_one_spelling() -> None:
    """Order, quotes and indentation change; comments, empty lines and values do not."""
    assert formatted("f", MESSY) == TIDY
    assert formatted("f", TIDY) == TIDY


def test_json_stays_json() -> None:
    """Keys in order, numbers as they are written."""
    assert formatted("f", '{"kind": "SLO",\n\t"x": [0.50, {}], "apiVersion": "openslo/v1"}') == (
        '{\n  "apiVersion": "openslo/v1",\n  "kind": "SLO",\n  "x": [\n    0.50,\n    {}\n  ]\n}\n'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: &x 1\nb: *x\n", "anchors would be written out", id="anchors"),
        pytest.param("a: [\n", "a value is missing here", id="no YAML"),
        pytest.param("a: 1\na: 2\n", "'a' is written twice, first at 1:1", id="twice"),
    ],
)
def test_what_cannot_be_kept_is_refused(text: str, said: str) -> None:
    """A file is never rewritten to something else."""
    with pytest.raises(UnformattableError) as caught:
        formatted("f", text)

    assert caught.value.fault.message == said


def _files() -> list[str]:
    names = sorted((DATA / "openslo").rglob("*.yaml")) + sorted((DATA / "sloth").glob("*.yml"))
    return [str(name) for name in names]


@pytest.mark.parametrize("file", _files(), ids=lambda file: file.rpartition("/data/")[2])
def test_real_files(file: str) -> None:
    """Data and comments are those of the file, and formatting again changes nothing."""
    text = Path(file).read_text()
    result = formatted(file, text)
    before, after = (read_stream(file, each)[0] for each in (text, result))

    assert same([plain(node) for node in before], [plain(node) for node in after])
    assert result.count("# ") >= text.count(" # ")
    assert formatted(file, result) == result


@given(NATIVE_FILES)
@settings(max_examples=25, deadline=None)
def test_data_survive_every_spelling(data: dict[str, object]) -> None:
    """Blocks, one line and JSON are read as the data that were written."""
    node = node_of(data)
    for text in (yaml_text(node), flow_text(node), json_text(node)):
        (again,), faults = read_stream("f", text)
        assert faults == []
        assert same(plain(again), data)


@given(STREAMS)
@settings(max_examples=25, deadline=None)
def test_formatting_is_idempotent(objects: list[dict[str, object]]) -> None:
    """What was formatted stays as it is."""
    once = formatted("f", "---\n".join(yaml_text(node_of(each)) for each in objects))

    assert formatted("f", once) == once


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_any_text_is_formatted_or_refused(text: str) -> None:
    """Never another error, never other data, and idempotent."""
    try:
        once = formatted("f", text)
    except UnformattableError:
        return

    assert formatted("f", once) == once
