"""The SLOs that rules are written for, from specs of every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slogate.cli.specfiles import read_specs
from slogate.errors import UsageError
from slogate.slo.asked import Asked, asked
from slogate.slo.convert import openslo_to_native
from slogate.slo.convert_foreign import foreign_to_native
from slogate.slo.dialect import dialect_of
from slogate.slo.every import load_every
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents
from slogate.verdict import Place

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
    converted = foreign_to_native(foreign, service=service).texts if foreign else {}
    native += [(f"{name} (converted)", text) for name, text in converted.items()]
    found = asked(load_specs(native)) + (_openslo(openslo) if openslo else [])
    if not found:
        raise UsageError("there are no slos in these specs", hint="rules are written for `slos:`")
    return found


def _openslo(files: Files) -> list[Asked]:
    """The SLOs of OpenSLO documents, at their places in them."""
    specs = load_every(files)
    places = {each.id: each.place for spec in specs for each in (*spec.promises, *spec.queried)}
    texts = openslo_to_native(read_documents(files, profile="lenient")).texts
    # of what cannot be judged there is no place
    named = [(files[0][0] if len(files) == 1 else name, text) for name, text in texts.items()]
    return [_placed(each, places) for each in asked(load_specs(named))]


def _placed(asked: Asked, places: Mapping[str, Place]) -> Asked:
    promise = asked.promise
    place = places.get(promise.id, replace(promise.place, line=1, column=1))
    return replace(asked, promise=replace(promise, place=place))
