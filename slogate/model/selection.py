"""Which requests an objective speaks of: an endpoint, labels, and what counts as a success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slogate.model.predicate import Ok, Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`METHOD name` or a name alone for any method; only `*` is special (any text).

    `method` None means any method. A method that is not in capitals (`grpc /Say`) cannot be told
    from a name with a space, so such a name may be both.
    """

    method: str | None
    name: str

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """`POST /checkout`, `/checkout`, `GET /items/*`, `* /health`.

        Spaces behind it are its own; those before it only where no method is named.
        """
        head, _, rest = text.partition(" ")
        if rest.strip() and re.fullmatch(r"[A-Z]+|\*", head):
            return cls(method=None if head == "*" else head, name=rest.lstrip())
        return cls(method=None, name=text)

    def __str__(self) -> str:
        return f"{self.method} {self.name}" if self.method else self.name

    def matches(self, method: str, name: str) -> bool:
        """Whether a request of that method and endpoint name belongs."""
        if self.method is not None and self.method != method:
            return False
        if glob_matches(self.name, name):
            return True
        return self.is_maybe_both and glob_matches(self.name, f"{method} {name}")

    @property
    def is_maybe_both(self) -> bool:
        """Whether the name may be a method and a name."""
        return self.method is None and " " in self.name.strip()


def glob_regex(pattern: str) -> str:
    """The pattern as a regular expression that must match in full; only `*` is special."""
    return ".*".join(re.escape(piece) for piece in pattern.split("*"))


def glob_matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches the pattern; `*` matches newlines too."""
    return re.fullmatch(glob_regex(pattern), text, re.DOTALL) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The requests of `endpoint` (None: the whole service) with labels matching `where`.

    `where` is a sorted tuple of (label, pattern); `success` says what counts as one.
    """

    endpoint: Endpoint | None = None
    where: tuple[tuple[str, str], ...] = ()
    success: Predicate = Ok()

    def matches(self, method: str, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a request belongs."""
        if self.endpoint is not None and not self.endpoint.matches(method, name):
            return False
        return all(k in labels and glob_matches(v, labels[k]) for k, v in self.where)

    def __str__(self) -> str:
        where = ", ".join(f"{label}={pattern}" for label, pattern in self.where)
        name = str(self.endpoint) if self.endpoint else "the service"
        if name != name.strip():
            name = f"'{name}'"
        return f"{name} ({where})" if where else name
