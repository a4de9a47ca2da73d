"""A spec: what one service promises, as read from one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slogate.errors import Fault
from slogate.model.predicate import Predicate
from slogate.objectives._base import Allowance, Objective
from slogate.promises.promise import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One file of the native format.

    `file` is the path as the user gave it, `text` its content, `sha256` of that text.
    `objectives` are judged on a run, `regressions` on a run and its base, `promises` on stored
    production over a window, `queried` on what a server answers, `composites` on stored production
    of several SLOs.
    `conditions` are all expressions of the file: what counts as a success, what is good.
    `unsupported` names what is written, valid, and not yet judged by this version.
    """

    file: str
    text: str
    sha256: str
    service: str
    owner: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    warmup_us: int = 0
    objectives: tuple[Objective, ...] = ()
    regressions: tuple[Allowance, ...] = ()
    promises: tuple[Promise, ...] = ()
    queried: tuple[Promise, ...] = ()
    composites: tuple[Promise, ...] = ()
    conditions: tuple[Predicate, ...] = ()
    unsupported: tuple[Fault, ...] = ()
