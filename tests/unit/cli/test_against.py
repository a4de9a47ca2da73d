"""What is refused of a base before any load is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import spec

from slogate.cli.against import Wanted, base_of
from slogate.cli.locustconf import Configured, configured
from slogate.config import Settings
from slogate.errors import UsageError

SETTINGS = replace(
    Settings(), host="http://127.0.0.1:8000", ready="http://127.0.0.1:8000/ready", users=10
)

NOTHING = Configured({})


def base(
    words="app --port {port}", own=(), *, planned_us=60_000_000, settings=SETTINGS,
    beneath=NOTHING, **wanted,
):  # fmt: skip
    """The base that is meant."""
    return base_of(
        Wanted(base=words, **wanted), settings, own, beneath, [spec()],
        run_id="r1", planned_us=planned_us, web=False,
    )  # fmt: skip


def test_a_command_gets_a_free_port():
    """And answers where the head does, but for that; so does the URL that tells it is ready."""
    found = base()

    port = found.command.removeprefix("app --port ")
    assert port.isdecimal()
    assert found.host == f"http://127.0.0.1:{port}"
    assert found.ready == f"http://127.0.0.1:{port}/ready"
    assert found.run_id == "r1-base"


def test_a_url_is_served_by_somebody_else():
    """Nothing is started."""
    found = base("https://base.example.com")

    assert (found.command, found.host) == (None, "https://base.example.com")


def test_slices_follow_the_run_time():
    """About twenty-four pairs, of one to ten seconds; the beginning of each is left out."""
    lengths = {
        seconds: base(planned_us=seconds * 1_000_000).turns.slice_us / 1e6
        for seconds in (30, 120, 3_600)
    }

    assert lengths == {30: 1.0, 120: 2.4, 3_600: 10.0}
    assert base().turns.settle_us == base().turns.slice_us // 5


def test_the_seed_is_kept():
    """And drawn if none is given."""
    assert base(seed=7).turns.seed == 7
    assert len({base().turns.seed for _ in range(5)}) > 1


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"words": "app"}, "nobody knows where the base answers"),
        ({"words": "http://"}, "no machine"),
        ({"words": "app", "host": "base:1"}, "no scheme"),
        ({"words": "http://localhost:8000/"}, "base and head are the same"),
        ({"words": "app", "host": "http://127.0.0.1:8000"}, "base and head are the same"),
        ({"own": ("--processes", "2")}, "within one process"),
        ({"own": ("--processes=2",)}, "within one process"),
        ({"own": ("--master",)}, "within one process"),
        ({"planned_us": None}, "ends by itself"),
        ({"planned_us": 10_000_000}, "has room for"),
        ({"slice_us": 20_000_000}, "has room for"),
        ({"settings": Settings()}, "where the head answers"),
    ],
)
def test_what_cannot_be_tested_in_turns_is_refused(given, word):
    """With a sentence, and a hint where one helps."""
    with pytest.raises(UsageError, match=word):
        base(**given)


@pytest.mark.parametrize(("line", "flag"), [("processes = 2", "processes"), ("master", "master")])
def test_processes_of_locusts_configuration_are_seen(tmp_path, line, flag):
    """Locust would fork as it says there, and half of the turns would be somebody else's."""
    (tmp_path / "locust.conf").write_text(f"{line}\n")

    with pytest.raises(UsageError, match=f"within one process, so not with --{flag}"):
        base(beneath=configured(tmp_path, {}))
