"""Verdicts that were printed as JSON, read back from a file: what `check --json` judged."""

from __future__ import annotations

import json
from pathlib import Path

from slogate.errors import StoreError, UsageError
from slogate.reports.json import parse
from slogate.verdict import Verdict

_LARGEST = 1 << 28


def verdicts_in(path: Path) -> list[Verdict]:
    """The verdicts of a file: a document, or an array of them; UsageError if it holds none."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path}: it is too large for verdicts")
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: it is no JSON", hint="slogate check --json > FILE") from None
    documents = found if isinstance(found, list) else [found]
    try:
        verdicts = [parse(each) for each in documents]
    except (StoreError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: {error}", hint="slogate check --json > FILE") from None
    if not verdicts:
        raise UsageError(f"{path}: there is no verdict in it")
    return verdicts
