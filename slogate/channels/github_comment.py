"""One comment on the pull request for each service and spec set, edited in place.

A job on no pull request has nothing to tell.
"""

from __future__ import annotations

from slogate.channels._base import Channel, News, nothing
from slogate.talk import github
from slogate.talk.thread import Mark, stick
from slogate.talk.words import body


def shows(news: News) -> str:
    """The comment."""
    return f"{Mark(key=news.key, at=news.at)}\n{body(news.verdict, news.past, url=news.where.url)}"


def tell(news: News) -> str:
    """Create or edit it."""
    number = news.where.pull_request
    if number is None:
        return nothing("this job belongs to no pull request")
    thread = github.Comments(
        forge=github.forge(news.environment),
        repository=github.repository(news.environment),
        number=number,
    )
    done = stick(thread, news.key, lambda _: shows(news), news.pause)
    return f"pull request {number}: {done}"


PLUGIN = Channel(
    name="github-comment",
    help="one comment on the pull request, edited in place",
    tell=tell,
    shows=shows,
)
