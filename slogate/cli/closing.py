"""Closes a load test: the run as it ended, with why, or the error that says there is none.

What stopped the test is kept in the run's note, so that whoever judges it later reads it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slogate.errors import (
    GeneratorError,
    Interrupted,
    SlogateError,
    StoreError,
    UsageError,
)
from slogate.loadtest.generator import Ended
from slogate.loadtest.words import first_error, own_words, read_log, recorder_fault
from slogate.model.early import EarlyStop
from slogate.model.run import Run
from slogate.store.layout import Store
from slogate.store.manifest import read_run, update_run
from slogate.store.reading import parts_of
from slogate.units import format_count, format_duration

_NO_HOST = "You must specify the base host"
_CUT = "the test was interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The run as it is stored now, a sentence on what was recorded, and what else is to be told."""

    run: Run
    sentence: str
    troubles: tuple[SlogateError, ...] = ()


def close(
    store: Store,
    run_id: str,
    ended: Ended,
    log: Path,
    died: str | None = None,
    early: EarlyStop | None = None,
) -> Closed:
    """Close the run; Interrupted, GeneratorError or UsageError if there is none to judge.

    `died` is how the service ended, if it did; `early` is of a test that may end as soon as all is
    decided. A run that cannot be written is judged all the
    same; the trouble comes with it.
    """
    text = read_log(log)
    run = _recorded(store, run_id, ended, log)
    # a Ctrl-C after the end of the test stops nothing
    if ended.interrupted and run.state != "complete":
        raise Interrupted(
            f"interrupted: {format_count(run.rows.written)} requests of run {run.id} are kept",
            hint=f"judge them with: slogate check --run {run.id}",
        )
    error = first_error(text) if run.rows.seen == 0 else None
    fault = recorder_fault(text)
    run = replace(_as_it_ended(run, ended, error, died, fault), generator_exit=ended.exit_code)
    if early is not None:
        run = replace(run, early_stop=replace(early, stopped=ended.decided))
    trouble = _written(store, run)
    if error is not None:
        _refuse_missing_host(text)
        raise GeneratorError(
            f"Locust made no request: {error}", hint=f"Locust's log says more: {log}"
        )
    trouble = _close_beside(store, run) or trouble
    sentence = _recorded_sentence(store, run, ended.exit_code, first_error(text))
    troubles = tuple(each for each in (trouble, _another(store, run_id)) if each is not None)
    return Closed(run=run, sentence=sentence, troubles=troubles)


def _another(store: Store, run_id: str) -> GeneratorError | None:
    """That the locustfile's own code began a second test, whose requests nobody judges."""
    try:
        run = read_run(store, f"{run_id}-2")
    except StoreError:
        return None
    return GeneratorError(
        f"Locust began another test when this one was over; it is kept as run {run.id}, not judged",
        hint=f"judge it with: slogate check --run {run.id}",
    )


def _written(store: Store, run: Run) -> StoreError | None:
    try:
        update_run(
            store,
            run.id,
            lambda now: replace(run, parts=now.parts, seals=now.seals, rolled_up=now.rolled_up),
        )
    except StoreError as error:
        return error
    return None


def _close_beside(store: Store, run: Run) -> StoreError | None:
    """Let the run of the base end as that of the head did."""
    if run.interleaved is None:
        return None
    state, note, code = run.state, run.note, run.generator_exit
    try:
        update_run(
            store,
            run.interleaved.other,
            lambda now: replace(now, state=state, note=note, generator_exit=code),
        )
    except StoreError as error:
        return error
    return None


def _recorded(store: Store, run_id: str, ended: Ended, log: Path) -> Run:
    try:
        return read_run(store, run_id)
    except StoreError:
        if ended.interrupted:
            raise Interrupted("interrupted before the test started; nothing was recorded") from None
    text = read_log(log)
    _refuse_missing_host(text)
    words = f". Locust's own words:\n{own_words(text) or '    none'}"
    if ended.aborted is not None:
        words = f": {ended.aborted}"
    raise GeneratorError(
        f"Locust ended (exit {ended.exit_code}) before the test started{words}",
        hint=f"its whole log is {log}",
    )


def _refuse_missing_host(log: str) -> None:
    if _NO_HOST in log:
        raise UsageError(
            "no host to load-test",
            hint='name it: --host http://127.0.0.1:8000, or host = "http://127.0.0.1:8000" in '
            "slogate.toml or under [tool.slogate] in pyproject.toml",
        )


def _as_it_ended(
    run: Run, ended: Ended, error: str | None, died: str | None, fault: str | None = None
) -> Run:
    """The run with why it ended; one that is incomplete already stays so.

    `fault` is why its recorder could not close it, if that said so.
    """
    state, reasons = run.state, [run.note] if run.note else []
    if ended.aborted is not None:
        state = "aborted" if run.state in {"complete", "interrupted"} else "incomplete"
        reasons = [ended.aborted, *(reason for reason in reasons if reason != _CUT)]
    elif ended.decided and state == "interrupted":
        state, reasons = "complete", [reason for reason in reasons if reason != _CUT]
    elif ended.silent:
        state = "incomplete"
        reasons.insert(0, "the generator said nothing for a minute")
    elif run.state == "running":
        state = "incomplete"
        reasons.insert(0, fault or "the generator died")
    if died is not None and ended.aborted is None:
        state = "incomplete"
        reasons.insert(0, f"the service ended ({died})")
    if error is not None:
        reasons.insert(0, f"Locust made no request: {error}")
    return replace(run, state=state, note="; ".join(reasons) or None)


def _recorded_sentence(store: Store, run: Run, exit_code: int, error: str | None) -> str:
    """`recorded 6,661 requests in 45.1 s, 10 failed`; Locust's exit code and why, if it is news."""
    failed = _failed(parts_of(store, run))
    told = exit_code == 0 or (exit_code == 1 and failed > 0)
    kept = f"recorded {format_count(run.rows.written)} requests"
    failures = f"{format_count(failed)} failed"
    if (beside := _beside(store, run)) is not None:
        count, bad = beside
        kept += f" of the head and {format_count(count)} of the base"
        failures = f"{format_count(failed)} and {format_count(bad)} failed"
        told = told or (exit_code == 1 and bad > 0)
    if run.start_ts is not None and run.end_ts is not None and run.start_ts <= run.end_ts:
        kept += f" in {format_duration(run.end_ts - run.start_ts)}"
    code = "" if told else f" (Locust's exit code {exit_code}{f': {error}' if error else ''})"
    return f"{kept}, {failures}{code}"


def _beside(store: Store, run: Run) -> tuple[int, int] | None:
    """Requests of the base, and how many of them failed; None without one that can be read."""
    if run.interleaved is None:
        return None
    try:
        base = read_run(store, run.interleaved.other)
        return base.rows.written, _failed(parts_of(store, base))
    except StoreError:
        return None


def _failed(parts: Sequence[Path]) -> int:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    return sum(
        pc.sum(pc.invert(pq.read_table(part, columns=["ok"])["ok"])).as_py() or 0 for part in parts
    )
