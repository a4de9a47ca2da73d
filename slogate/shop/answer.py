"""HTTP/1.1 onto the wire: an answer, and its bytes.

Every answer carries its Content-Length, so that connections can be kept alive.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer before it is put on the wire."""

    status: HTTPStatus
    body: bytes
    content_type: str = "application/json"
    allow: str = ""


def json_answer(status: HTTPStatus, body: object) -> Answer:
    """Make an answer of a JSON value."""
    return Answer(status=status, body=json.dumps(body).encode() + b"\n")


def error_answer(status: HTTPStatus, message: str, allow: str = "") -> Answer:
    """Make the answer of an error: a JSON object with the one key `error`."""
    body = json.dumps({"error": message}).encode() + b"\n"
    return Answer(status=status, body=body, allow=allow)


def encode(answer: Answer, *, keep_alive: bool, with_body: bool) -> bytes:
    """Put an answer into bytes; without its body (HEAD) the length is still the body's."""
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}\r\n"
        f"Content-Type: {answer.content_type}\r\n"
        f"Content-Length: {len(answer.body)}\r\n"
        f"Connection: {'keep-alive' if keep_alive else 'close'}\r\n"
    )
    if answer.allow:
        head += f"Allow: {answer.allow}\r\n"
    return head.encode() + b"\r\n" + (answer.body if with_body else b"")
