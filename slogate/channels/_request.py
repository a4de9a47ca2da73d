"""One comment on a pull or merge request for each service and spec set, edited in place.

A job on no request has nothing to tell. Which forge it is, is in the thread that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slogate.channels._base import Channel, News, nothing
from slogate.talk.thread import Mark, Thread, stick
from slogate.talk.words import body


def shows(news: News) -> str:
    """The comment."""
    return f"{Mark(key=news.key, at=news.at)}\n{body(news.verdict, news.past, url=news.where.url)}"


def sticky(
    *, name: str, request: str, thread: Callable[[Mapping[str, str], int], Thread]
) -> Channel:
    """The channel of a forge; `thread` is where the comments of the request so numbered are."""

    def tell(news: News) -> str:
        number = news.where.pull_request
        if number is None:
            return nothing(f"this job belongs to no {request}")
        done = stick(thread(news.environment, number), news.key, lambda _: shows(news), news.pause)
        return f"{request} {number}: {done}"

    return Channel(
        name=name, help=f"one comment on the {request}, edited in place", tell=tell, shows=shows
    )
