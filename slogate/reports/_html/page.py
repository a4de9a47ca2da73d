"""The page: one document that needs nothing else, and a policy that lets nothing else act.

Only the style and the script of this package may act, by their hashes; nothing is loaded and
nothing is sent, whatever a name in the report holds.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode

from slogate.reports import _base
from slogate.reports._html.markup import Html, block, joined, name, tag
from slogate.reports._html.style import STYLE
from slogate.verdict import Verdict

_MOST_FILES = 5


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _policy(style: str, script: str) -> str:
    own = f"; script-src {_hash(script)}" if script else ""
    return (
        f"default-src 'none'; style-src {_hash(style)}{own}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def page(verdict: Verdict, header: Html, content: Html, *, script: str = "") -> str:
    """The whole document."""
    title = f"{_base.conclusion(verdict)} · {verdict.subject.run.service} · slogate"
    return framed(title, verdict.version, header, content, _foot(verdict), script=script)


def framed(
    title: str, version: str, header: Html, content: Html, foot: Html,
    *, style: str = STYLE, script: str = "",
) -> str:  # fmt: skip
    """A document of any content; `style` and `script` are of this package."""
    document = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="referrer", content="no-referrer"),
            tag("meta", name="generator", content=f"slogate {version}"),
            tag("link", rel="icon", href="data:,"),
            tag("title", title),
            block("style", style),
        ),
        tag(
            "body",
            tag("a", "Skip to the report", href="#report", class_="skip"),
            header,
            tag("main", content, id="report"),
            tag("footer", foot),
            block("script", script) if script else None,
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{document.text}\n"


def _foot(verdict: Verdict) -> Html:
    files = sorted({finding.place.file for finding in verdict.findings})
    named = [joined(", " if at else "", name(file)) for at, file in enumerate(files[:_MOST_FILES])]
    more = len(files) - len(named)
    return joined(
        f"slogate {verdict.version}, verdict ",
        name(verdict.id),
        joined(" by ", *named) if named else None,
        f" and {more} more" if more else None,
        ". Outcomes are decided by exact counts and their intervals, never by a picture.",
    )
