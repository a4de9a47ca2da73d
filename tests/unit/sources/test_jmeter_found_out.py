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


def sample(at: int, took: int = 5, thread: str = "t 1") -> str:
    """A row of a sample."""
    return f"{START_MS + at},{took},a,OK,{thread},true"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param([sample(10), controller(10, 20)], 0, id="behind its sample"),
        pytest.param([sample(10), controller(10, 20), controller(9, 25)], 0, id="nested"),
        pytest.param([controller(10, 20, samples=0), sample(40)], 0, id="of none"),
        pytest.param([sample(10), controller(30, 20)], 1, id="alone"),
        pytest.param([sample(10), controller(10, 20, thread="t 2")], 1, id="of another thread"),
    ],
)
def test_controllers_that_stand_for_their_samples_are_told(tmp_path, rows: list[str], told: int):
    """With "Generate parent sample" what was in a transaction is nowhere in the CSV."""
    content = jtl(*rows, sample(90), header=WHOLE)

    taken = take(tmp_path, content)

    assert len([note for note in taken.tally.notes if "Generate parent sample" in note]) == told
    assert take(tmp_path, content, transactions="keep").tally.notes == []


def test_controllers_of_samples_by_their_end(tmp_path):
    """A controller's end is behind those of its samples, its start is not."""
    rows = (sample(15), controller(30, 20), sample(90))

    notes = take(tmp_path, jtl(*rows, header=WHOLE), timestamp="end").tally.notes

    assert notes == []


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
