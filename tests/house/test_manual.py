"""The manual cannot rot: its pages, tables, commands and examples are held against the code."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from slogate import plugins
from slogate.cli.docs import GROUPS, Page, contents, find_page, pages, read_page
from slogate.errors import SlogateError, UsageError
from slogate.model.run import Health, Reconciliation, Run
from slogate.model.series import COLUMNS
from slogate.slo.load import load_specs
from slogate.stats.run_length import min_requests_to_pass, zero_bad_requests
from slogate.units import format_count

ROOT = Path(__file__).resolve().parents[2]
PAGES = pages()
LONGEST = 120
ALPHA = 0.05

page_by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.topic)


def text_of(topic: str) -> str:
    """The Markdown of one page."""
    return find_page(PAGES, topic).text


@page_by_page
def test_page_is_short(page: Page):
    """A page has at most 120 lines."""
    assert len(page.text.splitlines()) <= LONGEST


@page_by_page
def test_page_names_topics_that_exist(page: Page):
    """Where a page sends its reader, there is a page."""
    named = re.findall(r"slogate docs ([a-z][a-z0-9-]+)", page.text)

    assert {topic for topic in named if topic not in {p.topic for p in PAGES}} == set()


@page_by_page
def test_contents_list_the_page(page: Page):
    """Each page is listed with its summary, on one line that fits a terminal."""
    line = next(line for line in contents(PAGES).splitlines() if f"  {page.topic} " in f"{line} ")

    assert page.summary in line
    assert len(line) <= 100


def test_every_pile_has_a_page():
    """Tutorial, how-to pages, reference and explanations are all there."""
    assert {page.group for page in PAGES} == set(GROUPS)


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        pytest.param("exit-code", "did you mean 'exit-codes'?", id="near"),
        pytest.param("qqq", "`slogate docs` lists all topics", id="far"),
    ],
)
def test_unknown_topic(topic: str, hint: str):
    """An unknown topic is refused with the nearest one."""
    with pytest.raises(UsageError) as caught:
        find_page(PAGES, topic)

    assert caught.value.hint == hint


@pytest.mark.parametrize("topic", ["Exit codes", "exit_codes", " exit-codes "])
def test_topic_as_people_write_it(topic: str):
    """Case, spaces and underscores do not matter."""
    assert find_page(PAGES, topic).topic == "exit-codes"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# A page\n\ntext\n", id="no comment"),
        pytest.param("<!-- gossip: text -->\n# A page\n", id="unknown group"),
        pytest.param("<!-- how-to: text -->\nno title\n", id="no title"),
    ],
)
def test_malformed_page(text: str):
    """A page without a proper head is refused, not listed under nothing."""
    with pytest.raises(SlogateError, match="has no proper head"):
        read_page("broken", text)


def test_run_lengths_are_computed():
    """The table of how many requests a percentile needs is what the planner computes."""
    rows = re.findall(r"^\| p([\d.]+) \|.*$", text_of("how-many-requests"), re.MULTILINE)

    assert rows == ["50", "90", "95", "99", "99.9"]
    for percentile in rows:
        allowed = float((100 - int(float(percentile) * 10) / 10) / 100)
        needed = [
            zero_bad_requests(allowed, ALPHA),
            *(min_requests_to_pass(allowed / n, allowed, ALPHA) or 0 for n in (4, 2)),
        ]
        figures = " | ".join(format_count(number) for number in needed)
        assert f"| {figures} |" in text_of("how-many-requests")


@pytest.mark.parametrize("kind", plugins.names("objectives"))
def test_kind_of_objective_is_explained(kind: str):
    """Each kind of objective has its example in the reference of the spec."""
    key = plugins.find("objectives", kind).example.partition(":")[0]

    assert f"`{key}: " in text_of("spec")


@pytest.mark.parametrize("name", plugins.names("sources"))
def test_format_is_in_the_table_of_imports(name: str):
    """Each format that can be imported is named where people look for their tool."""
    rows = [line for line in text_of("import").splitlines() if line.startswith("| ")]

    assert any(f"`{name}`" in row for row in rows)


def test_pages_of_imports_are_found_from_the_overview():
    """The overview leads to the page of each family."""
    families = {page.topic for page in PAGES if page.topic.startswith("import-")}

    assert {topic for topic in families if topic not in text_of("import")} == set()


def keys_of(schema: object) -> set[str]:
    """Every property that a JSON Schema names, at any depth."""
    if isinstance(schema, list):
        return set().union(*(keys_of(each) for each in schema), set())
    if not isinstance(schema, dict):
        return set()
    own = schema.get("properties", {})
    names = set(own) if isinstance(own, dict) else set()
    return names.union(*(keys_of(value) for value in schema.values()))


def test_keys_of_the_spec_are_explained():
    """Each key of a budget and of the head, as the JSON Schema has them, is in the reference."""
    schema = json.loads((ROOT / "slogate/schemas/slogate.schema.json").read_text())
    top = schema["properties"]
    keys = set(top) | keys_of(top["budgets"]) | keys_of(top["defaults"])

    assert {key for key in keys if not re.search(rf"\b{key}\b", text_of("spec"))} == set()


def test_keys_of_the_verdict_are_explained():
    """Each field of an objective and of the head, as the JSON Schema has them, is explained."""
    schema = json.loads((ROOT / "slogate/schemas/verdict.v1.schema.json").read_text())
    keys = set(schema["properties"]) | keys_of(schema["$defs"]["objective"])

    assert {key for key in keys if f"`{key}`" not in text_of("verdict")} == set()


def test_columns_are_explained():
    """Each column of the request series is in the reference of the store."""
    assert [name for name in COLUMNS if f"| `{name}` |" not in text_of("store")] == []


@pytest.mark.parametrize("record", [Run, Reconciliation, Health])
def test_manifests_are_explained(record: type):
    """Each field of a run's manifest is in the reference of the store."""
    names = [field.name for field in dataclasses.fields(record)]

    assert [name for name in names if f"`{name}`" not in text_of("store")] == []


