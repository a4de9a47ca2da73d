"""What can be wrong with an OpenSLO document: the rules by id, and how grave in which profile.

`strict` is what the reference validator and the specification's text demand together; `lenient`
lets pass, with a warning, what is only a matter of style and leaves no doubt about the meaning.
A rule that both hold for an error says what cannot be understood at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from slogate.slo.document import Node
from slogate.slo.fields import printable
from slogate.slo.lint import Remark
from slogate.slo.rules import Level

Profile = Literal["strict", "lenient"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
FAMILY = "openslo/"
_LONGEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its sentence, and its severity in each profile."""

    help: str
    strict: Level = "error"
    lenient: Level = "error"


RULES: dict[str, Rule] = {
    "form": Rule(help="the text is YAML 1.2 or JSON, without duplicate keys"),
    "api-version": Rule(help="openslo/v1, openslo/v1alpha or openslo.com/v2alpha"),
    "kind": Rule(help="one of the kinds of its version"),
    "list-kind": Rule(help="lists are YAML lists, there is no kind List", lenient="warning"),
    "unknown-field": Rule(help="no fields but those of the specification"),
    "type": Rule(help="text where text belongs, a number where a number belongs"),
    "required": Rule(help="what must be there is there"),
    "exclusive": Rule(help="exactly one of several fields"),
    "choice": Rule(help="one of the words that are allowed"),
    "count": Rule(help="exactly one time window, one condition; at least one objective, target"),
    "placeholder": Rule(help="the words of the specification's template are filled in"),
    "duration": Rule(help="a whole number and one of m h d w M Q Y"),
    "window": Rule(help="a window is either rolling or has a calendar"),
    "start-time": Rule(help="YYYY-MM-DD HH:MM:SS, without time zone"),
    "time-zone": Rule(help="a name of the IANA time zone database"),
    "range": Rule(help="targets under 100%, weights over 0"),
    "threshold": Rule(help="a threshold needs op and value"),
    "slices": Rule(help="timeslices need their window and target"),
    "slice-window": Rule(help="a slice is shorter than the window"),
    "composite": Rule(help="each objective of a composite SLO has its indicator"),
    "metric-type": Rule(help="a metric source has a type, or refers to a DataSource"),
    "duplicate-name": Rule(help="names are unique within a kind"),
    "dangling-reference": Rule(help="what is referred to is there"),
    "name": Rule(help="an RFC 1123 label of at most 63 characters", lenient="warning"),
    "length": Rule(help="descriptions to 1050, display names to 63", lenient="warning"),
    "label": Rule(help="label keys and values of the allowed characters", lenient="warning"),
    "annotation": Rule(help="annotation keys are [prefix/]name", lenient="warning"),
    "ratio-op": Rule(help="op and value have no meaning with a ratio", lenient="warning"),
    "condition-kind": Rule(help="the condition's kind is burnrate", lenient="warning"),
    "renamed-field": Rule(help="a field has another name in this version", lenient="warning"),
    "alpha-value": Rule(
        help="the reference validator wants a value of v1alpha ratios too",
        strict="warning",
        lenient="warning",
    ),
    "alpha-window": Rule(
        help="a v1alpha window that says neither is rolling", strict="warning", lenient="warning"
    ),
    "slice-number": Rule(
        help="a slice of a bare number counts as minutes", strict="warning", lenient="warning"
    ),
    "short-window": Rule(help="1m is a minute, 1M a month", strict="warning", lenient="warning"),
    "rolling-month": Rule(
        help="rolling months count as 30 days, quarters 90, years 365",
        strict="warning",
        lenient="warning",
    ),
    "percent": Rule(
        help="targetPercent is from 0 to 100, not from 0 to 1",
        strict="warning",
        lenient="warning",
    ),
    "same-query": Rule(
        help="good and total are the same query", strict="warning", lenient="warning"
    ),
    "reserved-prefix": Rule(
        help="annotations openslo.com/ are reserved", strict="warning", lenient="warning"
    ),
    "unknown-source": Rule(
        help="a DataSource that is not among the files; the type is told",
        strict="warning",
        lenient="warning",
    ),
    "unknown-service": Rule(
        help="services are among the files, this one is not", strict="warning", lenient="warning"
    ),
    "unreachable-alert": Rule(
        help="a burn rate that the target leaves in reach", strict="warning", lenient="warning"
    ),
    "alert-direction": Rule(
        help="an alert when the burn rate is over its threshold",
        strict="warning",
        lenient="warning",
    ),
    "silent-policy": Rule(
        help="an alert policy says when it alerts", strict="warning", lenient="warning"
    ),
    "lookback-window": Rule(
        help="an alert looks back no further than the window", strict="warning", lenient="warning"
    ),
    "threshold-direction": Rule(
        help="of a latency the smaller is the better", strict="warning", lenient="warning"
    ),
    "unused": Rule(help="nothing refers to it", strict="info", lenient="info"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in which file we read, under which profile, and what was found so far."""

    file: str
    profile: Profile
    found: list[Remark] = field(default_factory=list)
    path: str = ""

    def key(self, name: str) -> Place:
        """Below a key."""
        word = printable(name, 60)
        return self._below(f"{self.path}.{word}" if self.path else word)

    def item(self, index: int) -> Place:
        """Below an item of a list."""
        return self._below(f"{self.path}[{index}]")

    def _below(self, path: str) -> Place:
        return Place(file=self.file, profile=self.profile, found=self.found, path=path)

    def say(self, rule: str, node: Node, message: str, hint: str | None = None) -> None:
        """Note what a rule found at a node."""
        known = RULES[rule]
        self.found.append(
            Remark(
                file=self.file,
                line=node.line,
                column=node.column,
                rule=f"{FAMILY}{rule}",
                severity=known.strict if self.profile == "strict" else known.lenient,
                path=self.path,
                message=printable(message, _LONGEST),
                hint=None if hint is None else printable(hint, _LONGEST),
            )
        )
