"""The SLOs that rules are written for, from specs of every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from slogate.cli.specfiles import read_specs
from slogate.errors import UsageError
from slogate.slo.asked import Asked, asked
from slogate.slo.convert import Converted, openslo_to_native
from slogate.slo.convert_foreign import foreign_to_native
from slogate.slo.dialect import dialect_of
from slogate.slo.every import load_every
from slogate.slo.load import load_specs
from slogate.slo.openslo.read import read_documents
from slogate.verdict import Place

Files = list[tuple[str, str]]


def read_asked(
    paths: Sequence[Path], *, recursive: bool, service: str | None
) -> tuple[list[Asked], list[str]]:
    """All SLOs of the specs, and what their conversion remarked.

    SpecError with the faults of all files, UsageError if there is no SLO.
    """
    files = read_specs(paths, recursive=recursive)
    specs = load_every(files)
    places = {each.id: each.place for spec in specs for each in (*spec.promises, *spec.queried)}
    native = [each for each in files if dialect_of(each[1]) == "native"]
    found = asked(load_specs(native))
    notes = [
        f"{each.id} is left out: Prometheus adds up no SLOs by weight as slogate does; the SLOs "
        "that it is made of have rules"
        for spec in specs
        for each in spec.composites
    ]
    for file, converted in _converted(files, service):
        notes += converted.notes
        named = [(file or name, text) for name, text in converted.texts.items()]
        found += [_placed(each, places) for each in asked(load_specs(named))]
    if not found:
        raise UsageError("there are no slos in these specs", hint="rules are written for `slos:`")
    return found, notes


def _converted(files: Files, service: str | None) -> Iterator[tuple[str | None, Converted]]:
    """The native files of those that are not, with the one that they were made of."""
    openslo = [each for each in files if dialect_of(each[1]) == "openslo"]
    if openslo:
        file = openslo[0][0] if len(openslo) == 1 else None
        yield file, openslo_to_native(read_documents(openslo, profile="lenient"))
    for file, text in files:
        if dialect_of(text) in {"sloth", "pyrra"}:
            yield file, foreign_to_native([(file, text)], service=service)


def _placed(asked: Asked, places: Mapping[str, Place]) -> Asked:
    """At its place in the file that it was converted from; of some there is none."""
    promise = asked.promise
    place = places.get(promise.id, replace(promise.place, line=1, column=1))
    return replace(asked, promise=replace(promise, place=place))
