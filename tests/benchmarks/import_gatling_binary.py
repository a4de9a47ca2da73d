"""How fast Gatling's binary log is imported; nothing else here reads it.

python tests/benchmarks/import_gatling_binary.py [megabytes=200] [repeats=3]
"""

from __future__ import annotations

import random
import struct
import sys
from pathlib import Path

from side_by_side import run

NAMES = ("Home page", "Search products", "Add to cart", "POST /api/checkout", "Home Redirect 1")
GROUPS = ((), (), (), ("Checkout",), ("Checkout", "Payment"))


class Texts:
    """Writes each text once, and its number afterwards."""

    def __init__(self) -> None:
        """Begin without any."""
        self.known: dict[str, int] = {}

    def cached(self, text: str) -> bytes:
        """The text or its number."""
        if text in self.known:
            return struct.pack(">i", -self.known[text])
        self.known[text] = len(self.known) + 1
        return struct.pack(">i", self.known[text]) + plain(text)


def plain(text: str) -> bytes:
    """A text with its length before it."""
    content = text.encode("latin-1")
    return struct.pack(">i", len(content)) + (content + b"\0" if content else b"")


def generate(path: Path, megabytes: int) -> None:
    """A log of about that size, as Gatling 3.13 writes it."""
    chance, texts = random.Random(20261124), Texts()
    ms, size = 0, 0
    head = b"\0" + plain("3.13.1") + plain("shop.ShopSimulation")
    head += struct.pack(">q", 1_764_000_000_000) + plain("")
    with path.open("wb") as file:
        file.write(head + struct.pack(">i", 1) + plain("Buyers") + struct.pack(">i", 0))
        while size < megabytes * 1_000_000:
            ms += chance.random() < 0.5
            kind, end = chance.random(), ms + int(chance.lognormvariate(4, 0.6))
            if kind < 0.1:
                record = b"\2" + struct.pack(">ibi", 0, kind < 0.05, ms)
            elif kind < 0.15:
                record = b"\3" + struct.pack(">i", 1) + texts.cached("Checkout")
                record += struct.pack(">iiib", ms, end, end - ms, 1)
            else:
                groups, fine = chance.choice(GROUPS), chance.random() > 0.005
                record = b"\1" + struct.pack(">i", len(groups))
                record += b"".join(map(texts.cached, groups)) + texts.cached(chance.choice(NAMES))
                said = "" if fine else "status.find.is(200), but actually found 503"
                record += struct.pack(">iib", ms, end, fine) + texts.cached(said)
            size += file.write(record)


if __name__ == "__main__":
    run(__file__, "simulation.log", generate, None, sys.argv[1:])
