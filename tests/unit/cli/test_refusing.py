"""What cannot come to a verdict is refused before any load, that of a pilot run included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from slogate.cli.against import Wanted
from slogate.cli.auto import settled
from slogate.cli.judging import read
from slogate.cli.locustconf import IGNORED
from slogate.cli.planning import Request
from slogate.cli.refusing import REGRESSION, refuse_undecidable
from slogate.cli.testing import load_test
from slogate.config import AUTO, Settings
from slogate.errors import UsageError

BASE = Wanted(base="http://127.0.0.1:9")


def asked(folder: Path, budget: str, **wanted: object) -> Request:
    """A request with this budget in its spec, whose settings let the run plan itself."""
    spec = folder / "shop.yaml"
    spec.write_text(
        f"slogate: 1\nservice: shop\nbudgets: [{{name: all, {budget}}}]\n", encoding="utf-8"
    )
    settings = Settings(
        store=folder / ".slogate", specs=(spec,), run_time=AUTO, host="http://127.0.0.1:8"
    )
    request = Request(
        settings=settings, locust=(), configured=IGNORED, web=False, abort_on=(), labels=(),
        quiet=True,
    )  # fmt: skip
    return replace(request, **wanted)


def no_load(*_: object) -> int:
    """Where no load is to be sent."""
    raise AssertionError


CASES = [
    pytest.param("p95: 1s", {"against": BASE}, "has nothing to judge", id="no regression"),
    pytest.param(
        f"p95: 1s, {REGRESSION}", {"against": BASE, "early_stop": True}, "does not go with",
        id="early and in turns",
    ),
    pytest.param("max: 1s", {"early_stop": True}, "can be decided before the end", id="facts"),
]  # fmt: skip


@pytest.mark.parametrize(("budget", "wanted", "words"), CASES)
def test_what_nothing_decides_is_refused(tmp_path, budget, wanted, words):
    """With a sentence, and the line of YAML that is missing."""
    request = asked(tmp_path, budget, **wanted)

    with pytest.raises(UsageError, match=words) as caught:
        refuse_undecidable(request, read(request.settings.specs))
    assert caught.value.hint is None or "regression" in caught.value.hint


@pytest.mark.parametrize(
    ("budget", "wanted", "words"),
    [
        *CASES,
        pytest.param(
            f"p95: 1s, {REGRESSION}", {"against": Wanted(base="app")}, "nobody knows where",
            id="a base that is nowhere",
        ),
        pytest.param(
            "p95: 1s", {"early_stop": True, "min_time": 3_600_000_000}, "over --max-time",
            id="a least over the most",
        ),
    ],
)  # fmt: skip
def test_no_pilot_run_is_sent_for_what_is_refused(tmp_path, budget, wanted, words):
    """Nobody waits half a minute for an error that was there from the start."""
    with pytest.raises(UsageError, match=words):
        settled(asked(tmp_path, budget, **wanted), no_load, "0", said=True)


def test_what_can_be_judged_is_not_refused(tmp_path):
    """A base with a regression budget; an early stop with a budget that an interval decides."""
    for budget, wanted in (
        (f"p95: 1s, {REGRESSION}", {"against": BASE}),
        ("p95: 1s, max: 2s", {"early_stop": True}),
    ):
        request = asked(tmp_path, budget, **wanted)
        refuse_undecidable(request, read(request.settings.specs))


def test_the_pilot_run_itself_never_stops_early(tmp_path):
    """It is there to tell how long the test has to be."""
    pilots = []

    class Sent(Exception):
        """The pilot run was asked for."""

    def load_test(pilot, tell):
        pilots.append(pilot)
        raise Sent

    with pytest.raises(Sent):
        settled(
            asked(tmp_path, "p95: 1s", early_stop=True, min_time=60_000_000),
            load_test, "0", said=True,
        )  # fmt: skip

    assert [(it.early_stop, it.min_time) for it in pilots] == [(False, 0)]


@pytest.mark.parametrize(
    ("labels", "locustfile", "told"),
    [
        pytest.param(("region",), "mine.py", "is no pair", id="label"),
        pytest.param((), "none.py", "there is no locustfile none.py", id="locustfile"),
    ],
)
def test_what_is_wrong_is_told_before_a_service_is_started(
    tmp_path, monkeypatch, labels, locustfile, told
):
    """Services may take minutes to be ready."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    request = asked(tmp_path, "p95: 1s", labels=labels)
    settings = replace(
        request.settings, run_time=20_000_000, serve="touch started; sleep 60",
        ready="http://127.0.0.1:9/", ready_timeout=100_000, locustfiles=(Path(locustfile),),
    )  # fmt: skip

    with pytest.raises(UsageError, match=told):
        load_test(replace(request, settings=settings), no_load)

    assert not (tmp_path / "started").exists()
