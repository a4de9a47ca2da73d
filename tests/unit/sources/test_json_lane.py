from __future__ import annotations

import copy
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from foreign import Taken, take

from slogate import plugins
from slogate.sources._base import read_origin
from slogate.sources._json_lane import lane_words

TS = 1_764_000_000_000
FIRST = (
    '{"t":1764000000000,"took":34.2,"http":{"route":"/a","code":200,"size":10},"why":"","id":"x"}'
)
MAPPING = """\
time: {column: t, unit: ms}
duration: {column: took, unit: ms}
endpoint: http.route
status: http.code
bytes: http.size
error: why
trace_id: id
"""
# a place in a list, which one structure cannot hold: what there is of none changes no row
NO_LANE = f"{MAPPING}labels: {{none: http.none.0}}\n"
PLAIN = json.loads(FIRST)


def both(folder: Path, content: bytes, mapping: str = MAPPING, without: str = NO_LANE) -> Taken:
    """What the lines give with a fast lane, once they have given the same without one."""
    source, found, fast = plugins.find("sources", "export-ndjson"), [], []
    for name, text in (("lane.yaml", mapping), ("none.yaml", without)):
        (folder / name).write_text(text)
        options = {"mapping": str(folder / name)}
        found.append(take(folder, content, source=source, **options))
        origin = read_origin("results.jtl", folder / "results.jtl")
        fast.append("json_transform" in source.open(replace(origin, options=options)).sql)

    assert fast == [True, False]
    assert found[0].rows == found[1].rows
    assert (found[0].tally.bad, found[0].tally.shown) == (found[1].tally.bad, found[1].tally.shown)
    return found[0]


def among_plain(*lines: str) -> bytes:
    """The lines, each between two of the usual form."""
    return "".join(f"{FIRST}\n{line}\n" for line in lines).encode() + FIRST.encode()


def changed(**fields: object) -> str:
    """A usual line with other values."""
    return json.dumps({**PLAIN, **fields})


def http(**fields: object) -> str:
    """A usual line with other values within `http`."""
    return changed(http={**PLAIN["http"], **fields})


