"""What a server has of a query: whose series those are, and their samples, span by span.

    query ──► one metric: classic buckets, or native histograms or a counter of that name
    (start, end] ──► samples of metric[…] at the end of each span ──► Reader ──► chunks

Reading begins a gap before the start, so that the first growth has something to grow from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TypeVar

from slogate.errors import SourceError
from slogate.sources._base import EARLIEST_TS, LATEST_TS, Chunk, Offer, Remote
from slogate.sources._prometheus import settings
from slogate.sources._prometheus.answer import matrix
from slogate.sources._prometheus.client import Client, Parameters, TooMuch
from slogate.sources._prometheus.naming import Naming, choose
from slogate.sources._prometheus.promql import Selector, selected
from slogate.sources._prometheus.reader import Reader
from slogate.sources._prometheus.spans import Spans

T = TypeVar("T")
_COUNTS = re.compile("_(total|count|bucket)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server, what is asked of it, and how the answers are read. Times in ms."""

    remote: Remote
    client: Client
    selector: Selector
    naming: Naming
    step: int | None
    gap: int

    def read(self, start_us: int, end_us: int) -> Iterator[tuple[int, Chunk]]:
        """The rows of what was scraped after the start, up to the end."""
        start, end = start_us // 1000, end_us // 1000
        reader = Reader(
            naming=self.naming, unit_us=self._unit_us, counters=self._counters,
            step=self.step, gap=self.gap, after=start,
        )  # fmt: skip
        spans = Spans(client=self.client, selector=self.selector, step=self.step)
        for until, answer in spans.read(start - self.gap, end):
            try:
                chunk = reader.take(matrix(answer, ends=self.client.ends))
            except ValueError as error:
                raise self.client.fail(f"{self.selector}: {error}") from None
            yield until * 1000, chunk

    def _unit_us(self) -> Fraction:
        try:
            return settings.unit_us(self.remote.options.get("unit"), self.selector.name)
        except ValueError as error:
            raise self.client.fail(str(error), hint="say it: --option unit=s") from None

    def _counters(self, name: str) -> None:
        check_counter(self, name)


def check_counter(server: Server, name: str) -> None:
    """SourceError where plain numbers of this metric are not counts of requests."""
    if _COUNTS.search(name) or server.remote.options.get("type") == "counter":
        return
    hint = "if it counts requests and only ever grows: --option type=counter"
    try:
        told = server.client.ask("metadata", [("metric", name)], post=False)
    except (TooMuch, SourceError) as error:
        why = f"it may be no counter, and nobody says what {name} is: {error}"
        raise server.client.fail(why, hint=hint) from None
    entries = told.get(name) if isinstance(told, dict) else None
    known = entries if isinstance(entries, list) else []
    kinds = sorted({str(each.get("type")) for each in known if isinstance(each, dict)})
    if kinds != ["counter"]:
        kind = " or ".join(kinds) or "metric of unknown type"
        raise server.client.fail(f"{name} is a {kind}, not a counter", hint=hint)


def connect(remote: Remote, client: Client | None = None) -> Offer:
    """Ask what there is of the query in the span; SourceError if there is nothing."""
    if client is None:
        accept = settings.flag(remote, "warnings", "accept")
        client = Client(access=settings.access(remote), accept_warnings=accept)
    wanted = _query(remote, client)
    step, gap = settings.step_ms(remote), settings.length_us(remote, "gap", "1h") // 1000
    start, end, notes = _span(remote, client)
    reach = [("start", _seconds(start - gap)), ("end", _seconds(end))]
    selector = _resolved(remote, client, wanted, reach)
    labels = _told(client, "labels", [("match[]", str(selector)), *reach], post=True)
    try:
        naming = choose(labels, remote.options)
    except ValueError as error:
        raise client.fail(str(error)) from None
    identity = {"url": client.access.url, "query": str(selector)}
    if tenant := remote.options.get("tenant"):
        identity["tenant"] = tenant
    server = Server(
        remote=remote, client=client, selector=selector, naming=naming, step=step, gap=gap
    )
    return Offer(
        identity=identity, start_us=start * 1000, end_us=end * 1000, read=server.read,
        notes=(f"{selector}: {naming.told()}", *notes),
    )  # fmt: skip


