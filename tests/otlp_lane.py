"""For tests of the fast lane for OTLP's histograms: messages taken either way, and compared."""

from __future__ import annotations

import json
from collections import Counter

from slogate.sources._otlp.documents import take_json
from slogate.sources._otlp.json.columns import Reader
from slogate.sources._otlp.lane.lane import Lane
from slogate.sources._otlp.settings import settings
from slogate.sources._otlp.telemetry import Losses, Malformed
from slogate.sources._otlp.translate import Translator


class Taken:
    """What came of messages; `lane` takes them at once."""

    def __init__(self, lane: Lane, **options: str) -> None:
        self.translator = Translator(settings(options))
        self.lane = lane
        self.bad: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.rows: list[tuple] = []

    def count(self, *, final: bool = False) -> None:
        """Keep what there is so far."""
        self.bad += self.translator.losses.bad
        self.left_out += self.translator.losses.left_out
        for chunk in self.translator.chunks(final=final):
            for row in chunk.rows.to_pylist():
                told = {name: value for name, value in row.items() if value not in (None, "")}
                self.rows.append(tuple(sorted(told.items(), key=str)))

    def all(self) -> tuple:
        """All there is at the end."""
        self.translator.losses = Losses()
        self.count(final=True)
        return sorted(self.rows, key=str), self.bad, +self.left_out


class Reading(Taken):
    """What comes of lines, taken in either way."""

    def __init__(self, **options: str) -> None:
        super().__init__(Lane(Reader()), **options)
        self.fast = 0

    def block(self, text: str) -> bool:
        """Take lines at once if they can be, else one by one."""
        self.translator.losses = Losses()
        lines = self.lane.take(self.translator, text.encode())
        taken = lines > 0
        assert not taken or lines == text.count("\n")
        self.count()
        if taken:
            self.fast += 1
        else:
            self.each(text)
        return taken

    def each(self, text: str) -> None:
        """Take lines one by one."""
        self.lane.release()
        for line in text.splitlines():
            self.translator.losses = Losses()
            try:
                take_json(self.translator, json.loads(line))
            except (Malformed, ValueError) as error:
                self.bad[str(error)] += 1
            self.count()


def alike(*texts: str, **options: str) -> int:
    """Check that blocks and lines come to the same; how many blocks could be taken at once."""
    fast, slow = Reading(**options), Reading(**options)
    for text in texts:
        fast.block(text)
        slow.each(text)

    assert fast.all() == slow.all()
    return fast.fast


def as_numbers(value):
    """The same with numbers where there are texts of digits."""
    if isinstance(value, dict):
        return {key: as_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_numbers(each) for each in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value
