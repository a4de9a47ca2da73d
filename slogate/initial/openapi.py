"""What an OpenAPI 3 or Swagger 2 description says of a service: where it is, what it answers.

Local `$ref`s are followed, so many and no more; other files and servers are never asked. What
cannot be called as described (no example of a required parameter, a body that is no JSON) is an
operation all the same, with the reason why it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from slogate.errors import SourceError
from slogate.initial.bodies import NoSample, Steps, copied, given_example, sample
from slogate.initial.credentials import header_of
from slogate.initial.reading import read_data

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
LOADED = frozenset(("GET", "HEAD", "POST"))
MOST_OPERATIONS = 20_000
LONGEST_PATH = 200
_REFERENCES = 20
_PATH = re.compile(r"/[\x21-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its name in the series, how to call it, and why it cannot be (or None)."""

    method: str
    path: str
    call: str
    id: str = ""
    body: Any = None
    headers: Mapping[str, str]
    hindrance: str | None = None

    @property
    def endpoint(self) -> str:
        """As specs name it."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A whole description; `host` is None where it names none that is complete.

    `secured`: the header of the credentials that some operation asks for. `left_out` counts paths
    that are none.
    """

    file: str
    title: str
    host: str | None
    prefix: str
    operations: tuple[Operation, ...]
    secured: str | None
    left_out: int


def read_description(path: Path, name: str) -> Description:
    """The description in a file; SourceError if it is none, or describes nothing to call."""
    document = read_data(path, name)
    if not isinstance(document, Mapping):
        raise SourceError(f"{name}: it holds no OpenAPI description")
    version = str(document.get("openapi", document.get("swagger", "")))
    if not version.startswith(("3.", "2.0")):
        told = f"version {version[:20]}" if version else "no `openapi: 3` or `swagger: 2.0`"
        raise SourceError(f"{name}: {told} cannot be read", hint="OpenAPI 3 and Swagger 2.0 can")
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise SourceError(f"{name}: it describes no paths")
    reader = _Reader(document=document)
    operations = tuple(reader.operations(paths))
    if not operations:
        raise SourceError(f"{name}: none of its {len(paths)} paths has an operation")
    host, prefix = _server(document)
    info = document.get("info")
    title = str(info.get("title", "")) if isinstance(info, Mapping) else ""
    return Description(
        file=name, title=title, host=host, prefix=prefix, operations=operations,
        secured=header_of(document, reader.schemes) if reader.schemes else None,
        left_out=reader.left_out,
    )  # fmt: skip


def _server(document: Mapping[str, Any]) -> tuple[str | None, str]:
    """(Base URL or None, prefix of all paths) of the first server."""
    servers = document.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if isinstance(first, Mapping):
        variables = first.get("variables")
        known = variables if isinstance(variables, Mapping) else {}

        def value(match: re.Match[str]) -> str:
            variable = known.get(match[1])
            return str(variable.get("default", "")) if isinstance(variable, Mapping) else match[0]

        url = re.sub(r"\{([^{}]{1,100})\}", value, str(first.get("url", ""))[:LONGEST_PATH])
    else:
        host = str(document.get("host", ""))[:LONGEST_PATH]
        schemes = document.get("schemes")
        scheme = schemes[0] if isinstance(schemes, list) and schemes else "https"
        base = str(document.get("basePath", ""))[:LONGEST_PATH]
        url = f"{scheme}://{host}{base}" if host else base
    return _split(url.rstrip("/"))


