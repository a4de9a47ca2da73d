"""What receivers of alerts are told of: the alarms of a promise as few alerts that people act on.

All pairs of one severity are one alert, `ErrorBudgetBurn`, that fires while one of them does, so
that nobody is paged twice for one fault. Beside them `ErrorBudgetNotMeasured` fires while nobody
knows of an alarm where somebody has to: what is not measured cannot burn.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slogate.alerting import Standing
from slogate.model.notice import Notice
from slogate.notifiers._base import inert, label_name
from slogate.promises.alarm import Alarm, sentence
from slogate.promises.course import State
from slogate.promises.sentences import moment_text
from slogate.slo.spec import Spec
from slogate.units import format_share

BURN = "ErrorBudgetBurn"
UNMEASURED = "ErrorBudgetNotMeasured"
LONGEST = 1_000

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """An alert of a receiver, by the alarms that it stands for.

    It fires, is known to be quiet, or neither. `dated`: its end is to be found in the data.
    """

    notice: Notice
    alarms: tuple[Alarm, ...]
    is_firing: bool
    is_quiet: bool
    dated: bool = True

    @property
    def seen_ts(self) -> int:
        """The moment of which it says so."""
        return max(alarm.plan.at for alarm in self.alarms)


def groups_of(standing: Standing, labels: Labels, *, is_stale: bool = False) -> Iterator[Group]:
    """The alerts of a service; `labels` are those of its specs, `is_stale`: nothing new is known.

    In the order of the alarms, those of one promise and value together.
    """
    by_subject: dict[tuple[str, str | None], list[Alarm]] = {}
    for alarm in standing.alarms:
        by_subject.setdefault((alarm.plan.promise.id, alarm.value), []).append(alarm)
    for alarms in by_subject.values():
        severities = dict.fromkeys(alarm.pair.severity for alarm in alarms)
        for severity in severities:
            mine = [alarm for alarm in alarms if alarm.pair.severity == severity]
            yield _burning(mine, _labels(BURN, severity, mine[0], labels))
        of_least = _labels(UNMEASURED, [*severities][-1], alarms[0], labels)
        yield _unmeasured(alarms, of_least, standing, is_stale=is_stale)


def labels_of_specs(specs: Sequence[Spec]) -> dict[str, dict[str, str]]:
    """By service, what is written of owner and labels."""
    found: dict[str, dict[str, str]] = {}
    for spec in specs:
        owner = {} if spec.owner is None else {"owner": spec.owner}
        found.setdefault(spec.service, {}).update({**owner, **spec.labels})
    return found


def _labels(name: str, severity: str, alarm: Alarm, more: Labels) -> dict[str, str]:
    """What an alert is known by; `more` never take the place of others."""
    promise = alarm.plan.promise
    found = {
        "alertname": name,
        "service": inert(promise.service),
        "slo": inert(promise.name),
        "window": inert(promise.window_text),
        "severity": inert(severity),
    }
    if promise.by is not None and alarm.value is not None:
        found[label_name(promise.by, found)] = inert(alarm.value)
    for each, text in more.items():
        own = label_name(each, {})
        if text and own not in found:
            found[own] = inert(text)
    return found


def _burning(alarms: Sequence[Alarm], labels: Labels) -> Group:
    firing = [alarm for alarm in alarms if alarm.state is State.FIRING]
    begun = [alarm.since for alarm in firing if alarm.since is not None]
    left = alarms[0].statement.budget.remaining
    annotations = {
        "summary": f"{inert(alarms[0].subject)}: the error budget burns too fast",
        "description": _sentences(firing or alarms),
        "budget_left": "unknown" if left is None else format_share(left),
        "command": _command(alarms[0]),
    }
    starts = min(begun, default=alarms[0].plan.at)
    return Group(
        notice=Notice(labels=labels, annotations=annotations, starts_ts=starts),
        alarms=tuple(alarms),
        is_firing=bool(firing),
        is_quiet=all(alarm.state is State.QUIET for alarm in alarms),
    )


def _unmeasured(
    alarms: Sequence[Alarm], labels: Labels, standing: Standing, *, is_stale: bool
) -> Group:
    unknown = [alarm for alarm in alarms if is_unknown(alarm)]
    promise = alarms[0].plan.promise
    is_firing = bool(unknown) or (
        is_stale and promise.severity == "error" and promise.on_no_data == "block"
    )
    told = f"the newest data of the service end at {moment_text(standing.data_end)}"
    annotations = {
        "summary": f"{inert(alarms[0].subject)}: nobody knows whether the error budget burns",
        "description": _sentences(unknown) if unknown else told,
        "command": _command(alarms[0]),
    }
    return Group(
        notice=Notice(labels=labels, annotations=annotations, starts_ts=alarms[0].plan.at),
        alarms=tuple(alarms),
        is_firing=is_firing,
        is_quiet=not is_firing,
        dated=False,
    )


def is_unknown(alarm: Alarm) -> bool:
    """Whether nobody knows of it where somebody has to."""
    return alarm.blocks and alarm.state is not State.FIRING


def _sentences(alarms: Sequence[Alarm]) -> str:
    return "; ".join(inert(sentence(alarm), LONGEST) for alarm in alarms)


def _command(alarm: Alarm) -> str:
    return f"slogate alerts check --only {shlex.quote(alarm.plan.promise.id)}"
