"""The SLOs that rules are written for, from specs of every format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slogate.cli.specfiles import read_specs
from slogate.errors import Fault, SpecError, UsageError
from slogate.slo.asked import Asked, asked
from slogate.slo.convert import openslo_to_native
from slogate.slo.convert_foreign import foreign_to_native
from slogate.slo.dialect import dialect_of
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents

Files = list[tuple[str, str]]


def read_asked(paths: Sequence[Path], *, recursive: bool, service: str | None) -> list[Asked]:
    """All SLOs of the specs; SpecError with their faults, UsageError if there is none."""
    native, openslo, foreign = Files(), Files(), Files()
    rooms = {"native": native, "openslo": openslo, "sloth": foreign, "pyrra": foreign}
    for file, text in read_specs(paths, recursive=recursive):
        room = rooms.get(dialect_of(text))
        if room is None:
            raise UsageError(f"{file} holds rules of Prometheus", hint="give their specs")
        room.append((file, text))
    if openslo:
        native += _openslo(openslo)
    if foreign:
        native += foreign_to_native(foreign, service=service).texts.items()
    found = asked(load_specs(native))
    if not found:
        raise UsageError("there are no slos in these specs", hint="rules are written for `slos:`")
    return found


def _openslo(files: Files) -> Files:
    documents = read_documents(files, profile="lenient")
    faults = [
        Fault(
            file=remark.file,
            line=remark.line,
            column=remark.column,
            path=remark.path,
            message=f"{remark.message} [{remark.rule}]",
            hint=remark.hint,
        )
        for remark in documents.remarks
        if remark.severity == "error"
    ]
    if faults:
        raise SpecError(faults)
    return list(openslo_to_native(documents).texts.items())
