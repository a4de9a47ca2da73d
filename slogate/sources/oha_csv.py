"""oha's requests as CSV (`oha --output-format csv`), which oha orders by their start.

Starts and durations are seconds, to the ns. With oha's `--latency-correction` a duration counts
from when the request was due. Requests that failed to get an answer are not in the file, nor is
the URL or when the run began: see `_offsets`.
"""

from __future__ import annotations

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._offsets import Table, open_offsets, sniff_header
from slogate.sources._summaries import ENDPOINT, START

_TABLE = Table(
    tool="oha",
    columns=(
        "request-start", "DNS", "DNS+dialup", "Response-delay", "request-duration", "bytes",
        "status",
    ),
    used={
        "request-start": "begun", "request-duration": "took", "status": "status", "bytes": "size",
    },
    note="oha's CSV leaves out requests without an answer: it says nothing about the error rate",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """1 for oha's header."""
    return sniff_header(head, _TABLE)


def open_oha(origin: Origin) -> Scan:
    """The scan of a file of oha; SourceError says why it cannot be one."""
    return open_offsets(origin, _TABLE)


_EXAMPLE = b"""\
request-start,DNS,DNS+dialup,Response-delay,request-duration,bytes,status
0.000123456,0,0.001,0.003,0.004228223,612,200
1.5,0,0,0,0.1,0,503
"""

PLUGIN = Source(
    name="oha-csv",
    help="oha requests as CSV (--output-format csv)",
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    sniff=sniff,
    untold=("failures",),
    open=open_oha,
    options={**START, **ENDPOINT},
)
