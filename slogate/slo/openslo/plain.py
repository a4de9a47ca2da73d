"""Nodes as plain data and back to text: dict, list, str, bool, None, and numbers as written.

A number stays the text that was written (`Number`), so that 0.9990 comes out as 0.9990.
"""

from __future__ import annotations

from typing import Any

from slogate.slo.document import Listing, Node, Scalar


class Number(str):
    """A number, as it is written."""

    __slots__ = ()


def plain(node: Node | None) -> Any:
    """The data of a node."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        return _scalar(node)
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.pairs}


def _scalar(node: Scalar) -> Any:
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text.lower() == "true"
    return Number(node.text) if node.kind == "number" else node.text