def _split(url: str) -> tuple[str | None, str]:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None, ""
    prefix = parts.path if _PATH.fullmatch(parts.path) else ""
    if parts.scheme in {"http", "https"} and host and re.fullmatch(r"[\x21-\x7e]+", url):
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", prefix
    return None, prefix


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Walks over one document."""

    document: Mapping[str, Any]
    schemes: dict[str, None] = field(default_factory=dict)
    left_out: int = 0

    def look(self, node: Any) -> Any:
        """The node itself, or what its `$ref` leads to; None where that is not in this file."""
        for _ in range(_REFERENCES):
            if not isinstance(node, Mapping) or "$ref" not in node:
                return node
            node = self._at(str(node["$ref"]))
        return None

    def _at(self, pointer: str) -> Any:
        if not pointer.startswith("#/"):
            return None
        node: Any = self.document
        for part in pointer[2:].split("/")[:_REFERENCES]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            if not isinstance(node, Mapping) or key not in node:
                return None
            node = node[key]
        return node

    def operations(self, paths: Mapping[str, Any]) -> Iterator[Operation]:
        """The operations in the order of the file."""
        count = 0
        for path, item in paths.items():
            entry = self.look(item)
            if not isinstance(entry, Mapping):
                continue
            named = str(path)
            if not _PATH.fullmatch(named) or len(named) > LONGEST_PATH:
                self.left_out += 1
                continue
            for method in METHODS:
                operation = self.look(entry.get(method))
                if isinstance(operation, Mapping):
                    count += 1
                    if count > MOST_OPERATIONS:
                        return
                    yield self._operation(method.upper(), named, entry, operation)

    def _operation(
        self, method: str, path: str, item: Mapping[str, Any], own: Mapping[str, Any]
    ) -> Operation:
        security = own.get("security", self.document.get("security"))
        if isinstance(security, list) and security and {} not in security:
            named = security[0] if isinstance(security[0], Mapping) else {"": None}
            self.schemes.update(dict.fromkeys(map(str, named)))
        call, body, headers, hindrance = path, None, dict[str, str](), None
        try:
            call, headers, form = self._parameters(path, item, own)
            body = self._body(own) if form is None else form
        except NoSample as reason:
            hindrance = str(reason)
        if hindrance is None and method not in LOADED:
            hindrance = "it changes or deletes" if method != "OPTIONS" else "nobody waits for it"
        return Operation(
            method=method, path=path, call=call, id=str(own.get("operationId", ""))[:100],
            body=body, headers=headers, hindrance=hindrance,
        )  # fmt: skip

    def _listed(
        self, item: Mapping[str, Any], own: Mapping[str, Any]
    ) -> dict[tuple[str, str], Mapping[str, Any]]:
        """The parameters of an operation by place and name; its own win over those of its path."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for holder in (item, own):
            listed = holder.get("parameters")
            for each in listed[:200] if isinstance(listed, list) else ():
                parameter = self.look(each)
                if isinstance(parameter, Mapping):
                    found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
        return found

    def _parameters(
        self, path: str, item: Mapping[str, Any], own: Mapping[str, Any]
    ) -> tuple[str, dict[str, str], Any]:
        """(Path and query to call, headers, body of Swagger 2 or None) with examples filled in."""
        query: list[tuple[str, str]] = []
        headers: dict[str, str] = {}
        body: Any = None
        for (where, name), parameter in self._listed(item, own).items():
            wanted = parameter.get("required") is True or "example" in parameter
            if where == "path":
                value = quote(self._value(name, parameter, guess=False), safe="")
                path = path.replace(f"{{{name}}}", value)
            elif where == "body":
                body = sample(parameter.get("schema"), self.look, Steps())
            elif where == "formData":
                raise NoSample("its body is a form")
            elif wanted and where == "query":
                query.append((name, self._value(name, parameter, guess=True)))
            elif wanted and where == "header":
                headers[name] = self._value(name, parameter, guess=False)
        if left := re.search(r"\{([^{}]*)\}", path):
            raise NoSample(f"there is no example of {{{left[1]}}}")
        return (f"{path}?{urlencode(query)}" if query else path), headers, body

    def _value(self, name: str, parameter: Mapping[str, Any], *, guess: bool) -> str:
        """The example of a parameter; where `guess`, else any value that its schema allows."""
        steps = Steps()
        has, value = self._told(parameter, steps)
        if not has and not guess:
            raise NoSample(f"there is no example of {{{name}}}")
        value = value if has else sample(parameter.get("schema", parameter), self.look, steps)
        if isinstance(value, list):
            value = value[0] if value else ""
        if isinstance(value, Mapping) or value is None or not str(value):
            raise NoSample(f"there is no example of {{{name}}}")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if re.search(r"[\x00-\x1f\x7f]", text):
            raise NoSample(f"the example of {{{name}}} has control characters")
        return text

    def _told(self, parameter: Mapping[str, Any], steps: Steps) -> tuple[bool, Any]:
        """Whether a value is told of a parameter, by itself or by its schema, and which."""
        has, value = given_example(parameter, self.look, steps)
        schema = self.look(parameter.get("schema", parameter))
        if has or not isinstance(schema, Mapping):
            return has, value
        has, value = given_example(schema, self.look, steps)
        for key in ("const", "default"):
            if not has and key in schema:
                has, value = True, copied(schema[key], steps)
        options = schema.get("enum")
        if not has and isinstance(options, list) and options:
            has, value = True, copied(options[0], steps)
        return has, value

    def _body(self, own: Mapping[str, Any]) -> Any:
        """The JSON to send, None without a body."""
        asked = self.look(own.get("requestBody"))
        if not isinstance(asked, Mapping):
            return None
        content = asked.get("content")
        kinds = content if isinstance(content, Mapping) else {}
        for kind, medium in kinds.items():
            entry = self.look(medium)
            if re.fullmatch(r"application/([\w.+-]+\+)?json(;.*)?", str(kind), re.DOTALL):
                if not isinstance(entry, Mapping):
                    return {}
                has, example = given_example(entry, self.look, Steps())
                return example if has else sample(entry.get("schema"), self.look, Steps())
        if asked.get("required") is True:
            raise NoSample("its body is no JSON")
        return None
