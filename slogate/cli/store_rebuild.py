"""`slogate store rebuild`: manifests for parts that have none, and people's views."""

from __future__ import annotations

import time

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.cli.stores import opened_store, refreshed, told_unsettled
from slogate.errors import EXIT_ERROR, EXIT_PASS


def rebuild_command(
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Make lost manifests anew from the parts.

    And slogate.duckdb with them.

    What stood in the manifest alone is gone, so such a run is incomplete: it cannot pass. Nothing
    is deleted; of parts that hold the same rows, which a compaction that died has left, one is put
    aside. Parts that were written within the last hour are left to their writer. Exit 2 if
    anything could not be rebuilt.

    \b
    Examples:
      slogate store rebuild
      slogate store rebuild --json | jq -r '.runs[]'
    """
    del no_color
    from slogate.cli.grid import dumps
    from slogate.cli.importing import counted, plain
    from slogate.store.rebuild import rebuild

    opened = opened_store(store)
    found = rebuild(opened, now_s=time.time())
    refreshed(opened, quiet=quiet)
    if as_json:
        aside = [path.relative_to(opened.root).as_posix() for path in found.aside]
        out(dumps({"runs": [r.id for r in found.runs], "left": found.left, "aside": aside}))
    for run in found.runs:
        note(
            f"made the manifest of {run.id}: {counted(run.rows.written, 'request')} of "
            f"{plain(run.service)}, incomplete",
            quiet=quiet,
        )
    for path in found.aside:
        note(f"put aside, as other parts hold its rows: {plain(str(path))}", quiet=quiet)
    for sentence in found.left:
        note(f"left as it is: {plain(sentence)}")
    waiting = told_unsettled(opened, time.time(), quiet=quiet)
    if not found.runs and not found.left and not waiting:
        note("no manifest is lost", quiet=quiet)
    return EXIT_ERROR if found.left else EXIT_PASS
