"""What `--run-time auto` chooses, and why it says it does."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored_runs import keep

from slogate.cli.app import run as slogate
from slogate.cli.auto import POWER, chosen_us, run_time_of, settled, why
from slogate.cli.judging import read
from slogate.cli.locustconf import IGNORED
from slogate.cli.planning import Request
from slogate.config import AUTO, Settings, load_settings
from slogate.errors import GeneratorError
from slogate.gate import check
from slogate.planning.past import past_of
from slogate.planning.plan import Plan, Wish, plan_of
from slogate.store.layout import open_store
from slogate.store.manifest import read_run

SECOND = 1_000_000
HOUR = 3_600 * SECOND
EASY = "p95: 100ms"
HARD = "p99.9: 200ms"
AT_ITS_LIMIT = "p99: 100ms"


def planned(folder: Path, budget: str, *, compared: str = "") -> Plan:
    """The plan of one budget, from a run of 20 requests a second with one slow in a hundred."""
    keep(folder, "r1", set(range(50, 4_000, 100)))
    spec = folder / "shop.yaml"
    spec.write_text(
        f"slogate: 1\nservice: shop\nbudgets: [{{name: all, {budget}{compared}}}]\n",
        encoding="utf-8",
    )
    specs = read([spec])
    past = past_of(open_store(folder / ".slogate"), specs, "shop", version="0.1.0")
    return plan_of("shop", specs, past, Wish(power=POWER))


def test_at_least_what_error_rates_are_stated_for(tmp_path):
    """Ramp 2 s and 120 s judged, though less would decide; and it says so."""
    plan = planned(tmp_path, EASY)
    chosen = chosen_us(plan, HOUR)
    (sentence,) = why(plan, chosen, HOUR)

    assert plan.whole_us < chosen == 122 * SECOND
    assert sentence.startswith("planned from run r1: 2 min 2 s, from which on error rates are")
    assert " would decide all budgets, for all/p95: " in sentence


def test_as_long_as_the_budget_needs(tmp_path):
    """One that needs thousands of requests takes minutes."""
    plan = planned(tmp_path, HARD)
    chosen = chosen_us(plan, HOUR)
    (sentence,) = why(plan, chosen, HOUR)

    assert chosen == plan.whole_us > 180 * SECOND
    assert "for all/p99.9: " in sentence
    assert "decided in 99% of runs" in sentence


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        pytest.param(HARD, "all/p99.9 may stay inconclusive", id="too short to decide"),
        pytest.param(EASY, "error rates are stated from 120 s judged on", id="too short to state"),
    ],
)
def test_never_longer_than_allowed(tmp_path, budget, words):
    """What that costs is said."""
    plan = planned(tmp_path, budget)
    chosen = chosen_us(plan, 60 * SECOND)
    (sentence,) = why(plan, chosen, 60 * SECOND)

    assert chosen == 60 * SECOND
    assert "which is --max-time" in sentence
    assert words in sentence


def test_a_service_at_its_limit_is_told(tmp_path):
    """No length decides it; the run is as long as error rates are stated for."""
    plan = planned(tmp_path, AT_ITS_LIMIT)
    chosen = chosen_us(plan, HOUR)

    assert chosen == 122 * SECOND
    assert why(plan, chosen, HOUR) == [
        "planned from run r1: 2 min 2 s; no budget can be decided by any practical length"
    ]


def test_two_that_take_turns_need_twice_the_time(tmp_path):
    """Or what the regression budget needs, if that is longer."""
    plan = planned(tmp_path, EASY, compared=", regression: {against: main, p95: 10%}")

    assert chosen_us(plan, HOUR) == 122 * SECOND
    assert chosen_us(plan, HOUR, in_turns=True) == 244 * SECOND
    (sentence,) = why(plan, 244 * SECOND, HOUR, in_turns=True)
    assert sentence.startswith(
        "planned from run r1: 4 min 4 s, of which base and head have 2 min 2 s each; "
        "all/regression/p95 takes "
    )


def test_regressions_alone_are_no_budgets_that_nothing_decides(tmp_path):
    """Beside their base they take their time; against stored runs more of these."""
    plan = planned(tmp_path, "regression: {against: main, p95: 10%}")

    assert why(plan, 242 * SECOND, HOUR, in_turns=True)[0].startswith(
        "planned from run r1: 4 min 2 s, of which base and head have 2 min 1 s each"
    )
    (sentence,) = why(plan, 122 * SECOND, HOUR)
    assert sentence.endswith("; regressions against stored runs take more runs, not longer ones")


@pytest.mark.parametrize(
    ("text", "found"), [("auto", AUTO), (" Auto ", AUTO), ("60s", 60 * SECOND), (None, None)]
)
def test_the_word(text, found):
    """However it is spelt."""
    assert run_time_of(text) == found


def asked(folder: Path, *locust: str, web: bool = False, **settings: object) -> Request:
    """What the user asked for, in a project whose settings say auto."""
    spec = folder / "shop.yaml"
    spec.write_text(
        f"slogate: 1\nservice: shop\nbudgets: [{{name: all, {EASY}}}]\n", encoding="utf-8"
    )
    chosen = Settings(store=folder / ".slogate", specs=(spec,), run_time=AUTO, **settings)
    return Request(
        settings=chosen, locust=locust, configured=IGNORED, web=web, abort_on=(), labels=("a=b",),
        quiet=False,
    )  # fmt: skip


def no_load(*_: object) -> int:
    """Where no load is to be sent."""
    raise AssertionError


def test_a_file_or_the_environment_can_say_auto(tmp_path):
    """And how long that may be."""
    (tmp_path / "slogate.toml").write_text('run_time = "auto"\nmax_time = "5m"\n')
    from_file = load_settings(tmp_path, {})
    from_environment = load_settings(tmp_path, {"SLOGATE_RUN_TIME": "3m"})

    assert (from_file.run_time, from_file.max_time) == (AUTO, 300 * SECOND)
    assert from_environment.run_time == 180 * SECOND


def test_settings_can_say_auto(tmp_path, capsys):
    """The history is planned from, and no load is sent for it."""
    keep(tmp_path, "r1", set(range(50, 4_000, 100)))
    found = settled(asked(tmp_path, max_time=HOUR), no_load, "0.1.0", said=False)

    assert found.settings.run_time == 122 * SECOND
    assert "planned from run r1: 2 min 2 s" in capsys.readouterr().err


def test_without_history_a_pilot_run_comes_first(tmp_path, capsys):
    """Half a minute judged, with a label, and the plan is from what it recorded."""
    pilots = []

    def load_test(pilot, tell):
        pilots.append(pilot)
        keep(tmp_path, "pilot", set(range(50, 4_000, 100)))
        specs = read(pilot.settings.specs)
        store = open_store(tmp_path / ".slogate")
        return tell([check(store, specs, read_run(store, "pilot"), version="0.1.0")])

    found = settled(asked(tmp_path, max_time=HOUR), load_test, "0.1.0", said=True)
    told = capsys.readouterr().err

    assert [it.settings.run_time for it in pilots] == [32 * SECOND]
    assert pilots[0].labels == ("a=b", "pilot=auto")
    assert found.settings.run_time == 122 * SECOND
    assert found.labels == ("a=b",)
    assert "no history of 'shop' to plan from: a pilot run of 32 s first" in told
    assert "planned from run pilot" in told


def test_a_pilot_that_tells_nothing_is_an_error(tmp_path):
    """Its run was cut off: there is no run time to choose."""

    def load_test(pilot, tell):
        keep(tmp_path, "pilot", set(), state="aborted")
        specs = read(pilot.settings.specs)
        store = open_store(tmp_path / ".slogate")
        return tell([check(store, specs, read_run(store, "pilot"), version="0.1.0")])

    with pytest.raises(GeneratorError, match="the pilot run tells nothing"):
        settled(asked(tmp_path), load_test, "0.1.0", said=True)


@pytest.mark.parametrize(
    ("locust", "web"),
    [
        pytest.param(("-t", "3s"), False, id="a run time of Locust's own"),
        pytest.param((), True, id="a person stops it"),
        pytest.param(("--worker",), False, id="its master has it"),
    ],
)
def test_settings_do_not_bind_those_who_say_otherwise(tmp_path, locust, web):
    """A default of the project is no reason to refuse what a user says."""
    found = settled(asked(tmp_path, *locust, web=web), no_load, "0.1.0", said=False)

    assert found.settings.run_time == Settings().run_time


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--max-time", "3m"], "--max-time bounds", id="a bound of nothing"),
        pytest.param(["-t", "auto", "--web"], "a person starts and stops", id="web"),
        pytest.param(["-t", "auto", "--", "-t", "3s"], "Locust's own arguments", id="two"),
        pytest.param(["-t", "auto", "--max-time", "3"], "--max-time: '3' has no unit", id="unit"),
    ],
)
def test_contradictions_are_refused_before_any_load(
    tmp_path, monkeypatch, capsys, arguments, words
):
    """Exit 2 with a sentence."""
    monkeypatch.chdir(tmp_path)
    code = slogate(["run", *arguments])

    assert code == 2
    assert words in capsys.readouterr().err
