"""What JMeter's CSV leaves to be found out: the form of its dates, samples that are not there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from foreign import START_MS, jtl, take

from slogate.errors import SourceError
from slogate.sources.jmeter_csv import sniff

WHOLE = "timeStamp,elapsed,label,responseMessage,threadName,success\n"


def controller(at: int, took: int, samples: int = 1, thread: str = "t 1") -> str:
    """A row of a transaction controller."""
    words = f"Number of samples in transaction : {samples}, number of failing samples : 0"
    return f'{START_MS + at},{took},Checkout,"{words}",{thread},true'


def sample(at: int, took: int = 5, thread: str = "t 1", label: str = "a") -> str:
    """A row of a sample."""
    return f"{START_MS + at},{took},{label},OK,{thread},true"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param([sample(10), controller(10, 20), sample(90)], 0, id="behind its sample"),
        pytest.param([sample(10), controller(10, 20), controller(9, 25), sample(90)], 0,
                     id="nested"),
        pytest.param([controller(10, 20), sample(12), sample(90)], 0, id="before its sample"),
        pytest.param([controller(10, 20, samples=0), sample(90)], 0, id="of none"),
        pytest.param([sample(1), controller(30, 20)], 0, id="at the end of what is seen"),
        pytest.param([sample(1), controller(30, 20), sample(90)], 1, id="alone"),
        pytest.param([controller(30, 20), controller(60, 20)], 1, id="alone with its like"),
        pytest.param([sample(10), controller(10, 20, thread="t 2"), sample(90, thread="t 2")], 1,
                     id="of another thread"),
    ],
)  # fmt: skip
def test_controllers_that_stand_for_their_samples_are_told(tmp_path, rows: list[str], told: int):
    """With "Generate parent sample" what was in a transaction is nowhere in the CSV."""
    content = jtl(sample(900, thread="t 9"), *rows, header=WHOLE)

    taken = take(tmp_path, content)

    assert len([note for note in taken.tally.notes if "Generate parent sample" in note]) == told
    assert take(tmp_path, content, transactions="keep").tally.notes == []


def test_controllers_of_samples_by_their_end(tmp_path):
    """A controller's end is behind those of its samples, its start is not."""
    rows = (sample(15), controller(30, 20), sample(90))

    notes = take(tmp_path, jtl(*rows, header=WHOLE), timestamp="end").tally.notes

    assert notes == []


def test_controllers_that_cannot_be_told_are_told(tmp_path):
    """Without their messages controllers count as requests, which is said unless asked for."""
    content = jtl(f"{START_MS},5,a,true", header="timeStamp,elapsed,label,success\n")

    [note] = take(tmp_path, content).tally.notes

    assert "controllers cannot be told from requests" in note
    assert take(tmp_path, content, transactions="keep").tally.notes == []


def test_a_column_of_numbers_before_jmeters_own(tmp_path):
    """What pandas puts before each row, under no name, is passed over."""
    content = jtl(f"0,{sample(0)}", f"1,{sample(9)}", header=f",{WHOLE}")

    assert sniff(content.encode()) == 1.0
    assert [row["duration_us"] for row in take(tmp_path, content).rows] == [5_000, 5_000]


def test_headers_of_joined_files_are_no_rows(tmp_path):
    """Logs of several generators put behind one another are read, as many as there are."""
    content = jtl(sample(0), WHOLE.strip(), sample(9), WHOLE.strip(), "cut", header=WHOLE)

    rows, tally = take(tmp_path, content)

    assert (len(rows), tally.bad.total(), tally.left_out.total()) == (2, 1, 2)
    assert [name for name in tally.left_out if "headers within the file" in name]
    assert "results.jtl:6: " in tally.shown[0]


PARTED = (sample(10, 90, label="a b"), sample(10, 20, label="a b-0"), sample(40, 50, label="a b-1"),
          sample(45, 5, label="a b-1-0"), sample(200, label="page-7"))  # fmt: skip


def test_parts_of_samples_are_told_and_left_out_on_demand(tmp_path):
    """JMeter writes redirects and embedded resources behind the sample that they are part of."""
    content = jtl(*PARTED, header=WHOLE)

    told, kept = take(tmp_path, content), take(tmp_path, content, parts="skip")

    [note] = told.tally.notes
    assert "like 'a b-0', are requests of their own: --option parts=skip" in note
    assert len(told.rows) == 5
    assert [row["endpoint"] for row in kept.rows] == ["a b", "page-7"]
    assert (kept.tally.left_out, kept.tally.notes) == (
        {"parts of samples (kept without --option parts=skip)": 3}, []
    )  # fmt: skip


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(sample(40, label="a-0"), id="behind it in time"),
        pytest.param(sample(12, label="a-1"), id="not the first"),
        pytest.param(sample(12, label="a-0", thread="t 2"), id="of another thread"),
        pytest.param(sample(12, label="b-0"), id="of another name"),
    ],
)
def test_labels_that_end_in_numbers_are_no_parts(tmp_path, row: str):
    """A part lies within its sample, and is the first behind it."""
    assert take(tmp_path, jtl(sample(10, 20), row, header=WHOLE)).tally.notes == []


