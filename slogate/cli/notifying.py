"""What `slogate notify` does: finds the verdicts and their past, and tells each channel."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slogate import plugins
from slogate.cli.complaints import say
from slogate.cli.verdictfile import verdicts_in
from slogate.errors import DeliveryError, Interrupted, NoData, SlogateError, StoreError, UsageError
from slogate.model.run import PRODUCTION
from slogate.reports._base import plain
from slogate.reports.github import data
from slogate.reports.json import parse
from slogate.store.layout import Store
from slogate.verdict import Verdict

if TYPE_CHECKING:
    from slogate.channels._base import Channel, News

SLOS = "slos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line asked for."""

    to: Sequence[str]
    run: str
    given: Path | None
    base: str | None
    request: int | None
    always: bool
    service: str | None
    store: Path | None
    dry_run: bool
    quiet: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of telling one channel of one verdict."""

    channel: str
    service: str
    run: str
    what: str = ""
    text: str = ""
    trouble: SlogateError | None = None

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        error = None if self.trouble is None else self.trouble.message
        return {
            "channel": self.channel,
            "service": self.service,
            "run": self.run,
            "what": self.what or None,
            "text": self.text or None,
            "error": error,
        }


def tell_all(asked: Asked, environment: Mapping[str, str]) -> list[Told]:
    """Tell each channel of each verdict; what fails is kept with the rest."""
    from slogate.channels._base import News
    from slogate.config import load_settings
    from slogate.store.layout import open_store
    from slogate.talk.past import past_of
    from slogate.talk.where import where

    channels = [_channel(word) for word in dict.fromkeys(asked.to)]
    settings = load_settings(Path.cwd(), environment)
    store: Store | None = None
    try:
        store = open_store(asked.store or settings.store)
    except Interrupted:
        raise
    except SlogateError:  # a document needs no store; there is no past then
        if asked.given is None:
            raise
    verdicts = verdicts_in(asked.given) if asked.given else _newest(_known(store), asked)
    place = where(environment)
    if asked.request is not None:
        place = replace(place, pull_request=asked.request)
    told = []
    for verdict in verdicts:
        past = past_of(store, verdict, asked.base or place.base)
        for channel, address in channels:
            news = News(
                verdict=verdict, past=past, where=place, environment=environment,
                address=address, always=asked.always,
            )  # fmt: skip
            told.append(_told(channel, news, dry_run=asked.dry_run))
    return told


def _known(store: Store | None) -> Store:
    assert store is not None
    return store


def _channel(word: str) -> tuple[Channel, str | None]:
    kind, equals, address = word.partition("=")
    channel: Channel = plugins.find("channels", kind)
    if equals and not address:
        raise UsageError(f"--to {kind}= has no address")
    if address and channel.check is None:
        raise UsageError(f"--to {kind} takes no address", hint="CI's variables tell it where")
    if address and channel.check is not None:
        channel.check(address)
    return channel, address or None


def _told(channel: Channel, news: News, *, dry_run: bool) -> Told:
    run = news.verdict.subject.run
    done = Told(channel=channel.name, service=plain(run.service), run=plain(run.id))
    if dry_run:
        return replace(done, text=channel.shows(news))
    try:
        return replace(done, what=channel.tell(news))
    except Interrupted:
        raise
    except SlogateError as error:  # a secret that a fork has not is no reason to stop, either
        return replace(done, trouble=error)
    except (KeyError, TypeError, ValueError):  # an answer that no API of theirs gives
        return replace(done, trouble=DeliveryError("the server's answer makes no sense"))
    except (OSError, AttributeError, RuntimeError) as error:  # of a library; it may hold an address
        return replace(done, trouble=DeliveryError(f"it broke down: {type(error).__name__}"))


def warn(told: Told) -> None:
    """Say on stderr who was not told, to GitHub's runner too."""
    trouble = told.trouble
    assert trouble is not None
    line = f"{told.channel} of {told.service} was not told: {plain(trouble.message)}"
    if os.environ.get("GITHUB_ACTIONS") == "true":
        with contextlib.suppress(OSError):  # the runner reads along; `say` would break it up
            sys.stderr.write(f"::warning title=slogate notify::{data(line)}\n")
            sys.stderr.flush()
    else:
        say(f"warning: {line}")
    if trouble.hint:
        say(f"    {trouble.hint}")


def _newest(store: Store, asked: Asked) -> list[Verdict]:
    """The verdicts on the run that was stored last; StoreError if it was never judged.

    Those on production are told one by one: each has a comment and an issue of its own.
    """
    from slogate.cli.latest import latest_run
    from slogate.cli.production import judged_together
    from slogate.store.manifest import find_run
    from slogate.store.verdicts import read_verdicts

    if asked.run == SLOS or asked.run.startswith(PRODUCTION):
        begin = PRODUCTION if asked.run == SLOS else asked.run
        found = [
            each
            for each in read_verdicts(store, service=asked.service)
            if str(each["run"].get("id")).startswith(begin)
        ]
        if not found:
            raise StoreError(f"there is no verdict on slos in {store.root}")
        exact = [each for each in found if each["run"].get("id") == asked.run]
        return [parse(each) for each in judged_together(exact or found)]
    try:
        if asked.run == "latest":
            run = latest_run(store, asked.service, quiet=asked.quiet)
        else:
            run = find_run(store, asked.run, service=asked.service)
    except NoData as error:
        raise StoreError(error.message, hint=error.hint) from None
    stored = read_verdicts(store, service=run.service)
    documents = [each for each in stored if each["run"].get("id") == run.id]
    if not documents:
        raise StoreError(
            f"the run {run.id} of {run.service} has not been judged, so there is no verdict",
            hint=f"judge it: slogate check --run {run.id}",
        )
    return [parse(documents[-1])]
