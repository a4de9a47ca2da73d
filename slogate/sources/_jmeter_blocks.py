"""The bytes of JMeter's XML without the references that XML forbids.

JMeter writes control characters of a response, and each half of an emoji, as references that no
reader of XML takes (`&#x1b;`, `&#xd83d;`). They are read as spaces, as many as they are long, so
that lines and places stay what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

_BLOCK = 1 << 18
_LONGEST = 12  # of a reference
_FORBIDDEN = re.compile(
    rb"&#(?:x0{0,4}(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])"
    rb"|0{0,4}(?:[0-8]|1[124-9]|2[0-9]|3[01]));",
    re.IGNORECASE,
)


class Blocks:
    """Blocks of a stream; `replaced` counts the references that became spaces."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.replaced = 0
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        """Each block, cut before what may be a reference that goes on in the next."""
        rest = b""
        while block := self._stream.read(_BLOCK):
            block, rest = rest + block, b""
            begun = block.rfind(b"&", max(0, len(block) - _LONGEST))
            if begun >= 0 and b";" not in block[begun:]:
                block, rest = block[:begun], block[begun:]
            if b"&#" in block:
                block, count = _FORBIDDEN.subn(lambda found: b" " * len(found[0]), block)
                self.replaced += count
            if block:
                yield block
        if rest:
            yield rest
