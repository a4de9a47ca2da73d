"""`slogate report`: the stored verdict of a run, in any format.

Judges nothing: it reads the newest verdict on the run back from the store and renders it. Its
exit code says whether that worked, never what the verdict was.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate import plugins
from slogate.cli.browsing import show, temporary
from slogate.cli.options import (
    JSON,
    NO_COLOR,
    PROMETHEUS,
    QUIET,
    SERVICE,
    STORE,
    colour_wanted,
    note,
    out,
    page_width,
)
from slogate.errors import EXIT_PASS, NoData, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slogate.measuring.measure import Asking
    from slogate.reports._base import Report
    from slogate.store.layout import Store
    from slogate.verdict import Verdict

TEXT, JSON_FORMAT, HTML, MARKDOWN = "text", "json", "html", "markdown"
LATEST = "latest"
# what stands for the run of a verdict on slos, and how its id begins
SLOS, PRODUCTION = "slos", "production-"


def _formats(given: str | None, *, as_json: bool) -> str:
    if as_json and given not in {None, JSON_FORMAT}:
        raise UsageError(f"--json and --format {given} contradict each other", hint="leave one out")
    return given or (JSON_FORMAT if as_json else TEXT)


def command(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="Run id, its beginning, a label, latest; slos: those of production."
        ),
    ] = LATEST,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"One of {', '.join(plugins.names('reports'))}.  [default: text]",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
    browse: Annotated[
        bool, typer.Option("--open", help="Open it: the HTML page unless another format is given.")
    ] = False,
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="DURATION",
            help="Report on all services and slos over so long a time: Markdown, HTML or JSON.",
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(
            "--compare",
            metavar="previous|none",
            help="What to compare that time with  [default: previous]",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="TIME", help="When that time ends  [default: with the newest data]"
        ),
    ] = None,
    specs: Annotated[
        list[Path] | None,
        typer.Option(
            "--spec", metavar="FILE", help="What is promised; repeatable  [default: slo/]"
        ),
    ] = None,
    prometheus: PROMETHEUS = None,
    given: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="FILE", help="Verdicts that `slogate check --json` printed."
        ),
    ] = None,
    service: SERVICE = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Show a verdict again, on a run or on slos, in any format.

    With --window: what was promised and kept in that time, over all services.

    \b
    Examples:
      slogate report                                  the latest load run, for people
      slogate report nightly --format markdown        the newest run with the label value nightly
      slogate report --format junit -o slogate.xml    for the test view of a CI system
      slogate report slos --service shop              the newest verdict on a service's slos
      slogate report --open                           a page with charts, in the browser
      slogate report --from verdicts.json --format junit    all that `check --json` judged
      slogate report --json | jq '.objectives[] | select(.blocking)'
      slogate report --window 7d --format html -o weekly.html

    The exit code is 0 whatever the verdict was; `slogate check` judges. A report over a time that
    could not be read as a whole is written, and exits 2.
    """
    if window is not None:
        return _weekly(
            window, run, form, output, browse=browse, as_json=as_json, compare=compare, at=at,
            specs=specs or (), prometheus=prometheus or (), service=service, store=store,
            quiet=quiet,
        )  # fmt: skip
    if compare or at or specs:
        raise UsageError(
            "--compare, --at and --spec are for a report over some time",
            hint="say how long: --window 7d",
        )
    from slogate.cli.report_given import placed
    from slogate.config import load_settings
    from slogate.gallery import shown
    from slogate.store.layout import open_store

    form = HTML if browse and form is None and not as_json else _formats(form, as_json=as_json)
    report: Report = plugins.find("reports", form)
    settings = load_settings(Path.cwd(), os.environ)
    if given is not None:
        if run != LATEST or service is not None or browse:
            raise UsageError("--from takes no run, no --service and no --open")
        # a file may come from anybody: whom its specs name is asked only if we are told to ask
        asking = _asking(prometheus, settings.prometheus_url) if prometheus else None
        return _of_file(given, report, output, store, asking, quiet=quiet)
    opened = open_store(store or settings.store)
    verdict = placed(report, _newest(opened, run, service, quiet=quiet))
    asking = _asking(prometheus or (), settings.prometheus_url) if report.illustrate else None
    if output is None and browse:
        output = temporary(report.extension)
    if output is not None:
        _write(output, shown(opened, report, verdict, asking=asking))
        note(f"wrote {output}", quiet=quiet)
        if browse:
            show(output)
        return EXIT_PASS
    if report.name == TEXT:
        from slogate.reports.text import render_styled

        colour = colour_wanted(no_color=no_color)
        out(render_styled(verdict, colour=colour, width=page_width(), notes=not quiet))
    else:
        out(shown(opened, report, verdict, asking=asking), commands=report.name == "github")
    return EXIT_PASS


