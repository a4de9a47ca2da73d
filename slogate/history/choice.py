"""Which verdicts a history is asked for: of which objectives, service and branch, since when.

An objective is named by its id, by a pattern with `*`, or by a part of the id between slashes:
`submit/p95`, `submit`. A name that fits nothing is refused with the nearest that there are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slogate.errors import NoData, UsageError
from slogate.history.entry import Entry, entries
from slogate.model.selection import glob_matches
from slogate.reports._base import plain
from slogate.reports._page import elide

NEAR = 3
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is asked for; what is None or empty chooses nothing."""

    objectives: tuple[str, ...] = ()
    service: str | None = None
    branch: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    since_ts: int | None = None

    def entries(self, documents: Iterable[Mapping[str, Any]]) -> list[Entry]:
        """The entries asked for, oldest first; UsageError for an objective that there is not.

        NoData where nothing is left. Each document is looked at once.
        """
        known: dict[str, bool] = {}

        def wanted(head: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
            if self.service is not None and found["service"] != self.service:
                return False
            name, branch = str(found["id"]), head["run"]["branch"] or ""
            if name not in known:
                known[name] = not self.objectives or any(names(it, name) for it in self.objectives)
            of_branch = self.branch is None or glob_matches(self.branch, branch)
            return (
                known[name] and of_branch and self.labels.items() <= head["run"]["labels"].items()
            )

        found = entries(documents, wanted=wanted)
        if not known and self.service is None:
            raise NoData(
                "no verdict is stored yet", hint="`slogate run` and `slogate check` store them"
            )
        if known:
            self._refuse_unknown(list(known))
        found = [each for each in found if self.since_ts is None or each.ts >= self.since_ts]
        if not found:
            raise NoData(
                f"no verdict: none of those stored is {self._words()}",
                hint="`slogate history` without options lists all that there are",
            )
        return found

    def _refuse_unknown(self, known: Sequence[str]) -> None:
        for name in self.objectives:
            if not any(names(name, each) for each in known):
                shown = elide(plain(name), _SHOWN)
                raise UsageError(
                    f"no stored verdict is on an objective '{shown}'", hint=_near(name, known)
                )

    def _labels(self) -> str | None:
        shown = ", ".join(f"{key}={value}" for key, value in self.labels.items())
        return f" {shown}" if shown else None

    def _words(self) -> str:
        parts = [
            ("of the service", self.service and f" '{self.service}'"),
            ("of the branch", None if self.branch is None else f" '{self.branch}'"),
            ("labelled", self._labels()),
            ("that young", None if self.since_ts is None else ""),
        ]
        told = (f"{what}{name}" for what, name in parts if name is not None)
        return ", ".join(told) or "there"


def names(name: str, objective: str) -> bool:
    """Whether a person who says that name may mean the objective."""
    if "*" in name:
        return glob_matches(name, objective)
    return f"/{name.strip('/')}/" in f"/{objective}/"


def _near(name: str, known: Sequence[str]) -> str:
    """The nearest ids, by the whole or by what comes after the service."""
    by_word = {**{each.partition("/")[2]: each for each in known}, **{each: each for each in known}}
    for each in known:
        for piece in each.split("/"):
            by_word.setdefault(piece, each)
    near = difflib.get_close_matches(name, by_word, n=NEAR, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(dict.fromkeys(by_word[word] for word in near))}?"
    return f"there are: {', '.join(sorted(known)[:NEAR])}{', …' if len(known) > NEAR else ''}"
