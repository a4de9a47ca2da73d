from __future__ import annotations

import resource

import pytest

from slogate.cli.closing import close
from slogate.errors import GeneratorError, Interrupted, UsageError
from slogate.loadtest.generator import Ended
from slogate.model.run import Reconciliation, Run
from slogate.model.turns import Interleaved
from slogate.store.layout import open_store
from slogate.store.manifest import read_run, write_run

ROWS = Reconciliation(seen=5, written=5)
ERROR = "[t] vm/ERROR/locust.user.users: no token\n"
NO_HOST = "[t] vm/ERROR/locust.runners: You must specify the base host. Either in …\n"


@pytest.fixture(name="ended")
def _ended(tmp_path):
    """Close a run that the recorder left so: `ended(state, log, how it ended)`."""
    store = open_store(tmp_path / "store", create=True)

    def close_it(
        state, ended, *, log="", rows=ROWS, note=None, died=None, end_ts=3_000_000, mark=None
    ):
        (tmp_path / "log").write_text(log, encoding="utf-8")
        if state is not None:
            write_run(store, Run(
                id="r", service="shop", kind="load", state=state, note=note,
                start_ts=1_000_000, end_ts=end_ts, rows=rows, interleaved=mark,
            ))  # fmt: skip
        closed = close(store, "r", ended, tmp_path / "log", died)
        assert read_run(store, "r") == closed.run
        return closed

    close_it.store = store
    return close_it


def test_a_recorder_that_could_not_close_its_run_is_quoted(ended):
    """The disk was full; nobody died."""
    told = "recording failed: a.json cannot be written: No space"

    run = ended(
        "running", Ended(exit_code=0), log=f"slogate: {told}; the run will be incomplete\n"
    ).run

    assert (run.state, run.note) == ("incomplete", told)


@pytest.mark.parametrize(
    ("state", "ended_so", "note", "expected"),
    [
        pytest.param("complete", Ended(exit_code=0), None, ("complete", None), id="complete"),
        pytest.param(
            "complete", Ended(exit_code=0, interrupted=True), None, ("complete", None),
            id="ctrl-c-after-the-end",
        ),
        pytest.param(
            "interrupted", Ended(exit_code=0, aborted="errors > 50%"), "the test was interrupted",
            ("aborted", "errors > 50%"), id="aborted",
        ),
        pytest.param(
            "incomplete", Ended(exit_code=0, aborted="errors > 50%"), "3 rows were lost",
            ("incomplete", "errors > 50%; 3 rows were lost"), id="aborted-and-lost",
        ),
        pytest.param(
            "running", Ended(exit_code=-9), None, ("incomplete", "the generator died"), id="killed"
        ),
        pytest.param(
            "running", Ended(exit_code=-9, silent=True), None,
            ("incomplete", "the generator said nothing for a minute"), id="silent",
        ),
    ],
)  # fmt: skip
def test_a_run_is_closed_with_why_it_ended(ended, state, ended_so, note, expected):
    """What was known before is kept; nothing becomes better than it was."""
    run = ended(state, ended_so, note=note).run

    assert (run.state, run.note) == expected


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        pytest.param(0, "recorded 5 requests in 2 s, 0 failed", id="0"),
        pytest.param(1, "recorded 5 requests in 2 s, 0 failed (Locust's exit code 1)", id="1"),
        pytest.param(3, "recorded 5 requests in 2 s, 0 failed (Locust's exit code 3)", id="3"),
    ],
)
def test_locusts_exit_code_is_told_only_if_it_is_news(ended, code, sentence):
    """1 is news where no request failed."""
    assert ended("complete", Ended(exit_code=code)).sentence == sentence


def test_an_odd_exit_code_comes_with_locusts_first_error(ended):
    """A custom shape that raises ends the test as if it were over."""
    sentence = ended("complete", Ended(exit_code=2), log=ERROR).sentence

    assert sentence == "recorded 5 requests in 2 s, 0 failed (Locust's exit code 2: no token)"


