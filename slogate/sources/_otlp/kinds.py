"""What spans tell, apart from when they were and where: of few kinds, each looked at once.

Paths may all be different, and with them names: a span that has a path as its endpoint is of the
kind that is left without both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slogate.sources._otlp.requests import Kind, told
from slogate.sources._otlp.telemetry import Span

MOST = 10_000
_BY_PATH = object()


@dataclass(slots=True)
class Kinds:
    """The kinds so far, `every` of them by its number; too many are forgotten."""

    every: list[Kind] = field(default_factory=list)
    _known: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def numbers(
        self,
        telling: Sequence[Sequence[Any]],
        names: Sequence[Any],
        paths: Sequence[str | None],
        read: Callable[[int], Span],
    ) -> list[int]:
        """The numbers of what spans tell, by columns of all that makes a difference.

        `read` makes a span of the one at a place. There are no `paths` if none has one.
        """
        if len(self.every) >= MOST:
            # those that are under way keep theirs
            self.every, self._known = [], {}
        if paths:
            names = [
                name if path is None else _BY_PATH for name, path in zip(names, paths, strict=True)
            ]
        keys = list(zip(names, *telling, strict=True))
        found: list[Any] = list(map(self._known.get, keys))
        if None in found:
            for at in [at for at, number in enumerate(found) if number is None]:
                number = self._known.get(keys[at])
                if number is None:
                    number = self._known[keys[at]] = len(self.every)
                    self.every.append(
                        _kind(read(at), by_path=bool(paths) and paths[at] is not None)
                    )
                found[at] = number
        return found


def _kind(span: Span, *, by_path: bool) -> Kind:
    found = told(span)
    return Kind(found._replace(endpoint="") if by_path else found, span.attributes)
