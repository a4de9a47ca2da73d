from __future__ import annotations

import sys

import pytest

from slogate import objectives, plugins
from slogate.errors import UsageError


def test_a_file_is_found_by_its_name():
    """The file name is the plugin's name."""
    assert plugins.names("objectives") == ("errors", "maximum", "mean", "percentile", "throughput")
    assert plugins.find("objectives", "mean").name == "mean"


def test_an_unknown_name_gets_the_nearest():
    """A typing mistake is mended by the hint."""
    with pytest.raises(UsageError) as caught:
        plugins.find("objectives", "maen")

    assert caught.value.hint == "did you mean 'mean'?"


def test_dropping_in_a_file_adds_an_objective_kind(tmp_path, monkeypatch):
    """One new file is all that a new kind of objective takes."""
    (tmp_path / "minimum.py").write_text(
        """
import re
from dataclasses import replace
from slogate.objectives.maximum import PLUGIN as MAXIMUM
PLUGIN = replace(MAXIMUM, name="minimum", keys=re.compile("min"), example="min: 1ms")
""",
        encoding="utf-8",
    )
    monkeypatch.setattr(objectives, "__path__", [*objectives.__path__, str(tmp_path)])
    plugins.names.cache_clear()
    try:
        from slogate.slo.load import load_specs

        text = "slogate: 1\nservice: shop\nbudgets:\n  - {name: a, min: 1ms}\n"
        spec = load_specs([("a.yaml", text)])[0]
    finally:
        plugins.names.cache_clear()
        sys.modules.pop("slogate.objectives.minimum", None)

    assert [(o.id, o.kind) for o in spec.objectives] == [("shop/a/min", "minimum")]
