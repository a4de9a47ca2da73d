"""OpenTelemetry's OTLP as JSON: spans as requests, histograms as histograms.

One message a line, as the collector's file exporter and the SDKs' file exporters write them;
one message over many lines, or a list of them; messages behind their length, each compressed by
itself, as the collector writes them with `compression: zstd`. Spans of kind server are the
requests. Refuses files that hold spans and histograms of the same requests, or several services,
until it is told which to take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slogate.sources._base import MARK, Chunk, Origin, Source
from slogate.sources._otlp.protobuf.frames import begins, framing
from slogate.sources._otlp.settings import OPTIONS

_NAME = rb'"(?:resource(?:Spans|Metrics|Logs)|resource_(?:spans|metrics|logs))"\s*:\s*\['
_AT_ONCE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*" + _NAME)
_SOMEWHERE = re.compile(_NAME)


def sniff(head: bytes) -> float:
    """1 where a message begins at once; less where its first key is another, or it is framed."""
    if framing(head) == "four bytes":
        return 0.9 if _AT_ONCE.match(begins(head)) else 0.0
    if head.removeprefix(MARK).lstrip()[:1] not in {b"{", b"["}:
        return 0.0
    if _AT_ONCE.match(head):
        return 1.0
    return 0.7 if _SOMEWHERE.search(head) else 0.0


def open_otlp(origin: Origin) -> Iterator[Chunk]:
    """The rows of a file; SourceError says why it cannot be used."""
    # half of what all sources import, and nothing that tells the format
    from slogate.sources._otlp.files import translated
    from slogate.sources._otlp.json_messages import messages

    return translated(origin, lambda: messages(origin))


EXAMPLE = (
    b'{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":'
    b'"shop"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",'
    b'"spanId":"eee19b7ec3c1b174","name":"GET /cart","kind":2,"startTimeUnixNano":'
    b'"1764000000000000000","endTimeUnixNano":"1764000000012345678","attributes":[{"key":'
    b'"http.response.status_code","value":{"intValue":"200"}}],"status":{}}]}]}]}\n'
    b'{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":'
    b'"shop"}}]},"scopeSpans":[{"scope":{},"spans":[{"traceId":"5b8efff798038103d269b633813fc60d",'
    b'"spanId":"eee19b7ec3c1b175","name":"POST /pay","kind":2,"startTimeUnixNano":'
    b'"1764000001000000000","endTimeUnixNano":"1764000001500000000","attributes":[],"status":'
    b'{"code":2,"message":"card refused"}}]}]}]}\n'
)

PLUGIN = Source(
    name="otlp-json",
    help="OpenTelemetry traces or histograms as OTLP/JSON (file exporters, one message a line)",
    sniff=sniff,
    open=open_otlp,
    example=EXAMPLE,
    options=OPTIONS,
)
