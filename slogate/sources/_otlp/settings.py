"""What a user can choose about OTLP, read from the options of an import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from slogate.sources._otlp.buckets import UNITS
from slogate.sources._otlp.semantics import LABELS, WANTED
from slogate.sources._otlp.telemetry import KINDS

Signal = Literal["either", "traces", "metrics", "both"]
First = Literal["count", "skip"]
OPTIONS: Mapping[str, str] = {
    "signal": "traces or metrics, where a file holds both",
    "service": "take this service.name only; * takes all as one",
    "kinds": "kinds of spans that are requests, with commas [server]",
    "metric": "names of histograms, with commas [the semantic conventions']",
    "unit": "unit of histograms that tell none: s, ms, us, ns",
    "attributes": "more attributes to keep as labels, with commas",
    "ok": "true: histograms that tell no outcome at all are of successes [unknown]",
    "first": "skip: the first point of a cumulative series was imported before [count]",
}
HTTP = ("http.server.request.duration", "http.server.duration")
RPC = ("rpc.server.call.duration", "rpc.server.duration")
FAMILIES = {name: family[0] for family in (HTTP, RPC) for name in family}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The choices; `service` None refuses a second service, `*` takes all.

    `signal` either refuses spans beside histograms: they tell of the same requests.

    `ok`: metrics of which no point tells an outcome count successes only.

    `since_ns`: a cumulative series that began before is only counted on from its first point.
    """

    signal: Signal = "either"
    service: str | None = None
    kinds: frozenset[int] = frozenset({KINDS["server"]})
    metrics: tuple[str, ...] = ()
    unit: Fraction | None = None
    labels: tuple[str, ...] = LABELS
    first: First = "count"
    since_ns: int = 0
    ok: bool = False

    @property
    def wanted(self) -> frozenset[str]:
        """The attributes of a span that are of use."""
        return WANTED | set(self.labels)


def settings(options: Mapping[str, str]) -> Settings:
    """The choices that options make; ValueError names one that cannot be."""
    kinds = _words(options, "kinds") or ("server",)
    if odd := sorted(set(kinds) - set(KINDS)):
        raise ValueError(f"option kinds has '{odd[0]}', the kinds are {', '.join(KINDS)}")
    unit = options.get("unit")
    if unit is not None and unit not in UNITS:
        raise ValueError(f"option unit is '{unit}', it must be s, ms, us or ns")
    signal: Signal = "either"
    if (asked := options.get("signal")) is not None:
        if asked not in {"traces", "metrics"}:
            raise ValueError(f"option signal is '{asked}', it must be traces or metrics")
        signal = "traces" if asked == "traces" else "metrics"
    first = options.get("first", "count")
    if first not in get_args(First):
        raise ValueError(f"option first is '{first}', it must be count or skip")
    ok = options.get("ok", "unknown")
    if ok not in {"unknown", "true"}:
        raise ValueError(f"option ok is '{ok}', it must be true or unknown")
    return Settings(
        signal=signal,
        service=options.get("service"),
        kinds=frozenset(KINDS[kind] for kind in kinds),
        metrics=_words(options, "metric"),
        unit=None if unit is None else UNITS[unit],
        labels=tuple(dict.fromkeys((*LABELS, *_words(options, "attributes")))),
        first="skip" if first == "skip" else "count",
        ok=ok == "true",
    )


def _words(options: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word for part in options.get(name, "").split(",") if (word := part.strip()))
