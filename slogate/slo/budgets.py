"""`budgets:`: performance budgets, judged on one load-test run, as objectives.

What the keys of an objective are, ask the kinds: every key that no field of a budget has is
offered to them, and their own sentence is the fault. Each budget must promise something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from slogate.model.predicate import Ok, Predicate
from slogate.model.selection import Selection
from slogate.objectives._base import Allowance, Kind, Objective, Scope, Waiver
from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.fields import (
    WRONG,
    At,
    Field,
    Fields,
    Pattern,
    Shape,
    mapping,
    read_fields,
    schema_of,
)
from slogate.slo.shapes import (
    PERCENT_SCHEMA,
    choice,
    day,
    duration,
    endpoint,
    expression,
    name,
    parse_written,
    share,
    text,
    texts_by_name,
)
from slogate.units import parse_share
from slogate.verdict import Place

_HALF = Fraction(1, 2)
_SUREST = 1 - Fraction(1, 10**6)
_CERTAIN = "; no run can be that sure"

DEFAULTS: Mapping[str, Field] = {
    "warmup": Field(
        shape=duration(), help="how long after all users are spawned nothing is judged: 5s"
    ),
    "confidence": Field(
        shape=share(over=_HALF, under=Fraction(1), most=_SUREST, why=_CERTAIN),
        help="how sure a verdict must be, per side: 95%",
    ),
    "failures": Field(
        shape=choice("slow", "drop", "measured"),
        help="failed requests in latency budgets: slower than any limit, left out, as measured",
    ),
    "severity": Field(
        shape=choice("error", "warn", "info"), help="warn and info never change the exit code"
    ),
    "on_inconclusive": Field(
        shape=choice("block", "warn", "pass"), help="what to do when the run cannot tell"
    ),
    "on_no_data": Field(
        shape=choice("block", "warn", "pass"), help="what to do when there is nothing to judge"
    ),
    "judge": Field(
        shape=choice("interval", "observed"),
        help="by the confidence interval, or by the observed value as other tools do",
    ),
}
_WAIVER = Fields(
    named={
        "until": Field(shape=day(), help="the last day (UTC) of the waiver", required=True),
        "reason": Field(shape=text("a reason"), help="why a breach is tolerated", required=True),
    }
)
_BUDGET: Mapping[str, Field] = {
    "name": Field(shape=name(), help="unique in the service, stable in the history", required=True),
    "endpoint": Field(
        shape=endpoint(), help='"METHOD name" or a name; only * is special; none: the whole service'
    ),
    "where": Field(shape=texts_by_name("labels"), help="labels that requests must have"),
    "ok": Field(shape=expression(), help="what counts as a success here: status < 500"),
    **DEFAULTS,
    "waive": Field(shape=mapping(_WAIVER), help="until when a breach does not block, and why"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What a file says for all of its budgets."""

    file: str
    sha256: str
    service: str
    success: Predicate = Ok()
    defaults: Mapping[str, Any]


def budgets_shape(kinds: Mapping[str, Kind]) -> Shape:
    """The list under `budgets:`, read as one dict a budget."""
    patterns = tuple(_pattern(kind) for kind in kinds.values())
    comparable = tuple(kind for kind in kinds.values() if kind.contrast is not None)
    regression = Field(
        shape=_regression(comparable), help="how much worse than a base a run may be, in per cent"
    )
    fields = Fields(named={**_BUDGET, "regression": regression}, patterns=patterns)

    def read_one(node: Node, at: At) -> Any:
        before = len(at.faults)
        found = read_fields(fields, node, at)
        _check_promises(fields, found, node, at, before)
        return found if len(at.faults) == before else WRONG

    def read(node: Node, at: At) -> Any:
        if not isinstance(node, Listing):
            return at.wrong(node, "a list of budgets is expected", "begin each by `- name: …`")
        return [read_one(item, at.item(index)) for index, item in enumerate(node.items)]

    return Shape(read=read, schema={"type": "array", "items": schema_of(fields)})


def _pattern(kind: Kind) -> Pattern:
    def read(key: str, node: Node, at: At) -> Any:
        return parse_written(lambda value: (kind, value, *kind.parse(key, value)), node, at)

    example = kind.example.partition(":")[0]
    return Pattern(keys=kind.keys, read=read, schema=kind.schema, help=kind.help, example=example)


