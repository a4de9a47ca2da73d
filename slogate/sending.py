"""The door to receivers of alerts: (how alerts stand, what was told) → what is due, delivered.

    standing ──► alerts that fire, see `grouping.py` ──┐
    sent/<receiver>.json: what a receiver knows of ────┴─► due, kept ──► posted ──► told

An alert ends where the data say so; while nobody knows, it goes on. What is due is never lost: what
could not be delivered is due the next time, with the moments that it really began and ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from slogate.alerting import Standing, replay, source_of
from slogate.errors import DeliveryError, UnsupportedError
from slogate.grouping import Group, groups_of
from slogate.model.notice import Notice
from slogate.notifiers._base import Notifier
from slogate.notifiers._delivery import Post
from slogate.promises.course import State
from slogate.store.layout import Store
from slogate.store.sent import Firing, Sent, read_sent, speaking, write_sent

GONE = "the spec no longer has this alert, or the data no longer have its label's value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a receiver is to be told, and what it knows of after that."""

    notices: tuple[Notice, ...]
    sent: Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of telling one receiver; `trouble` if it could not be told.

    `late` are services of which it had been told as of a later moment: nothing is said of them.
    """

    receiver: str
    kind: str
    notices: tuple[Notice, ...]
    late: tuple[str, ...] = ()
    trouble: DeliveryError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """How the alerts of the services stand; `whole`: all that their specs have.

    Of the `stale` services the newest data are too old to say anything of now.
    """

    store: Store
    standings: Sequence[Standing]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    whole: bool = True
    stale: frozenset[str] = frozenset()
    threads: int | None = None

    def after(self, sent: Sent) -> News:
        """Without what is older than what was told before: somebody else was faster."""
        newer = [it for it in self.standings if it.at >= sent.moments.get(it.source, 0)]
        return replace(self, standings=newer)

    def groups(self) -> dict[str, Group]:
        """What there is to tell of, by key."""
        return {
            group.notice.key: group
            for each in self.standings
            for group in groups_of(
                each, self.labels.get(each.service, {}), is_stale=each.source in self.stale
            )
        }


def tell(news: News, notifier: Notifier, post: Post, *, now_ts: int, lapse_us: int) -> Delivery:
    """Tell one receiver what is due to it; what cannot be delivered stays due."""
    store, receiver, trouble = news.store, f"{notifier.name}={post.url}", None
    with speaking(store, receiver):
        before = read_sent(store, receiver)
        fresh = news.after(before)
        due = due_to(fresh, notifier, before)
        write_sent(store, receiver, due.sent)
        if due.notices:
            try:
                post.deliver(notifier.render(due.notices, now_ts=now_ts, lapse_us=lapse_us))
            except DeliveryError as error:
                trouble = error
            else:
                told = {key: replace(each, told=True) for key, each in due.sent.firing.items()}
                write_sent(store, receiver, replace(due.sent, firing=told, ended=()))
    late = {it.source for it in news.standings} - {it.source for it in fresh.standings}
    return Delivery(
        receiver=post.shown,
        kind=notifier.name,
        notices=due.notices,
        late=tuple(sorted(late)),
        trouble=trouble,
    )


def due_to(news: News, notifier: Notifier, sent: Sent) -> Due:
    """What is due, given what was told before."""
    groups = news.groups()
    firing: dict[str, Firing] = {}
    ended = list(sent.ended)
    for key, before in sent.firing.items():
        group = groups.get(key)
        end = _end(news, before, group)
        if end is not None:
            ended.append(_ended(before, end, group))
        elif group is not None and group.is_firing:
            firing[key] = _onward(before, group)
        else:
            firing[key] = before
    for key, group in groups.items():
        if group.is_firing and key not in firing:
            firing[key] = _new(group)
    goes_on = [
        each.notice
        for key, each in firing.items()
        if not each.told or (notifier.repeats and key in groups)
    ]
    # nobody has seen what lies after the data: a moment in the future by mistake silences nothing
    seen = {it.source: min(it.at, it.data_end) for it in news.standings}
    moments = {**sent.moments, **seen}
    after = Sent(firing=firing, ended=tuple(ended), moments=moments)
    return Due(notices=(*ended, *goes_on), sent=after)


def _new(group: Group) -> Firing:
    alarm = group.alarms[0]
    return Firing(
        notice=group.notice,
        service=source_of(alarm.plan.promise),
        subject=alarm.subject,
        seen_ts=group.seen_ts,
    )


def _onward(before: Firing, group: Group) -> Firing:
    """An alert that goes on: as it began, with what is said of it now."""
    notice = replace(group.notice, starts_ts=before.notice.starts_ts)
    return replace(before, notice=notice, seen_ts=max(before.seen_ts, group.seen_ts))


def _ended(before: Firing, end: int, group: Group | None) -> Notice:
    annotations = before.notice.annotations
    if group is None:
        annotations = {**annotations, "resolved": GONE}
    return replace(
        before.notice, annotations=annotations, ends_ts=max(end, before.notice.starts_ts)
    )


def _end(news: News, before: Firing, group: Group | None) -> int | None:
    """When an alert that a receiver knows of ended; None while it goes on, or nobody knows."""
    at = next((each.at for each in news.standings if each.source == before.service), None)
    if at is None:
        return None
    if group is None:
        return max(at, before.seen_ts) if news.whole else None
    if group.is_quiet:
        return (_first_quiet(news, before, group, at) if group.dated else None) or at
    begun = group.notice.starts_ts
    if group.is_firing and group.dated and begun > before.seen_ts:
        return _first_quiet(news, before, group, begun)
    return None


def _first_quiet(news: News, before: Firing, group: Group, until: int) -> int | None:
    """The first minute, since it was seen to fire, at which none of its pairs did."""
    promise, value = group.alarms[0].plan.promise, group.alarms[0].value
    if promise.indicator is not None:  # it ended by the time that is known
        return None
    since = min(before.seen_ts, until)
    try:
        played = replay(news.store, [promise], promise.service, since, until, threads=news.threads)
    except UnsupportedError:  # it cannot be followed: then it ended by the time that is known
        return None
    courses = played.courses[promise.id].get(value, ())
    mine = [courses[alarm.number] for alarm in group.alarms if alarm.number < len(courses)]
    for at in sorted({turn.ts for turns in mine for turn in turns}):
        states = [[turn.state for turn in turns if turn.ts <= at][-1:] for turns in mine]
        if all(state == [State.QUIET] for state in states):
            return at
    return None
