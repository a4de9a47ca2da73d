"""The JSON Schema of a spec file, from the tables that read it and the kinds of objectives.

For editors and CI: it accepts whatever `load` accepts, and refuses unknown keys, wrong types and
bare numbers. What it cannot say (unique names, order of limits, dates) `load` and `lint` say.
Written for draft-07, whose keywords mean the same in 2020-12. The same kinds give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from slogate import plugins
from slogate.objectives._base import Kind
from slogate.slo.fields import schema_of
from slogate.slo.load import top_fields


def schema(kinds: Mapping[str, Kind] | None = None) -> dict[str, Any]:
    """The schema as data; `kinds` by name, without: all that are installed."""
    known = plugins.every("objectives") if kinds is None else kinds
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "slogate spec",
        "description": "What one service promises; see `slogate docs spec`.",
        **schema_of(top_fields(known)),
    }


def schema_text(kinds: Mapping[str, Kind] | None = None) -> str:
    """The schema as it is shipped and printed."""
    return json.dumps(schema(kinds), indent=2, ensure_ascii=False) + "\n"
