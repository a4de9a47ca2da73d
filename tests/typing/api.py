"""The public names, used as a user would use them; mypy checks this file, nothing runs it."""

from __future__ import annotations

from pathlib import Path

import slogate


def judge_latest(folder: Path, spec: Path) -> tuple[slogate.Outcome, int, list[str]]:
    """Judge the latest run of a store without the command line."""
    store: slogate.Store = slogate.open_store(folder)
    specs: list[slogate.Spec] = slogate.load_specs([(str(spec), spec.read_text())])
    run: slogate.Run = slogate.find_run(store, "latest", service=specs[0].service)
    try:
        verdict: slogate.Verdict = slogate.check(store, specs, run, version=slogate.__version__)
    except slogate.SlogateError as error:
        raise SystemExit(error.exit_code) from error
    reasons = [why(finding) for finding in verdict.findings if finding.blocking]
    return verdict.outcome, verdict.exit_code, reasons


def why(finding: slogate.Finding) -> str:
    """The sentence of a finding."""
    return f"{finding.id}: {finding.reason}"


def passed(outcome: slogate.Outcome) -> bool:
    """Whether it is the one good outcome."""
    return outcome is slogate.Outcome.PASS
