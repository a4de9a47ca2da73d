"""`slogate spec lint --fix` and `--diff`: which files change, and how."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slogate.cli.linting import Files, Known, linted
from slogate.slo.dialect import dialect_of
from slogate.slo.fixers import FIXERS
from slogate.slo.fixing import mended
from slogate.slo.lint import Remark
from slogate.slo.meaning import same_native, same_openslo


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A file that changes, and what is gone by that."""

    file: str
    before: str
    after: str
    gone: Sequence[Remark]

    def diff(self) -> str:
        """The change as other tools print it."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.file}",
            f"b/{self.file}",
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def mendable(files: Files, remarks: Sequence[Remark], known: Known) -> Iterator[Mended]:
    """The files of which something can be mended; the others are looked at with each."""
    now = dict(files)
    for file, text in files:
        if not any(remark.file == file and remark.rule in FIXERS for remark in remarks):
            continue

        def remarks_on(changed: str, file: str = file) -> list[Remark]:
            found = linted([*({**now, file: changed}.items())], known).remarks
            return [remark for remark in found if remark.file == file]

        same = same_openslo if dialect_of(text) == "openslo" else same_native
        after, gone = mended(text, remarks_on, same)
        if after != text:
            now[file] = after
            yield Mended(file=file, before=text, after=after, gone=gone)
