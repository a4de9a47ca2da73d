"""What a file of latencies says of a service: which endpoints it has, how long they take.

The file is imported as `slogate import` would, into a store that is thrown away after. Paths of
a description are templates: what the file calls `/orders/17` is put to `/orders/{id}`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from slogate import plugins
from slogate.errors import SourceError
from slogate.ingest import import_files
from slogate.initial.reading import is_nameable
from slogate.recognition import scores_of
from slogate.sources._base import read_origin
from slogate.store.endpoints import endpoints
from slogate.store.layout import open_store
from slogate.store.observed import Observed, observed

MOST_ENDPOINTS = 10_000
PATHS = "paths"
# the first are traffic of users, the second may be: if it spans a day
_LOGS = frozenset(("alb-log", "apache-log", "envoy-log", "nginx-log", "traefik-log"))
_EXPORTS = frozenset((
    "export-csv", "export-ndjson", "export-parquet", "otlp-json", "otlp-protobuf", "pattern-log",
))  # fmt: skip
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a file holds: by endpoint, as specs name it, the commonest first.

    What no spec can name, or nobody would (over 200 characters), is in `requests` and `whole` only.
    `format` is that of the file, `options` those that it was read with. `seconds` is how long it
    speaks of; `tells_failures` whether it says which requests failed.
    """

    file: str
    format: str
    options: Mapping[str, str]
    requests: int
    endpoints: Mapping[str, Observed]
    whole: Observed | None
    seconds: float = 0.0
    tells_failures: bool = True

    @property
    def is_production(self) -> bool:
        """Whether these are requests of users, not of a load test."""
        is_long = self.seconds >= _DAY_S
        return self.format in _LOGS or (is_long and self.format in _EXPORTS)

    def share(self, endpoint: str) -> Fraction:
        """The share of all requests that an endpoint has."""
        found = self.endpoints.get(endpoint)
        return Fraction(found.requests, self.requests) if found and self.requests else Fraction(0)


def measure(path: Path, name: str, now_ts: int, templates: Sequence[str]) -> Measured:
    """Read a file; SourceError if it is of no known format, or has no request."""
    form = importable(path, name)
    if form is None:
        raise SourceError(f"{name}: its format is not known for sure")
    has_paths = PATHS in plugins.find("sources", form).options
    options = {PATHS: "numbers"} if has_paths and not templates else {}
    with tempfile.TemporaryDirectory(prefix="slogate-init-") as folder:
        store = open_store(Path(folder) / "store", create=True)
        done = import_files(
            store, [(name, path)], service="init", now_ts=now_ts, format=form,
            options=options,
        )  # fmt: skip
        named = endpoints(store, done.run)
        if not named:
            raise SourceError(f"{name}: there is no request in it")
        match = _matcher(templates)
        keys = {each: match(each) for each, _ in named[:MOST_ENDPOINTS]}
        found = observed(store, done.run, keys)
        whole = observed(store, done.run, dict.fromkeys(keys, "")).get("")
    nameable = (pair for pair in found.items() if is_nameable(pair[0]))
    ordered = sorted(nameable, key=lambda pair: (-pair[1].requests, pair[0]))
    start, end = done.run.start_ts, done.run.end_ts
    return Measured(
        file=name, format=form, options=options, requests=done.requests,
        endpoints=dict(ordered), whole=whole, tells_failures="failures" not in done.run.untold,
        seconds=(end - start) / 1_000_000 if start is not None and end is not None else 0.0,
    )  # fmt: skip


def importable(path: Path, name: str) -> str | None:
    """The name of the format that is surest of a file's beginning; None if none, or two are.

    No more than the beginning is looked at: a small file may unpack into a large one.
    """
    try:
        head = read_origin(name, path).head
    except (SourceError, OSError):
        return None
    scores = scores_of(head)
    best = max(scores.values(), default=0)
    sure = [each for each, score in scores.items() if best and score == best]
    return sure[0] if len(sure) == 1 else None


def _matcher(templates: Sequence[str]) -> Callable[[str], str]:
    """From an endpoint of a file to the template that it belongs to, or to itself."""
    patterns: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for template in templates:
        method, _, path = template.partition(" ")
        pieces = re.split(r"\{[^{}]*\}", path)
        pattern = re.compile("[^/]+".join(re.escape(piece) for piece in pieces) + "/?")
        patterns.setdefault(method, []).append((pattern, template))

    def match(name: str) -> str:
        method, _, rest = name.partition(" ")
        path = re.split("[?#]", rest, maxsplit=1)[0]
        exact = f"{method} {path}"
        if exact in known:
            return exact
        found = (t for p, t in patterns.get(method, ()) if p.fullmatch(path))
        return next(found, name)

    known = set(templates)
    return match
