"""`slogate alerts check`: who burns an error budget too fast, from what is stored."""

from __future__ import annotations

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE
from slogate.errors import UnsupportedError


def command(
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Say who burns an error budget too fast.

    \b
    Examples:
      slogate alerts check
    """
    del store, as_json, quiet, no_color
    raise UnsupportedError("alerts check comes with the next commit")
