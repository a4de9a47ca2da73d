"""Says in SQL which requests a selection speaks of; every name and value is bound, never pasted.

What a statement binds is kept beside it, for all that ask in SQL here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from slogate.model.selection import Endpoint, Selection


@dataclass(frozen=True, slots=True)
class Bound:
    """The values of a statement; `self(value)` binds one and gives its place in the text."""

    values: dict[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any) -> str:
        """Bind a value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"${name}" if not isinstance(value, int) else f"${name}::BIGINT"


def select_rows(selection: Selection, bound: Bound) -> str:
    """The condition that a request is of the selection."""
    conditions = ["true"]
    if selection.endpoint is not None:
        conditions.append(_named(selection.endpoint, bound))
    for label, pattern in selection.where:
        value = f"labels[{bound(label)}]"
        conditions.append(f"coalesce({_glob(value, pattern, bound)}, false)")
    return f"({' AND '.join(conditions)})"


def _named(endpoint: Endpoint, bound: Bound) -> str:
    matches = _glob("endpoint", endpoint.name, bound)
    if endpoint.method is not None:
        return f"method = {bound(endpoint.method)} AND {matches}"
    if endpoint.is_maybe_both:
        both = _glob("(coalesce(method, '') || ' ' || endpoint)", endpoint.name, bound)
        return f"({matches} OR {both})"
    return matches


def _glob(column: str, pattern: str, bound: Bound) -> str:
    """The column matches the pattern, in which only `*` is special.

    Plain equality and LIKE without ESCAPE are several times faster, so they are used if they do.
    """
    if "*" not in pattern:
        return f"{column} = {bound(pattern)}"
    if not any(special in pattern for special in "\\%_"):
        return f"{column} LIKE {bound(pattern.replace('*', '%'))}"
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, f"\\{special}")
    return f"{column} LIKE {bound(pattern.replace('*', '%'))} ESCAPE '\\'"
