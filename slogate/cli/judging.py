"""What `run` and `check` share: choosing specs, judging, telling, and the exit code."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from slogate.cli.complaints import Untold, complain, told
from slogate.cli.options import colour_wanted, note, out, page_width
from slogate.cli.specfiles import read_specs
from slogate.cli.telling_github import tell_github, tell_github_of_error
from slogate.errors import (
    EXIT_BREACH,
    EXIT_ERROR,
    EXIT_NO_VERDICT,
    EXIT_PASS,
    SlogateError,
    StoreError,
    UsageError,
)
from slogate.gate import keep
from slogate.slo.every import load_every
from slogate.slo.spec import Spec
from slogate.store.layout import Store
from slogate.verdict import Verdict

# which exit code wins when several hold (DESIGN §4)
_WORST_LAST = (EXIT_PASS, EXIT_NO_VERDICT, EXIT_ERROR, EXIT_BREACH)


def read(paths: Sequence[Path]) -> list[Spec]:
    """The specs of the files, or of `slo/`; SpecError with all faults of all of them."""
    return load_every(read_specs(paths))


def of_one_service(specs: Sequence[Spec], service: str | None) -> tuple[str, list[Spec]]:
    """The service to test and its specs; UsageError if it is not clear which."""
    services = sorted({spec.service for spec in specs})
    if service is None:
        if len(services) != 1:
            raise UsageError(
                f"the specs speak of {len(services)} services: {', '.join(services)}",
                hint="say which: --service NAME",
            )
        service = services[0]
    chosen = [spec for spec in specs if spec.service == service]
    if not chosen:
        raise UsageError(
            f"no spec speaks of the service '{service}'", hint=f"there are: {', '.join(services)}"
        )
    return service, chosen


def tell(
    verdicts: Sequence[Verdict],
    *,
    as_json: bool,
    no_color: bool,
    quiet: bool = False,
    several: bool = False,
) -> int:
    """Print the verdicts, speak to GitHub if it listens, and return the worst exit code.

    `several` are a list in JSON, however many of them there are in the end.
    """
    codes = [verdict.exit_code for verdict in verdicts]
    try:
        out(_shown(verdicts, as_json=as_json, several=several, no_color=no_color, quiet=quiet))
    except Untold as untold:  # a reader who has gone changes no verdict
        if untold.why:
            complain(untold.why, None)
            codes.append(EXIT_ERROR)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        tell_github(verdicts)
    return worst(codes)


def _shown(
    verdicts: Sequence[Verdict], *, as_json: bool, several: bool, no_color: bool, quiet: bool
) -> str:
    from slogate.reports.json import document, text
    from slogate.reports.text import render_styled

    if as_json and not several:
        return "".join(map(text, verdicts))
    if as_json:
        documents = [document(verdict) for verdict in verdicts]
        return f"{json.dumps(documents, indent=2, ensure_ascii=False)}\n"
    colour, width = colour_wanted(no_color=no_color), page_width()
    return "\n".join(
        render_styled(verdict, colour=colour, width=width, notes=not quiet) for verdict in verdicts
    )


def told_everywhere(error: SlogateError) -> int:
    """The exit code of an error that stops no other judgement, once GitHub's runner heard of it."""
    if os.environ.get("GITHUB_ACTIONS") == "true":
        tell_github_of_error(error, "check")
    return told(error)


def keep_all(verdicts: Sequence[Verdict], store: Store) -> int:
    """Store the verdicts, and say what cannot be; 2 then, else 0.

    People's views are made anew if there is anything new in them.
    """
    from slogate.store import views

    new, codes = False, [EXIT_PASS]
    for verdict in verdicts:
        try:
            new |= keep(store, verdict)
        except StoreError as error:
            codes.append(told(error))
    if new or not store.database.exists():
        trouble = views.refresh(store)
        if trouble:
            note(f"note: {trouble}")
    return worst(codes)


def worst(codes: Iterable[int]) -> int:
    """The exit code that wins: a breach, then an error, then no verdict."""
    return max(codes, key=_WORST_LAST.index, default=EXIT_PASS)
