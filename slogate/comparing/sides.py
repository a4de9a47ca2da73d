"""Which runs a person means by a base or a head: a run, a branch, a commit, a label, a pin.

A bare word is, in this order: the exact id of a run; `latest` or `previous`; a pin; a branch; a
commit, by seven digits or more; the value of a label; the beginning of one run's id. Where a word
may be several of these, `pin:`, `branch:`, `commit:`, `label:` and `run:` say which. Of a branch,
a base is what ran before the head: the same head is always held against the same runs. Pure: a
list of runs comes in, newest first.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slogate.errors import NoData, UsageError
from slogate.model.run import Run

PIN = "pin"
_SHORTEST_COMMIT = 7
_ROOMS = ("run", "pin", "branch", "commit", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Runs that may serve as base or head, newest first, and what they are called.

    `stream` tells that there is always a newer one: of these the newest count.
    """

    words: str
    runs: tuple[Run, ...]
    stream: bool = False


def head_of(ref: str, runs: Sequence[Run], newest: int = 1) -> Side:
    """The head that is meant: of a branch its newest run or so many, else all that fit."""
    if ref == "previous":
        raise UsageError("`previous` is the run before the head; it can only be the base")
    side = _side(ref, runs)
    done = tuple(run for run in side.runs if run.state != "running")
    if not done:
        raise NoData(f"no verdict: {side.words} is still being recorded")
    return Side(words=side.words, runs=done[:newest] if side.stream else done)


def base_of(ref: str, runs: Sequence[Run], head: Sequence[Run], *, beside: bool = False) -> Side:
    """The base that is meant, without the head; of a branch only what ran before the head.

    `beside`: base and head ran in turns, so that there is no before.
    """
    others = [run for run in runs if run.id not in {each.id for each in head}]
    before = earlier(others, head)
    if ref == "previous":
        done = tuple(run for run in before if run.state == "complete")[:1]
        return Side(words="the run before", runs=done)
    side = _side(ref, runs)
    if side.stream and not beside:
        kept = {run.id for run in before}
        return Side(
            words=side.words,
            runs=tuple(run for run in side.runs if run.id in kept),
            stream=True,
        )
    names = {run.id for run in others}
    return Side(words=side.words, runs=tuple(run for run in side.runs if run.id in names))


def earlier(runs: Sequence[Run], head: Sequence[Run]) -> list[Run]:
    """The runs that began before all of the head."""
    first = min((moment(run) for run in head), default=(0, ""))
    return [run for run in runs if moment(run) < first]


def moment(run: Run) -> tuple[int, str]:
    """By what runs are in order."""
    return run.start_ts or run.created_ts or 0, run.id


def _side(ref: str, runs: Sequence[Run]) -> Side:
    room, colon, name = ref.partition(":")
    if colon and room in _ROOMS:
        found = _FIND[room](name, runs)
        if found is None:
            raise _unknown(ref, runs)
        return found
    if not runs:
        hint = "record one with `slogate run`, or take one in with `slogate import`"
        raise NoData("no verdict: there is no load run to compare", hint=hint)
    if ref == "latest":
        return Side(words="the latest run", runs=tuple(runs), stream=True)
    if exact := [run for run in runs if run.id == ref]:
        return Side(words=f"run {ref}", runs=tuple(exact))
    for find in (_pinned, _branch, _commit, _labelled, _run):
        if (found := find(ref, runs)) is not None:
            return found
    raise _unknown(ref, runs)


def _pinned(name: str, runs: Sequence[Run]) -> Side | None:
    return _made(f"pin {name}", [run for run in runs if run.labels.get(PIN) == name])


def _branch(name: str, runs: Sequence[Run]) -> Side | None:
    return _made(f"branch {name}", [run for run in runs if run.branch == name], stream=True)


def _commit(name: str, runs: Sequence[Run]) -> Side | None:
    if len(name) < _SHORTEST_COMMIT:
        return None
    found = [run for run in runs if run.commit and run.commit.startswith(name.lower())]
    if len({run.commit for run in found}) > 1:
        raise UsageError(f"'{name}' is the beginning of several commits", hint="write more of it")
    return _made(f"commit {name}", found)


def _labelled(name: str, runs: Sequence[Run]) -> Side | None:
    key, equals, value = name.partition("=")
    if equals:
        return _made(f"label {name}", [run for run in runs if run.labels.get(key) == value])
    others = [{**run.labels, PIN: None} for run in runs]
    found = [
        run for run, labels in zip(runs, others, strict=True) if name and name in labels.values()
    ]
    return _made(f"label {name}", found)


def _run(name: str, runs: Sequence[Run]) -> Side | None:
    found = [run for run in runs if name and run.id.startswith(name)]
    if len(found) > 1:
        raise UsageError(
            f"'{name}' is the beginning of {len(found)} run ids", hint="write more of it"
        )
    return _made(f"run {found[0].id}" if found else name, found)


def _made(words: str, runs: Sequence[Run], *, stream: bool = False) -> Side | None:
    return Side(words=words, runs=tuple(runs), stream=stream) if runs else None


_FIND: dict[str, Callable[[str, Sequence[Run]], Side | None]] = {
    "run": _run,
    "pin": _pinned,
    "branch": _branch,
    "commit": _commit,
    "label": _labelled,
}


class UnknownSide(UsageError):
    """No run is called so."""


def _unknown(ref: str, runs: Sequence[Run]) -> UnknownSide:
    words = {run.labels.get(PIN) for run in runs} | {run.branch for run in runs}
    known = sorted(word for word in words if word)
    near = difflib.get_close_matches(ref.partition(":")[2] or ref, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {_few(known)}"
    if ref.endswith((".yaml", ".yml")):
        hint = f"a spec is named after base and head: slogate compare BASE latest {ref}"
        return UnknownSide(f"no load run is of '{ref}'", hint=hint)
    return UnknownSide(f"no load run is of '{ref}'", hint=hint if known else None)


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:5]) + (", …" if len(words) > 5 else "")