def test_decisions_are_told():
    """Each decision of the repository has its place in the page, in order."""
    numbers = [int(p.name[:4]) for p in sorted((ROOT / ".github/decisions").glob("*.md"))]
    told = [int(n) for n in re.findall(r"^(\d+)\. \*\*", text_of("decisions"), re.MULTILINE)]

    assert told == numbers


def yaml_blocks(text: str) -> list[str]:
    """The examples of whole specs in a Markdown text, indented or fenced."""
    fenced = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    plain = ["".join(line[4:] or "\n" for line in b.splitlines(True)) for b in indented]
    return [block for block in fenced + plain if "\nslogate: 1" in f"\n{block}"]


SPECS = [
    *[(page.topic, page.text) for page in PAGES],
    ("README", (ROOT / "README.md").read_text()),
]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(block, id=f"{name}-{n}")
        for name, text in SPECS
        for n, block in enumerate(yaml_blocks(text))
    ],
)
def test_spec_of_the_manual_is_valid(spec: str):
    """A whole spec that is shown can be read as it stands, and nothing in it is unsupported."""
    [loaded] = load_specs([("shown.yaml", spec)])

    assert loaded.objectives != ()
    assert loaded.unsupported == ()


FRAGMENT = re.compile(r"(?:budgets|slos|composites|corrections|defaults):")
PARTS = "slos: [{name: %s, good: ok, objective: 99%%, window: 28d}]\n"


def fragments(text: str) -> list[str]:
    """The examples that show a part of a spec, from a key at its top on."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    plain = ["".join(line[4:] or "\n" for line in b.splitlines(True)) for b in blocks]
    pieces = [piece for block in plain for piece in re.split(r"\n\n(?=\S)", block.strip())]
    return [piece for piece in pieces if FRAGMENT.match(piece)]


@pytest.mark.parametrize(
    ("topic", "fragment"),
    [
        pytest.param(page.topic, part, id=f"{page.topic}-{n}")
        for page in PAGES
        for n, part in enumerate(fragments(page.text))
    ],
)
def test_fragment_of_the_manual_is_valid(topic: str, fragment: str):
    """A part that is shown is that of a valid spec, beside the SLOs that a composite speaks of."""
    head = "slogate: 1\nservice: shop\n" + (PARTS % "latency" if topic == "composites" else "")
    cart = ("cart.yaml", "slogate: 1\nservice: cart\n" + PARTS % "availability")
    loaded, _ = load_specs([("shown.yaml", f"{head}{fragment}\n"), cart])

    assert loaded.unsupported == ()
    assert any((loaded.objectives, loaded.regressions, loaded.promises, loaded.queried))


def test_fragments_are_shown():
    """The search for shown parts finds those that are there."""
    shown = {page.topic for page in PAGES if fragments(page.text)}

    assert shown >= {"composites", "indicators", "slos", "tutorial"}


def test_specs_are_shown():
    """The search for shown specs finds those of the README, the reference and the how-to."""
    shown = {name for name, text in SPECS if yaml_blocks(text)}

    assert shown >= {"README", "spec", "gate-a-service"}