@pytest.mark.parametrize("there", [True, False])
def test_requests_of_a_base_are_told_beside_those_of_the_head(ended, there):
    """If it can be read; a base that is gone stops nothing here."""
    mark = Interleaved(
        side="head", other="r-base", words="./base", seed=1, slice_us=1_000_000, settle_us=0
    )
    if there:
        rows = Reconciliation(seen=7, written=7)
        write_run(
            ended.store, Run(id="r-base", service="shop", kind="load", state="running", rows=rows)
        )
    told = ended("complete", Ended(exit_code=0), mark=mark).sentence
    both = "recorded 5 requests of the head and 7 of the base in 2 s, 0 and 0 failed"

    assert told == (both if there else "recorded 5 requests in 2 s, 0 failed")


@pytest.mark.parametrize(
    ("state", "ended_so", "expected"),
    [
        pytest.param(
            "complete", Ended(exit_code=0), ("incomplete", "the service ended (exit 3)"), id="late"
        ),
        pytest.param(
            "interrupted", Ended(exit_code=0, aborted="the service ended (exit 3)"),
            ("aborted", "the service ended (exit 3)"), id="seen-at-once",
        ),
    ],
)  # fmt: skip
def test_a_service_that_did_not_survive_is_kept_with_the_run(ended, state, ended_so, expected):
    """Even one that died in the last moment: a later check knows."""
    run = ended(state, ended_so, died="exit 3").run

    assert (run.state, run.note) == expected


@pytest.mark.parametrize("end_ts", [None, 0], ids=["unknown", "before-the-start"])
def test_a_span_without_both_ends_is_not_told(ended, end_ts):
    """A killed recorder leaves no end."""
    closed = ended("running", Ended(exit_code=-9), end_ts=end_ts)

    assert closed.sentence == "recorded 5 requests, 0 failed (Locust's exit code -9)"


def test_a_run_that_cannot_be_written_is_judged_all_the_same(ended, tmp_path):
    """What the disk refuses comes along as trouble."""
    ended("running", Ended(exit_code=-9))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        closed = close(ended.store, "r", Ended(exit_code=0, aborted="errors"), tmp_path / "log")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (closed.run.state, closed.run.note) == ("incomplete", "errors; the generator died")
    assert "cannot be written: File too large" in str(closed.troubles[0])


def test_a_test_that_was_interrupted_is_not_judged(ended):
    """130, and what is kept."""
    with pytest.raises(Interrupted, match="5 requests of run r are kept"):
        ended("interrupted", Ended(exit_code=0, interrupted=True))


def test_a_run_without_requests_is_judged_if_locust_complains_of_nothing(ended):
    """Absence of requests is no verdict, not an error of the gate."""
    run = ended("complete", Ended(exit_code=0), rows=Reconciliation()).run

    assert (run.state, run.note) == ("complete", None)


def test_a_run_without_requests_tells_locusts_first_error(ended):
    """It is kept with the run."""
    with pytest.raises(GeneratorError, match="Locust made no request: no token"):
        ended("complete", Ended(exit_code=1), rows=Reconciliation(), log=ERROR)

    assert read_run(ended.store, "r").note == "Locust made no request: no token"


def test_a_test_that_never_started_is_told_in_locusts_words(ended):
    """There is no run to judge."""
    with pytest.raises(GeneratorError, match="before the test started") as caught:
        ended(None, Ended(exit_code=1), log=ERROR)

    assert "no token" in caught.value.message


@pytest.mark.parametrize("state", [None, "complete"], ids=["withdrawn", "kept"])
def test_a_missing_host_is_told_with_both_places_to_name_it(ended, state):
    """Whether or not a user was spawned before Locust found out."""
    with pytest.raises(UsageError, match="no host") as caught:
        ended(state, Ended(exit_code=1), rows=Reconciliation(), log=NO_HOST)

    assert "--host http" in caught.value.hint
    assert "host = " in caught.value.hint


def test_a_second_test_of_the_same_process_is_told(ended):
    """Its requests are judged by nobody, so the gate has not done its work."""
    write_run(ended.store, Run(id="r-2", service="shop", kind="load", state="complete"))

    (trouble,) = ended("complete", Ended(exit_code=0)).troubles

    assert isinstance(trouble, GeneratorError)
    assert "run r-2, not judged" in trouble.message
