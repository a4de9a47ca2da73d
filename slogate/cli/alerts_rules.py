"""`slogate alerts rules`: what Prometheus, Alertmanager and Grafana need for the SLOs of specs.

Reads specs of every format, and no store. Nothing is written where one of the SLOs cannot be said.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.errors import EXIT_PASS, UsageError

FORMATS = ("prometheus", "operator", "alertmanager", "grafana")
SPECS = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[SPEC]...",
        help="Specs: native, OpenSLO, Sloth or Pyrra; files or folders  [default: slo/]",
    ),
]
FORMAT = Annotated[str, typer.Option("--format", metavar="|".join(FORMATS), help="What to write.")]
OUTPUT = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", help="File; for several dashboards a folder."),
]
METRIC = Annotated[
    str | None,
    typer.Option("--metric", metavar="NAME", help="Counts the requests of SLOs with `good:`."),
]
KIND = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="classic|native|counter",
        help="What that metric is  [default: counter if it ends in _total, else classic]",
    ),
]
LABELS = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="K=V", help="Whose series: job=shop, or !=, =~, !~."),
]
ENDPOINT = Annotated[
    str | None,
    typer.Option("--endpoint-label", metavar="NAME", help="The label that names the endpoint."),
]
METHOD = Annotated[
    str | None, typer.Option("--method-label", metavar="NAME", help="The label with the method.")
]
STATUS = Annotated[
    str | None, typer.Option("--status-label", metavar="NAME", help="The label with the status.")
]
OK = Annotated[
    str | None,
    typer.Option(
        "--ok", metavar="K=V|all", help="What `ok` is  [default: a status under 500]; all: each."
    ),
]
BOUNDS = Annotated[
    str | None,
    typer.Option("--bounds", metavar="5ms,10ms,…", help="Bounds of the classic histogram."),
]
UNIT = Annotated[
    str | None,
    typer.Option("--unit", metavar="s|ms|us|ns", help="Its unit  [default: as its name ends]"),
]
PENDING = Annotated[
    str | None,
    typer.Option("--for", metavar="DURATION", help="How long to wait  [default: not at all]"),
]


def command(
    specs: SPECS = None,
    wanted: FORMAT = "prometheus",
    output: OUTPUT = None,
    metric: METRIC = None,
    kind: KIND = None,
    labels: LABELS = None,
    endpoint: ENDPOINT = None,
    method: METHOD = None,
    status: STATUS = None,
    ok: OK = None,
    bounds: BOUNDS = None,
    unit: UNIT = None,
    pending: PENDING = None,
    usual: Annotated[
        bool, typer.Option("--google", help="The usual alerts for SLOs that ask for none.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-R", help="Folders with all folders below.")
    ] = False,
    service: Annotated[
        str | None, typer.Option("--service", "-s", metavar="NAME", help="Whose SLOs Pyrra's are.")
    ] = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Write Prometheus rules, Alertmanager routes or a Grafana dashboard for SLOs.

    SLOs with queries of their own (an `indicator:`) need nothing more, those with `good:` a metric.
    What Prometheus does in another way than slogate is told as a note; `slogate docs alert-rules`.

    \b
    Examples:
      slogate alerts rules slo/shop.yaml --metric http_request_duration_seconds -l job=shop \\
        --endpoint-label handler --method-label method --status-label code -o rules.yaml
      slogate alerts rules slo/ --metric http_requests_total --status-label code
      slogate alerts rules sloth.yml | promtool check rules /dev/stdin
      slogate alerts rules sloth.yml --format operator | kubectl apply -f -
      slogate alerts rules sloth.yml --format alertmanager -o alertmanager.yml
      slogate alerts rules sloth.yml --format grafana -o dashboard.json
    """
    del store, no_color
    from slogate.cli.rulemetric import Given, metric_of, pending_of
    from slogate.cli.rulespecs import read_asked
    from slogate.rulebook.book import book, with_usual_alerts

    if wanted not in FORMATS:
        raise UsageError(f"--format: there is no format '{wanted}'", hint=", ".join(FORMATS))
    given = Given(
        name=metric, kind=kind, labels=tuple(labels or ()), endpoint=endpoint, method=method,
        status=status, ok=ok, bounds=bounds, unit=unit,
    )  # fmt: skip
    found = metric_of(given)
    asked, remarks = read_asked(specs or [], recursive=recursive, service=service)
    if usual:
        asked = [with_usual_alerts(each) for each in asked]
    made = book(asked, found, pending_us=pending_of(pending))
    files = _files(made, wanted)
    notes = [*remarks, *made.notes]
    for line in notes:
        note(f"note: {line}", quiet=quiet)
    if as_json:
        document = {"format": wanted, "files": files, "notes": notes}
        out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif output is not None:
        _write(files, output, quiet=quiet)
    elif len(files) == 1:
        out(next(iter(files.values())))
    else:
        raise UsageError(
            f"these are dashboards of {len(files)} services", hint="--output FOLDER, a file each"
        )
    return EXIT_PASS


def _files(book: Any, wanted: str) -> dict[str, str]:
    """The text of each file by its name."""
    from slogate.rulebook.grafana import dashboard_text
    from slogate.rulebook.groups import operator_text, prometheus_text, resource_name
    from slogate.rulebook.routes import routes_text

    match wanted:
        case "prometheus":
            return {"slogate.rules.yaml": prometheus_text(book)}
        case "operator":
            return {"slogate.prometheusrules.yaml": operator_text(book)}
        case "alertmanager":
            return {"alertmanager.yaml": routes_text(book)}
        case _:
            return {
                f"{resource_name(service)}.json": dashboard_text(book, service)
                for service in book.services
            }


def _write(files: dict[str, str], output: Path, *, quiet: bool) -> None:
    into_folder = len(files) > 1 or output.is_dir()
    try:
        if into_folder:
            output.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            path = output / name if into_folder else output
            path.write_bytes(text.encode())
            note(f"wrote {path}", quiet=quiet)
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}") from None
