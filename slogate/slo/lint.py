"""What is valid in a spec and still most likely not meant.

Each rule of `RULES` yields remarks at the place of an objective. The clock, the planned load and
what a store holds are arguments. Remarks never change a verdict; `slogate spec lint` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slogate.slo.alert_rules import ALERT_RULES
from slogate.slo.endpoint_rules import ENDPOINT_RULES
from slogate.slo.limit_rules import LIMIT_RULES
from slogate.slo.pair_rules import PAIR_RULES
from slogate.slo.policy_rules import POLICY_RULES
from slogate.slo.promise_rules import PROMISE_RULES
from slogate.slo.rules import Facts, Held, Level, Planned, Rule
from slogate.slo.spec import Spec
from slogate.slo.store_rules import STORE_RULES

RULES: tuple[Rule, ...] = (
    *LIMIT_RULES,
    *POLICY_RULES,
    *ENDPOINT_RULES,
    *PROMISE_RULES,
    *ALERT_RULES,
    *PAIR_RULES,
    *STORE_RULES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a rule found, at its place; lines and columns count from 1.

    `ignored` is the reason that the file gives for letting it be.
    """

    file: str
    line: int
    column: int
    rule: str
    severity: Level
    path: str
    message: str
    hint: str | None = None
    ignored: str | None = None

    def __str__(self) -> str:
        """`file:line:column: severity: [rule] message`, the hint on a line of its own."""
        hint = f"\n    {self.hint}" if self.hint else ""
        word = f"{self.severity}{'' if self.ignored is None else ', ignored'}"
        if self.ignored is not None:
            hint = f"\n    because: {self.ignored}"
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {word}: [{self.rule}] {self.message}{hint}"


def lint(
    spec: Spec,
    *,
    now_ts: int,
    planned: Planned | None = None,
    specs: Sequence[Spec] = (),
    held: Mapping[str, Held] | None = None,
) -> list[Remark]:
    """All remarks on a spec, sorted by place; `now_ts` in µs since the epoch.

    `specs` are those that are looked at with it, `held` is what a store holds by service.
    """
    facts = Facts(now_ts=now_ts, planned=planned, specs=tuple(specs), held=held)
    remarks = {
        Remark(
            file=where.place.file,
            line=where.place.line,
            column=where.place.column,
            rule=rule.id,
            severity=rule.severity,
            path=where.id,
            message=message,
            hint=hint,
        )
        for rule in RULES
        for where, message, hint in rule.check(spec, facts)
    }
    return sorted(remarks, key=lambda r: (r.file, r.line, r.column, r.rule, r.message, r.path))
