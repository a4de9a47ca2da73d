"""`slogate docs [TOPIC]`: the manual, shipped with the package.

The pages are `slogate/docs/TOPIC.md`; adding one is adding a file. Its first line is a comment
`<!-- group: summary -->`, which is listed and not printed. Pages are printed as they are written;
rich renders them only where stdout is a terminal. Unknown topics are refused with the nearest.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated

import typer

from slogate.cli.options import JSON, NO_COLOR, QUIET, STORE, colour_wanted, out
from slogate.errors import SlogateError, UsageError

GROUPS = ("tutorial", "how-to", "reference", "explanation")
_HEAD = re.compile(r"<!-- (?P<group>[a-z-]+): (?P<summary>.+) -->\n+# (?P<title>.+)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the manual; `text` is its Markdown, without the comment at its head."""

    topic: str
    group: str
    title: str
    summary: str
    text: str


def read_page(topic: str, text: str) -> Page:
    """A page from its file; SlogateError if its head is malformed."""
    head = _HEAD.match(text)
    if not head or head["group"] not in GROUPS:
        raise SlogateError(f"the page '{topic}' of the manual has no proper head")
    return Page(
        topic=topic,
        group=head["group"],
        title=head["title"],
        summary=head["summary"],
        text=text[text.index("# ") :],
    )


def pages() -> list[Page]:
    """All pages, by group and then by topic."""
    folder = files("slogate").joinpath("docs")
    found = [
        read_page(file.name.removesuffix(".md"), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".md")
    ]
    return sorted(found, key=lambda page: (GROUPS.index(page.group), page.topic))


def find_page(known: list[Page], topic: str) -> Page:
    """The page of that topic or lint rule; UsageError with the nearest one if there is none."""
    wanted = topic.strip().lower().replace(" ", "-").replace("_", "-")
    by_topic = {page.topic: page for page in known}
    if wanted not in by_topic:
        rules = {page.topic: page for page in rule_pages()}
        if wanted in rules:
            return rules[wanted]
        near = difflib.get_close_matches(wanted, [*by_topic, *rules], n=1)
        hint = f"did you mean '{near[0]}'?" if near else "`slogate docs` lists all topics"
        raise UsageError(f"the manual has no topic '{topic}'", hint=hint)
    return by_topic[wanted]


def rule_pages() -> list[Page]:
    """A page for each lint rule, made of what the rule tells of itself; they are not listed."""
    from slogate.slo.manual import every_entry, told

    return [
        Page(topic=rule.id, group="reference", title=rule.id, summary=rule.help, text=told(rule))
        for rule in every_entry()
    ]


def contents(known: list[Page]) -> str:
    """The list of topics with their summaries."""
    width = max(len(page.topic) for page in known)
    lines = ["The manual. `slogate docs TOPIC` prints a page."]
    for group in GROUPS:
        lines += ["", group.capitalize()]
        lines += [f"  {p.topic:{width}}  {p.summary}" for p in known if p.group == group]
    return "\n".join(lines) + "\n"


def render(text: str, *, rich: bool) -> None:
    """Print a page, rendered where a terminal shows it."""
    if not rich:
        out(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=None, soft_wrap=False).print(Markdown(text, hyperlinks=False))


def command(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="The page to print.", show_default=False)
    ] = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Print the manual: the list of its topics, or one page.

    \b
    Examples:
      slogate docs                     list the topics
      slogate docs tutorial            start here
      slogate docs spec                every key of slo/*.yaml
      slogate docs mixed-latency       a rule of `slogate spec lint`
      slogate docs verdict --json      the page as a JSON document
    """
    del store, quiet
    known = pages()
    if topic is None:
        listed = [{"topic": p.topic, "group": p.group, "summary": p.summary} for p in known]
        out(json.dumps(listed, indent=2) + "\n" if as_json else contents(known))
        return 0
    page = find_page(known, topic)
    if as_json:
        document = {"topic": page.topic, "title": page.title, "text": page.text}
        out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        render(page.text, rich=colour_wanted(no_color=no_color))
    return 0
