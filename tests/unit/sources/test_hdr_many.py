"""Logs of HdrHistogram whose histograms are decoded at once: as if each were decoded alone."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hdr_logs import START_US, encoded, log, read, varint
from hypothesis import given, settings
from hypothesis import strategies as st

from slogate.errors import SourceError
from slogate.sources._hdr import decode

SPARSE = st.dictionaries(
    st.integers(0, 4_000),
    st.integers(1, 70)
    | st.sampled_from([63, 64, 8_191, 8_192, 1 << 20, (1 << 27) - 1, 1 << 27, 10**13 + 1])
    | st.integers(1, 1 << 44),
    max_size=6,
)
TAILS = [
    b"\x80", b"\xff" * 9, b"\xff\xff\xff\xff\x0f\x02", b"\xff\xff\xff\x7f\x02",
    b"\x80\0", b"\xff\x80\0", varint(-70_000) + b"\x06",
]  # fmt: skip
WORDS = st.sampled_from([*[(2, 8)] * 5, (1, 2), (1, 8), (1, 8), (0, 4)])


@st.composite
def payloads(draw):
    """A histogram of any version and layout, at times cut off or damaged within."""
    version, word = draw(WORDS)
    most = {2: 0x7FFF, 4: 0x7FFF_FFFF, 8: 1 << 60}[word]
    counts = {index: min(count, most) for index, count in draw(SPARSE).items()}
    tail = draw(st.sampled_from([*[b""] * 7, *TAILS]))
    digits, lowest = draw(st.sampled_from([*[(2, 1)] * 9, (3, 1), (0, 1), (3, 1000), (5, 1)]))
    return encoded(counts, version, digits=digits, lowest=lowest, word=word, tail=tail)


def one_by_one(payloads, unit_us):
    """The rows and the reasons that histograms give if each is decoded alone, as plain numbers."""
    rows, reasons = [], Counter()
    for at, payload in enumerate(payloads):
        try:
            found = list(decode(payload))
        except ValueError as error:
            reasons[str(error)] += 1
            continue
        if found and found[-1][0] * unit_us > 86_400_000_000:
            reasons["it holds durations over a day, which the unit does not fit"] += 1
        elif any(count > 10**13 for *_, count in found):
            reasons["it counts more requests than there can be"] += 1
        else:
            rows += [
                (at, ceil(low * unit_us) - 1, ceil(high * unit_us), count)
                for low, high, count in found
            ]
    return rows, reasons


@settings(deadline=None, max_examples=60)
@given(found=st.lists(payloads(), min_size=1, max_size=12),
       unit=st.sampled_from(["ns", "us", "ms"]))  # fmt: skip
def test_many_at_once_are_as_one_by_one(found, unit, tmp_path_factory):
    """Histograms of all layouts in one log, damaged ones among them: the same rows and reasons."""
    good = encoded({1: 1})
    text = log(*(f"{at},1,1,{payload}" for at, payload in enumerate([*found, good])))

    rows, tally = read(tmp_path_factory.mktemp("log"), text, unit=unit)

    told = [
        (
            int(row["ts"].timestamp()) - START_US // 10**6,
            *(row[c] for c in ("lo_us", "hi_us", "count")),
        )
        for row in rows
    ]
    factor = {"ns": Fraction(1, 1000), "us": Fraction(1), "ms": Fraction(1000)}[unit]
    assert (told, tally.bad) == one_by_one([*found, good], factor)


def test_a_log_of_several_chunks_is_read_whole(tmp_path):
    """Thousands of intervals, each in its second, with the damaged one at its line."""
    payload = encoded({0: 2, 256: 3, 600: 70, 601: 9_000})
    rows = [f"{second},1,1,{payload}" for second in range(2_500)]
    rows[2_000] = "2000,1,1,HIST"

    found, tally = read(tmp_path, log(*rows))

    seconds = [second for second in range(2_500) if second != 2_000]
    assert [int(r["ts"].timestamp()) - START_US // 10**6 for r in found] == [
        second for second in seconds for _ in range(4)
    ]
    assert [r["count"] for r in found] == [2, 3, 70, 9_000] * 2_499
    assert (tally.bad.total(), tally.shown[0].split(": ")[0]) == (1, "results.jtl:2003")


def test_what_is_wrong_first_is_told_first(tmp_path):
    """Mixed tags are refused at their line, whatever comes after in the file."""
    row = f"1,1,1,{encoded({5: 1})}"
    mixed = log(row, row, f"Tag=A,{row}", row)

    for content in (mixed, f"{mixed}{'a' * (16 << 20)}"):
        with pytest.raises(SourceError, match=r"jtl:5: it holds tagged and untagged"):
            read(tmp_path, content)
