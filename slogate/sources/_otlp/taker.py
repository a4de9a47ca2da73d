"""Who takes what messages of OTLP hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from slogate.sources._otlp.requests import Columns
from slogate.sources._otlp.settings import Settings
from slogate.sources._otlp.telemetry import Losses, Metric, Resource, Span


class Taker(Protocol):
    """Who takes what is in a message: a translator, or who leads several of them."""

    settings: Settings
    losses: Losses

    def spans(self, resource: Resource, spans: Iterable[Span]) -> None:
        """Take the spans of a resource."""

    def columns(self, columns: Columns) -> None:
        """Take spans as columns."""

    def metrics(self, resource: Resource, scope: str, metrics: Iterable[Metric]) -> None:
        """Take the histograms of a resource."""
