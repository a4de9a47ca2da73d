"""What `slogate init` makes of OpenAPI descriptions, well-meant and hostile."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
import yaml

from slogate.errors import SourceError
from slogate.initial.locustfile import Task, locustfile_text
from slogate.initial.openapi import Operation, read_description


def described(folder: Path, paths, *, name: str = "api.json", **more):
    """The description with these paths, as read."""
    document = {"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": paths, **more}
    text = json.dumps(document) if name.endswith(".json") else yaml.safe_dump(document)
    (folder / name).write_text(text)
    return read_description(folder / name, name)


def one(folder: Path, operation, path: str = "/a", method: str = "get", **more) -> Operation:
    """The one operation of a description."""
    [found] = described(folder, {path: {method: operation}}, **more).operations
    return found


def parameter(name: str, where: str, **more):
    """A required parameter."""
    return {"name": name, "in": where, "required": True, **more}


@pytest.mark.parametrize("name", ["api.yaml", "api.yml", "api.json"])
def test_endpoints_are_named_as_a_run_will_name_them(tmp_path, name):
    """Method and path template, behind what the server's address has in front of all paths."""
    servers = [{"url": "https://{stage}.example.com/v1/",
                "variables": {"stage": {"default": "test"}}}]  # fmt: skip

    found = described(tmp_path, {"/a": {"get": {}, "post": {}}}, name=name, servers=servers)

    assert [each.endpoint for each in found.operations] == ["GET /a", "POST /a"]
    assert (found.host, found.prefix) == ("https://test.example.com", "/v1")


def test_swagger_2(tmp_path):
    """Host, base path, a body that is a parameter, a parameter that is its own schema."""
    document = {
        "swagger": "2.0", "host": "example.com:81", "basePath": "/v2", "schemes": ["http"],
        "paths": {"/a/{id}": {"post": {"parameters": [
            parameter("id", "path", type="integer", default=7),
            {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/B"}},
        ]}}},
        "definitions": {"B": {"type": "object", "required": ["n"],
                              "properties": {"n": {"type": "integer", "minimum": 3}}}},
    }  # fmt: skip
    (tmp_path / "s.json").write_text(json.dumps(document))

    found = read_description(tmp_path / "s.json", "s.json")

    assert (found.host, found.prefix) == ("http://example.com:81", "/v2")
    [operation] = found.operations
    assert (operation.call, operation.body, operation.hindrance) == ("/a/7", {"n": 3}, None)


@pytest.mark.parametrize(
    ("operation", "call"),
    [
        pytest.param({"parameters": [parameter("q", "query", example="a b&c")]}, "/a?q=a+b%26c"),
        pytest.param({"parameters": [parameter("q", "query", schema={"enum": ["x"]})]}, "/a?q=x"),
        pytest.param({"parameters": [parameter("n", "query", schema={"type": "integer"})]},
                     "/a?n=1"),
        pytest.param({"parameters": [{"name": "q", "in": "query", "schema": {}}]}, "/a"),
    ],
    ids=["example", "enum", "type", "optional"],
)  # fmt: skip
def test_query(tmp_path, operation, call):
    """A required part of a query has its example, else a value that its schema allows."""
    assert one(tmp_path, operation).call == call


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        pytest.param({"type": "object", "properties": {"a": {"example": 1}, "b": {}}}, {"a": 1}),
        pytest.param({"type": "array", "minItems": 1, "items": {"format": "uuid"}},
                     ["00000000-0000-4000-8000-000000000000"]),
        pytest.param({"allOf": [{"type": "object", "required": ["a"],
                                 "properties": {"a": {"type": "boolean"}}}]}, {"a": True}),
        pytest.param({"oneOf": [{"const": "x"}, {"const": "y"}]}, "x"),
        pytest.param({"type": ["null", "number"], "minimum": 2.5}, 2.5),
    ],
    ids=["examples-only", "array", "all-of", "one-of", "nullable"],
)  # fmt: skip
def test_body(tmp_path, schema, body):
    """A body has what is required and what has an example, and no more."""
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}}

    assert one(tmp_path, operation, method="post").body == body


