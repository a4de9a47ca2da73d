"""The JSON Schemas that the package carries, as validators."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator


@cache
def schema_of(name: str) -> Draft202012Validator:
    """The schema of the documents `slogate.<name>/v1`, which is valid itself."""
    text = (files("slogate") / "schemas" / f"{name}.v1.schema.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))
