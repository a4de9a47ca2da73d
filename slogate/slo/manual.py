"""What the manual tells of lint rules: a page that lists them, and a text for each.

`slogate docs lint-rules` is `page()`, kept as a file; `slogate docs RULE` prints `told(entry)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slogate.slo.fault_rules import FAULT_RULES
from slogate.slo.ignoring import IGNORE_RULES
from slogate.slo.lint import RULES
from slogate.slo.openslo_rules import openslo_entries
from slogate.slo.rules import Entry

_HEAD = """<!-- reference: Every rule of spec lint: what it finds, how to mend or ignore it. -->
# Lint rules

`slogate spec lint` tells what is wrong with specs, and what is valid and most likely not meant.
`slogate docs RULE` prints a rule: why it is there, an example of wrong and right. An `error` ends
in exit 2, a `warning` with `--strict`, `info` never. The rules of OpenSLO: `slogate docs openslo`.

To **ignore** a rule where it is wrong, say so and why, behind the key or the item, or above it:

    - name: pay    # slogate: ignore zero-errors: a lost payment is a lost customer

It holds for all that the key or item holds, above the first key for the whole file; several rules
are separated by commas. What is ignored is still told, with its reason, and counted, and never
changes the exit code; `--json` has it as `ignored`. Faults cannot be ignored.

To **mend** what can be without a doubt: `--fix`; `--diff` shows it first. A few characters change,
comments stay, and so does the meaning: the text is read again before it is written, in one step.
Rules with a fix are marked *.

"""
_NEEDS = {
    "--run-time": "Told with `--run-time` and `--rate`, or the rates of the last run (`--store`)",
    "--store": "Told with `--store FOLDER`: SLOs against the production that is stored",
}


def entries() -> tuple[Entry, ...]:
    """All that can be told of native specs, in the order of the page."""
    return (*RULES, *IGNORE_RULES, *FAULT_RULES)


def every_entry() -> tuple[Entry, ...]:
    """All that `slogate docs RULE` prints."""
    return (*entries(), *openslo_entries())


def page() -> str:
    """The page of the manual that lists the rules."""
    plain = [rule for rule in RULES if not rule.given]
    parts = [_HEAD, *_table("Budgets and SLOs", plain)]
    for option, title in _NEEDS.items():
        parts += _table(title, [rule for rule in RULES if rule.given[:1] == (option,)])
    parts += _table("Comments that ignore", IGNORE_RULES)
    parts += _table("Faults", FAULT_RULES)
    return "".join(parts).rstrip("\n") + "\n"


def _table(title: str, rules: Sequence[Entry]) -> Iterator[str]:
    yield f"## {title}\n\n| rule | | what it finds |\n|---|---|---|\n"
    for rule in rules:
        mark = " *" if rule.fix else ""
        yield f"| `{rule.id}`{mark} | {rule.severity} | {rule.help} |\n"
    yield "\n"


def told(rule: Entry) -> str:
    """What `slogate docs RULE` prints."""
    lenient = f", {rule.lenient} with `--profile lenient`" if rule.lenient else ""
    parts = [f"# {rule.id}\n\n{rule.severity}{lenient}: {rule.help}\n\n{rule.why}\n"]
    for word, example in (("Wrong", rule.wrong), ("Right", rule.right)):
        shown = "".join(f"    {line}\n" for line in example.splitlines())
        parts.append(f"\n{word}:\n\n{shown}" if example else f"\n{word}: without it.\n")
    if rule.given:
        parts.append(f"\nTold with `slogate spec lint {' '.join(rule.given)}`.\n")
    if rule.fix:
        parts.append(f"\n`slogate spec lint --fix` {rule.fix}.\n")
    hard = rule.id.startswith("openslo/") and rule.severity == "error" and rule.lenient is None
    if rule not in FAULT_RULES and not hard:
        parts.append(f"\nTo ignore it: `# slogate: ignore {rule.id}: because …`\n")
    return "".join(parts)
