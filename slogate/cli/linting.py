"""What `slogate spec lint` finds: faults, what cannot be judged yet, and remarks, as one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slogate.cli.specfiles import read_specs
from slogate.errors import Fault, SpecError
from slogate.slo.lint import Remark, lint
from slogate.slo.load import load_specs
from slogate.slo.rules import Level, Planned

FAULT, UNSUPPORTED = "spec", "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """All that was found; without faults also how much was read."""

    remarks: Sequence[Remark]
    specs: int = 0
    objectives: int = 0

    def lines(self) -> str:
        """A line each, the hint on one of its own."""
        return "".join(f"{_told(remark)}\n" for remark in self.remarks)

    def summary(self) -> str:
        """`1 spec, 8 objectives: 1 error, 2 warnings`, or `no findings`."""
        levels = [remark.severity for remark in self.remarks]
        counts = [
            _counted(levels.count("error"), "error"),
            _counted(levels.count("warning"), "warning"),
            f"{levels.count('info')} info" if "info" in levels else "",
        ]
        found = ", ".join(count for count in counts if count) or "no findings"
        read = [_counted(self.specs, "spec"), _counted(self.objectives, "objective")]
        return f"{', '.join(each for each in read if each)}: {found}" if self.specs else found

    def worst(self, levels: set[Level]) -> bool:
        """Whether anything of these severities was found."""
        return any(remark.severity in levels for remark in self.remarks)


def linted(paths: Sequence[Path], *, now_ts: int, planned: Planned | None) -> Linted:
    """Read and lint the specs; faults are findings as any other, and end the reading."""
    try:
        specs = load_specs(read_specs(paths))
    except SpecError as error:
        return Linted(remarks=[_remark(fault, FAULT, "error") for fault in error.faults])
    later = [_remark(fault, UNSUPPORTED, "warning") for spec in specs for fault in spec.unsupported]
    remarks = [remark for spec in specs for remark in lint(spec, now_ts=now_ts, planned=planned)]
    return Linted(
        remarks=[*later, *remarks],
        specs=len(specs),
        objectives=sum(len(spec.objectives) for spec in specs),
    )


def _remark(fault: Fault, rule: str, severity: Level) -> Remark:
    return Remark(
        file=fault.file,
        line=fault.line,
        column=fault.column,
        rule=rule,
        severity=severity,
        path=fault.path,
        message=fault.message,
        hint=fault.hint,
    )


def _told(remark: Remark) -> str:
    """The remark; a fault is told with the keys that lead to it, there is no objective yet."""
    if remark.rule in {FAULT, UNSUPPORTED} and remark.path:
        return str(replace(remark, message=f"{remark.path}: {remark.message}"))
    return str(remark)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
