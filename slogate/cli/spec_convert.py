"""`slogate spec convert`: OpenSLO, Sloth and Pyrra to native specs, native specs to OpenSLO."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, note, out
from slogate.errors import EXIT_PASS, Fault, SpecError, UsageError

GIVEN = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[SPEC]...", help="Files or folders of one format  [default: slo/]"),
]
OUT = Annotated[
    Path | None,
    typer.Option(
        "--output", "--out", "-o", metavar="FOLDER", help="Write a file for each service there."
    ),
]
SERVICE = Annotated[
    str | None, typer.Option("--service", "-s", metavar="NAME", help="Whose SLOs Pyrra's are.")
]


def command(
    specs: GIVEN = None,
    folder: OUT = None,
    service: SERVICE = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-R", help="Folders with all folders below.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Convert specs, and lose nothing.

    OpenSLO, Sloth or Pyrra to native, native to OpenSLO v1.

    \b
    Examples:
      slogate spec convert slos.yaml               the native spec on stdout
      slogate spec convert openslo/ --out slo/     a native file for each service
      slogate spec convert slo/ > slos.yaml        native specs as one OpenSLO stream
    """
    del store, no_color
    from slogate.cli.specfiles import read_specs

    converted = _converted(read_specs(specs or [], recursive=recursive), service)
    for line in converted.notes:
        note(f"note: {line}", quiet=quiet)
    if as_json:
        document = {"specs": dict(converted.texts), "notes": list(converted.notes)}
        out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    elif folder is not None:
        _write(converted.texts, folder, force=force, quiet=quiet)
    elif len(converted.texts) == 1:
        out(next(iter(converted.texts.values())))
    else:
        names = ", ".join(sorted(converted.texts))
        raise UsageError(
            f"these are {len(converted.texts)} services: {names}",
            hint="--out FOLDER writes a file for each",
        )
    return EXIT_PASS


def _converted(files: list[tuple[str, str]], service: str | None) -> Any:
    from slogate.slo.convert import native_to_openslo, openslo_to_native
    from slogate.slo.convert_foreign import foreign_to_native
    from slogate.slo.dialect import dialect_of
    from slogate.slo.openslo.read import read_documents

    dialects = {dialect_of(text) for _, text in files}
    if "prometheus" in dialects:
        raise UsageError("rules of Prometheus are no specs", hint="convert what they were made of")
    if dialects == {"native"}:
        return native_to_openslo(files)
    if dialects == {"openslo"}:
        documents = read_documents(files, profile="lenient")
        faults = [_fault(remark) for remark in documents.remarks if remark.severity == "error"]
        if faults:
            raise SpecError(faults)
        return openslo_to_native(documents)
    if dialects <= {"sloth", "pyrra"}:
        return foreign_to_native(files, service=service)
    words = ", ".join(sorted(dialects))
    raise UsageError(f"these are specs of several formats: {words}", hint="give one at a time")


def _fault(remark: Any) -> Fault:
    return Fault(
        file=remark.file,
        line=remark.line,
        column=remark.column,
        path=remark.path,
        message=f"{remark.message} [{remark.rule}]",
        hint=remark.hint,
    )


def _write(texts: Any, folder: Path, *, force: bool, quiet: bool) -> None:
    """Write the files, all or none; those that are there are not replaced unless forced."""
    files = {_path(folder, name): text for name, text in texts.items()}
    there = [str(file) for file in files if file.exists()]
    if there and not force:
        raise UsageError(f"there is already a file {there[0]}", hint="--force replaces it")
    if len(files) < len(texts):
        raise UsageError("two services would have the same file", hint="rename one of them")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            file.write_bytes(text.encode())
            note(f"wrote {file}", quiet=quiet)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from None


def _path(folder: Path, name: str) -> Path:
    return folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name).strip('-.') or 'service'}.yaml"
