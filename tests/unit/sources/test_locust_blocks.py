"""Long files of Locust's statistics, read in blocks: the same records as one by one."""

from __future__ import annotations

import pytest
from foreign import take
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import SourceError
from slogate.sources._base import read_origin
from slogate.sources._locust_blocks import Records, rows_in
from slogate.sources._locust_csv import rows_of

AT = 1_795_544_034
HISTORY = (
    "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,100%,Total Request Count,"
    "Total Failure Count,Total Median Response Time,Total Average Response Time,"
    "Total Min Response Time,Total Max Response Time,Total Average Content Size\n"
)
FIELDS = st.sampled_from(
    ["", "a", "é", "12.5", '"q"', '"a,b"', '"x""y"', '""', '"two\nlines"', 's"t', '"odd"x', "\r"]
)
PLAIN = st.sampled_from(["1,GET,/a", "2,GET,/ü", '3,"GET","/a,b"', '"4",,"/""c"""'])
ROWS = PLAIN | PLAIN | PLAIN | st.lists(FIELDS, min_size=1, max_size=4).map(",".join) | st.just("")


def records(origin, block):
    """The records of a file in blocks of this size, and how many of them came unparsed."""
    reading, found, unparsed = Records(origin, block=block), [], 0
    for line, row in reading:
        if isinstance(row, bytes):
            found += rows_in(line, row)
            assert {len(cells) for _, cells in rows_in(line, row)} == {3}
            unparsed += row.count(b"\n")
        else:
            found.append((line, row))
        reading.width = 3
    return found, unparsed


def outcome(read):
    """What it gives, or what it refuses with."""
    try:
        return read()
    except SourceError as error:
        return error.message


@settings(deadline=None)
@example(rows=["1,GET,/a"] * 9 + ["a"], end="\n", block=60, last=False)
@given(rows=st.lists(ROWS, max_size=30), end=st.sampled_from(["\n", "\r\n"]),
       block=st.sampled_from([24, 60, 65_536]), last=st.booleans())  # fmt: skip
def test_records_are_the_same_however_they_are_read(rows, end, block, last, tmp_path_factory):
    """Quotes, line ends in them, blank lines, odd widths: as Python's csv reads them."""
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    text = "".join(f"{row}{end}" for row in ["\ufeffa,b,c", *rows])
    path.write_bytes((text if last else text.removesuffix(end)).encode())
    origin = read_origin("file.csv", path)

    found = outcome(lambda: records(origin, block)[0])

    assert found == outcome(lambda: list(rows_of(origin)))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_plain_rows_are_not_taken_apart(tmp_path, end, quote):
    """All but the first block of a file as Locust writes it stays text, quoted or not."""
    path = tmp_path / "file.csv"
    path.write_bytes(f"{quote}x{quote},/a,3{end}".encode() * 1_000)

    found, unparsed = records(read_origin("file.csv", path), 1_000)

    assert (len(found), found[-1]) == (1_000, (1_000, ["x", "/a", "3"]))
    assert unparsed > 800


def moment(second: int, count: int, *, cut: bool = False, names: int = 3) -> str:
    """The rows of three endpoints, one of them called as Locust calls all, and of all."""
    names = [("GET", "/a", 1), ("GET", "Total/b", 1), ("GET", "Aggregated", 1)][:names]
    return "".join(
        f"{AT + second},5,{method},{name},0.0,0.0,3,240,{many * count},0,3,3.5,2.4,240.5,5.0\n"
        for method, name, many in [*names, *[("", "Aggregated", 3)] * (not cut)]
    )


def history(*moments: str) -> str:
    """A history of over three blocks, then these moments."""
    return HISTORY + "".join(moment(second, second) for second in range(800)) + "".join(moments)


def read(folder, content):
    """What is read of a history."""
    return take(folder, content, source=plugins.find("sources", "locust-history"))


