from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pytest
from foreign import take
from protobuf_fields import varint
from telemetry import attributes, encoded, exponential, lines, metrics, point, span, traces

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources import otlp_json
from slogate.sources.otlp_protobuf import EXAMPLE, PLUGIN, sniff

MESSAGES = {
    "traces": [traces(span(0, traceState="ot=th:c"), span(1, kind=3)),
               traces(span(2, status={"code": 2, "message": "no"}, events=[
                   {"name": "exception", "attributes": attributes({"exception.type": "KeyError"})}
               ]))],
    "histograms": [metrics(point([1, 2, 0, 3], max=99.5)), metrics(point([3, 2, 1, 3], at=120)),
                   metrics(point([0, 0, 0, 0], at=180, flags=1))],
    "exponential": [metrics(exponential(-4, [1, 0, 2], zeroCount=2, sum=5.5), delta=True)],
}  # fmt: skip
KINDS = pytest.mark.parametrize("messages", MESSAGES.values(), ids=list(MESSAGES))


def four(content: bytes) -> bytes:
    """A message behind its length, as the collector writes it."""
    return len(content).to_bytes(4, "big") + content


FRAMINGS = {
    "end to end": lambda content: content,
    "varint": lambda content: varint(len(content)) + content,
    "four bytes": four,
    "four bytes, zstd": lambda content: four(pa.Codec("zstd").compress(content, asbytes=True)),
}


@KINDS
@pytest.mark.parametrize("frame", FRAMINGS.values(), ids=list(FRAMINGS))
def test_every_framing_gives_what_json_gives(tmp_path, messages, frame):
    """However messages are put into a file, the rows are those of their JSON, and it is sure."""
    content = b"".join(frame(encoded(message)) for message in messages)

    rows, tally = take(tmp_path, content, source=PLUGIN)
    expected = take(tmp_path, lines(*messages), source=otlp_json.PLUGIN)

    assert rows == expected.rows
    assert rows
    assert (tally.bad, tally.left_out) == (expected.tally.bad, expected.tally.left_out)
    assert sniff(content[:65_536]) == 0.9
    assert otlp_json.sniff(content[:65_536]) == 0


def test_a_damaged_message_is_passed_over(tmp_path):
    """Framed messages behind a damaged one are read; the damaged one is shown with its byte."""
    first, second, third = (encoded(traces(span(number))) for number in range(3))
    broken = second[:4] + b"\xff\xff\xff" + second[7:]

    rows, tally = take(
        tmp_path, four(first) + four(broken) + four(third), source=PLUGIN, name="otel.bin"
    )

    assert [row["trace_id"] for row in rows] == [f"{1:032x}", f"{3:032x}"]
    place = f"(in the message at byte {len(first) + 4})"
    assert tally.shown[0].endswith(place)


@pytest.mark.parametrize("frame", FRAMINGS.values(), ids=list(FRAMINGS))
def test_a_file_that_breaks_off(tmp_path, frame):
    """The messages before are kept, and the break is counted."""
    content = b"".join(frame(encoded(traces(span(number)))) for number in range(3))

    rows, tally = take(tmp_path, content[:-10], source=PLUGIN)

    assert len(rows) == 2
    assert list(tally.bad) == ["it ends in the middle of a message"]


def test_a_name_that_looks_like_an_id(tmp_path):
    """A metric whose name has as many letters as a trace id has bytes is still a metric."""
    message = metrics(point([1, 0, 0, 0]), name="sixteen.letters!", description="8letters")

    content = encoded(message)

    assert take(tmp_path, content, source=PLUGIN, metric="sixteen.letters!").tally.requests == 1


def test_logs_are_no_requests(tmp_path):
    """A message of logs is recognised, and left out."""
    from opentelemetry.proto.logs.v1.logs_pb2 import LogsData

    logs = LogsData()
    logs.resource_logs.add().scope_logs.add().log_records.add().time_unix_nano = 1
    rows, tally = take(tmp_path, four(logs.SerializeToString()), source=PLUGIN)

    assert rows == []
    assert dict(tally.left_out) == {"messages of logs or profiles": 1}


def test_an_absurd_length(tmp_path):
    """A length that no message has is an error, and nothing of that size is reserved."""
    good = four(encoded(traces(span())))

    rows, tally = take(tmp_path, good + b"\xff\xff\xff\xff" + good, source=PLUGIN)

    assert (len(rows), list(tally.bad)) == (1, ["the length of a message is absurd"])


def test_only_its_own_files_are_claimed():
    """What other formats begin with is not taken for OTLP, and neither is text or noise."""
    for name, source in plugins.every("sources").items():
        if name != "otlp-protobuf":
            assert sniff(source.example) == 0, name
    for head in (
        b"\n" * 100,
        b"\n\x05hello" * 50,
        b"\0" * 100,
        b"%PDF-1.4\n" * 9,
        b"\x0a\x00" * 50,
    ):
        assert sniff(head) == 0


def test_without_the_library(tmp_path):
    """JSON is read without the extra; protobuf says which one is missing."""
    (tmp_path / "a.bin").write_bytes(EXAMPLE)
    (tmp_path / "a.json").write_text(json.dumps(traces(span())))
    code = (
        "import sys; sys.modules['opentelemetry'] = sys.modules['google'] = None\n"
        "from slogate.cli.app import run\n"
        "for name in 'a.json', 'a.bin':\n"
        "    print(run(['import', name, '--service', 'shop']))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.stdout.splitlines()[1:] == ["0", "2"]
    assert "pip install 'slogate[otlp]'" in done.stderr


def test_an_unfit_file_is_refused(tmp_path):
    """What does not begin as a message is refused at once."""
    with pytest.raises(SourceError, match="does not begin as a message"):
        take(tmp_path, b"timeStamp,elapsed\n" * 9, source=PLUGIN)


@pytest.mark.parametrize("top", ["Spans", "Metrics"])
def test_resources_and_scopes_of_nothing_in_front(tmp_path, top):
    """A message whose first resource sent nothing is as good as any; in JSON it is."""
    message = traces(span(1), span(2)) if top == "Spans" else metrics(point([1, 2, 0, 3], at=9))
    full = message[f"resource{top}"][0]
    nothing = {"resource": full["resource"]}
    message[f"resource{top}"] = [
        nothing, {**nothing, f"scope{top}": [{}, {"scope": {"name": "lib"}}]},
        {**full, f"scope{top}": [{"scope": {"name": "lib"}}, *full[f"scope{top}"]]},
    ]  # fmt: skip
    content = four(encoded(message))

    assert sniff(content) == 0.9
    found = take(tmp_path, content, source=PLUGIN)
    assert found.rows == take(tmp_path, lines(message), source=otlp_json.PLUGIN).rows
    assert (len(found.rows) > 1, found.tally.bad) == (True, {})
