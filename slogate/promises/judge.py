"""Judges a promise on what was counted: a finding, with its error budget.

A census, not a sample: the promise is kept or broken, exactly. FAIL when more is bad than the
objective allows, or a policy that freezes releases applies; both in the worst case and the best of
what is only known in buckets or steps, else INCONCLUSIVE. Absence never passes: no request, or
fewer than `min_events`, is NO_DATA. Forecast and burn rates are told and decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from slogate.model.slots import Tallies
from slogate.model.survey import MOST_VALUES, Crowd, Sums, Surveyed, condense, in_order
from slogate.promises.book import Book
from slogate.promises.definition import definition_of
from slogate.promises.document import document_of
from slogate.promises.promise import Plan, PolicyRule
from slogate.promises.sentences import absence, across, reason, remarks
from slogate.promises.statement import Counted, Statement, applying, statement_of, unknown
from slogate.promises.surveys import edges_of, survey_of
from slogate.stats.error_budget import Budget
from slogate.units import format_count, format_duration, format_share
from slogate.unseen import ROWS, could_break, untimed
from slogate.verdict import Finding, GoodShare, Outcome

NONE = "(none)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of the production data: when they begin, and what is wrong with them.

    `distrust` says why they cannot be relied on: nothing passes. `untold` says that failures are
    not in them: nothing is sure to pass. So many rows of the sources were `unread`: what could be
    broken if all of them were bad does not pass; `lost` says what they are. `single`: all are
    requests one by one, none in buckets. `told` is remarked on, `source` is where the data of an
    indicator came from. `values` have what differs by the value of the label. `last_ts` is where
    the data end, if they may end before all other data.
    """

    first_ts: int | None = None
    distrust: str | None = None
    untold: str | None = None
    unread: int = 0
    lost: str = ROWS
    single: bool = False
    told: tuple[str, ...] = ()
    source: Mapping[str, object] | None = None
    values: Mapping[str | None, Known] = field(default_factory=dict)
    last_ts: int | None = None

    def of(self, value: str | None) -> Known:
        """What is known of one value of the label."""
        return self.values.get(value, self)

    @property
    def each(self) -> Sequence[Known]:
        """What is known of each value of the label, or of all that there is."""
        return [*self.values.values()] or [self]

    @property
    def ends(self) -> Sequence[int]:
        """Where the data of each end, as far as it is told."""
        return [each.last_ts for each in self.each if each.last_ts is not None]


def judge(plan: Plan, tallies: Tallies, known: Known) -> list[Finding]:
    """The findings of one promise: one, or one for each value of its label."""
    return judge_sums(plan, condense(survey_of(plan), tallies), known)


def judge_sums(plan: Plan, surveyed: Surveyed, known: Known) -> list[Finding]:
    """The findings on what was summed up."""
    if isinstance(surveyed, Crowd):
        return [_crowded(plan, surveyed)]
    edges = edges_of(plan)
    if plan.promise.by is None or not surveyed:
        sums = surveyed.get(None, Sums())
        return [finding_of(plan.promise.id, Book.of(plan, edges, sums), known.of(None))]
    return [
        finding_of(
            f"{plan.promise.id}/{shown(value)}",
            Book.of(plan, edges, surveyed[value]),
            known.of(value),
        )
        for value in in_order(surveyed)
    ]


def shown(value: str | None) -> str:
    """A value in an id; one that looks like none at all gets quotes, so that no two are alike."""
    if value is None:
        return NONE
    return f"'{value}'" if value.strip("'") == NONE else value


