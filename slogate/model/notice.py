"""What a receiver of alerts is told: that one fires, or that it has ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An alert by its labels, which never change while it fires; what else is told may.

    It has been firing since `starts_ts`, until `ends_ts`; None while it still does.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_ts: int
    ends_ts: int | None = None

    @property
    def key(self) -> str:
        """The same for the same labels, so that nobody takes an alert for two."""
        return key_of(self.labels)


def key_of(labels: Mapping[str, str]) -> str:
    """What tells alerts apart: a hash of the labels."""
    text = json.dumps(sorted(labels.items()))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
