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
    return tuple(sorted(_files(room) | set(_entry_points(room))))


def _files(room: str) -> frozenset[str]:
    return _listed(tuple(importlib.import_module(f"slogate.{room}").__path__))


@cache
def _listed(folders: tuple[str, ...]) -> frozenset[str]:
    modules = (module.name for module in pkgutil.iter_modules(folders))
    return frozenset(name.replace("_", "-") for name in modules if not name.startswith("_"))


@cache
def _entry_points(room: str) -> dict[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=f"slogate.{room}")}


def added(room: str) -> frozenset[str]:
    """The names of those that third parties have added."""
    return frozenset(_entry_points(room)) - _files(room)


def find(room: str, name: str) -> Any:
    """The plugin of that name; UsageError with the nearest known name if there is none.

    A file of ours goes before an entry point of the same name.
    """
    if name in _files(room):
        return importlib.import_module(f"slogate.{room}.{name.replace('-', '_')}").PLUGIN
    if name in _entry_points(room):
        return _entry_points(room)[name].load()
    begun = [f"'{each}'" for each in names(room) if each.startswith(f"{name}-")]
    near = begun or [f"'{each}'" for each in difflib.get_close_matches(name, names(room), n=1)]
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names(room))}"
    raise UsageError(f"there is no '{name}' among the {room}", hint=hint)


def every(room: str) -> dict[str, Any]:
    """All plugins of a room by name; imports each."""
    return {name: find(room, name) for name in names(room)}
