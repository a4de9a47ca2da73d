"""What `slogate spec lint` finds: faults, what cannot be judged yet, and remarks, as one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from slogate.errors import Fault, SpecError, UsageError
from slogate.slo.convert_foreign import foreign_faults
from slogate.slo.dialect import dialect_of
from slogate.slo.fault_rules import FAULT_RULES
from slogate.slo.foreign_specs import foreign_specs
from slogate.slo.ignoring import let_be
from slogate.slo.lint import RULES, Remark, lint
from slogate.slo.load import load_specs
from slogate.slo.openslo.profile import FAMILY, PROFILES, Profile
from slogate.slo.openslo.profile import RULES as OPENSLO_RULES
from slogate.slo.openslo.read import read_documents
from slogate.slo.openslo_specs import openslo_specs
from slogate.slo.rules import Fact, Held, Level, Planned
from slogate.slo.spec import Spec

UNSUPPORTED = "unsupported"
_OF_FILES = {"unknown-source", "unknown-service", "unused"}
_FAULTS = {entry.id for entry in FAULT_RULES}
Files = list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What rules may know beside the files; `held` None: no store was asked."""

    now_ts: int
    planned: Planned | None = None
    profile: Profile = "strict"
    held: Mapping[str, Held] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """All that was found; without faults also how much was read."""

    remarks: Sequence[Remark]
    specs: int = 0
    objectives: int = 0
    objects: int = 0

    def lines(self) -> str:
        """A line each, the hint or the reason to ignore it on one of its own."""
        return "".join(f"{_told(remark)}\n" for remark in self.remarks)

    def summary(self) -> str:
        """`1 spec, 8 objectives: 1 error, 2 warnings, 1 ignored`, or `no findings`."""
        levels = [remark.severity for remark in self.remarks if remark.ignored is None]
        ignored = len(self.remarks) - len(levels)
        counts = [
            _counted(levels.count("error"), "error"),
            _counted(levels.count("warning"), "warning"),
            f"{levels.count('info')} info" if "info" in levels else "",
            "" if levels else "no findings",
            f"{ignored} ignored" if ignored else "",
        ]
        read = [
            _counted(self.specs, "spec"),
            _counted(self.objectives, "objective"),
            _counted(self.objects, "OpenSLO object"),
        ]
        found, told = (", ".join(each for each in some if each) for some in (counts, read))
        return f"{told}: {found}" if told else found

    def worst(self, levels: set[Level]) -> bool:
        """Whether anything of these severities was found that is not ignored."""
        return any(r.severity in levels for r in self.remarks if r.ignored is None)


def linted(files: Files, known: Known) -> Linted:
    """What is found in specs of every format; faults are findings as any other.

    OpenSLO documents are looked at together, so that they may refer to each other.
    """
    native, openslo, foreign = Files(), Files(), Files()
    rooms = {"native": native, "openslo": openslo}
    for file, text in files:
        rooms.get(dialect_of(text), foreign).append((file, text))
    found = [_native(native, known)] if native else []
    if foreign:
        faults = told_faults(foreign_faults(foreign))
        meant = [] if faults else _meant(foreign, known, foreign_specs)
        found.append(Linted(remarks=faults + _ignoring(foreign, meant, known)))
    if openslo:
        documents = read_documents(openslo, profile=known.profile)
        remarks = _ignoring(
            openslo, [*documents.remarks, *_meant(openslo, known, openslo_specs)], known
        )
        found.append(Linted(remarks=remarks, objects=len(documents.objects)))
    return Linted(
        remarks=sorted(
            (remark for one in found for remark in one.remarks),
            key=lambda remark: (remark.file, remark.line, remark.column, remark.rule),
        ),
        specs=sum(one.specs for one in found),
        objectives=sum(one.objectives for one in found),
        objects=sum(one.objects for one in found),
    )


def services_of(files: Files, *, budgets: bool = False) -> set[str]:
    """The services with promises of production, or with budgets; none of files with faults."""
    found: set[str] = set()
    for dialect, read in (("native", load_specs), ("openslo", openslo_specs)):
        some = [pair for pair in files if dialect_of(pair[1]) == dialect]
        try:
            specs = read(some) if some else []
        except SpecError:
            continue
        found |= {s.service for s in specs if (s.objectives if budgets else s.promises)}
    return found


def given_profile(word: str) -> Profile:
    """The profile of that name; UsageError if there is none."""
    for profile in PROFILES:
        if profile == word:
            return profile
    raise UsageError(f"--profile: there is no profile '{word}'", hint="strict or lenient")


def told_faults(faults: Sequence[Fault]) -> list[Remark]:
    """Faults as remarks."""
    return [_remark(fault, fault.rule, "error") for fault in faults]


def _native(files: Files, known: Known) -> Linted:
    """What is found in native specs; faults end the reading."""
    try:
        specs = load_specs(files)
    except SpecError as error:
        return Linted(remarks=told_faults(error.faults))
    return Linted(
        remarks=_ignoring(files, _remarks(specs, known), known),
        specs=len(specs),
        objectives=sum(map(_size, specs)),
    )


def _size(spec: Spec) -> int:
    """How many objectives there are, of load tests and of production."""
    kinds = (spec.objectives, spec.regressions, spec.promises, spec.queried, spec.composites)
    return sum(map(len, kinds))


def _meant(files: Files, known: Known, read: Callable[[Files], list[Spec]]) -> list[Remark]:
    """What the SLOs of other formats are told as any other, once they can be judged."""
    try:
        specs = read(files)
    except SpecError:
        return []
    return _remarks(specs, known)


def _remarks(specs: Sequence[Spec], known: Known) -> list[Remark]:
    """What cannot be judged yet, and what is most likely not meant."""
    later = [_remark(fault, UNSUPPORTED, "warning") for spec in specs for fault in spec.unsupported]
    return later + [
        remark
        for spec in specs
        for remark in lint(
            spec, now_ts=known.now_ts, planned=known.planned, specs=specs, held=known.held
        )
    ]


def _ignoring(files: Files, remarks: Sequence[Remark], known: Known) -> list[Remark]:
    """The remarks, with what each file says is to be let be."""
    plan = known.planned
    planned = plan is not None and (plan.rate is not None or bool(plan.rates))
    there: dict[Fact, bool] = {
        "clock": True,
        "files": False,  # one file alone may be looked at
        "plan": planned,
        "store": known.held is not None,
    }
    rules = {rule.id: all(there[fact] for fact in rule.asks) for rule in RULES}
    rules |= {
        f"{FAMILY}{name}": name not in _OF_FILES
        for name, rule in OPENSLO_RULES.items()
        if (rule.strict, rule.lenient) != ("error", "error")
    }
    return [
        remark
        for file, text in files
        for remark in let_be(file, text, [r for r in remarks if r.file == file], rules)
    ]


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
    keyed = remark.rule in _FAULTS or remark.rule.startswith(FAMILY)
    if keyed and remark.path:
        return str(replace(remark, message=f"{remark.path}: {remark.message}"))
    return str(remark)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
