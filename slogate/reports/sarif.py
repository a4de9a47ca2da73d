"""The verdict as SARIF 2.1.0, for code scanning: results on the lines of the spec.

A rule is a kind of objective, a result an objective that does not pass: a breach that blocks is
an error, whatever else does not pass a warning, what is only for information a note. Passing
objectives are left out, because viewers list every result, and close what is no longer there.
A run that could not be judged is a notification of the tool besides, which then did not succeed.
Texts hold no links and no placeholders, and no `<` stands in the document.

GitHub knows an alert again by its rule, its file and `primaryLocationLineHash`. Left out, that is
made from the line, and several objectives on one line become one alert; so it is made from the
objective. Its upload action says that it would have chosen another one, and keeps this one.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from slogate.errors import EXIT_BREACH
from slogate.model.run import Run
from slogate.reports import _base
from slogate.reports._base import Report
from slogate.verdict import Finding, Outcome, Verdict

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LONGEST = 4_000
_PATH = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
_KINDS = {
    "percentile": "All but a share of the requests are within a duration.",
    "errors": "At most a share of the requests fails.",
    "mean": "The mean duration is within the limit.",
    "maximum": "No request takes longer than the limit.",
    "throughput": "There are at least so many successes a second.",
    "slo": "A promise to users is kept over its window.",
    "regression": "A build is not worse than its base by more than allowed.",
}
_HELP = (
    "The result names the limit, what was observed with its interval, and on how many requests. "
    "`slogate report` shows the verdict that it comes from; `slogate docs spec` explains budgets, "
    "`slogate docs slos` promises. A breach is not to be retried: mend the service, or change the "
    "limit where a review sees it."
)
# GitHub refuses a file with more, and shows two of one category as one
_MOST_RUNS = 20
_INERT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
_UNJUDGED = frozenset({Outcome.NO_DATA, Outcome.INVALID})


def _text(text: str) -> str:
    """One line that is neither a link nor has placeholders, whatever a viewer makes of it."""
    line = _base.plain(text)
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 1]}…"
    return re.sub(r"\{(\d+)\}", r"{{\1}}", line.replace("](", "] ("))


def _uri(file: str) -> str:
    """A path as a relative URI; an absolute one as a URI of its own."""
    path = file.removeprefix("./").encode("utf-8", "replace")
    quoted = "".join(chr(byte) if byte in _PATH else f"%{byte:02X}" for byte in path)
    return f"file://{quoted}" if quoted.startswith("/") else quoted


def _location(finding: Finding) -> dict[str, Any]:
    artifact = {"uri": _uri(finding.place.file)}
    region = {"startLine": max(1, finding.place.line), "startColumn": max(1, finding.place.column)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _level(finding: Finding) -> str:
    if finding.severity == "info":
        return "note"
    breach = finding.outcome is Outcome.FAIL and finding.blocking
    return "error" if breach else "warning"


def _number(value: float | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value


def _properties(finding: Finding) -> dict[str, Any]:
    told = {
        "objective": _base.plain(finding.id),
        "outcome": finding.outcome.value,
        "blocking": finding.blocking,
        "unit": finding.unit,
        "limit": _number(finding.limit),
        "observed": _number(finding.observed),
        "good": finding.good,
        "total": finding.total,
    }
    return {key: value for key, value in told.items() if value is not None}


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    aside = _base.aside(finding)
    said = f"{finding.id}: {_base.word(finding.outcome)}: {finding.reason}"
    result: dict[str, Any] = {
        "ruleId": _base.plain(finding.kind),
        "ruleIndex": rules.index(finding.kind),
        "level": _level(finding),
        "message": {"text": _text(f"{said} ({aside})" if aside else said)},
        "locations": [_location(finding)],
        "partialFingerprints": _fingerprints(finding.id),
        "properties": _properties(finding),
    }
    if finding.waived is not None:
        suppression = {"kind": "external", "status": "accepted"}
        result["suppressions"] = [{**suppression, "justification": _text(finding.waived)}]
    return result


def _fingerprints(name: str) -> dict[str, str]:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return {"primaryLocationLineHash": f"{digest[:32]}:1", "objective/v1": digest}


def _rule(kind: str) -> dict[str, Any]:
    sentence = _KINDS.get(kind, f"An objective of the kind {_text(kind)}.")
    return {
        "id": _base.plain(kind),
        "shortDescription": {"text": sentence},
        "fullDescription": {"text": sentence},
        "help": {"text": _HELP, "markdown": _HELP},
        "defaultConfiguration": {"level": "error"},
    }


def _category(run: Run) -> str:
    """What is replaced by the next upload: budgets, slos and composites of a service are apart."""
    part = "" if run.kind == "load" else "/".join(["slos", *filter(None, [run.aspect])]) + "/"
    return f"slogate/{_base.plain(run.service)}/{_base.plain(part)}"


def _notifications(verdict: Verdict) -> list[dict[str, Any]]:
    """What kept the run from being judged, each once; nothing if it was judged."""
    unjudged = [f for f in verdict.findings if f.outcome in _UNJUDGED]
    said = [] if verdict.findings else ["there is no objective, so nothing was judged"]
    if (ended := _base.unfinished(verdict.subject.run)) is not None:
        said.append(f"the run is not whole: {ended}")
    if unjudged and len(unjudged) == len(verdict.findings):
        said += dict.fromkeys(f"{_base.word(f.outcome)}: {f.reason}" for f in unjudged)
    return [{"level": "error", "message": {"text": _text(text)}} for text in said]


def render(verdict: Verdict) -> str:
    """The log with one run, which is what was judged."""
    findings = [f for f in verdict.findings if f.outcome is not Outcome.PASS]
    rules = list(dict.fromkeys(finding.kind for finding in verdict.findings))
    run, told = verdict.subject.run, _notifications(verdict)
    invocation: dict[str, Any] = {
        "executionSuccessful": not told,
        "exitCode": verdict.exit_code,
        "toolExecutionNotifications": told,
    }
    facts = {"run": run.id, "service": run.service, "commit": run.commit, "branch": run.branch}
    driver = {"name": "slogate", "version": verdict.version, "rules": [_rule(k) for k in rules]}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "automationDetails": {"id": _category(run)},
                "invocations": [invocation],
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, rules) for each in _base.worst_first(findings)],
                "properties": {k: _base.plain(v) for k, v in facts.items() if v is not None},
            }
        ],
    }
    return f"{json.dumps(log, indent=2, ensure_ascii=False).translate(_INERT)}\n"


def join(texts: Sequence[str]) -> str:
    """One log with a run each; an id tells them apart, or a viewer takes them for one.

    More than GitHub takes are one run together.
    """
    logs = [json.loads(each) for each in texts]
    runs = [run for log in logs for run in log["runs"]]
    runs = [_together(runs)] if len(runs) > _MOST_RUNS else runs
    seen: Counter[str] = Counter()
    for run in runs:
        known = run["automationDetails"]["id"]
        seen[known] += 1
        run["automationDetails"]["id"] = f"{known}{seen[known]}/" if seen[known] > 1 else known
    merged = {**logs[0], "runs": runs}
    return f"{json.dumps(merged, indent=2, ensure_ascii=False).translate(_INERT)}\n"


def _together(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All results, rules and notifications in one run."""
    drivers = [run["tool"]["driver"] for run in runs]
    rules = {rule["id"]: rule for driver in drivers for rule in driver["rules"]}
    index = {name: number for number, name in enumerate(rules)}
    results = [result for run in runs for result in run["results"]]
    told = [run["invocations"][0] for run in runs]
    codes = {each["exitCode"] for each in told}
    notes = [note for each in told for note in each["toolExecutionNotifications"]]
    invocation = {
        "executionSuccessful": not notes,
        "exitCode": EXIT_BREACH if EXIT_BREACH in codes else max(codes),
        "toolExecutionNotifications": notes,
    }
    return {
        "columnKind": runs[0]["columnKind"],
        "tool": {"driver": {**drivers[0], "rules": list(rules.values())}},
        "automationDetails": {"id": "slogate/"},
        "invocations": [invocation],
        "results": [{**each, "ruleIndex": index[each["ruleId"]]} for each in results],
    }


PLUGIN = Report(
    name="sarif",
    help="SARIF 2.1.0, for code scanning: results on the spec's lines.",
    media_type="application/sarif+json",
    extension="sarif",
    render=render,
    join=join,
    placed=True,
)