@pytest.mark.parametrize(
    ("method", "operation", "why"),
    [
        pytest.param("delete", {"parameters": [parameter("id", "path", example=1)]},
                     "it changes or deletes", id="delete"),
        pytest.param("get", {"parameters": [parameter("id", "path", schema={"type": "string"})]},
                     "there is no example of {id}", id="no-example"),
        pytest.param("get", {}, "there is no example of {id}", id="undeclared"),
        pytest.param("post", {"requestBody": {"required": True, "content": {"text/csv": {}}},
                              "parameters": [parameter("id", "path", example=1)]},
                     "its body is no JSON", id="csv"),
        pytest.param("get", {"parameters": [parameter("id", "path", example="a\nb")]},
                     "the example of {id} has control characters", id="control-characters"),
        pytest.param("get", {"parameters": [parameter("id", "path", example=1),
                                            parameter("h", "header", schema={})]},
                     "there is no example of {h}", id="header"),
    ],
)  # fmt: skip
def test_what_cannot_be_called_says_why(tmp_path, method, operation, why):
    """Nothing is called with made-up ids, and nothing that deletes."""
    assert one(tmp_path, operation, path="/a/{id}", method=method).hindrance == why


def test_schema_that_holds_itself(tmp_path):
    """A cyclic `$ref` ends; where the cycle is required there is no body, and it is said."""
    node = {"type": "object", "required": ["next"],
            "properties": {"next": {"$ref": "#/components/schemas/Node"}}}  # fmt: skip
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    more = {"components": {"schemas": {"Node": node}}}

    found = one(tmp_path, {"requestBody": body}, method="post", **more)

    assert found.hindrance == "its schema has no end"


def test_reference_to_itself_is_no_operation(tmp_path):
    """A path item that is a reference to itself, or to another file, describes nothing."""
    for target in ("#/paths/~1a", "other.yaml#/a", "https://example.com/a"):
        with pytest.raises(SourceError, match="none of its 1 paths has an operation"):
            described(tmp_path, {"/a": {"$ref": target}})


def test_alias_bomb_costs_nothing(tmp_path):
    """Six levels of ten aliases each are read in no time, and are no example to send."""
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 7))
    (tmp_path / "bomb.yaml").write_text(
        f"openapi: 3.0.0\nl0: &l0 [lol]\n{levels}\npaths:\n  /a:\n    post:\n      requestBody:\n"
        "        content: {application/json: {example: *l6}}\n"
    )

    [found] = read_description(tmp_path / "bomb.yaml", "bomb.yaml").operations

    assert found.hindrance == "its example is too large"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        pytest.param("a.yaml", b"openapi: 3.0.0\npaths: &p {/a: *p}\n", "without end", id="alias"),
        pytest.param("a.yaml", b"openapi: 3.0.0\npaths: [\n", "a.yaml:3:1: not valid", id="yaml"),
        pytest.param("a.json", b'{"openapi": "3.0.0",}', "a.json:1:2", id="json"),
        pytest.param("a.yaml", b"openapi: 3.0.0\npaths: {}\n", "describes no paths", id="empty"),
        pytest.param("a.yaml", b"openapi: 4.0.0\n", "version 4.0.0 cannot be read", id="newer"),
        pytest.param("a.yaml", b"- openapi\n", "holds no OpenAPI", id="a-list"),
        pytest.param("a.yaml", b"openapi: 3\n\xff", "a.yaml:2: byte 0xff", id="no-text"),
        pytest.param("a.json", b'{"openapi":' + b"[" * 200_000, "too deep", id="deep-json"),
        pytest.param("a.yaml", b"openapi: 3.0.0\na: " + b"[" * 200_000, "a.yaml", id="deep-yaml"),
        pytest.param("a.yaml", b"#" * 8_000_001, "larger than 8 MB", id="huge"),
        pytest.param("a.yaml", b"openapi: 3.0.0\npaths: {/a: {get: !!python/name:os.system x}}",
                     "none of its 1 paths has", id="tag"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(tmp_path, name, content, words):
    """Whatever is wrong with a file is said with its name and, where known, the place."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SourceError) as caught:
        read_description(tmp_path / name, name)

    assert words in caught.value.message
    assert "\n" not in caught.value.message


HOSTILE = [
    '/<script>alert(1)</script>"',
    "/'+__import__('os').system('x')+'",
    '/"""/\\',
    "/*/{x}(.*)",
    "/::error::x",
    "/#slogate:ignore",
]


