"""Which format a spec is written in, told by its first object: native, OpenSLO, Sloth or Pyrra.

Only the marks that a format writes of itself decide, never the shape of the rest, so that a
file with faults is read as what it means to be. Without a mark a file is held for native.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from slogate.slo.document import Listing, Node, Scalar, Table, read_stream

Dialect = Literal["native", "openslo", "sloth", "pyrra", "prometheus"]


def dialect_of(text: str) -> Dialect:
    """The format of a text; of one that cannot be parsed, of what stands before the fault."""
    documents, _ = read_stream("", text)
    return dialect_of_nodes(documents) if documents else _marked(text)


def dialect_of_nodes(documents: Sequence[Node]) -> Dialect:
    """The format of documents that were read."""
    first = next((node for node in documents if not _is_null(node)), None)
    if isinstance(first, Listing):
        return "openslo" if _is_openslo(documents) else "native"
    if not isinstance(first, Table):
        return "native"
    version, kind = _text(first, "apiVersion"), _text(first, "kind")
    if (version or "").startswith("sloth.slok.dev/") or kind == "PrometheusServiceLevel":
        return "sloth"
    if (version or "").startswith("pyrra.dev/") or kind == "ServiceLevelObjective":
        return "pyrra"
    if (_text(first, "version") or "").startswith("prometheus/"):
        return "sloth"
    if first.key("groups") is not None and first.key("slogate") is None:
        return "prometheus"
    if version is None:
        return "native"
    return "openslo" if _is_openslo(documents) or (version and kind) else "native"


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.kind == "null"


def _text(table: Table, key: str) -> str | None:
    found = table.get(key)
    return found.text if isinstance(found, Scalar) and not _is_null(found) else None


def _is_openslo(documents: Sequence[Node]) -> bool:
    # native files are the rule, and need none of it
    from slogate.slo.openslo.read import is_openslo

    return is_openslo(documents)


def _marked(text: str) -> Dialect:
    """The format by the words of a text that is no YAML."""
    head = text[:2_000]
    return "openslo" if "openslo" in head and "slogate:" not in head else "native"
