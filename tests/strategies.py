"""Hypothesis strategies of the nouns: verdicts as the judge could make them, and worse.

Names and sentences are any text, hostile ones included; numbers are any that a run can give.
Values in microseconds are whole, as nearly all are; `untidy_us` gives the others.
"""

from __future__ import annotations

from hypothesis import strategies as st
from verdict_examples import BUDGET, UNKNOWN_BUDGET

from slogate.model.run import Health, Reconciliation, Run
from slogate.verdict import (
    DesignEffect,
    Failure,
    Finding,
    GoodShare,
    Outcome,
    Place,
    Subject,
    Verdict,
)

HOSTILE = (
    "POST /checkout",
    "GET /a|b`c`<script>alert(1)</script>",
    "@everyone see #1 https://evil.example](x)",
    "\x1b[31mred\x00\r\n::error::fake",
    "\u202egnp.exe",
    "検索 /商品/一覧",
    "%0A::set-output name=x::y",
    "café\udcff",
    "",
)

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=40))
counts = st.integers(0, 10_000_000)
shares = st.floats(0, 1)
rates = st.floats(0, 1e9)
moments = st.integers(0, 4_102_444_800_000_000)
whole_us = st.integers(0, 10**13).map(float)
untidy_us = st.just(0.0) | st.floats(1e-3, 1e13)


def maybe(strategy):
    """None or a value."""
    return st.none() | strategy


@st.composite
def windows(draw):
    """A window: two moments in order."""
    start, end = sorted(draw(st.tuples(moments, moments)))
    return start, end


def pairs(values):
    """An interval: two values in order, the upper one perhaps unbounded."""
    closed = st.tuples(values, values).map(lambda pair: tuple(sorted(pair)))
    return closed | values.map(lambda low: (low, None)) | st.just((None, None))


places = st.builds(
    Place,
    file=texts,
    line=st.integers(1, 10_000),
    column=st.integers(1, 500),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
)
good_shares = st.builds(
    GoodShare,
    observed=shares,
    interval=maybe(st.tuples(shares, shares).map(lambda pair: tuple(sorted(pair)))),
    required=shares,
)
design_effects = st.builds(
    DesignEffect,
    measured=maybe(st.floats(0, 1e6)),
    floor=maybe(st.floats(0, 1e6)),
    used=st.floats(1, 1e6),
    runs=st.lists(texts, max_size=2).map(tuple),
)
definitions = st.fixed_dictionaries(
    {half: st.dictionaries(texts, texts, max_size=2) for half in ("measure", "terms")}
)


@st.composite
def findings(draw, us=whole_us):
    """A finding of any kind and outcome; a pass never blocks."""
    unit = draw(st.sampled_from(["us", "share", "per_second"]))
    values = {"us": us, "share": shares, "per_second": rates}[unit]
    service, name, key = draw(texts), draw(texts), draw(texts)
    outcome = draw(st.sampled_from(Outcome))
    good, total = draw(maybe(counts)), draw(maybe(counts))
    if good is not None and total is not None:
        good, total = sorted((good, total))
    return Finding(
        id=f"{service}/{name}/{key}",
        service=service,
        name=name,
        kind=draw(st.sampled_from(["percentile", "errors", "maximum", "mean", "throughput"])),
        text=draw(texts),
        endpoint=draw(maybe(texts)),
        place=draw(places),
        outcome=outcome,
        severity=draw(st.sampled_from(["error", "warn", "info"])),
        blocking=outcome is not Outcome.PASS and draw(st.booleans()),
        limit=draw(values),
        unit=unit,
        observed=draw(maybe(values)),
        interval=draw(maybe(pairs(values))),
        confidence=draw(maybe(shares)),
        good=good,
        total=total,
        population=draw(st.just("all") | texts),
        failed=draw(counts),
        untimed=draw(counts),
        backfilled=draw(counts),
        uncorrected=draw(maybe(shares)),
        good_share=draw(maybe(good_shares)),
        design_effect=draw(maybe(design_effects)),
        effective_n=draw(maybe(st.floats(0, 1e9))),
        requests_needed=draw(maybe(counts)),
        seconds_needed=draw(maybe(st.floats(0, 1e9))),
        window=draw(maybe(windows())),
        reason=draw(texts),
        warnings=tuple(draw(st.lists(texts, max_size=2))),
        waived=draw(maybe(texts)),
        downgraded=draw(maybe(texts)),
        budget=draw(maybe(st.sampled_from([BUDGET, UNKNOWN_BUDGET]))),
        definition=draw(maybe(definitions)),
    )


healths = st.builds(
    Health,
    cpu=maybe(st.floats(0, 64)),
    lag_us=maybe(counts),
    lag_p99_us=maybe(counts),
    missed=maybe(shares),
    processes=st.integers(1, 64),
    lost_processes=st.integers(0, 64),
    lockstep=maybe(shares),
)
reconciliations = st.builds(
    Reconciliation,
    seen=counts,
    written=counts,
    counted=maybe(counts),
    uncountable=counts,
    before_reset=counts,
)
runs = st.builds(
    Run,
    id=texts,
    service=texts,
    kind=st.sampled_from(["load", "production"]),
    state=st.sampled_from(["running", "complete", "interrupted", "aborted", "incomplete"]),
    start_ts=maybe(moments),
    ramped_ts=maybe(moments),
    stop_ts=maybe(moments),
    end_ts=maybe(moments),
    planned_us=maybe(counts),
    planned_rate=maybe(rates),
    commit=maybe(texts),
    branch=maybe(texts),
    labels=st.dictionaries(texts, texts, max_size=2),
    source=texts,
    origin=st.dictionaries(texts, texts, max_size=2),
    generator_exit=maybe(st.integers(-64, 255)),
    note=maybe(texts),
    health=healths,
    rows=reconciliations,
)


failures = st.builds(Failure, endpoint=texts, error=texts, count=st.integers(1, 10**9))


@st.composite
def verdicts(draw, us=whole_us, most=4):
    """A verdict with up to `most` findings; what does not belong in the document stays unset."""
    subject = Subject(
        run=draw(runs),
        rows=draw(counts),
        warmup=draw(counts),
        judged=draw(counts),
        backfilled=draw(counts),
        omission=draw(st.sampled_from(["open", "corrected", "raw", None])),
        window=draw(maybe(windows())),
        failures=tuple(draw(st.lists(failures, max_size=3))),
    )
    return Verdict(
        id=draw(st.text("0123456789abcdef", min_size=16, max_size=16)),
        version="0.1.0",
        subject=subject,
        findings=tuple(draw(st.lists(findings(us=us), max_size=most))),
        floor_runs=tuple(draw(st.lists(texts, max_size=2))),
        warnings=tuple(draw(st.lists(texts, max_size=2))),
        specs=draw(st.dictionaries(texts, texts, max_size=2)),
    )