def test_hostile_text_stays_text(tmp_path):
    """Of paths, ids, examples and file names nothing becomes code or a comment of ours."""
    evil = 'x"""\n    import os\n#\'\\\u202e\u2028'
    operation = {
        "operationId": evil,
        "parameters": [parameter("x", "path", example="x")],
        "requestBody": {"content": {"application/json": {"example": {evil: evil}}}},
    }
    paths = {path: {"get": operation} for path in HOSTILE}
    found = described(tmp_path, paths)

    text = locustfile_text(
        [Task(operation=each, weight=1, why=evil) for each in found.operations],
        origin=evil, prefix="", secured="Authorization", more=1,
    )  # fmt: skip

    assert text.isascii()
    tree = ast.parse(text)
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}  # fmt: skip
    assert imported == {"os", "random", "time"}
    [user] = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    tasks = [node for node in user.body if isinstance(node, ast.FunctionDef)][1:]
    assert [len(node.body) for node in tasks] == [1] * len(HOSTILE)
    names = [word.value.value for node in tasks for word in node.body[0].value.keywords
             if word.arg == "name"]  # fmt: skip
    assert names == HOSTILE


@pytest.mark.parametrize("path", ["no-slash", "/a b", "/a\nb", "/ü", "/" + "a" * 300])
def test_paths_that_are_none(tmp_path, path):
    """What no request could have is left out and counted."""
    found = described(tmp_path, {path: {"get": {}}, "/ok": {"get": {}}})

    assert [each.path for each in found.operations] == ["/ok"]
    assert found.left_out == 1


@pytest.mark.parametrize("url", ["", "/", "javascript:alert(1)", "http://", "http://[", "{host}"])
def test_no_usable_server(tmp_path, url):
    """An address that is none is no host; somebody has to say it."""
    found = described(tmp_path, {"/a": {"get": {}}}, servers=[{"url": url}])

    assert found.host is None


KEY = {"type": "apiKey", "in": "header", "name": "X-Shop-Key"}
BEARER = {"type": "http", "scheme": "bearer"}


@pytest.mark.parametrize(
    ("schemes", "security", "header"),
    [
        pytest.param({"k": KEY}, [{"k": []}], "X-Shop-Key", id="key"),
        pytest.param({"b": BEARER}, [{"b": []}], "Authorization", id="bearer"),
        pytest.param({"b": BEARER, "k": KEY}, [{"k": []}, {"b": []}], "X-Shop-Key", id="first"),
        pytest.param({"k": {**KEY, "in": "query"}}, [{"k": []}], "Authorization", id="query"),
        pytest.param({"k": {**KEY, "name": 'x": os'}}, [{"k": []}], "Authorization", id="hostile"),
        pytest.param({"k": 3}, [{"k": []}], "Authorization", id="no-scheme"),
        pytest.param({}, ["odd"], "Authorization", id="odd"),
        pytest.param({"k": KEY}, [{}, {"k": []}], None, id="optional"),
        pytest.param({"k": KEY}, [], None, id="none"),
    ],
)
def test_credentials_go_where_the_description_says(tmp_path, schemes, security, header):
    """A key in its own header, anything else as a bearer token; the value from the environment."""
    more = {"components": {"securitySchemes": schemes}, "security": security}
    found = described(tmp_path, {"/a": {"get": {}}}, **more)
    tasks = [Task(operation=each, weight=1) for each in found.operations]
    text = locustfile_text(tasks, origin="x", prefix="", secured=found.secured, more=0)

    ast.parse(text)
    assert found.secured == header
    assert (f'"{header}": ' in text) is (header is not None)
    assert text.count("API_TOKEN") == (header is not None)


def test_credentials_of_swagger_2(tmp_path):
    """Its schemes have another place."""
    text = json.dumps({
        "swagger": "2.0", "paths": {"/a": {"get": {"security": [{"k": []}]}}},
        "securityDefinitions": {"k": KEY},
    })  # fmt: skip
    (tmp_path / "s.json").write_text(text)

    assert read_description(tmp_path / "s.json", "s.json").secured == "X-Shop-Key"
