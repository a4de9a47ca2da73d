"""Indicators by a label: one SLO for each value, from counters and from what a server reckons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asking import MINUTE_US, START_US, asking, events, query, spec_text
from replay import Replay, counter, serving

from slogate.errors import SourceError
from slogate.gate import check_queried
from slogate.slo.every import load_every
from slogate.verdict import Outcome

SCRAPES = 241  # an hour, one every 15 s
EU = {"job": "shop", "instance": "a:1", "region": "eu"}
US = {"job": "shop", "instance": "b:1", "region": "us"}


def total(each: int, **labels: str) -> Any:
    """The counter of successes of a target, so many a scrape."""
    return counter(*range(1000, 1000 + each * SCRAPES, each), **{"code": "200", **labels})


def failed(*values: Any, **labels: str) -> Any:
    """The counter of failures of a target."""
    return counter(*values, **{"code": "500", **labels})


@pytest.fixture(name="found")
def _found() -> Iterator[Any]:
    """Judge an SLO on the series: its findings by what follows its id."""
    with serving(Replay([])) as replay:

        def found(*series: Any, indicator: Any = None, **keys: Any) -> dict[str, Any]:
            replay.series = list(series)
            given = {key: it for key, it in {"by": "region", **keys}.items() if it is not None}
            text = spec_text(indicator or events(), **given)
            specs = load_every([("slo/shop.yaml", text)])
            at = START_US + 60 * MINUTE_US
            verdict = check_queried(asking(replay), specs, "shop", at=at, version="1")
            return {each.id.removeprefix("shop/a/1h").strip("/"): each for each in verdict.findings}

        found.replay = replay  # type: ignore[attr-defined]
        yield found


def test_each_value_has_its_own_counts(found):
    """What a region broke is not made up for by the other; one that never failed is good."""
    bad = failed(*[0] * 100, *[40] * 141, **US)
    it = found(total(10, **EU), total(5, **US), bad)

    assert {value: (each.outcome, each.total, each.failed) for value, each in it.items()} == {
        "eu": (Outcome.PASS, 2400, 0), "us": (Outcome.FAIL, 1240, 40),
    }  # fmt: skip


def test_series_without_the_label_are_a_group_of_their_own(found):
    """They are judged too."""
    it = found(total(10, **EU), total(5, job="shop", instance="b:1"))

    assert {value: each.total for value, each in it.items()} == {"(none)": 1200, "eu": 2400}


def test_a_label_that_no_series_has_never_passes(found):
    """It is most likely misspelt."""
    (it,) = found(total(10, **EU), by="regoin").values()

    assert it.outcome is Outcome.INVALID
    assert "no series of requests_total has the label regoin" in it.reason


def test_a_query_that_adds_up_over_the_label_is_refused(found):
    """Its answer has no such label."""
    summed = events("sum(requests_total{code='500'})", "sum without (region) (requests_total)")

    with pytest.raises(SourceError, match=r"total query adds up over the label 'region'"):
        found(total(10, **EU), indicator=summed)


@pytest.mark.parametrize(
    "text",
    [
        "sum by (region) (rate(requests_total{}[5m]))",
        "sum(rate(requests_total{}[5m])) by (region, code)",
        "sum without (code) (requests_total{})",
        "(sum by (region) (requests_total{})) or vector(0)",
    ],
)
def test_sums_that_keep_the_label_are_counted(text, found):
    """Whatever else they group by is added up."""
    indicator = events(text.replace("{}", '{code="500"}'), text.replace("{}", ""))
    it = found(total(10, **EU), failed(*range(SCRAPES), **EU), indicator=indicator)

    assert (it["eu"].total, it["eu"].failed) == (2640, 240)


def test_a_silence_is_of_the_group_whose_target_was_silent(found):
    """A region that was not scraped and came back anew may have broken its promise; others not."""
    gone = [*range(1000, 2000, 10), *[None] * 80, *range(10, 620, 10)]
    it = found(
        total(10, **EU),
        counter(*gone, **{**US, "code": "200"}),
        failed(*[5] * SCRAPES, **EU),
    )

    assert it["eu"].outcome is Outcome.PASS
    assert it["us"].outcome is Outcome.INCONCLUSIVE
    assert "nothing was scraped" in it["us"].reason


def test_groupings_of_pyrra_are_taken_as_labels(found):
    """Several labels make one name."""
    bad, every = (
        {"type": "prometheus", "spec": {"metric": text, "grouping": ["region", "job"]}}
        for text in ('requests_total{code="500"}', "requests_total")
    )
    it = found(total(10, **EU), indicator={"bad": bad, "total": every}, by=None)

    assert [*it] == ["region=eu, job=shop"]


def test_alike_values_of_different_instances_are_one_group(found):
    """Two instances of a region count together, through the restart of one."""
    again = [*range(1000, 2000, 10), *range(0, 1410, 10)]
    second = counter(*again, **{**EU, "instance": "c:1", "code": "200"})
    it = found(total(10, **EU), second)

    assert it["eu"].total == 2400 + 990 + 1400


def test_what_the_server_reckons_has_a_group_for_each_series(found):
    """A value of one group says nothing of another."""
    asked = "max by (region) (lag)"
    minutes = range(START_US // 1000, START_US // 1000 + 3_600_001, 60_000)
    found.replay.ranges[asked] = [
        ({"region": region}, dict.fromkeys(minutes, lag))
        for region, lag in (("eu", "1"), ("us", "9"))
    ]
    indicator = {"threshold": query(asked), "op": "lt", "value": 5}
    it = found(indicator=indicator)

    assert {value: each.outcome for value, each in it.items()} == {
        "eu": Outcome.PASS, "us": Outcome.FAIL,
    }  # fmt: skip
    with pytest.raises(SourceError, match="none of its series has the label 'zone'"):
        found(indicator=indicator, by="zone")
