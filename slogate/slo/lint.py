"""What is valid in a spec and still most likely not meant.

Each rule of `RULES` yields remarks at the place of an objective. The clock and the planned load
are arguments. Remarks never change a verdict; `slogate spec lint` prints them.
"""

from __future__ import annotations

from dataclasses import dataclass

from slogate.slo.limit_rules import LIMIT_RULES
from slogate.slo.policy_rules import POLICY_RULES
from slogate.slo.rules import Facts, Level, Planned, Rule
from slogate.slo.spec import Spec

RULES: tuple[Rule, ...] = (*LIMIT_RULES, *POLICY_RULES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What a rule found, at its place; lines and columns count from 1."""

    file: str
    line: int
    column: int
    rule: str
    severity: Level
    path: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        """`file:line:column: severity: [rule] message`, the hint on a line of its own."""
        hint = f"\n    {self.hint}" if self.hint else ""
        where = f"{self.file}:{self.line}:{self.column}"
        return f"{where}: {self.severity}: [{self.rule}] {self.message}{hint}"


def lint(spec: Spec, *, now_ts: int, planned: Planned | None = None) -> list[Remark]:
    """All remarks on a spec, sorted by place; `now_ts` in µs since the epoch."""
    facts = Facts(now_ts=now_ts, planned=planned)
    remarks = [
        Remark(
            file=objective.place.file,
            line=objective.place.line,
            column=objective.place.column,
            rule=rule.id,
            severity=rule.severity,
            path=objective.id,
            message=message,
            hint=hint,
        )
        for rule in RULES
        for objective, message, hint in rule.check(spec, facts)
    ]
    return sorted(remarks, key=lambda r: (r.file, r.line, r.column, r.rule, r.message))