def _asking(prometheus: Sequence[str], project: str | None) -> Asking:
    """Whoever asks the servers of indicators again, for pictures of their budgets."""
    from slogate.measuring.measure import Asking
    from slogate.measuring.servers import addresses

    return Asking(addresses=addresses(prometheus, project=project, environment=os.environ))


def _weekly(
    window: str,
    run: str,
    form: str | None,
    output: Path | None,
    *,
    browse: bool,
    as_json: bool,
    **asked: Any,
) -> int:
    """A report over all runs of some time."""
    from slogate.cli.report_weekly import FORMATS, Asked, weekly

    if run != LATEST:
        raise UsageError(f"--window is over all runs, not over {run}", hint="leave one out")
    form = _formats(form or (HTML if browse and not as_json else None), as_json=as_json)
    form = MARKDOWN if form == TEXT else form
    if browse and output is None and form in FORMATS:
        output = temporary(FORMATS[form])
    code = weekly(Asked(window=window, form=form, output=output, **asked))
    if browse and output is not None:
        show(output)
    return code


def _of_file(
    given: Path,
    report: Report,
    output: Path | None,
    store: Path | None,
    asking: Asking | None,
    *,
    quiet: bool,
) -> int:
    """Verdicts of a file, in one file or as many as the format needs."""
    from slogate.cli.report_given import documents, only, place_of

    found = documents(given, report, store, asking)
    if output is None:
        out(only(found, report), commands=report.name == "github")
        return EXIT_PASS
    for name, text in found:
        path = place_of(output, name)
        _write(path, text)
        note(f"wrote {path}", quiet=quiet)
    return EXIT_PASS


def _newest(store: Store, ref: str, service: str | None, *, quiet: bool) -> Verdict:
    """The verdict on the run that was stored last; StoreError if it was never judged."""
    from slogate.cli.latest import latest_run
    from slogate.reports.json import parse
    from slogate.store.manifest import find_run
    from slogate.store.verdicts import read_verdicts

    if ref == SLOS or ref.startswith(PRODUCTION):
        return _of_production(store, "" if ref == SLOS else ref, service, quiet=quiet)
    try:
        if ref == LATEST:
            run = latest_run(store, service, quiet=quiet)
        else:
            run = find_run(store, ref, service=service)
    except NoData as error:  # our exit code says whether reporting worked
        raise StoreError(error.message, hint=_other(store, service) or error.hint) from None
    stored = read_verdicts(store, service=run.service)
    documents = [document for document in stored if document["run"].get("id") == run.id]
    if not documents:
        raise StoreError(
            f"the run {run.id} of {run.service} has not been judged, so there is no verdict",
            hint=f"judge it: slogate check --run {run.id}",
        )
    return parse(documents[-1])


def _of_production(store: Store, ref: str, service: str | None, *, quiet: bool) -> Verdict:
    """The verdict on the newest moment of production, of those whose id begins so."""
    from slogate.cli import production
    from slogate.reports.json import parse

    found = [each for each in _judged_slos(store, service) if each["run"]["id"].startswith(ref)]
    if not found:
        which = f" with the id {ref}" if ref else ""
        of = f" of the service '{service}'" if service else ""
        raise StoreError(
            f"there is no verdict on slos{of}{which} in {store.root}",
            hint="judge them: slogate check --only slos",
        )
    exact = [each for each in found if each["run"]["id"] == ref]
    newest, beside = production.newest_of(exact or found)
    if beside:
        note(production.named(beside), quiet=quiet)
    return parse(newest)


def _judged_slos(store: Store, service: str | None) -> list[dict[str, Any]]:
    """The verdicts on all production of a service, which is no run of the store."""
    from slogate.store.verdicts import read_verdicts

    stored = read_verdicts(store, service=service)
    return [each for each in stored if each["run"]["id"].startswith(PRODUCTION)]


def _other(store: Store, service: str | None) -> str | None:
    """Where the only verdicts are on slos, how to see them."""
    return "see what production promised: slogate report slos" if _judged_slos(
        store, service
    ) else None  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from None