def test_the_last_moment_of_a_long_history_is_the_run(tmp_path):
    """Its endpoints are found whole, and the step is from the first moment to the last."""
    rows = read(tmp_path, history()).rows

    counts = dict.fromkeys(("/a", "Total/b", "Aggregated"), 0)
    for row in rows:
        counts[row["endpoint"]] += row["count"]
    assert counts == dict.fromkeys(counts, 799)
    assert (rows[0]["ts"].timestamp(), rows[0]["step_us"]) == (AT, 800_000_000)


def test_what_is_odd_late_in_a_long_history_has_its_line(tmp_path):
    """A row of another width, and rows of a moment that is cut, are counted where they stand."""
    odd = moment(800, 800).replace("/a,", "/a,,", 1)

    shown = read(tmp_path, history(odd, moment(801, 801), moment(802, 802, cut=True))).tally.shown

    assert [row.split(": ")[0] for row in shown] == ["results.jtl:3202", "results.jtl:3210"]
    with pytest.raises(SourceError, match=r"results.jtl:3205: its Timestamp"):
        read(
            tmp_path, history(moment(800, 800).replace(f"{AT + 800},5,,", "x,5,,"), moment(801, 1))
        )


def test_a_reset_late_in_a_long_history_begins_anew(tmp_path):
    """What Locust forgot on purpose is not counted, wherever it is in the file."""
    rows = read(tmp_path, history(*(moment(800 + n, 1 + n) for n in range(600)))).rows

    assert sum(row["count"] for row in rows) == 3 * 600
    assert rows[0]["ts"].timestamp() == AT + 799


LIKELY = ["0", "5", "", "Aggregated", "0.0,0.0", "3,240", "30", "0", "3,3.5", "2.4", "240.5", "5.0"]
ODD = {
    0: ["1", "1", "2", "7", "7.5", "-9999999999", "x"],
    2: ["", "", "None", "GET"],
    3: ["Aggregated", "Aggregated", "Total", "/a"],
    5: ["3,240", "9,240", "0,240", "3,0", "3,10", "N/A,N/A"],
    6: ["21", "30", "30", "31", "4", "0", "1e3", "", "9" * 16],
    7: ["0", "99"],
    9: ["2.4", "2.4", "0.4", "0", ""],
    10: ["240.5", "240.5", "400", "odd"],
}


@st.composite
def totals(draw):
    """Rows of all endpoints, odd in a few columns, and likely ones after them."""
    odd = draw(st.sets(st.sampled_from([*ODD]), min_size=1, max_size=2))
    rows = draw(st.lists(st.tuples(*(st.sampled_from(ODD[at]) for at in odd)), max_size=9))
    each = [LIKELY.copy() for _ in rows]
    for row, cells in zip(each, rows, strict=True):
        for at, cell in zip(odd, cells, strict=True):
            row[at] = cell
    return each + [["20", *LIKELY[1:]]] * draw(st.integers(0, 2))


@settings(deadline=None)
@example(rows=[[second, *LIKELY[1:]] for second in "123"], end="\n", quoted=False)
@example(rows=[LIKELY, [*LIKELY[:7], "99", *LIKELY[8:]]], end="\n", quoted=False)
@given(rows=totals(), end=st.sampled_from(["\n", "\r\n"]), quoted=st.booleans())
def test_totals_of_a_block_are_those_of_its_rows(rows, end, quoted, tmp_path_factory):
    """Rows of all endpoints that are taken at once tell, or are refused for, what each would."""

    def taken(users):
        """What is read where the users are given so."""
        text = HISTORY + moment(0, 7, names=0) + moment(0, 7, names=1, cut=True)
        text = text.replace(",5,GET,", f",{'5' * 65_536},GET,")  # the end of a block
        for second, _, *cells in rows:
            at = f"{AT + 10 + int(second)}" if second.removeprefix("-").isdigit() else second
            text += ",".join([at, users, *cells]) + "\n"
        text = text.replace("Aggregated", '"Aggregated"') if quoted else text
        return outcome(lambda: read(tmp_path_factory.mktemp("csv"), text.replace("\n", end)))

    # a quote within a cell has every row of the block read for itself
    at_once, each = taken("5"), taken('5"')

    assert at_once == each
