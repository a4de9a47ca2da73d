"""A configuration of Alertmanager for these alerts: a receiver for each severity, to be filled in.

Alerts of one SLO are told together, whatever the value of its label; what pages keeps the tickets
of the same SLO quiet.
"""

from __future__ import annotations

from typing import Any

from slogate.rulebook.book import Book
from slogate.rulebook.groups import HEAD
from slogate.rulebook.promql import quoted
from slogate.rulebook.rules import IDENTITY
from slogate.slo.writing import node_of, yaml_text

_DEFAULT = "default"
# how long a severity's reminders wait
_REPEAT = {"page": "1h", "critical": "1h"}
_SELDOM = "12h"


def routes_text(book: Book) -> str:
    """The configuration."""
    severities = _severities(book)
    return HEAD + yaml_text(node_of(_config(book, severities)))


def _severities(book: Book) -> list[str]:
    """The severities that the alerts carry, in their order."""
    found = [alert.labels["severity"] for sheet in book.sheets for alert in sheet.alerts]
    return list(dict.fromkeys(found))


def _config(book: Book, severities: list[str]) -> dict[str, Any]:
    equal = [*IDENTITY, *dict.fromkeys(
        sheet.asked.promise.by for sheet in book.sheets if sheet.asked.promise.by is not None
    )]  # fmt: skip
    receivers = [name for name in severities if name != _DEFAULT]
    config: dict[str, Any] = {
        "route": {
            "receiver": _DEFAULT,
            "group_by": ["alertname", *IDENTITY, "severity"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": _SELDOM,
            "routes": [_route(severity) for severity in receivers],
        },
        "receivers": [{"name": name} for name in (_DEFAULT, *receivers)],
    }
    if len(severities) > 1:
        config["inhibit_rules"] = [
            {
                "source_matchers": [f"severity={quoted(severities[0])}"],
                "target_matchers": [f"severity={quoted(severity)}"],
                "equal": equal,
            }
            for severity in severities[1:]
        ]
    return config


def _route(severity: str) -> dict[str, Any]:
    return {
        "receiver": severity,
        "matchers": [f"severity={quoted(severity)}"],
        "repeat_interval": _REPEAT.get(severity, _SELDOM),
    }
