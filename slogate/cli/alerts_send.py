"""`slogate alerts send`: tell Alertmanager, or a webhook, who burns an error budget too fast."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slogate.cli.alerts_check import FILES, MAX_AGE, MORE_FILES, ONLY
from slogate.cli.options import (
    JSON,
    NO_COLOR,
    PROMETHEUS,
    QUIET,
    SERVICE,
    STORE,
    THREADS,
    note,
    out,
)
from slogate.errors import EXIT_NO_VERDICT, EXIT_PASS, UsageError

if TYPE_CHECKING:
    from slogate.notifiers._base import Notifier
    from slogate.notifiers._delivery import Access, Post
    from slogate.sending import Delivery

_LEAST_LAPSE_US = 60_000_000
SCHEMA = "slogate.deliveries/v1"
TO = Annotated[
    list[str],
    typer.Option(
        "--to",
        metavar="[KIND=]URL",
        envvar="SLOGATE_ALERTS_TO",
        help="Whom to tell: alertmanager=URL, the default kind, or webhook=URL; repeatable.",
    ),
]


def command(
    to: TO,
    files: FILES = None,
    more: MORE_FILES = None,
    service: SERVICE = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="As of this moment, not of the newest data."),
    ] = None,
    only: ONLY = None,
    max_age: MAX_AGE = None,
    lapse: Annotated[
        str,
        typer.Option(
            "--lapse", metavar="DURATION", help="An Alertmanager forgets what is not repeated."
        ),
    ] = "1h",
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="DURATION", help="How long one answer may take.")
    ] = "10s",
    token_file: Annotated[
        Path | None, typer.Option("--token-file", metavar="FILE", help="A bearer token.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="Of the user SLOGATE_ALERTS_USER."),
    ] = None,
    ca: Annotated[
        str | None, typer.Option("--ca", metavar="FILE", help="The certificate authority to trust.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell nobody, and remember nothing.")
    ] = False,
    threads: THREADS = None,
    prometheus: PROMETHEUS = None,
    store: STORE = None,
    as_json: JSON = False,
    quiet: QUIET = False,
    no_color: NO_COLOR = False,
) -> int:
    """Tell receivers which alerts fire, and which that they were told of have ended.

    Run it again and again: nothing is told twice, nothing is forgotten. Exit 0 if all are told
    what is due, 2 if not, 3 if of an alert nobody knows. Credentials come from the variables
    SLOGATE_ALERTS_TOKEN, or SLOGATE_ALERTS_USER and SLOGATE_ALERTS_PASSWORD, or from files.

    \b
    Examples:
      slogate alerts send --to http://127.0.0.1:9093
      slogate alerts send slo/shop.yaml --to webhook=https://chat.example/hooks/abc --dry-run
      slogate alerts send --to http://alerts:9093/am --max-age 10m --lapse 15m
    """
    from slogate.cli.alerting import Asked, look_for
    from slogate.cli.complaints import complain, told
    from slogate.cli.judging import worst
    from slogate.cli.moments import given_age
    from slogate.grouping import is_unknown, labels_of_specs
    from slogate.notifiers._delivery import Access
    from slogate.reports._base import plain
    from slogate.sending import News

    del no_color
    lapse_us = given_age("--lapse", lapse, ("m", "h"))
    if lapse_us < _LEAST_LAPSE_US:
        raise UsageError(
            f"--lapse: {lapse} is under a minute, so that alerts end as soon as they begin",
            hint="say several times as much as lies between two calls: 15m for every 5 minutes",
        )
    access = Access(
        headers=_headers(token_file, password_file),
        ca=ca,
        timeout_s=max(0.001, given_age("--timeout", timeout, ("s", "ms")) / 1e6),
    )
    receivers = _receivers(to, access)
    asked = Asked(
        files=[*(files or []), *(more or [])],
        service=service,
        at=at,
        only=only or [],
        max_age=max_age,
        threads=threads,
        store=store,
        prometheus=prometheus or [],
        quiet=quiet,
    )
    sight = look_for(asked)
    for line in sight.told.reasons:
        complain(line, None)
    for line in sight.told.notes:
        note(f"note: {line}", quiet=quiet)
    news = News(
        store=sight.store,
        standings=sight.standings,
        labels=labels_of_specs(sight.specs),
        whole=not asked.only,
        stale=frozenset(sight.late),
        threads=threads,
    )
    now = time.time_ns() // 1_000
    codes = [*sight.codes]
    unknown = [a for each in sight.standings for a in each.alarms if is_unknown(a)]
    if sight.late or unknown:
        codes.append(EXIT_NO_VERDICT)
    deliveries = [
        _told(news, notifier, post, now, lapse_us, dry_run=dry_run) for notifier, post in receivers
    ]
    out(_json(deliveries, dry_run=dry_run) if as_json else _text(deliveries, dry_run=dry_run))
    for alarm in unknown:
        note(plain(f"note: nobody knows of {alarm.id}: {alarm.reason}"), quiet=quiet)
    for each in deliveries:
        for name in each.late:
            line = plain(f"{each.receiver} has been told of {name} as of a later moment")
            note(f"note: {line}", quiet=quiet)
            codes.append(EXIT_NO_VERDICT)
        codes.append(EXIT_PASS if each.trouble is None else told(each.trouble))
    return worst(codes)


def _told(
    news: Any, notifier: Notifier, post: Post, now: int, lapse_us: int, *, dry_run: bool
) -> Delivery:
    from slogate.sending import Delivery, due_to, tell
    from slogate.store.sent import read_sent

    if not dry_run:
        return tell(news, notifier, post, now_ts=now, lapse_us=lapse_us)
    before = read_sent(news.store, f"{notifier.name}={post.url}")
    due = due_to(news.after(before), notifier, before)
    return Delivery(receiver=post.shown, kind=notifier.name, notices=due.notices)


def _receivers(words: Sequence[str], access: Access) -> list[tuple[Notifier, Post]]:
    """Whom to tell; UsageError for an unknown kind, or credentials that would go to several."""
    from slogate import plugins
    from slogate.notifiers._delivery import Post, check_address

    found = []
    for word in dict.fromkeys(words):
        kind, equals, url = word.partition("=")
        if not equals or "/" in kind:
            kind, url = "alertmanager", word
        notifier = plugins.find("notifiers", kind)
        url = notifier.address(check_address(url))
        found.append((notifier, Post(url=url, access=access)))
    servers = {post.shown for _, post in found}
    if len(servers) > 1 and access.headers:
        raise UsageError(
            "the credentials would go to several servers",
            hint="call it once for each, with the credentials of each",
        )
    return found


def _headers(token: Path | None, password: Path | None) -> dict[str, str]:
    from slogate.notifiers._delivery import headers_of

    return headers_of(
        os.environ,
        token=_secret("--token-file", token),
        password=_secret("--password-file", password),
    )


def _secret(flag: str, path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"{flag} {path}: {why}") from None
    if not text:
        raise UsageError(f"{flag} {path}: it is empty")
    return text


def _text(deliveries: Sequence[Delivery], *, dry_run: bool) -> str:
    lines = []
    for each in deliveries:
        firing = sum(notice.ends_ts is None for notice in each.notices)
        ended = len(each.notices) - firing
        verb = "would be told" if dry_run else "was told" if each.trouble is None else "is owed"
        what = f"{firing} firing, {ended} ended" if each.notices else "nothing new"
        lines.append(f"{each.kind} {each.receiver} {verb}: {what}\n")
        lines += [f"  {_line(notice)}\n" for notice in each.notices]
    return "".join(lines)


def _line(notice: Any) -> str:
    from slogate.promises.sentences import moment_text

    state = "firing since" if notice.ends_ts is None else "ended at"
    when = moment_text(notice.starts_ts if notice.ends_ts is None else notice.ends_ts)
    return f"{state} {when} ({notice.labels['severity']}): {notice.annotations['summary']}"


def _json(deliveries: Sequence[Delivery], *, dry_run: bool) -> str:
    from slogate.promises.alarm_document import time_text

    document = {
        "schema": SCHEMA,
        "dry_run": dry_run,
        "receivers": [
            {
                "kind": each.kind,
                "receiver": each.receiver,
                "delivered": each.trouble is None and not dry_run,
                "error": None if each.trouble is None else each.trouble.message,
                "alerts": [
                    {
                        "key": notice.key,
                        "status": "firing" if notice.ends_ts is None else "resolved",
                        "labels": dict(notice.labels),
                        "annotations": dict(notice.annotations),
                        "starts_at": time_text(notice.starts_ts),
                        "ends_at": time_text(notice.ends_ts),
                    }
                    for notice in each.notices
                ],
            }
            for each in deliveries
        ],
    }
    return f"{json.dumps(document, indent=2, ensure_ascii=False)}\n"
