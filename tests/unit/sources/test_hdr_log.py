"""Logs of HdrHistogram: three versions of its encoding, times, tags, units, damage."""

from __future__ import annotations

import base64
import struct
import zlib
from itertools import accumulate

import pytest
from foreign import DATA, take
from hdr_logs import START_US, encoded, log, read
from hypothesis import given
from hypothesis import strategies as st

from slogate.errors import SourceError
from slogate.sources._hdr import decode
from slogate.sources.hdr_log import PLUGIN

FOLDER = DATA / "hdrhistogram"
DOUBLES = base64.b64encode(b"\x0c\x72\x12\x4e" + bytes(8)).decode()


@pytest.mark.parametrize(
    ("version", "word"), [(2, 8), (1, 2), (1, 4), (1, 8), (0, 2), (0, 8)], ids=str
)
@given(counts=st.dictionaries(st.integers(0, 600), st.integers(1, 30_000), max_size=8))
def test_versions_are_decoded(version, word, counts):
    """Each version and size of word gives back the counts, in the order of their values."""
    found = list(decode(encoded(counts, version, word=word)))

    assert [count for _, _, count in found] == [counts[index] for index in sorted(counts)]
    assert all(low <= high for low, high, _ in found)


@pytest.mark.parametrize(
    ("index", "digits", "lowest", "values"),
    [
        pytest.param(0, 2, 1, (0, 0), id="zero"),
        pytest.param(255, 2, 1, (255, 255), id="last of single units"),
        pytest.param(256, 2, 1, (256, 257), id="first of twos"),
        pytest.param(384, 2, 1, (512, 515), id="first of fours"),
        pytest.param(2048, 3, 1, (2048, 2049), id="three digits"),
        pytest.param(1, 2, 1000, (512, 1023), id="units of 512"),
    ],
)
def test_an_index_stands_for_its_values(index, digits, lowest, values):
    """Lowest and highest value of a bucket, for other digits and units too."""
    assert list(decode(encoded({index: 1}, digits=digits, lowest=lowest))) == [(*values, 1)]


@pytest.mark.parametrize("count", [1, 63, 64, 8191, 8192, (1 << 55) - 1, 1 << 55, (1 << 62) - 1])
def test_counts_of_any_size(count: int):
    """Counts of one byte to nine."""
    assert [n for _, _, n in decode(encoded({3: count}))] == [count]


def test_a_histogram_of_javascript_is_not_scaled():
    """hdr-histogram-js writes an offset that it never heeds, and a whole 1 as the ratio."""
    [one] = struct.unpack(">d", struct.pack(">q", 1))

    assert list(decode(encoded({256: 3}, offset=1, ratio=one))) == [(256, 257, 3)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param("HIST", "cut off", id="short"),
        pytest.param("?", "no base64", id="no base64"),
        pytest.param(encoded({5: 1})[:-8], "cut off", id="cut"),
        pytest.param(encoded({5: 1}, ratio=2.0), "shifted or scaled", id="scaled"),
        pytest.param(encoded({5: 1}, offset=1), "shifted or scaled", id="shifted"),
        pytest.param(encoded({5: 1}, digits=9), "absurd range", id="digits"),
        pytest.param(encoded({5: -1}, 1), "negative count", id="negative"),
        pytest.param(DOUBLES, "doubles", id="doubles"),
        pytest.param(base64.b64encode(bytes(12)).decode(), "no known version", id="version"),
    ],
)  # fmt: skip
def test_damage_is_named(payload: str, reason: str):
    """What is no histogram, cut off, or of another kind is refused with the reason."""
    with pytest.raises(ValueError, match=reason):
        list(decode(payload))


def test_a_histogram_that_inflates_without_end_is_refused():
    """A payload of zeros that would fill memory is given up."""
    packed = zlib.compress(bytes(64 << 20))
    bomb = base64.b64encode(struct.pack(">ii", 0x1C849314, len(packed)) + packed).decode()

    with pytest.raises(ValueError, match="absurdly large"):
        list(decode(bomb))