def _regression(kinds: tuple[Kind, ...]) -> Shape:
    patterns = tuple(
        Pattern(
            keys=kind.keys,
            read=_allowed(kind),
            schema=PERCENT_SCHEMA,
            help="at most so much worse than the base",
            example=kind.example.partition(":")[0],
        )
        for kind in kinds
    )
    against = Field(
        shape=name("a base"), help="a branch, run, label, pin or `previous`", required=True
    )
    fields = Fields(named={"against": against}, patterns=patterns)
    plain = mapping(fields)

    def read(node: Node, at: At) -> Any:
        found = plain.read(node, at)
        if found is not WRONG and len(found) < 2:
            return at.wrong(node, "nothing is compared", "add an objective such as p95: 10%")
        return found if found is WRONG or _once(found, node, at) else WRONG

    return Shape(read=read, schema={**plain.schema, "minProperties": 2})


def _allowed(kind: Kind) -> Callable[[str, Node, At], Any]:
    """Reads `p95: 10%` as (kind, text, share, quantile)."""

    def read(key: str, node: Node, at: At) -> Any:
        def parse(value: str) -> tuple[Kind, str, Fraction, Fraction | None]:
            quantile = kind.contrast.quantile if kind.contrast else None
            return kind, value, parse_share(value), quantile(key) if quantile else None

        return parse_written(parse, node, at)

    return read


def _once(found: Mapping[str, Any], node: Node, at: At) -> bool:
    """Whether no objective is compared twice; else there is a fault."""
    seen: dict[tuple[str, Fraction | None], str] = {}
    for key, value in found.items():
        if isinstance(value, tuple):
            first = seen.setdefault((value[0].name, value[-1]), key)
            if first != key:
                place = (node.key(key) if isinstance(node, Table) else None) or node
                at.key(key).wrong(place, f"'{key}' is the same objective as '{first}'", "keep one")
                return False
    return True


def _check_promises(
    fields: Fields, found: Mapping[str, Any], node: Node, at: At, before: int
) -> None:
    promised = [key for key in found if key not in fields.named]
    if not promised and "regression" not in found and len(at.faults) == before:
        examples = ", ".join(pattern.example for pattern in fields.patterns)
        at.wrong(node, "this budget promises nothing", f"add an objective: {examples}")
    seen: dict[tuple[str, Fraction | None], str] = {}
    for key in promised:
        kind, _, _, quantile = found[key]
        first = seen.setdefault((kind.name, quantile), key)
        if first != key and isinstance(node, Table) and (place := node.key(key)) is not None:
            at.key(key).wrong(place, f"'{key}' is the same objective as '{first}'", "keep one")


def objectives_of(budget: Mapping[str, Any], node: Table, common: Common) -> Iterator[Objective]:
    """The objectives of one budget that was read without fault, in the order of the file."""
    scope = _scope(budget, common)
    for key, _ in node.pairs:
        if isinstance(found := budget.get(key.text), tuple):
            kind, value, limit, quantile = found
            yield Objective(
                kind=kind.name,
                key=key.text,
                text=value,
                limit=limit,
                quantile=quantile,
                scope=scope,
                place=_place(key, common),
            )


def allowances_of(budget: Mapping[str, Any], node: Table, common: Common) -> Iterator[Allowance]:
    """What one budget says of its base, in the order of the file."""
    found, table = budget.get("regression", {}), node.get("regression")
    scope = _scope(budget, common)
    for key, _ in table.pairs if isinstance(table, Table) else ():
        if isinstance(each := found.get(key.text), tuple):
            kind, value, share, quantile = each
            yield Allowance(
                kind=kind.name,
                key=key.text,
                text=value,
                budget=share,
                quantile=quantile,
                against=found["against"],
                scope=scope,
                place=_place(key, common),
            )


def _scope(budget: Mapping[str, Any], common: Common) -> Scope:
    settings = {**common.defaults, **{key: budget[key] for key in DEFAULTS if key in budget}}
    if "warmup" in settings:
        settings["warmup_us"] = settings.pop("warmup")
    waiver = None
    if "waive" in budget:
        until, until_ts = budget["waive"]["until"]
        waiver = Waiver(until=until, until_ts=until_ts, reason=budget["waive"]["reason"])
    selection = Selection(
        endpoint=budget.get("endpoint"),
        where=tuple(sorted(budget.get("where", {}).items())),
        success=budget.get("ok", common.success),
    )
    return Scope(
        service=common.service,
        name=budget["name"],
        selection=selection,
        waiver=waiver,
        **settings,
    )


def _place(key: Scalar, common: Common) -> Place:
    return Place(file=common.file, line=key.line, column=key.column, sha256=common.sha256)
