"""Chats, mail and phones through Apprise, an extra: `pip install 'slogate[apprise]'`.

The addresses hold passwords, so they come from the variable APPRISE_URLS, one a word, and are
never shown: of one that fails only its kind is told.
"""

from __future__ import annotations

import logging
from typing import Any

from slogate.channels._base import Channel, News, nothing
from slogate.errors import EXIT_BREACH, EXIT_PASS, DeliveryError, UsageError
from slogate.reports._base import plain
from slogate.talk.words import calm, chat

VARIABLE = "APPRISE_URLS"


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise UsageError(
            "the channel apprise needs a package that is not installed",
            hint="pip install 'slogate[apprise]'",
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it would tell addresses
    return apprise


def _kind(url: str) -> str:
    """The kind of an address: what may be shown of it."""
    return plain(url.partition("://")[0])[:20] if "://" in url else "an address without a kind"


def shows(news: News) -> str:
    """The text."""
    return f"{chat(news.verdict, news.past, url=news.where.url)}\n"


def check(address: str) -> None:
    """Refuse it, without showing it."""
    del address
    raise UsageError(
        "apprise takes no address on the command line, where others can read it",
        hint=f"set {VARIABLE}",
    )


def tell(news: News) -> str:
    """Send it to each address, unless there is nothing that a chat should hear."""
    library = _library()
    urls = news.environment.get(VARIABLE, "").split()
    if not urls:
        raise UsageError("apprise has no address", hint=f"set {VARIABLE}, one a word")
    if not news.matters:
        return nothing("it passes, as before")
    kinds = {EXIT_PASS: library.NotifyType.SUCCESS, EXIT_BREACH: library.NotifyType.FAILURE}
    said = {
        "title": f"slogate: {calm(news.verdict.subject.run.service, 100)}",
        "body": shows(news),
        "body_format": library.NotifyFormat.TEXT,
        "notify_type": kinds.get(news.verdict.exit_code, library.NotifyType.WARNING),
    }
    failed = []
    for url in urls:
        receiver = library.Apprise()
        if not receiver.add(url) or not receiver.notify(**said):
            failed.append(_kind(url))
    if failed:
        raise DeliveryError(f"apprise: {len(failed)} of {len(urls)} not told: {', '.join(failed)}")
    return f"apprise: told {len(urls)}"


PLUGIN = Channel(
    name="apprise",
    help="chats, mail and phones, by the extra apprise",
    tell=tell,
    shows=shows,
    check=check,
)
