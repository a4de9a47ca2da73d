"""`slogate alerts check|send|rules`: who burns an error budget now, and who is told of it."""

from __future__ import annotations

import typer

from slogate.cli import alerts_check, alerts_rules, alerts_send
from slogate.cli.options import CONTEXT

app = typer.Typer(
    help="Say who burns an error budget too fast, and tell those on duty.",
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings=CONTEXT,
)

app.command("check", context_settings=CONTEXT)(alerts_check.command)
app.command("rules", context_settings=CONTEXT)(alerts_rules.command)
app.command("send", context_settings=CONTEXT)(alerts_send.command)
