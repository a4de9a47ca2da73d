from __future__ import annotations

import random

import pyarrow as pa
import pytest

from slogate.sources._otlp.lane import bytewise, listwise
from slogate.sources._otlp.lane.arrays import Odd
from slogate.sources._otlp.lane.packed import checked, packed, unpacked

WIDE = [0, 0, 0, 1, 2, 127, 128, 255, 256, 16_383, 16_384, 2_097_151, 2_097_152, 10**9, 10**11]


def columns(points: list[tuple[int, int, int, list[int]]]) -> dict:
    """Points of (scale, offset, zeros, counts) as columns."""
    whole = dict.fromkeys(("scale", "offset", "zeros"))
    for at, name in enumerate(whole):
        whole[name] = pa.array([each[at] for each in points], pa.int64())
    total = pa.array([each[2] + sum(each[3]) for each in points], pa.int64())
    return {**whole, "total": total, "counts": packed(each[3] for each in points)}


def history(chance: random.Random) -> tuple[dict, dict, pa.Array]:
    """Points, those before them, and which of those count on."""
    now, then, known = [], [], []
    for _ in range(chance.randrange(1, 30)):
        wide = chance.random() < 0.4
        counts = [chance.choice(WIDE if wide else WIDE[:8]) for _ in range(chance.randrange(40))]
        scale, offset, zeros = chance.randrange(4), chance.randrange(-3, 3), chance.randrange(3)
        then.append((scale, offset, zeros, list(counts)))
        for _ in range(chance.randrange(6)):
            if counts:
                counts[chance.randrange(len(counts))] += chance.choice([0, 1, 1, 5, 200, 10**6])
        if chance.random() < 0.1 and counts:
            at = chance.randrange(len(counts))
            counts[at] = max(0, counts[at] - chance.choice([1, 5, 200]))
        if chance.random() < 0.2:
            counts, offset = [0, 3, *counts, 1], offset - 2
        if chance.random() < 0.1:
            counts = [7] * chance.randrange(5)
        scale -= chance.random() < 0.1
        zeros += chance.choice([0, 0, 1, -1]) if zeros else 0
        now.append((scale, offset, zeros, counts))
        known.append(chance.random() < 0.8)
    before = [old if on else new for old, new, on in zip(then, now, known, strict=True)]
    return columns(now), columns(before), pa.array(known, pa.bool_())


def lists(told: dict) -> dict:
    """The same, its counts as lists of numbers."""
    return {**told, "counts": unpacked(told["counts"])}


@pytest.mark.parametrize("seed", range(80))
def test_either_way_comes_to_the_same(seed):
    """What differs in the bytes of counts is what differs in their numbers."""
    now, then, known = history(random.Random(seed))

    rows, counts_on = bytewise.increased(now, then, known, listwise.increased)

    every, still = listwise.increased(lists(now), lists(then), known)
    found = list(zip(*(column.to_pylist() for column in rows), strict=True))
    assert found == list(zip(*(column.to_pylist() for column in every), strict=True))
    assert counts_on.to_pylist() == still.to_pylist()
    assert len(found) > 0 or len(known) < 15


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ["total", "zeros"])
def test_a_count_that_does_not_add_up(seed, name):
    """A total that is not that of the buckets is found, whichever way a point is compared."""
    chance = random.Random(seed)
    now, then, known = history(chance)
    at = chance.randrange(len(known))
    values = now[name].to_pylist()
    values[at] += 1
    now[name] = pa.array(values, pa.int64())
    if not known[at].as_py():
        then[name] = now[name]

    with pytest.raises(Odd):
        bytewise.increased(now, then, known, listwise.increased)


def test_counts_as_they_are_packed():
    """Lists of numbers of any width are what they were; the highest bucket is the last one."""
    chance = random.Random(20261127)
    told = [[chance.choice(WIDE) for _ in range(n % 7)] + [1] * (n % 2) for n in range(60)]

    column = packed(told)

    assert unpacked(column).to_pylist() == told
    assert unpacked(column.slice(7, 9)).to_pylist() == told[7:16]
    full = [each if not each or each[-1] else [*each, 3] for each in told]
    of, at = bytewise.highest(packed(full))
    expected = [(n, len(each) - 1) for n, each in enumerate(full) if each]
    assert list(zip(of.to_pylist(), at.to_pylist(), strict=True)) == expected
    assert bytewise.highest(packed([[1], [1, 0]])) is None


@pytest.mark.parametrize("raw", [b"\x80", b"\x01\x80"])
def test_a_number_that_breaks_off(raw):
    """It is no list, though another one follows."""
    with pytest.raises(Odd):
        checked([b"\x01", raw, b"\x01"])


def test_a_number_that_is_too_wide():
    """More than any count there is cannot be read at once, however it is read."""
    column = checked([b"\x01", b"\x80\x80\x80\x80\x80\x80\x01"])
    told = {name: pa.array([0, 0], pa.int64()) for name in ("scale", "offset", "zeros", "total")}
    with pytest.raises(Odd):
        unpacked(column)
    now = {**told, "counts": column}
    with pytest.raises(Odd):
        bytewise.increased(now, now, pa.array([False, False]), listwise.increased)
