"""Files of Sloth and Pyrra as specs, so that they are judged as they stand.

Each is converted to native files, one for each service; a promise stands at the line where its SLO
is named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from slogate.slo.convert_foreign import foreign_to_native
from slogate.slo.document import Listing, Node, Scalar, Table, read_stream
from slogate.slo.load import load_specs
from slogate.slo.spec import Spec
from slogate.verdict import Place


def foreign_specs(files: Sequence[tuple[str, str]]) -> list[Spec]:
    """The specs of (path as given, text); SpecError with the faults of a file."""
    return [spec for file, text in files for spec in _specs(file, text)]


def _specs(file: str, text: str) -> Iterator[Spec]:
    converted = foreign_to_native([(file, text)])
    nodes, _ = read_stream(file, text)
    places = {scalar.text: scalar for node in nodes for scalar in _names(node)}
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    for spec in load_specs(list(converted.texts.items())):

        def place(name: str) -> Place:
            at = places.get(name)
            line, column = (at.line, at.column) if at is not None else (1, 1)
            return Place(file=file, line=line, column=column, sha256=sha256)

        yield replace(
            spec, file=file, text=text, sha256=sha256,
            promises=tuple(replace(each, place=place(each.name)) for each in spec.promises),
            queried=tuple(replace(each, place=place(each.name)) for each in spec.queried),
            unsupported=tuple(
                replace(each, file=file, line=1, column=1) for each in spec.unsupported
            ),
        )  # fmt: skip


def _names(node: Node) -> Iterator[Scalar]:
    """Every value of a key `name`, the last first: a file's first one counts."""
    if isinstance(node, Listing):
        for item in reversed(node.items):
            yield from _names(item)
    elif isinstance(node, Table):
        for key, value in reversed(node.pairs):
            if key.text == "name" and isinstance(value, Scalar):
                yield value
            else:
                yield from _names(value)
