"""What the first rows of JMeter's CSV show that people must know: notes on the whole file.

JMeter may write the parts of a sample (redirects, embedded resources) as rows of their own behind
it, a transaction controller without the samples that it holds, or each row twice, when two
listeners write the same file. What it writes of one thread is in order, and a thread does one
thing at a time. Times of another kind than ms are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from slogate.sources._base import Origin
from slogate.sources._csv import Dialect, changed_line_end, reader_parameters, reader_sql

CONTROLLER = "Number of samples in transaction : "
ALONE = (
    "its transaction controllers stand for samples that are not in the file (Generate parent "
    "sample): --option transactions=keep counts the controllers"
)
UNTOLD = (
    "without responseMessage, transaction controllers cannot be told from requests: those of the "
    "plan count, too"
)
PARTS = (
    "the parts of samples (redirects, embedded resources), like '{}', are requests of their own: "
    "--option parts=skip leaves them out"
)
TWICE = (
    "{} of its first {} rows are there twice, as when two listeners write the same file: they "
    "count twice"
)
_PART = re.compile(r"(.*)-\d{1,9}", re.ASCII | re.DOTALL)
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_HOLDS = re.compile(re.escape(CONTROLLER) + r"[1-9]", re.ASCII)


class _Sample(NamedTuple):
    """A row with its times; `pause` is what JMeter says to have waited in it."""

    start: int
    took: int
    pause: int
    row: Mapping[str, str]

    @property
    def end(self) -> int:
        """When it was over, at the latest."""
        return self.start + self.took + self.pause

    @property
    def controls(self) -> bool:
        """Whether it is a transaction controller's."""
        return self.row.get("responseMessage", "").startswith(CONTROLLER)

    @property
    def holds(self) -> bool:
        """Whether it controls any sample at all."""
        return _HOLDS.match(self.row.get("responseMessage", "")) is not None


def remarks(
    rows: Sequence[Mapping[str, str]], *, at_end: bool, controllers: bool, parts: bool
) -> Iterator[str]:
    """The notes on a file that begins so, of which `controllers` and `parts` are counted."""
    threads: dict[str, list[_Sample]] = {}
    for row in rows:
        words = (row["timeStamp"], row["elapsed"], row.get("IdleTime") or "0")
        if row.get("threadName") and all(map(_WHOLE.fullmatch, words)):
            time, took, pause = map(int, words)
            sample = _Sample(time - took if at_end else time, took, pause, row)
            threads.setdefault(row["threadName"], []).append(sample)
    if not controllers and any("responseMessage" not in row for row in rows):
        yield UNTOLD
    if not controllers and any(map(_has_lone_controller, threads.values())):
        yield ALONE
    part = next(filter(None, map(_first_part, threads.values())), None)
    if parts and part:
        yield PARTS.format(part[:100])
    twice = sum(
        one.row == other.row and one.took > 0
        for samples in threads.values()
        for one, other in pairwise(samples)
    )
    # a few may be alike by chance: threads of several generators bear the same names
    if 4 * twice >= len(rows) > 1:
        yield TWICE.format(twice, len(rows))


def _has_lone_controller(samples: Sequence[_Sample]) -> bool:
    """Whether a controller has none of its samples: neither before it, nor, as its parts, behind.

    What follows must be seen: behind the last of a thread nothing is.
    """
    latest = -1
    for sample, following in pairwise(samples):
        if not sample.controls:
            latest = max(latest, sample.start)
        elif latest < sample.start and following.start > sample.end and sample.holds:
            return True
    return False


def _first_part(samples: Sequence[_Sample]) -> str | None:
    """The label of a sample's first part, where there is one."""
    for sample, following in pairwise(samples):
        label = following.row["label"]
        within = sample.start <= following.start and following.end <= sample.end
        if label == f"{sample.row['label']}-0" and within and not sample.controls:
            return label
    return None


def part_labels(origin: Origin, dialect: Dialect) -> list[str]:
    """The labels of parts: those of a sample with a number behind."""
    import duckdb

    query = f"""SELECT DISTINCT coalesce(label, '')
        FROM ({reader_sql(dialect, ("label", "responseMessage"))})
        WHERE NOT starts_with(coalesce(responseMessage, ''), '{CONTROLLER}')
    """  # noqa: S608 (our own words)
    try:
        with duckdb.connect(":memory:", config={"threads": 2}) as connection:
            for name, value in reader_parameters(origin, dialect).items():
                connection.execute(f"SET VARIABLE {name} = ?", [value])
            labels = {label for (label,) in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        raise changed_line_end(origin) from error
    found = ((label, _PART.fullmatch(label)) for label in labels)
    return sorted(label for label, part in found if part and part[1] in labels)