@pytest.mark.parametrize(
    ("line", "took", "status"),
    [
        pytest.param(changed(took="34.2"), 34_200, 200, id="number as a text"),
        pytest.param(changed(took="3.42e1"), 34_200, 200, id="exponent as a text"),
        pytest.param(FIRST.replace("34.2", "3.42E+1"), 34_200, 200, id="exponent"),
        pytest.param(FIRST.replace("34.2", "34.20001"), 34_201, 200, id="rounded up"),
        pytest.param(changed(took=0), 0, 200, id="zero"),
        pytest.param(changed(took=1, note="true"), 1_000, 200, id="one beside a word"),
        pytest.param(changed(took=0, note=False), 0, 200, id="zero beside a boolean"),
        pytest.param(changed(took=None), None, 200, id="null"),
        pytest.param(changed(took=""), None, 200, id="empty"),
        pytest.param(changed(took="-"), None, 200, id="dash"),
        pytest.param(FIRST.replace('"took":34.2,', ""), None, 200, id="missing"),
        pytest.param(FIRST.replace("34.2", '34.2,"took":7'), 34_200, 200, id="twice"),
        pytest.param(FIRST.replace("34.2", "86400000"), 86_400_000_000, 200, id="a day"),
        pytest.param(http(code="200"), 34_200, 200, id="status as a text"),
        pytest.param(http(code=200.0), 34_200, 200, id="status as a fraction"),
        pytest.param(http(code="0xC8"), 34_200, 200, id="status in hexadecimal"),
        pytest.param(http(code=None), 34_200, None, id="no status"),
        pytest.param(http(code="-"), 34_200, None, id="no answer"),
        pytest.param(changed(http=None), 34_200, None, id="null within"),
        pytest.param(changed(http=[{"code": 200}]), 34_200, None, id="a list"),
        pytest.param(FIRST.replace('"http"', '"http":null,"http"'), 34_200, None, id="outer twice"),
        pytest.param(FIRST.replace('"took"', '"t\\u006fok"'), 34_200, 200, id="escaped key"),
        pytest.param(f"  {FIRST.replace(':', ' : ')} \t", 34_200, 200, id="spaces"),
    ],
)
def test_odd_lines_say_the_same(tmp_path, line: str, took: int | None, status: int | None):
    """A number that is no plain one, or is not told, gives what it gives without a lane."""
    rows, tally = both(tmp_path, among_plain(line))

    assert (len(rows), tally.bad) == (3, {})
    assert (rows[1]["duration_us"], rows[1]["status"]) == (took, status)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(changed(took=True), id="true"),
        pytest.param(changed(took=False), id="false"),
        pytest.param(changed(took=-0.001), id="negative"),
        pytest.param(changed(took=10**30), id="huge"),
        pytest.param(changed(took=10**400), id="beyond all numbers"),
        pytest.param(FIRST.replace("34.2", "1e999"), id="infinite"),
        pytest.param(FIRST.replace("34.2", "NaN"), id="not a number"),
        pytest.param(FIRST.replace("34.2", "86400000.1"), id="over a day"),
        pytest.param(changed(took=[34]), id="a list"),
        pytest.param(changed(took={"ms": 34}), id="an object"),
        pytest.param(changed(t=True), id="no time"),
        pytest.param(changed(t=None), id="null time"),
        pytest.param(changed(t=10**20), id="huge time"),
        pytest.param(http(code=True), id="status true"),
        pytest.param(http(code=99), id="status too small"),
        pytest.param(http(code=70_000), id="status too large"),
        pytest.param(f"[{FIRST}]", id="in a list"),
        pytest.param(FIRST + FIRST, id="two objects"),
        pytest.param(FIRST[:-3], id="cut"),
        pytest.param(FIRST[:-1] + ',"u":"\\ud800"}', id="half a pair"),
        pytest.param("null", id="null"),
        pytest.param("x", id="no JSON"),
    ],
)
def test_bad_lines_are_bad_in_both_lanes(tmp_path, line: str):
    """They are counted and named by their lines; the usual ones around them are kept."""
    rows, tally = both(tmp_path, among_plain(line))

    assert (len(rows), tally.bad.total()) == (2, 1)
    assert tally.shown[0].startswith("results.jtl:2: ")


@pytest.mark.parametrize(
    ("size", "found"),
    [(0, 0), (1, 1), (True, None), (-1, None), ("x", None), (2**53 + 1, 2**53 + 1), (2**64, None)],
)
def test_sizes(tmp_path, size: object, found: int | None):
    """Bytes are whole numbers, however large; what is none is not told."""
    assert both(tmp_path, among_plain(http(size=size))).rows[1]["bytes"] == found


def test_texts_are_unescaped_and_numbers_written_out(tmp_path):
    """Escapes, characters of many bytes and values that are no texts come out the same."""
    values = ['a"b\\c/\n\t', "ü😀", "", None, 7, 10**25, True, ["x", {"y": None}], {"z": 1}]
    lines = [changed(id=value, why=value) for value in values]
    lines += [line.encode().decode("unicode_escape") for line in (changed(id="é"),)]

    rows = both(tmp_path, among_plain(*lines)).rows

    assert [row["trace_id"] for row in rows[1::2]] == [
        'a"b\\c/\n\t', "ü😀", "", None, "7", "1" + "0" * 25, "true", '["x",{"y":null}]', '{"z":1}',
        "é",
    ]  # fmt: skip


def test_blank_lines_line_ends_and_a_mark(tmp_path):
    """A byte order mark, CRLF and blank lines are no rows; a cut last line is bad, by its place."""
    content = f"\ufeff{FIRST}\r\n\r\n\n{FIRST}\r\n   \n{changed(took=0)}\r\n{FIRST[:40]}".encode()

    rows, tally = both(tmp_path, content)

    assert [row["duration_us"] for row in rows] == [34_200, 34_200, 0]
    assert [shown.split(":")[1] for shown in tally.shown] == ["5", "7"]


