"""Takes an HTML page apart as a browser would, to see that nothing in it acts or leaves it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

VOID = {"meta", "link", "br", "wbr"}
HEAD = {"html", "head", "body", "meta", "link", "title", "style", "script"}
TEXT = {
    "a", "header", "main", "footer", "section", "p", "h1", "h2", "h3", "span", "div", "bdi", "ul",
    "figure", "figcaption", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody",
    "tr", "th", "td", "nav", "strong", "wbr",
}  # fmt: skip
DRAWN = {"svg", "path", "rect", "circle", "line", "text", "title", "desc"}
ATTRIBUTES = {
    "aria-label", "aria-labelledby", "aria-hidden", "aria-live", "charset", "class", "content",
    "aria-describedby", "cx", "cy", "d", "height", "href", "http-equiv", "id", "lang", "name", "r",
    "rel", "role", "scope", "tabindex", "viewbox", "width", "x", "x1", "x2", "y", "y1", "y2",
    "dx", "dy", "preserveaspectratio", "text-anchor", "type", "data-panel",
    "data-label",
}  # fmt: skip


class Page(HTMLParser):
    """The elements of a page, its visible text and what its scripts are."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.cut = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element; it must not repeat an attribute."""
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only what has no content closes itself."""
        assert tag in VOID
        self.handle_starttag(tag, attrs)
        self.cut = tag == "wbr"

    def handle_endtag(self, tag: str) -> None:
        """Elements are closed in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note the text, that of scripts and styles apart."""
        if self.open and self.open[-1] in {"script", "style"}:
            self.scripts.append(data)
        elif self.cut:
            self.words[-1] += data
        else:
            self.words.append(data)
        self.cut = False

    @property
    def said(self) -> str:
        """All that a reader sees, on one line."""
        return " ".join(" ".join(self.words).split())


def inert(text: str) -> Page:
    """The page, once it is sure that it has our elements and attributes only, none that acts."""
    page = Page(text)
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag in HEAD | TEXT | DRAWN, tag
        assert set(attributes) <= ATTRIBUTES, (tag, attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,")), attributes
    for once in ("html", "head", "body", "style"):
        assert sum(tag == once for tag, _ in page.elements) == 1
    acting = [a for tag, a in page.elements if tag == "script" and "type" not in a]
    assert len(acting) <= 1
    policies = [a["content"] for _, a in page.elements if "http-equiv" in a]
    assert len(policies) == 1
    assert (policies[0] or "").startswith("default-src 'none'; style-src 'sha256-")
    return page


def tree(text: str) -> ET.Element:
    """The page as XML: it is well-formed but for the script, whose text HTML does not escape."""
    body = re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", text, flags=re.DOTALL)
    return ET.fromstring(body.removeprefix("<!DOCTYPE html>\n"))
