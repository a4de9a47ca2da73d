"""`slogate import --formats`: what can be imported, and the options that each format knows."""

from __future__ import annotations

import textwrap

import typer

from slogate.cli.options import out, page_width


def list_formats(wanted: bool) -> None:
    """Print the formats and end, if that is wanted: to be the callback of a flag."""
    if wanted:
        out(listing(page_width()))
        out("\nWhich of them for which tool, and what it can decide: slogate docs import\n")
        raise typer.Exit


def listing(width: int) -> str:
    """All formats with their options, as text of that width."""
    from slogate import plugins

    sources = plugins.every("sources")
    column = max(map(len, sources)) + 2
    lines = []
    for name, source in sources.items():
        marks = " (can be followed)" if source.lines else ""
        lines += textwrap.wrap(
            f"{source.help}{marks}", width,
            initial_indent=f"{name:{column}}", subsequent_indent=" " * column,
        )  # fmt: skip
        for option, text in source.options.items():
            lines += textwrap.wrap(
                f"-O {option}=  {text}", width, initial_indent=" " * column,
                subsequent_indent=" " * (column + 4),
            )  # fmt: skip
    return "\n".join(lines) + "\n"
