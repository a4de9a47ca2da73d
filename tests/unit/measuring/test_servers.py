"""Whom an indicator asks, who gets the credentials, and what is said when nobody answers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from asking import START_US, asking, events, spec_text
from replay import Replay, counter, serving

from slogate.cli.app import run
from slogate.errors import SourceError, UnsupportedError, UsageError
from slogate.gate import check_queried
from slogate.measuring.servers import Addresses, addresses
from slogate.model.indicator import Server
from slogate.slo.every import load_every

TOKEN = {"SLOGATE_PROMETHEUS_TOKEN": "s3cret"}
AT = START_US + 3_600_000_000


@pytest.fixture(name="replay")
def _replay() -> Iterator[Replay]:
    """A server with an hour of one counter."""
    with serving(Replay([counter(*range(0, 2410, 10), code="200")])) as running:
        yield running


def of(indicator: dict[str, Any], **keys: Any) -> Any:
    """The specs of one SLO."""
    return load_every([("slo/shop.yaml", spec_text(indicator, **keys))])


def source(**details: Any) -> list[dict[str, Any]]:
    """A DataSource that a native file keeps."""
    spec = {"type": "Prometheus", "connectionDetails": details}
    return [
        {"apiVersion": "openslo/v1", "kind": "DataSource", "metadata": {"name": "p"}, "spec": spec}
    ]


def sourced() -> dict[str, Any]:
    """Events of that DataSource."""
    return {
        side: {"source": "p", "spec": said["spec"]} for side, said in events().items()
    }  # fmt: skip


def test_the_address_is_the_nearest_that_is_told():
    """A name of the command line, the DataSource, the command line, the environment, settings."""
    words = ["http://given", "p=http://named"]
    known = addresses(words, project="http://project", environment={})

    def url(name: str | None, told: str | None, known: Addresses = known) -> str:
        return known.remote(Server(name=name, url=told)).url

    assert url("p", "http://told") == "http://named"
    assert url("q", "http://told") == "http://told"
    assert url("q", None) == "http://given"
    later = addresses([], project="http://p", environment={"SLOGATE_PROMETHEUS_URL": "http://e"})
    assert url(None, None, later) == "http://e"
    assert url(None, None, addresses([], project="http://p", environment={})) == "http://p"
    with pytest.raises(UsageError, match="nothing says where it is"):
        url(None, None, addresses([], project=None, environment={}))
    with pytest.raises(UsageError, match="two servers"):
        addresses(["http://a", "http://b"], project=None, environment={})


def test_a_data_source_is_asked_as_it_says(replay):
    """With its address and tenant."""
    specs = of(sourced(), openslo=source(url=replay.url, tenant="t1"))

    verdict = check_queried(asking(replay, given=None), specs, "shop", at=AT, version="1")

    assert verdict.findings[0].total == 2400
    assert {headers["X-Scope-Orgid"] for _, _, headers in replay.asked} == {"t1"}


def test_credentials_go_only_where_the_user_sends_them(replay):
    """An address that only the spec names gets none, unless the user named that server too."""

    def sent(**known: Any) -> set[str | None]:
        replay.asked.clear()
        asked = asking(replay, **{"given": None, "environment": TOKEN, **known})
        check_queried(asked, specs, "shop", at=AT, version="1")
        return {headers.get("Authorization") for _, _, headers in replay.asked}

    specs = of(sourced(), openslo=source(url=replay.url))

    assert sent() == {None}
    assert sent(given="http://elsewhere:9090") == {None}
    assert sent(given=replay.url) == {"Bearer s3cret"}
    assert sent(named={"p": replay.url}) == {"Bearer s3cret"}
    named = {**TOKEN, "SLOGATE_PROMETHEUS_URL": f"{replay.url}/"}
    assert sent(environment=named) == {"Bearer s3cret"}


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"url": "http://a", "password": "x"}, "'password' is not understood"),
        ({"url": "http://a", "address": "http://b"}, "one address is expected, not 2"),
        (["http://a"], "keys and values are expected"),
    ],
)
def test_connection_details_that_are_not_understood_are_exit_2(details, said):
    """Above all passwords: they do not belong into specs."""
    kept = source()
    kept[0]["spec"]["connectionDetails"] = details

    [spec] = of(sourced(), openslo=kept)

    assert spec.queried == ()
    assert said in spec.unsupported[0].message
    with pytest.raises(UnsupportedError, match="DataSource"):
        check_queried(asking(Replay([])), [spec], "shop", at=AT, version="1")


@pytest.mark.parametrize(
    ("indicator", "path", "said"),
    [
        (
            {**events(), "bad": {"type": "Datadog", "spec": {"query": "x"}}},
            "bad", "different types: prometheus, datadog",
        ),
        (
            {"raw": {"type": "Datadog", "spec": {"query": "x"}}, "raw_type": "success"},
            "raw.type", "'datadog' cannot be asked",
        ),
        (
            {**events(), "bad": {"type": "prometheus", "spec": {"query": "x", "step": "1m"}}},
            "bad.spec.step", "'step' of a query of Prometheus is not understood",
        ),
        (
            {**events(), "bad": {"type": "prometheus", "spec": {"query": "x", "grouping": ["a"]}}},
            "bad.spec", "group by different labels",
        ),
        (
            {**events(), "total": {"type": "prometheus", "spec": {"query": "x", "grouping": "1"}}},
            "total.spec.grouping", "'1' is no label of Prometheus",
        ),
        ({**events(), "bad": {"type": "prometheus", "spec": {"q": 1}}}, "bad.spec", "one query"),
        (
            {**events(), "bad": {"type": "prometheus", "spec": {"query": " "}}},
            "bad.spec.query", "no text, or an empty one",
        ),
        (
            {**events(), "bad": {"source": "nowhere", "spec": {"query": "x"}}},
            "bad.source", "there is no DataSource 'nowhere'",
        ),
        (
            {"threshold": {"type": "slogate", "spec": {"events": "ok"}}, "op": "lt", "value": 1},
            "threshold", "the store has requests, no values",
        ),
        (
            {
                "good": {"type": "slogate", "spec": {"events": "ok", "endpoint": "/a"}},
                "total": {"type": "slogate", "spec": {"events": "all"}},
            },
            "good", "speak of different requests",
        ),
        (
            {
                "good": {"type": "slogate", "spec": {"events": "okay"}},
                "total": {"type": "slogate", "spec": {"events": "all"}},
            },
            "good.spec.events", "okay",
        ),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_told_at_its_place(indicator, path, said):
    """Nothing of an indicator is passed over, and the SLO is not judged without it."""
    [spec] = of(indicator)

    assert (spec.promises, spec.queried) == ((), ())
    [fault] = spec.unsupported
    assert (fault.file, fault.path) == ("slo/shop.yaml", f"slos[0].indicator.{path}")
    assert said in fault.message


def test_a_server_that_is_down_is_an_error_not_a_lack_of_data():
    """Whatever on_no_data says; the hint tells what to do, and no user is shown."""
    with serving(Replay([])) as replay:
        url = replay.url.replace("//", "//ann@")
    paused: list[float] = []
    asked = asking(replay, paused, given=url)

    with pytest.raises(SourceError, match="cannot be reached") as raised:
        check_queried(asked, of(events(), on_no_data="pass"), "shop", at=AT, version="1")

    assert "--prometheus" in str(raised.value.hint)
    assert "ann@" not in raised.value.message
    assert len(paused) == 2


def test_a_server_that_wants_credentials_says_who_gets_them(replay):
    """401 tells where credentials come from, and to whom they go."""
    replay.first = [(401, {}, b"no")]

    with pytest.raises(SourceError, match="HTTP 401") as raised:
        check_queried(asking(replay), of(events()), "shop", at=AT, version="1")

    assert "SLOGATE_PROMETHEUS_TOKEN" in str(raised.value.hint)
    assert "credentials go to servers only that" in str(raised.value.hint)


@pytest.mark.parametrize(
    "secrets", [{"TOKEN": "t0psecret"}, {"USER": "ann", "PASSWORD": "t0psecret"}]
)
def test_a_server_that_repeats_credentials_does_not_have_them_shown(replay, secrets):
    """What a refusal says is told without the secrets that were sent along."""
    environment = {f"SLOGATE_PROMETHEUS_{name}": value for name, value in secrets.items()}
    encoded = base64.b64encode(b"ann:t0psecret")
    replay.first = [(401, {}, b"I had t0psecret and " + encoded)]
    asked = asking(replay, given=replay.url, environment=environment)

    with pytest.raises(SourceError, match="I had …") as raised:
        check_queried(asked, of(events()), "shop", at=AT, version="1")

    assert "t0psecret" not in str(raised.value)
    assert "PASSWORD" not in secrets or encoded.decode() not in str(raised.value)


def test_a_redirect_to_no_address_is_told(replay):
    """Wherever it leads to, it is an error with its server, and not followed."""
    replay.first = [(302, {"Location": "http://[x"}, b"")]

    with pytest.raises(SourceError, match="redirects to somewhere else"):
        check_queried(asking(replay), of(events()), "shop", at=AT, version="1")


@pytest.mark.parametrize("now", [0, -1e12, 1e30])
def test_a_clock_that_cannot_be_is_refused(replay, now):
    """Whatever would be judged at that moment, it is none."""
    replay.now_s = now

    with pytest.raises(SourceError, match="its clock is not between"):
        check_queried(asking(replay), of(events()), "shop", version="1")


def test_a_clock_that_is_wrong_is_told(replay, tmp_path, monkeypatch, capsys):
    """What a server calls now is long ago here: it is judged as of then, and that is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(spec_text(events()), encoding="utf-8")

    run(["check", "shop.yaml", "--prometheus", replay.url])
    assert "behind this machine's" in capsys.readouterr().err
    run(["check", "shop.yaml", "--prometheus", replay.url, "--at", "2025-11-24T17:00Z"])
    assert "this machine's" not in capsys.readouterr().err


def test_the_future_is_refused(replay):
    """A moment that the server's clock has not reached has no data, and is no lack of them."""
    late = int(replay.now_s * 1_000_000) + 3_600_000_000

    with pytest.raises(UsageError, match="in the future"):
        check_queried(asking(replay), of(events()), "shop", at=late, version="1")
