"""`slogate notify`: tell a team of a verdict where it works. Never changes what was judged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from slogate import plugins
from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, note, out
from slogate.errors import EXIT_ERROR, EXIT_PASS

SCHEMA = "slogate.notified/v1"


def command(
    to: Annotated[
        list[str],
        typer.Option(
            "--to",
            metavar="CHANNEL[=URL]",
            envvar="SLOGATE_NOTIFY_TO",
            help=f"Whom to tell: {', '.join(plugins.names('channels'))}; repeatable.",
        ),
    ],
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run id, its beginning, a label, latest; slos: those of production."
        ),
    ] = "latest",
    given: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Verdicts that `slogate check --json` printed.",
        ),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="BRANCH",
            help="Branch to compare with  [default: the request's]",
        ),
    ] = None,
    request: Annotated[
        int | None,
        typer.Option("--pull-request", metavar="N", min=1, help="Number, where CI does not tell."),
    ] = None,
    always: Annotated[
        bool, typer.Option("--always", help="Tell chats also what passes as it did before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be told, and tell nobody.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit 2 when somebody could not be told.")
    ] = False,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Tell a team of a verdict: a comment, an issue, a chat.

    A channel that fails is reported and changes no exit code, unless --strict. Tokens come from
    GITHUB_TOKEN, GITLAB_TOKEN, SLOGATE_NOTIFY_WEBHOOK and APPRISE_URLS, and are never shown.

    \b
    Examples:
      slogate notify --to github-comment --to github-issue    in a workflow; each where it belongs
      slogate notify --from verdict.json --to github-comment  what `check --json` judged
      slogate notify --to webhook=https://hooks.example/slo --always
      slogate notify slos --service shop --to apprise
      slogate notify --to github-comment --dry-run            look at the comment first
    """
    from slogate.cli.notifying import Asked, tell_all, warn

    del no_color
    asked = Asked(
        to=to, run=run, given=given, base=base, request=request, always=always, service=service,
        store=store, dry_run=dry_run, quiet=quiet,
    )  # fmt: skip
    told = tell_all(asked, os.environ)
    if as_json:
        entries = [each.document() for each in told]
        document = {"schema": SCHEMA, "dry_run": dry_run, "told": entries}
        out(f"{json.dumps(document, indent=2, ensure_ascii=False)}\n")
    elif dry_run:
        out("\n".join(each.text for each in told))
    for each in told:
        if each.trouble is not None:
            warn(each)
        elif not dry_run:
            note(f"{each.channel} of {each.service}: {each.what}", quiet=quiet)
    failed = any(each.trouble is not None for each in told)
    return EXIT_ERROR if strict and failed else EXIT_PASS
