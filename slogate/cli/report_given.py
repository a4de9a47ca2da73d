"""`slogate report --from FILE`: verdicts that were printed before, in any format.

Several are one document where the format has a form for that; a page is a file for each.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slogate.cli.verdictfile import verdicts_in
from slogate.errors import Interrupted, SlogateError, UsageError

if TYPE_CHECKING:
    from slogate.measuring.measure import Asking
    from slogate.reports._base import Report
    from slogate.store.layout import Store
    from slogate.verdict import Verdict

PRODUCTION = "production-"


def documents(
    path: Path, report: Report, store: Path | None, asking: Asking | None = None
) -> list[tuple[str, str]]:
    """(What to put into the name of a file, text) of each document, at least one."""
    from slogate.gallery import shown

    verdicts = [placed(report, each) for each in verdicts_in(path)]
    opened = _opened(store)
    texts = [
        shown(opened, report, each, asking=asking) if opened else report.render(each)
        for each in verdicts
    ]
    if len(texts) == 1:
        return [("", texts[0])]
    if report.join is not None:
        return [("", report.join(texts))]
    return list(zip(_names(verdicts), texts, strict=True))


def placed(report: Report, verdict: Verdict) -> Verdict:
    """The verdict with paths as the report's readers look for them."""
    from slogate.cli.placing import at_top

    return at_top(verdict) if report.placed else verdict


def _names(verdicts: Sequence[Verdict]) -> list[str]:
    """A name each, of the service and of what was judged."""
    taken: Counter[str] = Counter()
    names = []
    for run in (verdict.subject.run for verdict in verdicts):
        part = "-slos" if run.id.startswith(PRODUCTION) else ""
        name = f"{re.sub(r'[^A-Za-z0-9._-]+', '-', run.service)[:80].strip('-.') or 'one'}{part}"
        taken[name.lower()] += 1
        count = taken[name.lower()]
        names.append(name if count == 1 else f"{name}-{count}")
    return names


def _opened(store: Path | None) -> Store | None:
    """The store, for pictures; a document says the same without."""
    from slogate.config import load_settings
    from slogate.store.layout import open_store

    try:
        return open_store(store or load_settings(Path.cwd(), os.environ).store)
    except Interrupted:
        raise
    except SlogateError:
        return None


def place_of(output: Path, name: str) -> Path:
    """The file of one of several documents: `verdict-shop.html`."""
    return output.with_name(f"{output.stem}-{name}{output.suffix}") if name else output


def only(found: Sequence[tuple[str, str]], report: Report) -> str:
    """The one document, to be printed; UsageError where there are several."""
    if len(found) > 1:
        raise UsageError(
            f"these are {len(found)} documents in the format {report.name}",
            hint="write a file for each: -o FILE",
        )
    return found[0][1]