def test_bad_rows_among_parts_are_located(tmp_path):
    """What is left out is not bad, whatever else is wrong with it."""
    bad = f"{START_MS},x,a b-1,OK,t 1,true"
    content = jtl(*PARTED, bad, f"{START_MS},x,a b,OK,t 1,true", header=WHOLE)

    tally = take(tmp_path, content, parts="skip").tally

    assert sum(tally.left_out.values()) == 4
    assert tally.shown == [
        "results.jtl:8: its elapsed is no whole number of ms between 0 and a day"
    ]


def test_rows_that_are_there_twice_are_told(tmp_path):
    """Two listeners that write the same file: a thread does nothing twice at the same time."""
    rows = [sample(10), sample(10), sample(20, 0), sample(20, 0), sample(30), sample(30)]

    taken = take(tmp_path, jtl(*rows, header=WHOLE))

    [note] = taken.tally.notes
    assert note.startswith("2 of its first 6 rows are there twice")
    assert len(taken.rows) == 6


def test_a_few_rows_that_are_alike_are_chance(tmp_path):
    """Threads of several generators may bear the same names."""
    rows = [sample(10), sample(10), *(sample(20 + number) for number in range(7))]

    assert take(tmp_path, jtl(*rows, header=WHOLE)).tally.notes == []


def test_samples_that_never_began(tmp_path):
    """JMeter writes 0 for the time of what it could not begin."""
    with pytest.raises(SourceError, match="timeStamp '0' is none: JMeter never began the sample"):
        take(tmp_path, jtl("0,0,,Non HTTP response code: java.lang.Error,none,false"))


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        pytest.param("02/01/2016 12:00:00", "MM/dd/yyyy HH:mm:ss", id="month first"),
        pytest.param("01.02.16 12:00:00.000", "dd.MM.yy HH:mm:ss.SSS", id="day first"),
        pytest.param("12h00'00 2016-02-01", "HH'h'mm''ss yyyy-MM-dd", id="quoted text"),
        pytest.param("2016.02.01 12:00:00 100%", "yyyy.MM.dd HH:mm:ss 100%", id="a percent sign"),
    ],
)
def test_dates_in_the_form_that_jmeter_was_set_to(tmp_path, text: str, dates: str):
    """The pattern is that of JMeter's properties; what is not of it is bad."""
    content = jtl(f"{text},1,a,200,OK,true", "2016/02/01 12:00:00,1,a,200,OK,true")

    rows, tally = take(tmp_path, content, timezone="UTC", dates=dates)

    assert [row["ts"] for row in rows] == [datetime(2016, 2, 1, 12, tzinfo=UTC)]
    assert [*tally.bad.values()] == [1]
    assert "is no time between" in tally.shown[0]


def test_dates_without_a_header(tmp_path):
    """A row in JMeter's order is known by a date, too."""
    content = jtl("02/01/2016 12:00:00,1,a,200,OK,t,text,true", header="")

    rows = take(tmp_path, content, timezone="UTC", dates="MM/dd/yyyy HH:mm:ss").rows

    assert [row["ts"] for row in rows] == [datetime(2016, 2, 1, 12, tzinfo=UTC)]
    assert sniff(content.encode()) == 0.9


@pytest.mark.parametrize(
    ("dates", "fault"),
    [
        pytest.param("dd/MM/yyyy hh:mm:ss a", "has 'hh', of a pattern yyyy, yy", id="half days"),
        pytest.param("dd MMM yyyy HH:mm:ss", "has 'MMM'", id="names"),
        pytest.param("dd/MM/yyyy HH:mm", "has no ss", id="no seconds"),
    ],
)
def test_patterns_of_dates_that_are_not_read(tmp_path, dates: str, fault: str):
    """What could be read in two ways, or by its language only, is refused."""
    with pytest.raises(SourceError, match=fault):
        take(tmp_path, jtl("01/02/2016 12:00:00,1,a,200,OK,true"), timezone="UTC", dates=dates)


def test_a_date_of_no_plain_form_is_asked_for(tmp_path):
    """Whether the day or the month is first cannot be seen."""
    with pytest.raises(SourceError, match="'01/02/2016 12:00:00' is of no known") as caught:
        take(tmp_path, jtl("01/02/2016 12:00:00,1,a,200,OK,true"))

    assert "--option dates=" in (caught.value.hint or "")