def test_an_interval_is_a_step(tmp_path):
    """Start and length are the step; the bounds of a bucket are whole µs, outward."""
    rows = read(tmp_path, log(f"0.127,1.007,0.5,{encoded({0: 2, 256: 3})}"), ok="true").rows

    assert [(r["lo_us"], r["hi_us"], r["count"], r["ok"]) for r in rows] == [
        (-1, 0, 2, True), (255, 257, 3, True)
    ]  # fmt: skip
    assert {(int(r["ts"].timestamp() * 1e6), r["step_us"]) for r in rows} == {
        (START_US + 127_000, 1_007_000)
    }


def test_nanoseconds_go_outward(tmp_path):
    """512 to 515 ns lie within the first µs; what failed is unknown unless it is said."""
    [row] = read(tmp_path, log(f"1,1,1,{encoded({384: 1})}"), unit="ns").rows

    assert (row["lo_us"], row["hi_us"], row["ok"]) == (0, 1, None)


@pytest.mark.parametrize("times", ["1764000000123,1000,1", "9223372036854776.000,-922.000,1"])
def test_other_times_than_seconds_are_no_row(tmp_path, times: str):
    """Intervals logged in ms, and those that never got a time: the row is said to be of seconds."""
    with pytest.raises(SourceError, match="start, length and max in seconds"):
        read(tmp_path, log(f"{times},{encoded({5: 1})}"))


def test_that_failures_are_unknown_is_said(tmp_path):
    """Unless the user says that all were successes, people are told what that means."""
    text = log(f"1,1,1,{encoded({5: 1})}")

    assert "does not say what failed" in " ".join(read(tmp_path, text).tally.notes)
    assert read(tmp_path, text, ok="true").tally.notes == []


@pytest.mark.parametrize(
    ("head", "told", "start_us"),
    [
        pytest.param("#[StartTime: 1764000000 (s)]\n", "5", 1_764_000_005, id="from StartTime"),
        pytest.param("#[StartTime: 1764000000 (s)]\n", "1763999990", 1_763_999_990, id="absolute"),
        pytest.param("#[StartTime: 1764000000 (s)]\n#[BaseTime: 1700000000.0 (s)]\n", "5",
                     1_700_000_005, id="from BaseTime"),
        pytest.param("#[StartTime: 1764000000 (s)]\n#[BaseTime: 0 (s)]\n", "1764000007",
                     1_764_000_007, id="a BaseTime of 0"),
        pytest.param("", "1764000009", 1_764_000_009, id="without any"),
        pytest.param('"StartTimestamp"\n', "1764000009", 1_764_000_009, id="legend"),
    ],
)  # fmt: skip
def test_when_an_interval_was(tmp_path, head, told, start_us):
    """Starts count from the BaseTime, or from a StartTime that lies over a year later."""
    [row] = read(tmp_path, log(f"{told},1,1,{encoded({5: 1})}", head=head)).rows

    assert row["ts"].timestamp() == start_us


def test_a_log_begun_anew_counts_from_its_new_start(tmp_path):
    """A second StartTime in the file holds from there on."""
    row = f"5,1,1,{encoded({5: 1})}"
    rows = read(tmp_path, log(row, "#[StartTime: 1764009000 (s)]", row)).rows

    assert [r["ts"].timestamp() for r in rows] == [1_764_000_005, 1_764_009_005]


def test_a_start_can_be_given(tmp_path):
    """Relative times without a StartTime are refused, and read from a given start."""
    text = log(f"5,1,1,{encoded({5: 1})}", head="")
    with pytest.raises(SourceError, match="it has no StartTime") as caught:
        read(tmp_path, text)

    [row] = read(tmp_path, text, start="2025-11-24T16:00:00Z").rows

    assert "--option start=" in (caught.value.hint or "")
    assert row["ts"].timestamp() == 1_764_000_005


