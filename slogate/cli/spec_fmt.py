"""`slogate spec fmt`: rewrites specs in their one spelling, or tells which are not in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS, SpecError, UsageError

GIVEN = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SPEC]...", help="Spec files or folders  [default: slo/]"),
]


def command(
    specs: GIVEN = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only name the files; exit 2 if there are any.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-R", help="Folders with all folders below.")
    ] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Rewrite specs in one spelling, comments kept.

    Of any format; names the files that change.

    \b
    Examples:
      slogate spec fmt                     all of slo/
      slogate spec fmt openslo/ -R         folders below too
      slogate spec fmt --check             for CI: exit 2 if a file is not in that spelling
    """
    del store, no_color
    from slogate.cli.specfiles import read_specs
    from slogate.slo.formatting import UnformattableError, formatted

    changed: list[tuple[str, str]] = []
    faults = []
    files = read_specs(specs or [], recursive=recursive)
    for file, text in files:
        try:
            result = formatted(file, text)
        except UnformattableError as error:
            faults.append(error.fault)
            continue
        if result != text:
            changed.append((file, result))
    if not check:
        for file, result in changed:
            _replace(Path(file), result)
    names = [file for file, _ in changed]
    out(json.dumps(names) + "\n" if as_json else "".join(f"{name}\n" for name in names))
    if faults:
        raise SpecError(faults)
    what = "would change" if check else "changed"
    note(f"{len(changed)} of {len(files)} files {what}", quiet=quiet)
    return EXIT_ERROR if check and changed else EXIT_PASS


def _replace(file: Path, text: str) -> None:
    """Write beside the file and put it in its place, so that it is never half written."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(text.encode())
        beside.chmod(file.stat().st_mode & 0o7777)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"cannot write {file}: {error.strerror}") from None
