"""Rules as YAML: a file for `rule_files` of Prometheus, or a PrometheusRule of its operator."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from slogate.rulebook.book import Book
from slogate.rulebook.promql import length, untemplated
from slogate.rulebook.rules import Alert as Alerting
from slogate.rulebook.rules import Group, Record
from slogate.slo.writing import node_of, yaml_text

HEAD = "# Written by `slogate alerts rules`. Change the spec and write it anew.\n"
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
_LONGEST = 63
_MARK = 8


def prometheus_text(book: Book) -> str:
    """All groups as one rule file."""
    return HEAD + yaml_text(node_of({"groups": _groups(book)}))


def operator_text(book: Book) -> str:
    """A PrometheusRule for each service."""
    return HEAD + "---\n".join(
        yaml_text(node_of(_resource(service, book.of(service)))) for service in book.services
    )


def _resource(service: str, book: Book) -> dict[str, Any]:
    labels = book.sheets[0].asked.labels
    valid = {
        name: text
        for name, text in labels.items()
        if name and _LABEL_VALUE.fullmatch(name) and _LABEL_VALUE.fullmatch(text)
    }
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": resource_name(f"slogate-{service}"),
            "labels": {**valid, "app.kubernetes.io/managed-by": "slogate"},
        },
        "spec": {"groups": _groups(book)},
    }


def resource_name(text: str) -> str:
    """A name that DNS takes: itself, or cleaned and with a mark that keeps it apart."""
    cleaned = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
    if cleaned == text and len(text) <= _LONGEST:
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:_MARK]
    return f"{cleaned[: _LONGEST - _MARK - 1].strip('-')}-{mark}"


def _groups(book: Book) -> list[dict[str, Any]]:
    return [_group(group) for sheet in book.sheets for group in sheet.groups]


def _group(group: Group) -> dict[str, Any]:
    every = {} if group.every_us is None else {"interval": length(group.every_us)}
    return {"name": group.name, **every, "rules": [_rule(rule) for rule in group.rules]}


def _rule(rule: Record | Alerting) -> Mapping[str, Any]:
    if isinstance(rule, Record):
        return {"record": rule.name, "expr": rule.expr, "labels": rule.labels}
    pending = {"for": length(rule.pending_us)} if rule.pending_us else {}
    return {
        "alert": rule.name,
        "expr": rule.expr,
        **pending,
        "labels": {name: untemplated(text) for name, text in rule.labels.items()},
        "annotations": rule.annotations,
    }
