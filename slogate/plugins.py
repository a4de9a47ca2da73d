"""Finds the parts that can be added: THE FILE NAME IS THE PLUGIN'S NAME.

A plugin is a value, not a subclass: a module in `slogate/<room>/` ends in `PLUGIN = …`, a
frozen record of functions. Third parties add entry points of the group `slogate.<room>` that
name such a value. Names are listed without importing anything; a module is imported when
asked for. Unknown names are refused with the nearest known one.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
from functools import cache
from typing import Any

from slogate.errors import UsageError


@cache
def names(room: str) -> tuple[str, ...]:
    """The names that `find` knows in a room such as `sources`, sorted."""
    package = importlib.import_module(f"slogate.{room}")
    files = {
        module.name.replace("_", "-")
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    }
    return tuple(sorted(files | set(_entry_points(room))))


@cache
def _entry_points(room: str) -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=f"slogate.{room}")}


def find(room: str, name: str) -> Any:
    """The plugin of that name; UsageError with the nearest known name if there is none."""
    known = names(room)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"
        raise UsageError(f"there is no '{name}' among the {room}", hint=hint)
    if name in _entry_points(room):
        return _entry_points(room)[name].load()
    return importlib.import_module(f"slogate.{room}.{name.replace('-', '_')}").PLUGIN


def every(room: str) -> dict[str, Any]:
    """All plugins of a room by name; imports each."""
    return {name: find(room, name) for name in names(room)}
