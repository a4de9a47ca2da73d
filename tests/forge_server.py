"""A GitHub and a GitLab as notifications meet them: a real server that checks every call.

It refuses what the real ones refuse: another token, another path, a body without its fields. Each
call is remembered; `answers` are given first, one a call, instead of what was asked for.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "ghs_0123456789abcdef"
BOT = {"user": {"type": "Bot", "login": "github-actions[bot]"}, "author_association": "NONE"}
STRANGER = {"user": {"type": "User", "login": "mallory"}, "author_association": "NONE"}
OWN, OTHER = {"author": {"id": 7}}, {"author": {"id": 8}}
PAGE = 100


@dataclass
class Answer:
    """What is answered instead; `done` carries the call out all the same, as a lost answer does."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    done: bool = False


class ForgeServer:
    """`comments` of pull request 12 and `issues` of o/r, `notes` of merge request 5 of 42."""

    def __init__(self) -> None:
        """Serve on a free port of loopback."""
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.calls: list[tuple[str, str]] = []
        self.answers: list[Answer | None] = []
        self.after_post: list[Any] = []
        self.keeps_labels = True
        self._last = 100
        self._lock = threading.RLock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/v3"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def number(self) -> int:
        """The next number of anything."""
        self._last += 1
        return self._last

    def calls_of(self, *methods: str) -> list[str]:
        """The paths of the calls by these methods."""
        return [path for method, path in self.calls if method in methods]

    def answer(self, method: str, target: str, headers: Any, body: Any) -> Answer:
        """What a call gets."""
        parts = urlsplit(target)
        path, query = parts.path.removeprefix("/api/v3"), parse_qs(parts.query)
        with self._lock:
            self.calls.append((method, f"{path}?{parts.query}" if parts.query else path))
            planned = self.answers.pop(0) if self.answers else None
            if planned is not None and not planned.done:
                return planned
            if path.startswith(("/projects/", "/user")):
                given = headers.get("PRIVATE-TOKEN") == TOKEN
            else:
                given = headers.get("Authorization") == f"Bearer {TOKEN}"
            if not given:
                return Answer(401, body={"message": f"Bad credentials {headers}"})
            found = self._route(method, path, query, body)
            if method == "POST" and self.after_post:
                self.after_post.pop(0)()
            return planned or found

    def _route(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Answer:
        if method == "GET" and path == "/user":
            return Answer(200, body={"id": 7})
        if method == "GET" and path == "/repos/o/r":
            return Answer(200, body={"default_branch": "main"})
        if path == "/repos/o/r/issues/12/comments":
            return self._listing(method, path, query, body, self.comments, BOT, "id")
        if found := re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path):
            return self._item(method, body, self.comments, "id", int(found[1]))
        if path == "/projects/42/merge_requests/5/notes":
            return self._listing(method, path, query, body, self.notes, OWN, "id")
        if found := re.fullmatch(r"/projects/42/merge_requests/5/notes/(\d+)", path):
            return self._item(method, body, self.notes, "id", int(found[1]), edit="PUT")
        if path == "/repos/o/r/issues":
            return self._issues(method, path, query, body)
        if found := re.fullmatch(r"/repos/o/r/issues/(\d+)", path):
            return self._item(method, body, self.issues, "number", int(found[1]))
        if (found := re.fullmatch(r"/repos/o/r/issues/(\d+)/comments", path)) and method == "POST":
            issue = next(each for each in self.issues if each["number"] == int(found[1]))
            issue.setdefault("said", []).append(body["body"])
            return Answer(201, body={"id": self.number()})
        return Answer(404, body={"message": "Not Found"})

    def _issues(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> Answer:
        if method == "POST":
            if not body.get("title"):
                return Answer(422, body={"message": "Validation Failed"})
            labels = body["labels"] if self.keeps_labels else []
            issue = {**BOT, **body, "labels": labels, "state": "open", "number": self.number()}
            self.issues.append(issue)
            return Answer(201, body=issue)
        found = [each for each in self.issues if each["state"] == query["state"][0]]
        if "labels" in query:
            found = [each for each in found if query["labels"][0] in each.get("labels", [])]
        return self._page(path, query, found)

    def _listing(
        self, method: str, path: str, query: Mapping[str, Any], body: Any,
        items: list[dict[str, Any]], author: Mapping[str, Any], key: str,
    ) -> Answer:  # fmt: skip
        if method != "POST":
            return self._page(path, query, items)
        if not body.get("body"):
            return Answer(422, body={"message": "Validation Failed"})
        item = {**author, "body": body["body"], key: self.number()}
        items.append(item)
        return Answer(201, body=item)

    def _page(self, path: str, query: Mapping[str, Any], items: list[dict[str, Any]]) -> Answer:
        size, page = min(PAGE, int(query["per_page"][0])), int(query.get("page", ["1"])[0])
        shown = items[(page - 1) * size : page * size]
        links = {}
        if page * size < len(items):
            more = "&".join(f"{k}={v[0]}" for k, v in {**query, "page": [page + 1]}.items())
            links["Link"] = f'<{self.url}{path}?{more}>; rel="next", <{self.url}/x>; rel="last"'
        return Answer(200, links, shown)

    def _item(
        self, method: str, body: Any, items: list[dict[str, Any]], key: str, number: int,
        edit: str = "PATCH",
    ) -> Answer:  # fmt: skip
        item = next((each for each in items if each[key] == number), None)
        if item is None:
            return Answer(404, body={"message": "Not Found"})
        if method == "DELETE" and key == "id":
            items.remove(item)
            return Answer(204)
        if method != edit or not set(body) <= {"body", "state", "state_reason"}:
            return Answer(422, body={"message": "Validation Failed"})
        item.update(body)
        return Answer(200, body=item)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                given = server.answer(self.command, self.path, self.headers, body)
                text = b"" if given.body is None else json.dumps(given.body).encode()
                self.send_response(given.status)
                for name, value in given.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _any  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                pass

        return Handler


@contextmanager
def forge_server() -> Iterator[ForgeServer]:
    """A server for as long as the block lasts."""
    server = ForgeServer()
    try:
        yield server
    finally:
        server.close()
