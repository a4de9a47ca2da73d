"""Two judgements at a time: their order, what they raise, and who is waited for."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, Event, Timer, current_thread, main_thread

import pytest

from slogate.cli.options import note
from slogate.cli.together import together
from slogate.errors import NoData


def test_results_come_in_the_order_of_the_jobs():
    """Two that wait for each other both end; the third comes after them."""
    both = Barrier(2, timeout=20)
    jobs = [lambda: (both.wait(), "a")[1], lambda: (both.wait(), "b")[1], lambda: "c"]

    with together(jobs) as results:
        assert [result() for result in results] == ["a", "b", "c"]


def test_what_one_raises_hides_no_other():
    """It is raised where its result is asked for."""

    def nothing():
        raise NoData("no rows")

    with together([nothing, lambda: 2]) as (first, second):
        with pytest.raises(NoData, match="no rows"):
            first()
        assert second() == 2


def test_notes_come_in_the_order_of_the_jobs(capsys: pytest.CaptureFixture[str]):
    """Whichever is done first, and also where one fails."""
    second = Event()

    def first_job():
        assert second.wait(20)
        note("of the first")
        raise NoData("no rows")

    def second_job():
        note("of the second")
        second.set()

    with together([first_job, second_job]) as results:
        for result in results:
            with suppress(NoData):
                result()

    assert capsys.readouterr().err == "of the first\nof the second\n"


def test_a_single_job_is_made_by_who_asks():
    """So that Ctrl-C reaches the query at once."""
    with together([current_thread]) as (only,):
        assert only() is main_thread()


def test_who_leaves_early_starts_no_more():
    """Those at work end; what waits for its turn is given up."""
    begun, end, made = Barrier(3, timeout=20), Event(), []

    def work():
        begun.wait()
        made.append(end.wait(20))

    def leave():
        with together([work, work, lambda: made.append("more")]):
            begun.wait()
            Timer(0.2, end.set).start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()

    assert made == [True, True]
