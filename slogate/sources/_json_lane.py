"""The fast lane of logs of one JSON object a line: numbers that are read as such.

    every line ──the object taken apart once, each value of its own type──► words
    odd line ────its numbers as the texts of `_json_log` besides──────────► what is odd of them

To write numbers as texts and make numbers of those again is work for nothing. Usual is a line in
which what must be a number is one, and of a likely size; a line says the same without a lane (but
that a whole number is made of one that ends in a half differently), which is why one is odd that
holds `true` or `false` and a number that might be made of them. There is no lane for keys that one
structure cannot hold: names that differ in their case alone, places in a list, an object that is
asked for as a whole and by its parts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slogate.sources._json_log import json_log_words, key_parts
from slogate.sources._template import Words

_TEXT = "VARCHAR"
_DEEPEST = 20
# a boolean becomes one of these numbers, which are bad anyway where they are of the large ones
_NEITHER = "{0} <> 0 AND {0} <> 1"
_LARGE = ("time", "status")
_BOOLEANS = "contains(text, 'true') OR contains(text, 'false')"


def lane_words(
    keys: Mapping[str, str],
    own: Mapping[str, Sequence[str]],
    kinds: Mapping[str, str],
    usual: Mapping[str, str],
) -> Words | None:
    """The words of `json_log_words` by a fast lane; None if their keys allow none.

    The words in `kinds` are numbers of that type of SQL, and `<word>_text` is what an odd line
    has there. `usual` is SQL for what holds in a usual line, `{0}` being the value of a word.
    """
    paths = key_parts(keys, own)
    tree = _tree({word: (*path, kinds.get(word, _TEXT)) for word, path in paths.items()})
    if tree is None or not kinds:
        return None
    values = {word: _value(tree, path) for word, path in paths.items()}
    asked = [word for word in paths if word in kinds or word in usual]
    texts = json_log_words({word: key for word, key in keys.items() if word in kinds}, own)
    picked = {word: f"plain_{word}" if word in asked else value for word, value in values.items()}
    for word, text in texts.words.items():
        number = f"TRY_CAST({text} AS {kinds[word]})"
        picked |= {
            word: f"CASE WHEN odd THEN {number} ELSE plain_{word} END",
            f"{word}_text": text,
        }
    return replace(
        texts,
        words=picked,
        steps=[
            ("whole", "TRY(json_transform(text, getvariable('shape')))"),
            *((f"plain_{word}", values[word]) for word in asked),
            ("odd", _odd(kinds, usual)),
            *((name, f"CASE WHEN odd THEN {found} END") for name, found in texts.steps),
        ],
        parameters={**texts.parameters, "shape": json.dumps(tree)},
        fits=f"whole IS NOT NULL OR {texts.fits}",
    )


def _odd(kinds: Mapping[str, str], usual: Mapping[str, str]) -> str:
    """SQL for whether a line is none of the usual ones.

    The cases are tried in their order, what costs most where nothing else is left.
    """
    tests = [f"({test.format(f'plain_{word}')})" for word, test in usual.items()]
    numbers = [_NEITHER.format(f"plain_{word}") for word in kinds if word not in _LARGE]
    booleans = f"CASE WHEN {' AND '.join(numbers)} THEN FALSE ELSE {_BOOLEANS} END"
    return (
        f"CASE WHEN {' AND '.join(tests) or 'TRUE'} "
        f"THEN {booleans if numbers else 'FALSE'} ELSE TRUE END"
    )


def _tree(leaves: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """The structure with a leaf (the last of each) at the end of each path, if there can be one."""
    tree: dict[str, Any] = {}
    for *path, last, kind in leaves.values():
        if len(path) > _DEEPEST:
            return None
        node: Any = tree
        for key in path:
            node = node.setdefault(key, {}) if isinstance(node, dict) else None
        if not isinstance(node, dict) or node.setdefault(last, kind) != kind:
            return None
    return tree if _possible(tree) else None


def _possible(tree: Mapping[str, Any]) -> bool:
    names = {key.casefold() for key in tree}
    plain = all(key and key.isprintable() and not key.isdecimal() for key in tree)
    inner = [node for node in tree.values() if isinstance(node, dict)]
    return plain and len(names) == len(tree) and all(map(_possible, inner))


def _value(tree: Mapping[str, Any], path: Sequence[str]) -> str:
    """SQL for the value at a path: by its place, so that no key is written into SQL."""
    sql, node = "whole", tree
    for key in path:
        sql = f"struct_extract_at({sql}, {list(node).index(key) + 1})"
        node = node[key]
    return sql
