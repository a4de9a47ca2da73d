"""Which labels of a metric say endpoint, method and status; the rest stays as labels.

The names that common libraries use are tried in order, dots in them as underscores;
`endpoint=handler` and the like say it outright, `endpoint=` (nothing) that there is none. What
was chosen is told. Where no label says a status nobody knows what failed, unless `ok=true` says
that only successes are counted.
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
# what tells buckets of one histogram apart, and no requests
BUCKETS = frozenset({"le", "vmrange"})
_NUMBER = re.compile(r"[1-5][0-9]{2}", re.ASCII)
_UNKNOWN = (
    ": what is not known to be a success is a failure; if only successes are counted, say "
    "--option ok=true, or judge durations with `failures: measured`"
)
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
    """The labels chosen; None where no label says it. `drop` are left out.

    `ok` is the outcome of requests whose labels say no status.
    """

    endpoint: str | None
    method: str | None
    status: str | None
    drop: frozenset[str] = frozenset()
    ok: bool | None = None

    def who(self, labels: Mapping[str, str]) -> Who:
        """The requests of a series with these labels."""
        rest = {k: v for k, v in labels.items() if k not in {"__name__"} | BUCKETS | self.drop}
        name = rest.pop(self.endpoint or "", "")
        method, name = (rest.pop(self.method, ""), name) if self.method else split_endpoint(name)
        told = rest.get(self.status or "", "")
        status = int(told) if _NUMBER.fullmatch(told) else None
        if status is not None:
            del rest[self.status or ""]
        classed = _CLASS.fullmatch(told)
        ok = classed[1] < "5" if classed else None if told else self.ok
        return Who(name, method, status, ok, rest)

    def told(self) -> str:
        """What was chosen, in a sentence for people."""
        chosen = [
            f"{what} is the label {label}" if label else f"no label says {what}"
            for what, label in (
                ("endpoint", self.endpoint), ("method", self.method), ("status", self.status),
            )
        ]  # fmt: skip
        unknown = _UNKNOWN if self.status is None and self.ok is None else ""
        return f"{', '.join(chosen)}{unknown}"


def choose(present: Collection[str], options: Mapping[str, str]) -> Naming:
    """The labels to use of those present; ValueError where an option names another."""
    found: dict[str, str | None] = {}
    plain = {label.replace(".", "_"): label for label in sorted(present)}
    for what, names in COMMON.items():
        wanted = options.get(what)
        if wanted and wanted not in present:
            raise ValueError(f"option {what}: there is no label {wanted}, {_listed(present)}")
        common = next((plain[name] for name in names if name in plain), None)
        found[what] = common if wanted is None else wanted or None
    drop = frozenset(filter(None, options.get("drop", "").split(",")))
    if missing := drop - set(present):
        raise ValueError(f"option drop: there is no label {min(missing)}, {_listed(present)}")
    ok = options.get("ok")
    if ok not in {None, "unknown", "true"}:
        raise ValueError(f"option ok is '{ok}', it must be true or unknown")
    return Naming(**found, drop=drop, ok=True if ok == "true" else None)


def _listed(present: Collection[str]) -> str:
    names = sorted(set(present) - {"__name__"} - BUCKETS)
    return f"only {', '.join(names)}" if names else "there are none"