def finding_of(name: str, book: Counted, known: Known) -> Finding:
    """The finding on one book, under that id."""
    plan, promise = book.plan, book.plan.promise
    statement = statement_of(book)
    if not statement.requests.total:
        statement = unknown(statement)
    outcome, why = _outcome(statement, known)
    blocking, downgraded = blocks(plan, outcome)
    share, best = (budget.use.bad_share for budget in (statement.budget, statement.best))
    requests = statement.requests
    ends = None if share is None or best is None or share == best else (float(best), float(share))
    slices = promise.slice_us
    return Finding(
        id=name,
        service=promise.service,
        name=promise.name,
        kind="slo",
        text=f"{format_share(promise.objective, 9)} over {promise.window_text}",
        endpoint=str(promise.selection.endpoint) if promise.selection.endpoint else None,
        place=promise.place,
        outcome=outcome,
        severity=promise.severity,
        blocking=blocking,
        limit=float(1 - promise.objective),
        unit="share",
        observed=None if share is None else float(share),
        interval=ends,
        good=int(requests.total - requests.bad),
        total=requests.total,
        population="all" if slices is None else f"slices of {format_duration(slices)}",
        failed=int(requests.bad),
        untimed=statement.open if known.single else 0,
        good_share=None if share is None else GoodShare(
            observed=float(1 - share), interval=None, required=float(promise.objective)
        ),
        window=(plan.period.start_ts, max(plan.at, plan.period.start_ts)),
        reason=why,
        warnings=(*remarks(statement, known.first_ts), *known.told),
        downgraded=downgraded,
        budget={
            **document_of(statement), **({} if known.source is None else {"source": known.source})
        },
        definition=definition_of(promise),
    )  # fmt: skip


def _crowded(plan: Plan, many: Crowd) -> Finding:
    """Nothing is judged where a budget for each value would be a list that nobody reads."""
    found = finding_of(plan.promise.id, Book.of(plan, edges_of(plan), Sums()), Known())
    blocking, _ = blocks(plan, Outcome.INVALID)
    like = f" such as {', '.join(many.some)}" if many.some else ""
    why = (
        f"the label {plan.promise.by} has {format_count(many.values)} values{like}; a budget for "
        f"each of more than {format_count(MOST_VALUES)} is not told: take a label with fewer, or "
        "less of the service with endpoint or where"
    )
    return replace(
        found, outcome=Outcome.INVALID, blocking=blocking, downgraded=None, reason=why, warnings=()
    )


def _outcome(statement: Statement, known: Known) -> tuple[Outcome, str]:
    nothing = absence(statement)
    if nothing is not None:
        found, why = Outcome.NO_DATA, nothing
        if statement.astride:
            # what decides may lie in the window, so that `on_no_data` has no say
            found, why = Outcome.INCONCLUSIVE, f"{nothing}; {across(statement.astride)}"
    else:
        why = reason(statement)
        gone = _is_gone(statement.budget, statement.rules)
        surely = _is_gone(statement.best, statement.sure_rules)
        decided = Outcome.FAIL if gone else Outcome.PASS
        found = decided if gone is surely else Outcome.INCONCLUSIVE
        opened = _open(statement, known) if found is Outcome.INCONCLUSIVE else None
        why = why if opened is None else f"{opened}: {why}"
    unsure = known.untold or _unread(statement, known)
    if unsure is not None and found is Outcome.PASS:
        found, why = Outcome.INCONCLUSIVE, f"{unsure}; as far as told: {why}"
    if known.distrust is not None and found is not Outcome.FAIL:
        return Outcome.INVALID, f"{known.distrust}; {why}"
    return found, why


def _unread(statement: Statement, known: Known) -> str | None:
    """What is said where rows that could not be read may hold what breaks the promise."""
    unread = known.unread
    if not unread:
        return None
    budget = statement.budget
    worst = replace(budget, use=budget.use.worsened(unread))
    if not _is_gone(worst, applying(statement.plan, worst)):
        return None
    return could_break(unread, known.lost, "promise")


def _open(statement: Statement, known: Known) -> str | None:
    """What is said of requests of which nobody knows whether they are good."""
    count, total = statement.open, statement.requests.total
    if not count or statement.plan.promise.indicator is not None:
        return None
    if known.single:
        return f"{untimed(count, total)}, and could decide it"
    few = f"{format_count(count)} of {format_count(total)} requests"
    return f"of {few} nobody knows whether they were good (no response time, or a bucket)"


def _is_gone(budget: Budget, rules: Sequence[PolicyRule]) -> bool:
    return budget.is_overspent or any(rule.freeze for rule in rules)


def blocks(plan: Plan, outcome: Outcome) -> tuple[bool, str | None]:
    """Whether it blocks, and the policy that lets missing data pass."""
    promise = plan.promise
    if outcome is Outcome.PASS or promise.severity != "error":
        return False, None
    if outcome is Outcome.NO_DATA and promise.on_no_data != "block":
        return False, f"on_no_data: {promise.on_no_data}"
    return True, None
