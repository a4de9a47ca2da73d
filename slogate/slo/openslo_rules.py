"""What the manual tells of the rules of OpenSLO (`openslo/profile.py`): why each is there.

An example is a fragment of a document of `openslo_examples.py`, valid with the right one.
"""

from __future__ import annotations

from slogate.slo import openslo_examples as documents
from slogate.slo.openslo.profile import FAMILY, RULES
from slogate.slo.openslo_examples import Example
from slogate.slo.rules import Entry

_FIXES = {
    "slice-number": "adds the unit",
    "rolling-month": "writes the days that it counts as",
    "condition-kind": "adds it",
    "alpha-window": "adds `isRolling: true`",
    "ratio-op": "takes the field out",
    "renamed-field": "writes the new name",
}


_SERVICE = "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: checkout}\n"
_SOURCE = "{metricSource: {type: prometheus, spec: {query: %s}}}"
_INLINE = (
    "  indicator:\n    metadata: {name: latency}\n    spec:\n      ratioMetric:\n"
    f"        good: {_SOURCE % 'good'}\n        total: {_SOURCE % 'all'}\n"
)
_PERIOD = "    - duration: 1w\n      calendar: {startTime: 2026-01-05 00:00:00, timeZone: UTC}\n"

EXAMPLES: dict[str, Example] = {
    "form": Example(
        why="Most readers of YAML let the last of two keys win; here that is a fault.",
        right="kind: SLO\n",
        wrong="kind: SLO\nkind: SLO\n",
    ),
    "api-version": Example(
        why="The version decides on all fields; a wrong one is never guessed.",
        right="apiVersion: openslo/v1\n",
        wrong="apiVersion: openslo/v2\n",
    ),
    "kind": Example(
        why="Kinds are spelt exactly as the specification does.",
        right="kind: SLO\n",
        wrong="kind: Slo\n",
    ),
    "list-kind": Example(
        why="Kubernetes has a kind List, OpenSLO has YAML's own lists and streams.",
        right=_SERVICE,
        wrong="apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: openslo/v1, kind: Service, "
        "metadata: {name: checkout}}\n",
        document=_SERVICE,
    ),
    "unknown-field": Example(
        why="A field with a slip would be left out in silence.",
        right="      targetPercent: 99.5\n",
        wrong="      targetPercents: 99.5\n",
    ),
    "type": Example(
        why="A quoted number is a text, an unquoted `yes` is one as well.",
        right="targetPercent: 99.5",
        wrong='targetPercent: "99.5"',
    ),
    "required": Example(
        why="Without a service nobody knows whose SLO it is.",
        right="  service: checkout\n",
        wrong="",
    ),
    "exclusive": Example(
        why="Two fields that say the same can say two things.",
        right="targetPercent: 99.5",
        wrong="targetPercent: 99.5\n      target: 0.995",
    ),
    "choice": Example(
        why="The word decides how the budget is reckoned; a slip is never guessed.",
        right="budgetingMethod: Timeslices",
        wrong="budgetingMethod: TimeSlices",
    ),
    "count": Example(
        why="The specification allows exactly one time window.",
        right="    - duration: 28d\n      isRolling: true\n",
        wrong="    - {duration: 28d, isRolling: true}\n    - {duration: 7d, isRolling: true}\n",
    ),
    "placeholder": Example(
        why="The specification's template is copied often, and not always filled in.",
        right="severity: page",
        wrong="severity: string",
    ),
    "duration": Example(
        why="Durations are a whole number and one unit; there are no seconds and no sums.",
        right="duration: 28d",
        wrong="duration: 4w2d",
    ),
    "window": Example(
        why="A window that is not rolling needs to know when it begins.",
        right=_PERIOD,
        wrong="    - duration: 1w\n",
        document=documents.CALENDAR,
    ),
    "start-time": Example(
        why="The time zone is a field of its own; what looks nearly right is read by no one alike.",
        right="startTime: 2026-01-05 00:00:00",
        wrong='startTime: "2026-01-05T00:00:00Z"',
        document=documents.CALENDAR,
    ),
    "time-zone": Example(
        why="Abbreviations mean several zones, and no rules for summer time.",
        right="timeZone: UTC",
        wrong="timeZone: Berlin",
        document=documents.CALENDAR,
    ),
    "range": Example(
        why="A target of 100% leaves no budget; 99.5 is per cent where a share is meant.",
        right="targetPercent: 99.5",
        wrong="target: 99.5",
    ),
    "threshold": Example(
        why="Without op and value nobody knows which values are good.",
        right="op: lte, value: 400",
        wrong="op: lte",
        document=documents.CALENDAR,
    ),
    "slices": Example(
        why="Timeslices are good by their own target, and as long as their window.",
        right="      timeSliceWindow: 5m\n",
        wrong="",
    ),
    "slice-window": Example(
        why="The window would hold no slice.",
        right="timeSliceWindow: 5m",
        wrong="timeSliceWindow: 28d",
    ),
    "composite": Example(
        why="The reference validator lets it pass: nothing would be measured.",
        right="    - {target: 0.9, indicatorRef: fast}\n",
        wrong="    - {target: 0.9}\n",
        document=documents.COMPOSITE,
    ),
    "metric-type": Example(
        why="Nobody can tell whom to ask for the metric.",
        right="metricSource: {type: prometheus, spec: {query: good}}",
        wrong="metricSource: {spec: {query: good}}",
    ),
    "duplicate-name": Example(
        why="Who refers to the name gets one of the two, and not always the same.",
        right=_SERVICE,
        wrong=f"{_SERVICE}---\n{_SERVICE}",
        document=_SERVICE,
    ),
    "dangling-reference": Example(
        why="The SLO would have no indicator at all.",
        right="indicatorRef: latency",
        wrong="indicatorRef: latencies",
        document=documents.REFERRING,
    ),
    "name": Example(
        why="Names become names of objects elsewhere, which have these letters only.",
        right="name: checkout-latency",
        wrong="name: Checkout_Latency",
    ),
    "length": Example(
        why="Other tools cut or refuse what is longer.",
        right="displayName: Checkout",
        wrong=f"displayName: {'Checkout ' * 8}",
    ),
    "label": Example(
        why="Label keys with other characters are refused by other tools.",
        right="labels: {team: payments}",
        wrong='labels: {"my team": payments}',
    ),
    "annotation": Example(
        why="Annotation keys are an optional domain and a name.",
        right="annotations: {example.com/board: abc}",
        wrong='annotations: {"example.com/my board": abc}',
    ),
    "ratio-op": Example(
        why="A ratio has no threshold: whoever reads op and value believes that they count.",
        right="    - displayName: good\n",
        wrong="    - displayName: good\n      op: lte\n",
    ),
    "condition-kind": Example(
        why="It counts as burnrate, but the reference validator wants it written.",
        right="condition: {kind: burnrate, op: gt",
        wrong="condition: {op: gt",
    ),
    "renamed-field": Example(
        why="v2alpha has other names for it; the reference validator knows only those.",
        right="  serviceRef: checkout\n",
        wrong="  service: checkout\n",
        document=documents.V2,
    ),
    "alpha-value": Example(
        why="It means nothing, and the reference validator refuses the file without it.",
        right="      value: 1\n",
        wrong="",
        document=documents.ALPHA,
    ),
    "alpha-window": Example(
        why="It counts as rolling; not everybody will read it so.",
        right="{unit: Day, count: 28, isRolling: true}",
        wrong="{unit: Day, count: 28}",
        document=documents.ALPHA,
    ),
    "slice-number": Example(
        why="The text of the specification allows minutes as a number, its validator does not.",
        right="timeSliceWindow: 5m",
        wrong="timeSliceWindow: 5",
    ),
    "short-window": Example(
        why="`1m` is a minute. The specification's own example means a month by it.",
        right="duration: 28d",
        wrong="duration: 15m",
    ),
    "rolling-month": Example(
        why="No month is as long as the next: it counts as 30 days, and may as well say so.",
        right="duration: 28d",
        wrong="duration: 1M",
    ),
    "percent": Example(
        why="0.995 per cent is kept while 99 of 100 requests fail.",
        right="targetPercent: 99.5",
        wrong="targetPercent: 0.995",
    ),
    "same-query": Example(
        why="A copy of the line above: the ratio is 100% for ever.",
        right="spec: {query: good}",
        wrong="spec: {query: total}",
    ),
    "reserved-prefix": Example(
        why="The specification keeps it for itself.",
        right="example.com/board: abc",
        wrong="openslo.com/board: abc",
    ),
    "unknown-source": Example(
        why="The type says how to ask, but not whom.",
        right="metricSource: {type: prometheus, spec: {query: good}}",
        wrong="metricSource: {type: prometheus, metricSourceRef: main, spec: {query: good}}",
    ),
    "unknown-service": Example(
        why="Services are given as objects: most likely the name is misspelt.",
        right=_SERVICE,
        wrong=_SERVICE.replace("checkout", "search"),
        document=f"{documents.STANDARD}---\n{_SERVICE}",
    ),
    "unreachable-alert": Example(
        why="No burn rate is over 1 ÷ (1 − target): at 99.5% a threshold of 400 is out of reach.",
        right="threshold: 14.4",
        wrong="threshold: 400",
    ),
    "alert-direction": Example(
        why="`lte` alerts while all is well. The specification's example has it so.",
        right="op: gt, threshold",
        wrong="op: lte, threshold",
    ),
    "silent-policy": Example(
        why="All three are false unless written: nobody is ever told.",
        right="        alertWhenBreaching: true\n",
        wrong="",
    ),
    "lookback-window": Example(
        why="The budget begins anew in the time that it looks back over.",
        right="lookbackWindow: 1h",
        wrong="lookbackWindow: 30d",
    ),
    "threshold-direction": Example(
        why="`gt` holds the slow for good, and the SLO is kept best in an outage.",
        right="op: lte, value: 400",
        wrong="op: gt, value: 400",
        document=documents.CALENDAR,
    ),
    "unused": Example(
        why="It may be one that was to be referred to; it changes nothing as it is.",
        right="  indicatorRef: latency\n",
        wrong=_INLINE,
        document=documents.REFERRING,
    ),
}


def openslo_entries() -> tuple[Entry, ...]:
    """What the manual tells of each rule."""
    return tuple(
        Entry(
            id=f"{FAMILY}{name}",
            severity=rule.strict,
            lenient=rule.lenient if rule.lenient != rule.strict else None,
            help=f"{rule.help[:1].upper()}{rule.help[1:]}.",
            why=EXAMPLES[name].why,
            wrong=EXAMPLES[name].wrong,
            right=EXAMPLES[name].right,
            fix=_FIXES.get(name),
        )
        for name, rule in RULES.items()
    )
