"""What logs of one JSON object a line share: which keys there are, and SQL for their values.

A line that is no JSON has not the form of the format. Values come out as texts, those that are no
text as JSON writes them. Keys are bound, whatever they hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from slogate.sources._records import lines_of
from slogate.sources._template import Words


def json_lines(head: bytes, count: int = 50) -> list[dict[str, object]]:
    """The first lines, if at least half of them are JSON objects; else none."""
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return []
    lines = lines_of(head, count)
    found = [value for value in map(_loaded, lines) if isinstance(value, dict)]
    return found if 2 * len(found) >= len(lines) else []


def _loaded(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def json_keys(head: bytes) -> set[str]:
    """The keys of the first lines."""
    return {key for value in json_lines(head) for key in value}


def json_log_words(
    keys: Mapping[str, str], own: Mapping[str, Sequence[str]] | None = None
) -> Words:
    """The words, each by the key that holds it.

    Of what is named by dots `own` says by which keys it is reached; of others each dot parts two.
    """
    pointers = [key_path(*parts) for parts in key_parts(keys, own).values()]
    values = "TRY(json_extract_string(text, getvariable('keys')))"
    words = {name: f"found[{at}]" for at, name in enumerate(keys, start=1)}
    return Words(
        words=words,
        steps=[("found", values)],
        parameters={"keys": pointers},
        fits="found IS NOT NULL",
    )


def key_parts(
    keys: Mapping[str, str], own: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Sequence[str]]:
    """The keys within keys that lead to each word."""
    return {
        word: [key] if own is None else own.get(key) or key.split(".") for word, key in keys.items()
    }


def key_path(*keys: str) -> str:
    """The JSON pointer to a key within keys."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
