"""hey's requests as CSV (`hey -o csv`): durations and offsets in seconds, to a tenth of a ms.

hey keeps its first million requests only, in the order in which they ended. Requests that
failed to get an answer are not in the file, nor is the URL or when the run began: see
`_offsets`. Refuses the CSV of old versions, which has no offsets.
"""

from __future__ import annotations

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._offsets import Table, open_offsets, sniff_header
from slogate.sources._summaries import ENDPOINT, START

_TABLE = Table(
    tool="hey",
    columns=(
        "response-time", "DNS+dialup", "DNS", "Request-write", "Response-delay", "Response-read",
        "status-code", "offset",
    ),
    used={"offset": "begun", "response-time": "took", "status-code": "status"},
    note="hey's CSV leaves out requests without an answer and all after the first 1,000,000: "
    "it says nothing about the error rate",
)  # fmt: skip


def sniff(head: bytes) -> float:
    """1 for hey's header; old versions write the first six columns, which are refused."""
    old = ",".join(_TABLE.columns[:6]).encode()
    return sniff_header(head, _TABLE) or (0.6 if head.startswith(old) else 0.0)


def open_hey(origin: Origin) -> Scan:
    """The scan of a file of hey; SourceError says why it cannot be one."""
    return open_offsets(origin, _TABLE)


_EXAMPLE = b"""\
response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read,status-code,offset
0.0032,0.0005,0.0000,0.0001,0.0024,0.0001,200,0.0007
0.1001,0.0000,0.0000,0.0000,0.1000,0.0001,503,1.5000
"""

PLUGIN = Source(
    name="hey-csv",
    help="hey requests as CSV (-o csv)",
    example=_EXAMPLE,
    example_options={"start": "2026-11-24T10:00:00Z"},
    sniff=sniff,
    untold=("failures",),
    open=open_hey,
    options={**START, **ENDPOINT},
)
