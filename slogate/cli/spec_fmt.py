"""`slogate spec fmt`: rewrites specs in their one spelling, or tells which are not in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS, SpecError

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
    from slogate.cli.rewriting import rewrite
    from slogate.cli.specfiles import read_specs
    from slogate.slo.formatting import UnformattableError, formatted

    changed: list[tuple[str, str, str]] = []
    faults = []
    files = read_specs(specs or [], recursive=recursive)
    for file, text in files:
        try:
            result = formatted(file, text)
        except UnformattableError as error:
            faults.append(error.fault)
            continue
        if result != text:
            changed.append((file, text, result))
    if not check:
        for file, text, result in changed:
            rewrite(Path(file), text, result)
    names = [file for file, _, _ in changed]
    out(json.dumps(names) + "\n" if as_json else "".join(f"{name}\n" for name in names))
    if faults:
        raise SpecError(faults)
    what = "would change" if check else "changed"
    note(f"{len(changed)} of {len(files)} files {what}", quiet=quiet)
    return EXIT_ERROR if check and changed else EXIT_PASS
