"""Markdown as GitHub's own renderer shows it: of a hostile name there is text, and nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hostile_verdicts import HOSTILE, hostile

from slogate import plugins
from slogate.channels._base import News
from slogate.talk.past import Past
from slogate.talk.where import Where

OURS = {
    "h2", "h3", "p", "code", "wbr", "table", "thead", "tbody", "tr", "th", "td", "strong", "em",
    "ul", "li", "details", "summary", "sub", "br",
}  # fmt: skip


class Shown(HTMLParser):
    """The tags of a page, its comments, and its text outside of code."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.comments, self.said = set(), set(), [], ""
        self._code = 0

    def handle_starttag(self, tag, attrs):
        """A tag begins."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._code += tag == "code"

    def handle_endtag(self, tag):
        """A tag ends."""
        self._code -= tag == "code"

    def handle_comment(self, data):
        """A comment, which nobody sees."""
        self.comments.append(data)

    def handle_data(self, data):
        """Text."""
        self.said += "" if self._code else data


def rendered(markdown):
    """What GitHub makes of it, before it takes out what it does not allow."""
    shown = Shown()
    shown.feed(
        cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    )
    return shown


def told(channel, found):
    """What a channel would tell, of a past like the verdict itself."""
    past = Past(base=found, before=found, name=found.subject.run.service)
    news = News(verdict=found, past=past, where=Where(), environment={})
    return plugins.find("channels", channel).shows(news)


@pytest.mark.parametrize("form", ["markdown", "github-comment", "github-issue"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_text(form, text):
    """No tag, attribute, link, picture, comment, mention or reference comes from a name."""
    found = hostile(text)
    markdown = (
        plugins.find("reports", form).render(found) if form == "markdown" else told(form, found)
    )
    shown = rendered(markdown)

    assert shown.tags <= OURS
    assert shown.attributes <= {"align"}
    assert len(shown.comments) == (form != "markdown")
    assert not re.search(r"(?<!\w)@\w|#\d|GH-\d|[!~$&%][\w\"]", shown.said)


def test_what_is_not_broken_up_would_be_found():
    """The renderer links what stands in code, and this test sees it."""
    shown = rendered("<code>https://evil.example a@evil.example</code> @you <b>#1</b> <!-- x -->")

    assert {"a", "b"} <= shown.tags
    assert "href" in shown.attributes
    assert shown.comments == [" x "]
    assert re.search(r"@\w", shown.said)
