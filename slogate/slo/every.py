"""Spec files of every format that can be judged: native, OpenSLO, Sloth's and Pyrra's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slogate.errors import Fault, SpecError, UsageError
from slogate.slo.dialect import dialect_of
from slogate.slo.load import confused, load_specs
from slogate.slo.spec import Spec

Files = Sequence[tuple[str, str]]


def _loader(dialect: str) -> Callable[[Files], list[Spec]]:
    """What reads files of a format; imported when there is one."""
    if dialect == "native":
        return load_specs
    if dialect == "openslo":
        from slogate.slo.openslo_specs import openslo_specs

        return openslo_specs
    from slogate.slo.foreign_specs import foreign_specs

    return foreign_specs


def load_every(files: Files) -> list[Spec]:
    """The specs of (path as given, text); SpecError with all faults of all files.

    OpenSLO files belong together: references are resolved across them. UsageError for rules of
    Prometheus, and where there is no SLO at all.
    """
    dialects = [dialect_of(text) for _, text in files]
    if "prometheus" in dialects:
        file = files[dialects.index("prometheus")][0]
        raise UsageError(
            f"{file}: rules of Prometheus are no specs", hint="give what they were made of"
        )
    faults: list[Fault] = []
    specs: list[Spec] = []
    for dialect in dict.fromkeys(dialects):
        mine = [each for each, of in zip(files, dialects, strict=True) if of == dialect]
        try:
            specs += _loader(dialect)(mine)
        except SpecError as error:
            faults += error.faults
    faults += () if faults or set(dialects) <= {"native"} else confused(specs)
    if faults:
        raise SpecError(faults)
    if files and not specs:
        raise UsageError("these files hold no SLO, so there is nothing to judge")
    return specs
