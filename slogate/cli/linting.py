"""What `slogate spec lint` finds: faults, what cannot be judged yet, and remarks, as one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slogate.cli.specfiles import read_specs
from slogate.errors import Fault, SpecError, UsageError
from slogate.slo.convert_foreign import foreign_faults
from slogate.slo.dialect import dialect_of
from slogate.slo.lint import Remark, lint
from slogate.slo.load import load_specs
from slogate.slo.openslo.profile import FAMILY, PROFILES, Profile
from slogate.slo.openslo.read import read_documents
from slogate.slo.rules import Level, Planned

FAULT, UNSUPPORTED = "spec", "unsupported"
Files = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """All that was found; without faults also how much was read."""

    remarks: Sequence[Remark]
    specs: int = 0
    objectives: int = 0
    objects: int = 0

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
        read = [
            _counted(self.specs, "spec"),
            _counted(self.objectives, "objective"),
            _counted(self.objects, "OpenSLO object"),
        ]
        told = ", ".join(each for each in read if each)
        return f"{told}: {found}" if told else found

    def worst(self, levels: set[Level]) -> bool:
        """Whether anything of these severities was found."""
        return any(remark.severity in levels for remark in self.remarks)


def linted(
    paths: Sequence[Path],
    *,
    now_ts: int,
    planned: Planned | None,
    profile: Profile = "strict",
    recursive: bool = False,
) -> Linted:
    """Read and lint specs of every format; faults are findings as any other.

    OpenSLO documents are looked at together, so that they may refer to each other.
    """
    try:
        files = read_specs(paths, recursive=recursive)
    except SpecError as error:
        return Linted(remarks=[_remark(fault, FAULT, "error") for fault in error.faults])
    native, openslo, foreign = Files(), Files(), Files()
    rooms = {"native": native, "openslo": openslo}
    for file, text in files:
        rooms.get(dialect_of(text), foreign).append((file, text))
    found = [_native(native, now_ts, planned)] if native else []
    if foreign:
        faults = foreign_faults(foreign)
        found.append(Linted(remarks=[_remark(fault, FAULT, "error") for fault in faults]))
    if openslo:
        documents = read_documents(openslo, profile=profile)
        found.append(Linted(remarks=documents.remarks, objects=len(documents.objects)))
    return Linted(
        remarks=sorted(
            (remark for one in found for remark in one.remarks),
            key=lambda remark: (remark.file, remark.line, remark.column, remark.rule),
        )
        if len(found) > 1
        else found[0].remarks,
        specs=sum(one.specs for one in found),
        objectives=sum(one.objectives for one in found),
        objects=sum(one.objects for one in found),
    )


def given_profile(word: str) -> Profile:
    """The profile of that name; UsageError if there is none."""
    for profile in PROFILES:
        if profile == word:
            return profile
    raise UsageError(f"--profile: there is no profile '{word}'", hint="strict or lenient")


def _native(files: Files, now_ts: int, planned: Planned | None) -> Linted:
    """What is found in native specs; faults end the reading."""
    try:
        specs = load_specs(files)
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
    keyed = remark.rule in {FAULT, UNSUPPORTED} or remark.rule.startswith(FAMILY)
    if keyed and remark.path:
        return str(replace(remark, message=f"{remark.path}: {remark.message}"))
    return str(remark)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
