"""Spares commands a library that they do not need: texts and paths are taken as they are given.

Typer from 0.27 on has pydantic convert every argument, even a text to a text, and importing that
takes as long as half of `slogate check`. What cannot fail is converted here; whatever can (a
number, a file that is there and must not be read, bytes that are no text) is left to Typer. A
Typer that converts in another way is left alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from slogate.units import is_utf8

_CACHE = "_runtime_param"  # where Typer keeps what converts a parameter, made at its first value
_PLAIN_PATH = {
    "exists": False, "file_okay": True, "dir_okay": True, "writable": False,
    "resolve_path": False, "allow_dash": False, "path_type": None, "parser": None,
}  # fmt: skip


def spare(command: Any) -> None:
    """Let the command, and those under it, convert what is plain without pydantic."""
    params_of = command.get_params

    def get_params(ctx: Any) -> list[Any]:
        params: list[Any] = params_of(ctx)  # the option for help among them
        for param in params:
            if getattr(param, _CACHE, ...) is None:
                setattr(param, _CACHE, _Plain())
        return params

    command.get_params = get_params
    for each in getattr(command, "commands", {}).values():
        spare(each)


class _Plain:
    """Stands where Typer keeps its own converter, which is made when it is needed after all."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the command is to get it."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        if type(value) is int and param.type_descriptor.annotation is int:
            return value  # a default: what was written is a text
        kind = _kind(param, several=several)
        values = value if several and isinstance(value, list | tuple) else [value]
        if kind is not None and all(_is_plain(each, kind) for each in values):
            made = [kind(each) for each in values]
            return made if several else made[0]
        setattr(param, _CACHE, None)
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def _kind(param: Any, *, several: bool) -> type[str | Path] | None:
    """What the values are to be, `str` or `Path`; None for all else."""
    descriptor = param.type_descriptor
    info = descriptor.parameter_info
    for kind in (str, Path):
        if descriptor.annotation == (list[kind] if several else kind):  # type: ignore[valid-type]
            plain = all(getattr(info, name, None) == is_ for name, is_ in _PLAIN_PATH.items())
            return kind if plain else None
    return None


def _is_plain(value: Any, kind: type) -> bool:
    """Whether it is converted without fail."""
    if not isinstance(value, str):
        return isinstance(value, kind)
    if not is_utf8(value):
        return False
    return kind is str or not os.path.exists(value) or os.access(value, os.R_OK)  # noqa: PTH110 (no path yet)
