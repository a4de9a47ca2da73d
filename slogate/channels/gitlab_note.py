"""One note on the merge request for each service and spec set, edited in place.

A job on no merge request has nothing to tell.
"""

from __future__ import annotations

from slogate.channels._base import Channel, News, nothing
from slogate.talk import gitlab
from slogate.talk.thread import Mark, stick
from slogate.talk.words import body


def shows(news: News) -> str:
    """The note."""
    return f"{Mark(key=news.key, at=news.at)}\n{body(news.verdict, news.past, url=news.where.url)}"


def tell(news: News) -> str:
    """Create or edit it."""
    number = news.where.pull_request
    if number is None:
        return nothing("this job belongs to no merge request")
    thread = gitlab.Notes(
        forge=gitlab.forge(news.environment),
        project=gitlab.project(news.environment),
        number=number,
    )
    done = stick(thread, news.key, lambda _: shows(news), news.pause)
    return f"merge request {number}: {done}"


PLUGIN = Channel(
    name="gitlab-note",
    help="one note on the merge request, edited in place",
    tell=tell,
    shows=shows,
)