@pytest.mark.parametrize(
    ("tags", "endpoints", "left_out"),
    [("all", ["READ", "all"], 0), ("only", ["READ"], 1), ("untagged", ["all"], 1)],
)
def test_tags_are_endpoints(tmp_path, tags, endpoints, left_out):
    """Of tagged and untagged intervals those asked for are taken, the others counted."""
    row = f"1,1,1,{encoded({5: 1})}"

    rows, tally = read(tmp_path, log(f"Tag=READ,{row}", row), tags=tags, endpoint="all")

    assert [r["endpoint"] for r in rows] == endpoints
    assert tally.left_out.total() == left_out


def test_which_tags_must_be_said(tmp_path):
    """Tagged intervals may be part of the untagged: nothing is taken twice without a word."""
    row = f"1,1,1,{encoded({5: 1})}"

    with pytest.raises(SourceError, match=r"jtl:4: it holds tagged and untagged") as caught:
        read(tmp_path, log(row, f"Tag=A,{row}"))

    assert "tags=only" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param("1,1,x,HIST", "it is no row of start", id="odd column"),
        pytest.param(f"1,-1,1,{encoded({5: 1})}", "it is no row of start", id="negative"),
        pytest.param(f"1,0.0,1,{encoded({5: 1})}", "its interval is not over 0", id="no length"),
        pytest.param(f"1,1,1,{encoded({5: 1})[:-4]}", "cut off", id="cut"),
        pytest.param(f"1,1,1,{encoded({6000: 1})}", "over a day", id="unit"),
        pytest.param(f"1,1,1,{encoded({5: 10**13 + 1})}", "more requests than", id="count"),
    ],
)
def test_bad_rows_are_counted_with_their_line(tmp_path, row: str, reason: str):
    """A row that cannot be used is named and left out; the others are kept."""
    good = f"1,1,1,{encoded({5: 1})}"

    rows, tally = read(tmp_path, log(good, row, good), unit="ms")

    assert (len(rows), tally.bad.total()) == (2, 1)
    assert "jtl:4: " in tally.shown[0]
    assert reason in tally.shown[0]


def test_the_unit_is_asked_for(tmp_path):
    """Without a unit nothing is guessed: the longest value is shown in each."""
    with pytest.raises(SourceError) as caught:
        take(tmp_path, log(f"1,1,1,{encoded({384: 1})}"), source=PLUGIN)

    assert "its longest is 1 µs in ns, 515 µs in us, 515 ms in ms" in caught.value.message
    assert "unit=ns" in (caught.value.hint or "")


@pytest.mark.parametrize(("option", "value"), [("unit", "days"), ("tags", "some"), ("ok", "no")])
def test_odd_options_are_refused(tmp_path, option: str, value: str):
    """An option that is none of its choices is named."""
    with pytest.raises(SourceError, match=f"option {option} is '{value}', it must be"):
        read(tmp_path, log(f"1,1,1,{encoded({5: 1})}"), **{option: value})


@pytest.mark.parametrize(
    ("name", "histograms", "count", "p999", "longest"),
    [
        ("jHiccup-2.0.7S.logV2.hlog", 62, 48_761, 1_745_879_039, 1_796_210_687),
        ("ycsb.logV1.hlog", 602, 300_056, 1_214_463, 1_546_239),
        ("tagged-Log.logV2.hlog", 42, 32_290, None, None),
    ],
)
def test_real_logs(name, histograms, count, p999, longest):
    """Counts, p99.9 and longest of each bucket's low value, recorded anew at three digits."""
    if not FOLDER.is_dir():
        pytest.skip(f"needs {DATA.name}/ beside the repository")
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line[0] not in '#"']
    buckets = sorted(bucket for line in lines for bucket in decode(line.rpartition(",")[2]))

    counts = [n for _, _, n in buckets]
    assert (len(lines), sum(counts)) == (histograms, count)
    if p999 is not None:
        ranks = list(accumulate(counts))
        at = next(i for i, rank in enumerate(ranks) if rank >= 0.999 * count)
        assert (recorded(buckets[at][0]), recorded(buckets[-1][0])) == (p999, longest)


def recorded(value: int) -> int:
    """The highest value that HdrHistogram of three digits cannot tell from this one."""
    size = 1 << max(value.bit_length() - 11, 0)
    return value // size * size + size - 1
