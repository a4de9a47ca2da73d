"""Any address that takes JSON: `slogate.news/v1`, with a `text` that chats show.

The address is a secret where a chat made it: it comes from the variable SLOGATE_NOTIFY_WEBHOOK,
or from the command line where it is none. Credentials are in variables of its own, not in those of
`slogate alerts send`: what is for an Alertmanager is not for a chat.
"""

from __future__ import annotations

import json

from slogate.channels._base import Channel, News, nothing
from slogate.errors import UsageError
from slogate.notifiers._delivery import Access, Post, check_address, headers_of
from slogate.reports._base import plain
from slogate.talk.words import chat

SCHEMA = "slogate.news/v1"
PREFIX = "SLOGATE_NOTIFY_"
VARIABLE = f"{PREFIX}WEBHOOK"


def shows(news: News) -> str:
    """The document."""
    verdict = news.verdict
    told = {
        "schema": SCHEMA,
        "text": chat(verdict, news.past, url=news.where.url),
        "outcome": verdict.outcome.value,
        "exit_code": verdict.exit_code,
        "service": plain(verdict.subject.run.service),
        "run": plain(verdict.subject.run.id),
        "verdict": verdict.id,
        "url": news.where.url,
    }
    return f"{json.dumps(told, indent=2)}\n"


def check(address: str) -> str:
    """The address; UsageError, which does not show it, where nothing can be posted there."""
    return check_address(address, prefix=PREFIX)


def tell(news: News) -> str:
    """Post it, unless there is nothing that a chat should hear."""
    address = news.address or news.environment.get(VARIABLE, "").strip()
    if not address:
        raise UsageError("the webhook has no address", hint=f"set {VARIABLE}")
    post = Post(
        url=check(address),
        access=Access(headers=headers_of(news.environment, prefix=PREFIX), prefix=PREFIX),
        pause=news.pause,
    )
    if not news.matters:
        return nothing("it passes, as before")
    post.deliver([shows(news).encode()])
    return f"{post.shown}: told"


PLUGIN = Channel(
    name="webhook",
    help="a JSON document, for a chat or a program",
    tell=tell,
    shows=shows,
    check=check,
)
