"""From what was found and answered to the files that are to be written: no file is touched.

How the service gets its load decides the rest: an existing locustfile, one made from a
description or from the paths of an access log, a k6 script, or whatever tool it was that left
the results which were found.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slogate.initial.budgets import Basis, Budget, Load, at_least, budgets
from slogate.initial.jobs import ci_files
from slogate.initial.locustfile import Task, locustfile_text
from slogate.initial.measured import Measured
from slogate.initial.promises import Promise, promises, strictest
from slogate.initial.settled import Answers, Planned, Sources, is_here
from slogate.initial.spec import comment, spec_text
from slogate.initial.tasks import MOST_LOADED, RUN_S, is_path, tasks_of, users_of


@dataclass(slots=True, kw_only=True)
class Plan:
    """All files, how the load is made, and sentences that people should know.

    `production` is the command that takes in what production was promised from.
    """

    load: Load
    production: str | None = None
    files: list[Planned] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load_of(sources: Sources) -> Load:
    """How the service gets its load."""
    if sources.locustfile is not None:
        return "own"
    if sources.description is not None:
        return "made"
    if sources.script is not None:
        return "k6"
    measured = sources.measured
    if measured is not None and not any(is_path(each) for each in measured.endpoints):
        return "import"
    return "made"


def planned(sources: Sources, answers: Answers) -> Plan:
    """The files for a project."""
    plan = Plan(load=load_of(sources))
    origin = _origin(sources)
    tasks = tasks_of(sources.description, sources.measured) if plan.load == "made" else []
    loaded = [task.operation for task in tasks if task.weight]
    prefix = sources.description.prefix if sources.description else ""
    endpoints = [f"{each.method} {prefix}{each.path}" for each in loaded]
    users, counts = users_of(tasks, prefix)
    if plan.load == "own" and sources.locustfile is not None:
        endpoints = list(sources.locustfile.endpoints[:MOST_LOADED])
    elif plan.load in {"k6", "import"} and _is_of_the_load(plan.load, sources.measured):
        endpoints = list(sources.measured.endpoints if sources.measured else ())[:MOST_LOADED]
    promised = promises(sources.measured)
    if promised and sources.measured is not None:
        plan.production = _taken_in(sources.measured, answers.service)
    made, left = budgets(
        Basis(
            load=plan.load,
            endpoints=endpoints,
            planned=counts if tasks else None,
            script=sources.script,
            measured=sources.measured,
            allowed=strictest(promised),
        )
    )
    users = max([users, *(at_least(each.demands.get("throughput")) for each in made)])
    text = spec_text(
        answers.service, made, origin=origin, left=left, warmup=plan.load != "import",
        now_ts=answers.now_ts, promises=promised,
    )  # fmt: skip
    path = Path("slo") / f"{answers.slug}.yaml"
    plan.files.append(Planned(path=path, text=text, what=_what(made, promised)))
    if tasks:
        _add_load(plan, tasks, sources, prefix, origin)
    if plan.load in {"made", "own"} and answers.settings:
        text = _settings(sources, answers, users, origin)
        plan.files.append(Planned(path=Path("slogate.toml"), text=text, what="settings"))
    if plan.load in {"made", "own"} and not is_here(answers.host):
        plan.notes.append(
            f"the load goes to {answers.host}: if users are there, give another --host"
        )
    plan.files += ci_files(plan.load, sources, answers, origin)
    plan.notes += [f"not carried over: {each}" for each in left]
    return plan


def _origin(sources: Sources) -> str:
    named = [
        each.file
        for each in (sources.description, sources.locustfile, sources.script, sources.measured)
        if each is not None
    ]
    return " and ".join(named) if named else "a template: nothing was found to begin from"


def _taken_in(measured: Measured, service: str) -> str:
    options = [f"--option={key}={value}" for key, value in measured.options.items()]
    words = ["slogate", "import", measured.file, "--kind", "production", "--service", service]
    return shlex.join([*words, *options])


def _what(made: Sequence[Budget], promised: Sequence[Promise]) -> str:
    count = sum(len(each.demands) for each in made)
    text = f"{count} objective{'' if count == 1 else 's'}"
    if not promised:
        return text
    return f"{text} for load tests, {len(promised)} for production"


def _is_of_the_load(load: Load, measured: Measured | None) -> bool:
    """Whether what was measured has the names that the load will have: its own results."""
    return measured is not None and (load == "import" or measured.format.startswith("k6"))


def _add_load(
    plan: Plan, tasks: Sequence[Task], sources: Sources, prefix: str, origin: str
) -> None:
    description = sources.description
    loaded = sum(1 for task in tasks if task.weight)
    more = len(description.operations) - len(tasks) if description else 0
    text = locustfile_text(
        tasks, origin=origin, prefix=prefix, more=more,
        secured=description.secured if description else None,
    )  # fmt: skip
    plan.files.append(
        Planned(
            path=Path("loadtests/locustfile.py"),
            text=text,
            what=_loaded(loaded, len(tasks) + max(0, more)),
        )
    )
    if not loaded:
        plan.notes.append(
            "no operation can be called as described: give one of loadtests/locustfile.py "
            "values that your service knows, and a weight"
        )
    if description and description.secured:
        plan.notes.append("the service asks for credentials: set API_TOKEN when you run the test")
    if description and description.left_out:
        paths = "1 path" if description.left_out == 1 else f"{description.left_out} paths"
        plan.notes.append(f"{paths} of {description.file} left out: no path that HTTP can ask for")


def _loaded(loaded: int, count: int) -> str:
    """`6 of 7 operations are loaded`."""
    noun = "operation" if count == 1 else "operations"
    return f"{loaded} of {count} {noun} {'is' if loaded == 1 else 'are'} loaded"


def _settings(sources: Sources, answers: Answers, users: int, origin: str) -> str:
    """The text of slogate.toml."""
    own = sources.locustfile
    standard = (
        own is None
        or own.file == "locustfile.py"
        or re.fullmatch(r"loadtests/[^/_][^/]*\.py", own.file)
    )
    port = re.search(r":(\d+)$", answers.host)
    serve = f"python -m myservice --port {port[1] if port else 8000}"
    lines = [
        f"# Written by `slogate init` from {comment(origin)}; it is yours now.",
        "# Flags and SLOGATE_… variables win: `slogate docs settings`.",
        f"host = {_toml(answers.host)}",
        f"users = {users}",
        f'run_time = "{RUN_S // 60}m"',
        *([] if standard or own is None else [f"locustfiles = [{_toml(own.file)}]"]),
    ]
    if answers.serve:
        lines += [f"serve = {_toml(answers.serve)}"]
    else:
        lines += [
            "# To let slogate start the service, and wait until it is ready:",
            f"# serve = {_toml(serve)}",
            f"# ready = {_toml(answers.host + '/health')}",
        ]
    return "\n".join([*lines, ""])


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
