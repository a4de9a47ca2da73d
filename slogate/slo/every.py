"""Spec files of every format that can be judged: native, and OpenSLO."""

from __future__ import annotations

from collections.abc import Sequence

from slogate.errors import Fault, SpecError
from slogate.slo.dialect import dialect_of
from slogate.slo.load import confused, load_specs
from slogate.slo.openslo_specs import openslo_specs
from slogate.slo.spec import Spec


def load_every(files: Sequence[tuple[str, str]]) -> list[Spec]:
    """The specs of (path as given, text); SpecError with all faults of all files.

    OpenSLO files belong together: references are resolved across them.
    """
    foreign = [(file, text) for file, text in files if dialect_of(text) == "openslo"]
    native = [each for each in files if each not in foreign]
    faults: list[Fault] = []
    specs: list[Spec] = []
    for load, some in ((load_specs, native), (openslo_specs, foreign)):
        try:
            specs += load(some) if some else []
        except SpecError as error:
            faults += error.faults
    faults += () if faults or not foreign else confused(specs)
    if faults:
        raise SpecError(faults)
    return specs
