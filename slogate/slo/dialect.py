"""Which format a spec is written in, told by its first object: native, OpenSLO, Sloth or Pyrra.

Only the marks that a format writes of itself decide, never the shape of the rest, so that a
file with faults is read as what it means to be. Without a mark a file is held for native.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from slogate.slo.document import Listing, Node, Table, read_stream
from slogate.slo.openslo.read import is_openslo
from slogate.slo.openslo.values import is_null, text_of

Dialect = Literal["native", "openslo", "sloth", "pyrra", "prometheus"]


def dialect_of(text: str) -> Dialect:
    """The format of a text; of one that cannot be parsed, of what stands before the fault."""
    documents, _ = read_stream("", text)
    return dialect_of_nodes(documents) if documents else _marked(text)


def dialect_of_nodes(documents: Sequence[Node]) -> Dialect:
    """The format of documents that were read."""
    first = next((node for node in documents if not is_null(node)), None)
    if not isinstance(first, Table):
        return "openslo" if isinstance(first, Listing) and is_openslo(documents) else "native"
    version, kind = text_of(first, "apiVersion") or "", text_of(first, "kind") or ""
    if version.startswith("sloth.slok.dev/") or kind == "PrometheusServiceLevel":
        return "sloth"
    if version.startswith("pyrra.dev/") or kind == "ServiceLevelObjective":
        return "pyrra"
    if (text_of(first, "version") or "").startswith("prometheus/"):
        return "sloth"
    if first.key("groups") is not None and first.key("slogate") is None:
        return "prometheus"
    return "openslo" if is_openslo(documents) or (version and kind) else "native"


def _marked(text: str) -> Dialect:
    """The format by the words of a text that is no YAML."""
    head = text[:2_000]
    return "openslo" if "openslo" in head and "slogate:" not in head else "native"
