"""`slogate compare`: what changed from base to head, and whether that is allowed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, SERVICE, STORE, THREADS, out
from slogate.errors import UsageError


def command(
    base: Annotated[
        str, typer.Argument(metavar="BASE", help="Branch, pin, commit, label, run id or previous.")
    ],
    head: Annotated[
        str, typer.Argument(metavar="[HEAD]", help="Likewise; of a branch its newest run.")
    ] = "latest",
    specs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SPEC]...",
            help="Spec files or folders with budgets  [default: slo/, if there is one]",
            show_default=False,
        ),
    ] = None,
    service: SERVICE = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, max=100, metavar="N", help="Base runs at most.")
    ] = 10,
    paired_by: Annotated[
        str | None,
        typer.Option(
            "--paired-by", metavar="LABEL", help="Base and head with the same value are a pair."
        ),
    ] = None,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a comment.")
    ] = False,
    threads: THREADS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Compare runs with a base, with intervals of each change.

    The `regression:` budgets of the specs are judged against this base, whatever they name; without
    any there is no verdict (exit 3), but all changes are shown. The intervals hold how runs differ
    by themselves, so a base takes three runs, or a history of its branch.

    \b
    Examples:
      slogate compare main                       the latest run against the last 10 of main
      slogate compare main feature --last 20
      slogate compare release latest             against the runs pinned as release
      slogate compare main feature --paired-by job     run i of both in the same CI job
      slogate compare previous --markdown > compared.md    in GitHub Actions the step summary has it
    """
    del quiet
    from slogate import __version__
    from slogate.cli.grid import dumps, grid
    from slogate.cli.specfiles import FOLDER, read_specs
    from slogate.cli.telling_github import tell_github_of
    from slogate.comparing import page
    from slogate.comparing.compare import Wish, compare
    from slogate.comparing.findings import finding_of
    from slogate.comparing.lines import lines_of, lines_of_endpoints
    from slogate.comparing.sides import head_of
    from slogate.config import load_settings
    from slogate.slo.every import load_every
    from slogate.store.endpoints import endpoints
    from slogate.store.layout import open_store
    from slogate.store.manifest import list_runs

    if as_json and as_markdown:
        raise UsageError("--json and --markdown contradict each other", hint="leave one out")
    settings = load_settings(Path.cwd(), os.environ)
    opened = open_store(store or settings.store)
    wanted = [*(specs or settings.specs)]
    loaded = load_every(read_specs(wanted)) if wanted or Path(FOLDER).is_dir() else []
    runs = list_runs(opened, service=service, kind="load")
    named = sorted({run.service for run in head_of(head, runs).runs})
    if len(named) > 1:
        raise UsageError(f"'{head}' is of {len(named)} services", hint="say which: --service NAME")
    runs = [run for run in runs if run.service == named[0]]
    lines = lines_of(loaded, named[0])
    if not lines:
        found = endpoints(opened, head_of(head, runs).runs[0])
        lines = lines_of_endpoints(named[0], [name for name, _ in found if name])
    wish = Wish(base=base, head=head, last=last, pair_label=paired_by, threads=threads)
    contest, compared = compare(opened, runs, lines, wish)
    if as_json:
        out(dumps(page.document(contest, compared, __version__)))
    elif as_markdown:
        out(page.markdown(contest, compared))
    else:
        table = grid(page.HEAD, page.rows(compared), no_color=no_color)
        out(page.text(contest, compared, table))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        findings = [each for each in map(finding_of, compared) if each is not None]
        tell_github_of(findings, f"{page.markdown(contest, compared)}\n")
    return page.exit_code(compared)