def _query(remote: Remote, client: Client) -> Selector:
    text = remote.options.get("query", "").strip()
    if not text:
        hint = "--query 'http_request_duration_seconds{job=\"shop\"}'; files are downloaded first"
        raise client.fail("what is to be imported? No query is given", hint=hint)
    try:
        return selected(text)
    except ValueError as error:
        raise client.fail(f"the query {text}: {error}") from None


def _span(remote: Remote, client: Client) -> tuple[int, int, list[str]]:
    """After when, up to when, by the server's clock, and what to say about it."""
    clock = _asked(client, client.now)
    if clock is None or not EARLIEST_TS <= clock * 1e6 <= LATEST_TS:
        raise client.fail("it does not say what time it is")
    now = int(clock * 1000)
    latest = now - settings.length_us(remote, "delay", "1m") // 1000
    start = settings.moment_ms(remote, "from", now)
    end = settings.moment_ms(remote, "to", now)
    if start is None:
        hint = "--from 28d, or --from 2026-11-01T00:00Z; what is there already is left out"
        raise client.fail("from when on? No time is given", hint=hint)
    notes = []
    if end is not None and end > latest:
        notes = ["what is younger than the delay may still be arriving: it is left for later"]
    end = min(latest, latest if end is None else end)
    if start >= end:
        told = _words(_seconds(start), _seconds(end))
        raise client.fail(f"there is no time {told} (the delay is left)")
    return start, end, notes


def _resolved(remote: Remote, client: Client, wanted: Selector, reach: Parameters) -> Selector:
    """The selector of the series that hold what is wanted, whichever kind they are."""
    asked = wanted.name
    family = re.sub("_(bucket|count|sum)$", "", asked)
    classic, total = f"{family}_bucket", f"{asked}_total"
    matches = [
        ("match[]", str(replace(wanted, name=name)))
        for name in dict.fromkeys((asked, family, classic, total))
    ]
    found = _told(client, "label/__name__/values", [*matches, *reach], post=False)
    kinds = {
        "classic": (classic,), "native": (family,), "counter": (asked, total),
        None: (classic, asked, family, total),
    }  # fmt: skip
    kind = remote.options.get("type")
    if kind not in kinds:
        raise client.fail(f"option type is '{kind}', it must be counter, classic or native")
    if kind is None and asked != classic and {family, classic} <= set(found):
        raise client.fail(
            f"{family} is there as classic histogram and also by its own name",
            hint="say which: --option type=classic, or type=native",
        )
    for name in kinds[kind]:
        if name in found:
            return replace(wanted, name=name)
    delay = remote.options.get("delay", "1m")
    raise client.fail(
        f"there are no series {wanted} {_words(*(moment for _, moment in reach))}",
        hint="see what there is in the server's own interface; "
        f"what is younger than {delay} is left (--option delay=)",
    )


def _told(client: Client, path: str, parameters: Parameters, *, post: bool) -> list[str]:
    """A list of words that the server has."""
    data = _asked(client, lambda: client.ask(path, parameters, post=post))
    if not isinstance(data, list) or not all(isinstance(word, str) for word in data):
        raise client.fail(f"its answer about {path} is no list of words")
    return data


def _asked(client: Client, ask: Callable[[], T]) -> T:
    """The answer to a question of which nothing less can be asked; twice, if it takes too long."""
    for _ in range(2):
        try:
            return ask()
        except TooMuch as error:
            told = error
            if not told.troubled:
                break
    raise client.fail(str(told))


def _words(start: str, end: str) -> str:
    moments = (datetime.fromtimestamp(int(float(text)), UTC) for text in (start, end))
    return "between {:%Y-%m-%d %H:%M:%S} and {:%Y-%m-%d %H:%M:%S} UTC".format(*moments)


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03}"
