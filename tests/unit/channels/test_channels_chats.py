"""Webhooks and Apprise against a server that remembers what it took."""

from __future__ import annotations

import json
import sys

import pytest
from alert_receivers import receiving
from published import schema_of
from verdict_examples import finding, passing, verdict

from slogate import plugins
from slogate.channels._base import Channel, News
from slogate.errors import DeliveryError, UsageError
from slogate.talk.past import Past
from slogate.talk.where import Where

BREACH, PASS = verdict(finding()), verdict(passing())


def tell(channel, found=BREACH, *, past=None, always=False, address=None, **environment):
    """Tell a channel, without waiting."""
    news = News(
        verdict=found, past=past or Past(), where=Where(), environment=environment,
        address=address, always=always, pause=lambda _: None,
    )  # fmt: skip
    return plugins.find("channels", channel).tell(news)


@pytest.mark.parametrize("name", plugins.names("channels"))
def test_a_channel_is_a_named_record(name):
    """The file's name is the channel's, and it can show what it would tell."""
    channel = plugins.find("channels", name)
    news = News(verdict=BREACH, past=Past(), where=Where(), environment={})

    assert isinstance(channel, Channel)
    assert channel.name == name
    assert channel.help
    assert "412" in channel.shows(news)


@pytest.mark.parametrize(
    ("found", "past", "always", "count"),
    [
        pytest.param(BREACH, Past(), False, 1, id="breach"),
        pytest.param(PASS, Past(), False, 0, id="pass"),
        pytest.param(PASS, Past(before=PASS), False, 0, id="still-passes"),
        pytest.param(PASS, Past(before=BREACH), False, 1, id="recovery"),
        pytest.param(PASS, Past(), True, 1, id="always"),
    ],
)
def test_a_webhook_is_told_what_matters(found, past, always, count):
    """Trouble and its end, not each pass; a document with a text."""
    with receiving() as hook:
        tell("webhook", found, past=past, always=always, SLOGATE_NOTIFY_WEBHOOK=hook.url)

        assert len(hook.posts) == count
        for _, document in hook.posts:
            schema_of("news").validate(document)
            assert document["exit_code"] == found.exit_code
            assert document["text"].startswith("shop: ")


def test_a_webhook_is_told_again_after_trouble():
    """A 503 passes."""
    with receiving() as hook:
        hook.answers = [503]
        done = tell("webhook", address=hook.url)

        assert done.endswith(": told")
        assert len(hook.posts) == 2


def test_the_path_of_a_webhook_is_not_shown():
    """It is the secret of a chat."""
    with receiving() as hook:
        hook.answers = [404]
        with pytest.raises(DeliveryError) as caught:
            tell("webhook", address=f"{hook.url}/secret-path")

    assert "secret-path" not in str(caught.value)


def test_a_webhook_gets_the_credentials_that_are_its_own():
    """Those of an Alertmanager are not for a chat; what is refused names the variables."""
    environment = {"SLOGATE_ALERTS_TOKEN": "alertmanagers", "SLOGATE_NOTIFY_TOKEN": "own-token"}
    with receiving() as hook:
        tell("webhook", address=hook.url, SLOGATE_ALERTS_TOKEN="alertmanagers")
        tell("webhook", address=hook.url, **environment)
        hook.answers = [401]
        with pytest.raises(DeliveryError) as caught:
            tell("webhook", address=hook.url, **environment)

    given = [headers.get("Authorization") for headers, _ in hook.posts]
    assert given[:2] == [None, "Bearer own-token"]
    assert "SLOGATE_NOTIFY_TOKEN" in caught.value.hint
    assert "own-token" not in f"{caught.value} {caught.value.hint}"


def test_a_webhook_needs_an_address():
    """The error names the variable."""
    with pytest.raises(UsageError) as caught:
        tell("webhook")

    assert "SLOGATE_NOTIFY_WEBHOOK" in caught.value.hint


def test_apprise_tells_each_address():
    """The real library, with its JSON receiver."""
    with receiving() as hook:
        done = tell("apprise", APPRISE_URLS=f"json://{hook.url.removeprefix('http://')}/")

        (post,) = hook.posts
        assert done == "apprise: told 1"
        assert post[1]["title"] == "slogate: shop"
        assert post[1]["type"] == "failure"
        assert "p95 of POST /checkout" in json.dumps(post[1])


def test_apprise_shows_no_address():
    """Of one that fails only the kind is told."""
    with receiving() as hook:
        hook.answers = [500]
        goal = hook.url.removeprefix("http://")
        with pytest.raises(
            DeliveryError, match="apprise: 2 of 2 not told: json, nonsense"
        ) as caught:
            tell("apprise", APPRISE_URLS=f"json://ann:geheim@{goal}/ nonsense://geheim")

    assert "geheim" not in str(caught.value)


def test_apprise_is_an_extra(monkeypatch):
    """Where it is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError) as caught:
        tell("apprise", APPRISE_URLS="json://x")

    assert caught.value.hint == "pip install 'slogate[apprise]'"


def test_apprise_takes_no_address_on_the_command_line():
    """There others could read its password."""
    with pytest.raises(UsageError, match="on the command line"):
        plugins.find("channels", "apprise").check("slack://token")
