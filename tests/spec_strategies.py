"""Hypothesis strategies: specs as data that `load` accepts, and text that looks like one."""

from __future__ import annotations

from hypothesis import strategies as st

LETTERS = "abcxyz éß支🚀/-_.*'\"<>&%{}[]:#$"
NAMES = st.text(LETTERS, max_size=20).map(lambda text: f"n{text}n")
DURATIONS = st.builds(
    lambda number, unit, rest: f"{number}{unit}{rest}",
    st.integers(1, 500),
    st.sampled_from(["us", "µs", "ms", " ms", "s", "m", "h", "d", "w"]),
    st.sampled_from(["", "", "", "30s", " 5ms"]),
)
PERCENTS = st.decimals("0.001", "99.9", places=3).map(lambda number: f"{number}%")
SURE = st.decimals("50.1", "99.9", places=1).map(lambda number: f"{number}%")
KEYS = st.one_of(
    st.integers(1, 99).map(lambda number: f"p{number}"),
    st.integers(0, 8).map(lambda number: f"p99.{number}5"),
)
LABELS = st.dictionaries(NAMES, st.one_of(NAMES, st.integers(), st.booleans()), max_size=3)
SETTINGS = {
    "warmup": DURATIONS,
    "confidence": SURE,
    "failures": st.sampled_from(["slow", "drop", "measured"]),
    "severity": st.sampled_from(["error", "warn", "info"]),
    "on_inconclusive": st.sampled_from(["block", "warn", "pass"]),
    "on_no_data": st.sampled_from(["block", "warn", "pass"]),
    "judge": st.sampled_from(["interval", "observed"]),
}
WAIVERS = st.fixed_dictionaries({"until": st.dates().map(str), "reason": NAMES})
CONDITIONS = st.sampled_from(["ok", "status < 500", "ok and duration <= 2s", "not status == 404"])
FACTS = {
    "max": DURATIONS,
    "mean": DURATIONS,
    "errors": st.one_of(PERCENTS, st.sampled_from([0, "0"])),
    "throughput": st.integers(1, 10**6).map(lambda number: f"{number}/s"),
}


@st.composite
def budgets(draw: st.DrawFn) -> dict[str, object]:
    """One budget with at least one objective."""
    rest = {
        "endpoint": NAMES,
        "where": LABELS,
        "ok": CONDITIONS,
        "waive": WAIVERS,
        **SETTINGS,
        **FACTS,
    }
    budget = draw(st.fixed_dictionaries({"name": NAMES}, optional=rest))
    percentiles = draw(st.dictionaries(KEYS, DURATIONS, min_size=1, max_size=3))
    return {**budget, **percentiles}


SPECS = st.fixed_dictionaries(
    {
        "slogate": st.just(1),
        "service": NAMES,
        "budgets": st.lists(
            budgets(), min_size=1, max_size=4, unique_by=lambda budget: str(budget["name"])
        ),
    },
    optional={
        "owner": NAMES,
        "labels": LABELS,
        "ok": CONDITIONS,
        "defaults": st.fixed_dictionaries({}, optional=SETTINGS),
    },
)

PIECES = [
    "slogate: 1\n", "service: shop\n", "budgets:\n", "  - name: a\n", "    p95: 300ms\n", "- ",
    "{", "}", "[", "]", ": ", ", ", "\n", "  ", "\t", "*a", "&a ", "<<: ", "!!str ", "'", '"',
    "|\n", ">\n", "---\n", "...\n", "#", "? ", "p95", "errors: 0\n", "ok: ", "slos:\n", "- good: ",
    "waive: ", "2026-12-01", "regression: ", "%YAML 1.2\n", "\x00", "\ufeff", "\r\n", "~", "1e999",
    "corrections:\n", "window: ", "where: ", "defaults: ", "\\", "@", "`", "\u2028", "\ud800",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=40).map("".join),
)
