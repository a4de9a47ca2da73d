"""Which labels of a metric say endpoint, method and status; the rest stays as labels.

The names that common libraries use are tried in order; `endpoint=handler` and the like say
it outright, `endpoint=` (nothing) that there is none. What was chosen is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from slogate.model.series import split_endpoint

# `endpoint` comes last: in Kubernetes it is often the port that was scraped
COMMON = {
    "endpoint": ("http_route", "route", "handler", "path", "uri", "url_path", "http_target",
                 "operation", "exported_endpoint", "grpc_method", "endpoint"),
    "method": ("http_request_method", "http_method", "method", "request_method", "verb"),
    "status": ("http_response_status_code", "http_status_code", "status_code", "http_status",
               "response_code", "status", "code", "http_code"),
}  # fmt: skip
_NUMBER = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_CLASS = re.compile(r"([1-5])[xX]{2}")


@dataclass(frozen=True, slots=True)
class Who:
    """Whose requests they are: what every row of a series has in common."""

    endpoint: str
    method: str
    status: int | None
    ok: bool | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The labels chosen; None where no label says it. `drop` are left out."""

    endpoint: str | None
    method: str | None
    status: str | None
    drop: frozenset[str] = frozenset()

    def who(self, labels: Mapping[str, str]) -> Who:
        """The requests of a series with these labels."""
        rest = {k: v for k, v in labels.items() if k not in {"__name__", "le"} | self.drop}
        name = rest.pop(self.endpoint or "", "")
        method, name = (rest.pop(self.method, ""), name) if self.method else split_endpoint(name)
        told = rest.get(self.status or "", "")
        status = int(told) if _NUMBER.fullmatch(told) else None
        if status is not None:
            del rest[self.status or ""]
        classed = _CLASS.fullmatch(told)
        return Who(name, method, status, classed[1] < "5" if classed else None, rest)

    def told(self) -> str:
        """What was chosen, in a sentence for people."""
        chosen = [
            f"{what} is the label {label}" if label else f"no label says {what}"
            for what, label in (
                ("endpoint", self.endpoint), ("method", self.method), ("status", self.status),
            )
        ]  # fmt: skip
        return ", ".join(chosen)


def choose(present: Collection[str], options: Mapping[str, str]) -> Naming:
    """The labels to use of those present; ValueError where an option names another."""
    found: dict[str, str | None] = {}
    for what, names in COMMON.items():
        wanted = options.get(what)
        if wanted and wanted not in present:
            raise ValueError(f"option {what}: there is no label {wanted}, {_listed(present)}")
        common = next((name for name in names if name in present), None)
        found[what] = common if wanted is None else wanted or None
    drop = frozenset(filter(None, options.get("drop", "").split(",")))
    if missing := drop - set(present):
        raise ValueError(f"option drop: there is no label {min(missing)}, {_listed(present)}")
    return Naming(**found, drop=drop)


def _listed(present: Collection[str]) -> str:
    names = sorted(set(present) - {"__name__", "le"})
    return f"only {', '.join(names)}" if names else "there are none"
