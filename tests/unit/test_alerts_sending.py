"""What receivers are due, from what they were told before: nothing twice, nothing forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from alert_receivers import DAY, NEXT_DAY, SPEC, Receiver, receiving, shop, us

from slogate import plugins
from slogate.alerting import Standing, alerting, standing
from slogate.errors import DeliveryError, StoreError
from slogate.grouping import BURN, UNMEASURED, labels_of_specs
from slogate.notifiers._delivery import Access, Post
from slogate.promises.course import State
from slogate.sending import GONE, Delivery, News, tell
from slogate.slo.load import load_specs
from slogate.store.layout import Store, open_store

WEBHOOK = plugins.find("notifiers", "webhook")
ALERTMANAGER = plugins.find("notifiers", "alertmanager")
# 14.4% of an hour are 86.4 of 600, and 3% of the day so far 185.7 of 6,190
FIRES, TICKET_FIRES = us(f"{DAY}T10:09Z"), us(f"{DAY}T10:19Z")
# 6% of half an hour are 18 of 300, 3% of two hours 36 of 1,200
PAGE_ENDS, TICKET_ENDS = us(f"{DAY}T11:29Z"), us(f"{DAY}T12:57Z")


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory):
    """A store with a region that fails for an hour; each test has receivers of its own."""
    folder = tmp_path_factory.mktemp("sending")
    shop(folder, "eu")
    return folder


@pytest.fixture(name="store")
def _store(folder: Path) -> Store:
    """The store."""
    return open_store(folder / "store")


@pytest.fixture(name="hook")
def _hook():
    """A receiver that remembers what it took."""
    with receiving() as receiver:
        yield receiver


@cache
def stand(store: Store, at: str, spec: str) -> Standing:
    """How the alerts stand at a time of the day; the same for each test."""
    specs = load_specs([("shop.yaml", spec)])
    return standing(store, alerting(specs), "shop", at=us(f"{DAY}T{at}Z"), threads=1)


def news(store: Store, at: str, spec: str = SPEC, **changes) -> News:
    """What there is to tell at a time of the day."""
    labels = labels_of_specs(load_specs([("shop.yaml", spec)]))
    found = [stand(store, at, spec)]
    return News(store=store, standings=found, labels=labels, threads=1, **changes)


def told(it: News, hook: Receiver, notifier=WEBHOOK) -> Delivery:
    """Tell the receiver, without waiting between tries."""
    post = Post(url=hook.url, access=Access(), pause=lambda _: None)
    return tell(it, notifier, post, now_ts=us(f"{DAY}T14:00Z"), lapse_us=60_000_000)


def said(delivery: Delivery) -> list[tuple[str, int, int | None]]:
    """What was to be told: severity, beginning, end."""
    return sorted((n.labels["severity"], n.starts_ts, n.ends_ts) for n in delivery.notices)


def test_each_beginning_and_each_end_is_told_once(store, hook):
    """Over some hours, again and again: four notices, with the minutes of the data."""
    times = ["10:05", "10:10", "10:15", "10:20", "11:00", "11:25", "11:30", "12:55", "13:00"]
    found = [notice for at in times for notice in said(told(news(store, at), hook))]

    assert found == [
        ("page", FIRES, None), ("ticket", TICKET_FIRES, None),
        ("page", FIRES, PAGE_ENDS), ("ticket", TICKET_FIRES, TICKET_ENDS),
    ]  # fmt: skip
    assert len(hook.posts) == 4


def test_an_end_is_found_however_late(store, hook):
    """Hours after, the end is the minute at which none of the pairs fired any more."""
    told(news(store, "10:40"), hook)

    late = told(news(store, "14:30"), hook)

    assert said(late) == [("page", FIRES, PAGE_ENDS), ("ticket", TICKET_FIRES, TICKET_ENDS)]


def test_what_ended_and_began_anew_is_told_as_two(store, hook):
    """Between two calls it was over for a while: the old end, and the new beginning after it."""
    told(news(store, "10:40"), hook)

    again = told(news(store, "15:20"), hook)

    assert [n.ends_ts is None for n in again.notices] == [False, False, True, True]
    # six hours still hold the first outage, so that the pair of half an hour is the first to fire
    anew = {"page": us(f"{DAY}T15:02Z"), "ticket": us(f"{DAY}T15:04Z")}
    assert sorted(said(again), key=str) == sorted(
        [
            ("page", FIRES, PAGE_ENDS), ("ticket", TICKET_FIRES, TICKET_ENDS),
            *((severity, since, None) for severity, since in anew.items()),
        ],
        key=str,
    )  # fmt: skip


def test_alertmanager_is_told_again(store, hook):
    """What fires would lapse there; what has ended is told until it arrives, then no more."""
    hook.posts.clear()
    counts = []
    for at in ("10:40", "10:41", "13:00", "13:01"):
        post = Post(url=f"{hook.url}/", access=Access(), pause=lambda _: None)
        delivery = tell(news(store, at), ALERTMANAGER, post, now_ts=0, lapse_us=1)
        counts.append(len(delivery.notices))

    assert counts == [2, 2, 2, 0]


def test_a_failure_loses_nothing(store, hook):
    """Beginnings and ends that did not arrive are due the next time, with their own moments."""
    hook.answers = [400, 400]

    first, second, third = (told(news(store, at), hook) for at in ("10:40", "11:45", "11:50"))

    assert all(isinstance(each.trouble, DeliveryError) for each in (first, second))
    assert said(second) == [("page", FIRES, PAGE_ENDS), ("ticket", TICKET_FIRES, None)]
    assert said(third) == said(second)
    assert third.trouble is None
    assert told(news(store, "11:55"), hook).notices == ()


def test_what_died_between_post_and_note_is_told_again(store, hook, monkeypatch):
    """The receiver took it, nobody knows: it gets the same key, status and beginning once more."""
    import slogate.sending as room

    written = room.write_sent
    calls = []

    def dying(*words) -> None:
        calls.append(words)
        if len(calls) == 2:
            raise KeyboardInterrupt
        written(*words)

    monkeypatch.setattr(room, "write_sent", dying)
    with pytest.raises(KeyboardInterrupt):
        told(news(store, "10:40"), hook)
    monkeypatch.setattr(room, "write_sent", written)
    told(news(store, "10:42"), hook)
    told(news(store, "10:44"), hook)

    assert len(hook.posts) == 2
    identities = [
        {(alert["key"], alert["status"], alert["startsAt"]) for alert in document["alerts"]}
        for _, document in hook.posts
    ]
    assert identities[0] == identities[1]


def test_older_data_say_nothing(store, hook):
    """Who was slower than another call does not undo what that one told."""
    told(news(store, "10:40"), hook)
    told(news(store, "13:00"), hook)

    late = told(news(store, "10:45"), hook)

    assert (late.notices, late.late) == ((), ("shop",))


def test_a_moment_after_the_data_silences_nothing(store, hook):
    """A moment far in the future, by a slip, is remembered as the end of the data."""
    specs = load_specs([("shop.yaml", SPEC)])
    end = us(f"{NEXT_DAY}T00:00Z")
    far = standing(store, alerting(specs), "shop", at=end + 10**15, threads=1)

    told(News(store=store, standings=[far], threads=1), hook)

    last = standing(store, alerting(specs), "shop", at=end, threads=1)
    assert told(News(store=store, standings=[last], threads=1), hook).late == ()


def names(delivery: Delivery) -> list[tuple[str, str, int | None]]:
    """What was to be told: name, severity, end."""
    return sorted(
        (n.labels["alertname"], n.labels["severity"], n.ends_ts) for n in delivery.notices
    )


def test_while_nobody_knows_it_goes_on(store, hook):
    """An alert that fired is neither over nor forgotten; that it is not measured is told too."""
    told(news(store, "10:40"), hook)
    standings = [
        replace(
            each,
            alarms=tuple(replace(it, state=State.NO_DATA, since=None) for it in each.alarms),
        )
        for each in news(store, "10:50").standings
    ]
    blind = replace(news(store, "10:50"), standings=standings)

    assert names(told(blind, hook)) == [(UNMEASURED, "ticket", None)]
    assert told(blind, hook).notices == ()
    assert names(told(news(store, "13:00"), hook)) == [
        (BURN, "page", PAGE_ENDS), (BURN, "ticket", TICKET_ENDS),
        (UNMEASURED, "ticket", us(f"{DAY}T13:00Z")),
    ]  # fmt: skip


def test_data_that_are_too_old_are_told(store, hook):
    """A feed that died says nothing of now: that is an alert of its own until there is news."""
    quiet, stale = news(store, "09:00"), frozenset({"shop"})

    assert names(told(replace(quiet, stale=stale), hook)) == [(UNMEASURED, "ticket", None)]
    assert names(told(news(store, "09:30"), hook)) == [
        (UNMEASURED, "ticket", us(f"{DAY}T09:30Z"))
    ]  # fmt: skip


def test_an_alert_that_is_gone_from_the_spec_ends(store, hook):
    """It is told to be over, and why; not by a call that looked at some of the SLOs only."""
    told(news(store, "10:40"), hook)
    fewer = SPEC.replace("severity: ticket", "severity: email")

    partly = told(news(store, "10:45", fewer, whole=False), hook)
    wholly = told(news(store, "10:46", fewer), hook)

    assert [n.labels["severity"] for n in partly.notices] == ["email"]
    (gone,) = wholly.notices
    assert (gone.labels["severity"], gone.annotations["resolved"]) == ("ticket", GONE)
    assert gone.ends_ts == us(f"{DAY}T10:46Z")


def test_other_services_are_left_alone(store, hook):
    """A call for another service ends nothing of this one."""
    told(news(store, "10:40"), hook)

    other = told(replace(news(store, "10:50"), standings=[]), hook)

    assert other.notices == ()
    assert {severity for severity, *_ in said(told(news(store, "13:00"), hook))} == {
        "page", "ticket"
    }  # fmt: skip


def test_labels_are_stable_and_carry_the_owner(store):
    """They hold no moment and no number; labels of the spec never take the place of others."""
    first, later = (
        {key: group.notice.labels for key, group in news(store, at).groups().items()}
        for at in ("10:40", "11:10")
    )

    assert first == later
    assert {
        "alertname": "ErrorBudgetBurn", "service": "shop", "slo": "availability", "window": "30d",
        "severity": "page", "region": "eu", "owner": "payments", "tier": "gold",
    } in first.values()  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "slogate.sent/v1"}', '{"schema": "x"}',
                                  '{"schema": "slogate.sent/v2"}'])  # fmt: skip
def test_a_damaged_memory_is_refused(store, hook, text):
    """Nothing is guessed of what was told: it is named, and how to begin anew."""
    told(news(store, "10:40"), hook)
    files = sorted((store.root / "sent").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    files[-1].write_text(text, encoding="utf-8")

    with pytest.raises(StoreError, match=files[-1].name) as caught:
        told(news(store, "10:45"), hook)
    assert caught.value.hint is not None


def test_the_memory_holds_no_address(store, hook):
    """An address may be a secret; the file has a hash for its name."""
    told(news(store, "10:40"), hook)

    newest = max((store.root / "sent").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    text = newest.read_text("utf-8")
    assert hook.url.removeprefix("http://") not in text + newest.name
    assert json.loads(text)["moments"] == {"shop": us(f"{DAY}T10:40Z")}