def test_what_is_no_text_is_counted(tmp_path):
    """A line that is not UTF-8 is bad, those around it are kept."""
    content = among_plain(FIRST).replace(b'"x"', b'"\xff"', 2)[:-1] + b"}\n"

    rows, tally = both(tmp_path, content)

    assert (len(rows), tally.bad) == (1, {"it is not UTF-8": 2})


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_says_the_same(tmp_path, seed: int):
    """Lines of any values, usual and odd, give the same rows in the same order in both lanes."""
    chance = random.Random(seed)
    texts = [
        0, 1, 7, 200, 34.25, -3, 10**19, TS, "", "-", "200", "34.5", " 7 ", "true", 'x"\\\n', "ü",
        None, True, False, [1], {"code": 200, "route": "/b"},
    ]  # fmt: skip
    numbers = [*texts, 404, 1e-7, 1e7, -0.0, 10**30]

    def line() -> str:
        fields = json.loads(FIRST)
        for _ in range(chance.randrange(4)):
            name = chance.choice(["took", "id", "why", "code", "size", "http", "route"])
            inner = fields["http"] if name in PLAIN["http"] else fields
            if isinstance(inner, dict):
                some = texts if name in ("id", "why", "route") else numbers
                inner[name] = copy.deepcopy(chance.choice(some))
        text = json.dumps(fields, ensure_ascii=chance.random() < 0.5)
        return text[: chance.randrange(len(text))] if chance.random() < 0.02 else text

    lines = [line() for _ in range(3000)]

    rows, tally = both(tmp_path, "\n".join([FIRST] * 200 + lines).encode())

    assert len(rows) > 1000
    assert tally.bad.total() > 100


@pytest.mark.parametrize(
    ("kind", "value"),
    [("iso", "2025-11-24T16:00:00.123Z"), ("s", 1764000000.123), ("ns", 1764000000123000999)],
)
def test_kinds_of_times(tmp_path, kind: str, value: object):
    """However a moment is written, it is the same; one of another kind is bad in both lanes."""
    mapping, without = (
        text.replace("unit: ms}", f"unit: {kind}}}", 1) for text in (MAPPING, NO_LANE)
    )
    lines = [changed(t=at) for at in (value, str(value), value, None, [value], True)]

    rows, tally = both(tmp_path, "\n".join(lines).encode(), mapping, without)

    assert [row["ts"].microsecond for row in rows] == [123_000] * 3
    assert tally.bad.total() == 3


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        (["a", "b.c", "b.d"], True),
        (["a", "a"], True),
        (["a", "A"], False),
        (["b.c", "b.C"], False),
        (["a.0"], False),
        (["a", "a.b"], False),
        (["a.b", "a"], False),
        (["a..b"], False),
        (["a\x00b"], False),
        ([".".join("abcdefghijklmnopqrstuvwxyz")], False),
        (["'\"); DROP", "ü /~"], True),
    ],
)
def test_which_keys_have_a_lane(keys: list[str], fits: bool):
    """Keys that one structure cannot hold have none, and go the way of every other line."""
    words = {f"word_{at}": key for at, key in enumerate(keys)}
    found = lane_words({"number": "x", **words}, {}, {"number": "DOUBLE"}, {})

    assert (found is not None) == fits


def test_keys_are_never_written_into_the_query(tmp_path):
    """Whatever a key holds, it is found, with and without a lane."""
    odd = "'\"); DROP TABLE x; -- ü{}"
    line = json.dumps({"t": TS, odd: 7, "r": "/a"})
    mapping = f"time: {{column: t, unit: ms}}\nduration: {{column: {json.dumps(odd)}, unit: ms}}\n"
    mapping += "endpoint: r\n"

    [row] = both(tmp_path, line.encode(), mapping, mapping + "labels: {none: none.0}\n").rows

    assert row["duration_us"] == 7_000
