"""vegeta's CSV says the same as its JSON, in columns without names."""

from __future__ import annotations

import json
import random
from functools import partial

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError

VEGETA = plugins.find("sources", "vegeta-csv")
NS = 1_764_000_000_123_456_789
TWELVE = f"{NS},200,3228223,5,6067,,aGVsbG8=,big,7,GET,http://h/a?b=1,eA=="
read = partial(take, source=VEGETA, name="results.csv")


def test_it_says_what_the_json_says(tmp_path):
    """Random results give the same rows from both."""
    chance = random.Random(3)
    rows, objects = [], []
    for number in range(200):
        ns, code = NS + chance.randrange(10**12), chance.choice([0, 200, 302, 404, 500])
        latency, size = chance.randrange(10**9), chance.randrange(10**6)
        error = chance.choice(["", "no such host", "a, b"])
        seconds, rest = divmod(ns, 10**9)
        objects.append(json.dumps({
            "attack": "big", "seq": number, "code": code, "latency": latency, "error": error,
            "timestamp": f"2025-11-24T{16 + (seconds - 1_764_000_000) // 3600:02}:"
                         f"{(seconds - 1_764_000_000) // 60 % 60:02}:"
                         f"{(seconds - 1_764_000_000) % 60:02}.{rest:09}Z",
            "bytes_out": 0, "bytes_in": size, "method": "GET", "url": f"http://h/{number % 3}",
        }))  # fmt: skip
        rows.append(
            f'{ns},{code},{latency},0,{size},"{error}",,big,{number},GET,http://h/{number % 3},'
        )
    other = plugins.find("sources", "vegeta-json")

    found = read(tmp_path, "\n".join(rows))

    assert found.tally.bad == {}
    assert found.rows == take(tmp_path, "\n".join(objects), source=other).rows


@pytest.mark.parametrize(
    ("width", "endpoint", "labels"),
    [(6, "", None), (7, "", None), (9, "", [("attack", "big")]),
     (11, "/a", [("attack", "big"), ("host", "h")]),
     (12, "/a", [("attack", "big"), ("host", "h")])],
)  # fmt: skip
def test_old_versions_write_fewer_columns(tmp_path, width, endpoint, labels):
    """The first six are in all of them."""
    row = read(tmp_path, ",".join(TWELVE.split(",")[:width]) + "\n").rows[0]

    assert (row["endpoint"], row["labels"], row["duration_us"]) == (endpoint, labels, 3_229)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        pytest.param(0, NS // 1000, "its timestamp is none between 2001 and 2100", id="us"),
        pytest.param(0, "", "its timestamp is none between 2001 and 2100", id="no time"),
        pytest.param(0, 9 * 10**18, "its timestamp is none between 2001 and 2100", id="far off"),
        pytest.param(2, -1, "its latency is no time between 0 and a day", id="negative"),
        pytest.param(2, 10**14, "its latency is no time between 0 and a day", id="over a day"),
        pytest.param(2, 10**40, "its latency is no time between 0 and a day", id="huge"),
        pytest.param(1, "ok", "its code is no status", id="word"),
        pytest.param(1, 1000, "its code is no status", id="1000"),
        pytest.param(11, "eA==,x", "it has too many columns", id="too many"),
        pytest.param(4, "6067,\0", "it has too many columns", id="NUL"),
        pytest.param(5, "x" * 10_000_000, "it is longer than 2 MB", id="10 MB"),
    ],
)
def test_a_bad_row_is_counted_and_told_with_its_line(tmp_path, column, value, reason):
    """The others are kept."""
    bad = TWELVE.split(",")
    bad[column] = str(value)

    rows, tally = read(tmp_path, "\n".join([TWELVE, ",".join(bad), TWELVE]))

    assert len(rows) == 2
    assert (tally.bad, tally.shown) == ({reason: 1}, [f"results.csv:2: {reason}"])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("a,b\n", "its first row has not the 6 to 12 columns", id="two"),
        pytest.param(f"{TWELVE},1\n", "its first row has not the 6 to 12", id="thirteen"),
        pytest.param("a,b,c,d,e,f\n", "its first row is no result of vegeta", id="words"),
        pytest.param(TWELVE[1:], "its first row is no result of vegeta", id="no ns"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, content, sentence):
    """With the line that is wrong."""
    with pytest.raises(SourceError, match=f"results.csv:1: {sentence}"):
        read(tmp_path, content)


def test_what_it_recognises():
    """A row that begins as vegeta's does; not JMeter's, whose times are ms."""
    heads = [TWELVE, TWELVE[:60], "1764000000123,34,GET,200,OK,t,text,true", f"{NS},x,1,1,1,", ""]

    assert [VEGETA.sniff(head.encode()) for head in heads] == [0.9, 0.9, 0, 0, 0]
