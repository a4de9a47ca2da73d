"""A stored verdict on one objective, as far as a history reckons with it.

Verdict documents come in, entries go out, in order of time: a load run's start, for production the
moment that was judged; those on one run as they come in, which is as they were stored. Nothing is
read around: what is damaged is a StoreError that names the verdict. Values stay in the document's
unit; unbounded ones are infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Any

from slogate.errors import StoreError
from slogate.model.definition import revision
from slogate.reports._typed import as_float, as_map
from slogate.reports.json import MOMENT, parse
from slogate.verdict import Finding, Outcome

COUNTED = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One verdict on one objective. `value` is what was observed, None where nothing was.

    `revision` and `measure` are hashes of what the objective meant and of what was counted, None
    in verdicts of before that was kept.
    """

    objective: str
    service: str
    verdict: str
    run: str
    kind: str
    ts: int
    commit: str | None
    branch: str | None
    labels: Mapping[str, str]
    outcome: Outcome
    value: float | None
    unit: str
    revision: str | None
    measure: str | None
    head: Mapping[str, Any]
    found: Mapping[str, Any]

    @property
    def counts(self) -> bool:
        """Whether its value is a measurement that others can be compared with."""
        return self.value is not None and self.outcome in COUNTED

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the objective meant; empty where that is not known."""
        return self.found.get("definition") or {}

    def finding(self) -> Finding:
        """All that was found, checked as the verdict itself is."""
        (finding,) = parse({**self.head, "objectives": [self.found]}).findings
        return finding


def entries(documents: Iterable[Mapping[str, Any]], *, wanted: Wanted) -> list[Entry]:
    """The entries of the objectives that are wanted, oldest first."""
    measures: dict[str, str] = {}
    found: list[Entry] = []
    for document in documents:
        with understood(document):
            # the other objectives and the specs of a document need not be held
            head = {**document, "specs": {}, "objectives": []}
            found += _entries(head, document["objectives"], wanted, measures)
    return sorted(found, key=lambda entry: (entry.ts, entry.run))


@contextmanager
def understood(document: Mapping[str, Any]) -> Iterator[None]:
    """StoreError that names the verdict for whatever in it is none of what a verdict says."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        name = document.get("id", "without an id")
        raise StoreError(
            f"the verdict {name} is damaged: {error!r}",
            hint="put its file in the store's verdicts/ back, or move it away and check anew",
        ) from None


Wanted = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
"""Whether a verdict's document and one objective of it are asked for."""


def _entries(
    head: Mapping[str, Any],
    objectives: Sequence[Mapping[str, Any]],
    wanted: Wanted,
    measures: dict[str, str],
) -> Iterator[Entry]:
    for found in objectives:
        if wanted(head, found):
            yield entry_of(head, found, measures)


def entry_of(
    head: Mapping[str, Any], found: Mapping[str, Any], measures: dict[str, str] | None = None
) -> Entry:
    """One objective of a verdict's document; `measures` are hashes that were made already."""
    run, mark = head["run"], found.get("revision")
    measures = {} if measures is None else measures
    moment = run["end"] if run["kind"] == "production" else run["start"]
    if mark is not None and mark not in measures:
        measures[mark] = revision(found["definition"]["measure"])
    return Entry(
        objective=str(found["id"]),
        service=str(found["service"]),
        verdict=str(head["id"]),
        run=str(run["id"]),
        kind=str(run["kind"]),
        ts=0 if moment is None else MOMENT.read(moment),
        commit=_text(run["commit"]),
        branch=_text(run["branch"]),
        labels=as_map(run["labels"]),
        outcome=Outcome(found["outcome"]),
        value=inf if found["observed_text"] else _number(found["observed"]),
        unit=str(found["unit"]),
        revision=mark,
        measure=None if mark is None else measures[mark],
        head=head,
        found=found,
    )


def _text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no text")
    return value


def _number(value: Any) -> float | None:
    return None if value is None else as_float(value)
