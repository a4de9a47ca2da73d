"""HTTP/1.1 from the wire: bytes to Request.

It refuses what it cannot read with certainty (a malformed head, a length that is no number, a
chunked body, an unknown version) by raising `Refused` with the status to answer; after a refusal
the connection is to be closed, since the start of the next request is unknown.
"""

from __future__ import annotations

from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from dataclasses import dataclass
from http import HTTPStatus

LARGEST_HEAD = 32 * 1024
LARGEST_BODY = 1024 * 1024
_VERSIONS = ("HTTP/1.1", "HTTP/1.0")


class Refused(Exception):
    """The bytes are no request that can be served; carries the status and a sentence."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: its line, its headers with lower-case names, and its body."""

    line: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


async def read_request(reader: StreamReader, writer: StreamWriter) -> Request | None:
    """Read the next request; None when the client has closed, Refused when it makes no sense."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except IncompleteReadError as stop:
        if stop.partial.strip():
            raise Refused(HTTPStatus.BAD_REQUEST, "the request ends in its head") from None
        return None
    except LimitOverrunError:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refused(status, f"the head is over {LARGEST_HEAD} bytes") from None
    line, headers = _split_head(head)
    method, target, version = _split_line(line)
    length = _body_length(headers)
    if length and headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _read_body(reader, length)
    path, _, query = target.partition("?")
    wish = headers.get("connection", "").lower()
    keep = "close" not in wish if version == "HTTP/1.1" else "keep-alive" in wish
    return Request(
        line=line,
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=body,
        keep_alive=keep,
    )


def _split_head(head: bytes) -> tuple[str, dict[str, str]]:
    line, *fields = head.decode("latin-1").strip("\r\n").split("\r\n")
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        name, value = name.lower(), value.strip()
        if not colon or not name or name != name.strip():
            raise Refused(HTTPStatus.BAD_REQUEST, "a header line is malformed")
        if name == "content-length" and headers.get(name, value) != value:
            raise Refused(HTTPStatus.BAD_REQUEST, "there are two different lengths")
        headers[name] = value
    return line, headers


def _split_line(line: str) -> tuple[str, str, str]:
    words = line.split(" ")
    if len(words) != 3 or not words[0].isalpha() or not words[2].startswith("HTTP/"):
        raise Refused(HTTPStatus.BAD_REQUEST, "the request line is malformed")
    method, target, version = words
    if version not in _VERSIONS:
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.0 and HTTP/1.1 are spoken")
    if not target.startswith("/"):
        raise Refused(HTTPStatus.BAD_REQUEST, "the target must be a path that begins with /")
    return method, target, version


def _body_length(headers: dict[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise Refused(HTTPStatus.LENGTH_REQUIRED, "send the body with a Content-Length")
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length must be a whole number")
    if len(length) > 15 or int(length) > LARGEST_BODY:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise Refused(status, f"the body is over {LARGEST_BODY} bytes")
    return int(length)


async def _read_body(reader: StreamReader, length: int) -> bytes:
    if not length:
        return b""
    try:
        return await reader.readexactly(length)
    except IncompleteReadError:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is shorter than said") from None
