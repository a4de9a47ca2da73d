"""Histograms of any valid file, and of damaged ones: block by block as line by line."""

from __future__ import annotations

import json
import random
from copy import deepcopy

import pytest
from otlp_history import history
from otlp_lane import alike
from telemetry import lines


def numbers(value):
    """The same with numbers where there are texts of digits, but in attributes."""
    if isinstance(value, dict):
        return {k: v if k == "attributes" else numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def cut(chance: random.Random, found: list[str]) -> list[str]:
    """The lines in blocks."""
    cuts = sorted(chance.sample(range(1, len(found)), min(4, len(found) - 1)))
    pieces = zip([0, *cuts], [*cuts, len(found)], strict=True)
    return ["".join(found[start:end]) for start, end in pieces]


@pytest.mark.parametrize("seed", range(12))
def test_any_valid_file(seed):
    """Restarts, falls, repeats, deltas, coarser scales, several resources: the same either way."""
    chance = random.Random(20261127 + seed)
    messages = history(chance, 30)
    if seed % 3 == 2:
        messages = numbers(messages)
    found = [lines(message) for message in messages]
    if seed % 2:
        found = [json.dumps(message, separators=(",", ":")) + "\n" for message in messages]

    taken = alike(*cut(chance, found), **({"ok": "true"} if seed % 4 == 0 else {}))

    assert taken >= 3


ODD = ['"', "[", "]", "{", "}", ",", "0", "-", "9", "\\", "1", "e5", " ", '"attributes":1', "null"]


@pytest.mark.parametrize("seed", range(3))
def test_any_damaged_file(seed):
    """Whatever is changed in the text of a line, blocks say what lines say."""
    chance = random.Random(seed)
    whole = [lines(message) for message in history(chance, 4)]
    for _ in range(60):
        found = deepcopy(whole)
        for _ in range(chance.choice([1, 1, 2])):
            which = chance.randrange(len(found))
            at = chance.randrange(len(found[which]) - 1)
            odd = chance.choice(ODD)
            found[which] = found[which][:at] + odd + found[which][at + chance.randrange(3) :]
        alike("".join(found[:3]) or "\n", "".join(found[3:]) or "\n")
