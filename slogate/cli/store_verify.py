"""`slogate store verify`: whether the store is what its manifests say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.cli.stores import opened_store, told_unsettled
from slogate.errors import EXIT_ERROR, EXIT_PASS

if TYPE_CHECKING:
    from slogate.store.verify import Verified


def verify_command(
    quick: Annotated[
        bool, typer.Option("--quick", help="Read no rows: sizes and footers only.")
    ] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Check every manifest, part and verdict.

    One line a fault; exit 2 if there is any.

    Reads every part against the SHA-256 that it was sealed with, every page against its checksum
    and every value against its bounds, and finds the files that crashes have left behind.

    \b
    Examples:
      slogate store verify
      slogate store verify --quick --quiet || echo damaged
      slogate store verify --json | jq -r '.faults[].path'
    """
    from dataclasses import asdict

    from slogate.cli.busy import busy
    from slogate.cli.grid import dumps
    from slogate.cli.importing import plain
    from slogate.store.verify import verify

    opened = opened_store(store)
    with busy("verifying", quiet=quiet, no_color=no_color) as progress:
        found = verify(opened, now_s=time.time(), quick=quick, progress=progress)
    if as_json:
        out(dumps({"store": str(opened.root), "quick": quick, **asdict(found)}))
    else:
        out("".join(f"{plain(fault.message)}\n" for fault in found.faults))
    told_unsettled(opened, time.time(), quiet=quiet)
    note(_summary(found), quiet=quiet)
    return EXIT_ERROR if found.faults else EXIT_PASS


def _summary(found: Verified) -> str:
    from slogate.cli.importing import counted
    from slogate.units import format_count

    unsealed = f", {format_count(found.unsealed)} of them never sealed" if found.unsealed else ""
    return (
        f"{counted(found.runs, 'run')}, {counted(found.parts, 'part')}{unsealed}, "
        f"{counted(found.verdicts, 'verdict')}: {counted(len(found.faults), 'fault')}"
    )
