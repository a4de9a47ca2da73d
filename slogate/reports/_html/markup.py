"""Markup that nothing can break out of: text becomes `Html` only by being escaped.

`tag` is the one way to make an element. Its children are `Html`, or text, which is made one line
without control or direction characters and escaped; so are the values of its attributes. It
refuses what could act: event handlers, inline styles, and links to anywhere but this page.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from slogate.reports._base import plain

LONGEST = 1_000
_VOID = {"meta", "link", "br", "wbr"}
_LINKS = {"href", "src", "action", "formaction", "xlink-href"}
# where a long name may go on in the next line
_JOINT = re.compile(r"(?<=\w)/(?=\w)")
_HEADING = re.compile(r'<h2 id="([a-z0-9-]+)">(.*?)</h2>')


@dataclass(frozen=True, slots=True)
class Html:
    """Finished markup. Made by this file only."""

    text: str


NOTHING = Html("")


def escaped(text: str, longest: int = LONGEST) -> str:
    """One line of inert text, its end cut off where it is too long."""
    shown = plain(text)
    if len(shown) > longest:
        shown = f"{shown[: longest - 1]}…"
    return html.escape(shown)


def name(text: str, longest: int = 120) -> Html:
    """A name from outside, as code; isolated, so that it turns no text around it."""
    shown = _JOINT.sub("/<wbr/>", escaped(text, longest))
    return Html(f'<bdi class="name">{shown}</bdi>')


def headings(page: Html) -> list[tuple[str, Html]]:
    """The id and the words of each section's heading."""
    return [(key, Html(title)) for key, title in _HEADING.findall(page.text)]


def joined(*children: Html | str | None) -> Html:
    """Elements and texts after one another."""
    return Html("".join(_child(child) for child in children))


def tag(
    element: str, *children: Html | str | None, **attributes: str | float | bool | None
) -> Html:
    """An element. `class_` and `stroke_width` are attributes; None and False leave one out."""
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{shown}/>")
    return Html(f"<{element}{shown}>{''.join(_child(child) for child in children)}</{element}>")


def block(element: str, own: str, **attributes: str) -> Html:
    """A style or script of ours, word for word: the caller vouches that it holds no `</`."""
    if "</" in own:
        raise ValueError(f"a {element} that would end itself")
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{element}{shown}>{own}</{element}>")


def _child(child: Html | str | None) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child.text
    # the words beside an element stay apart from it
    before, after = (" " if end.isspace() else "" for end in (child[:1], child[-1:]))
    shown = escaped(child)
    return f"{before}{shown}{after}" if shown else before


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    key = key.rstrip("_").replace("_", "-")
    if key.startswith("on") or key == "style":
        raise ValueError(f"no element may have the attribute {key}")
    if key in _LINKS and not str(value).startswith(("#", "data:,")):
        raise ValueError(f"{key} would leave the page")
    if value is True:
        return f' {key}=""'
    shown = value if isinstance(value, str) else number(value)
    return f' {key}="{escaped(shown, 100_000)}"'


def number(value: float) -> str:
    """A coordinate: at most two decimals, no more characters than it takes."""
    if value == int(value):
        return str(int(value))
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-0.", "-.") or "0"
