"""What is posted to receivers of alerts, how hostile texts arrive, and what is tried again."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import jsonschema
import pytest
from alert_receivers import Receiver, receiving
from hypothesis import given
from hypothesis import strategies as st

from slogate import plugins
from slogate.errors import DeliveryError, UsageError
from slogate.model.notice import Notice, key_of
from slogate.notifiers._base import LONGEST, inert, label_name
from slogate.notifiers._delivery import TRIES, Access, Post, check_address, headers_of

FIRING = Notice(labels={"a": "1"}, annotations={"summary": "it burns"}, starts_ts=60_000_000)
ENDED = Notice(labels={"a": "2"}, annotations={}, starts_ts=60_000_000, ends_ts=120_000_000)
ACTIVE = re.compile(
    "[<>&\"'`@{}\\[\\]\\\\$|*~\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e]|://"
)


@given(st.text(max_size=400))
def test_hostile_texts_come_out_inert(text: str):
    """No markup, mention, link, template or control character is left, and it is not long."""
    found = inert(text)

    assert not ACTIVE.search(found)
    assert len(found) <= LONGEST
    found.encode("utf-8")


NEAR = st.text(alphabet="%<3C:/", max_size=5) | st.text(max_size=300)


@given(NEAR, NEAR)
def test_different_texts_stay_different(one: str, other: str):
    """Alerts are told apart by their labels, so that no two texts may come out alike."""
    assert (inert(one) == inert(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eu-west.1/a_b c", "eu-west.1/a_b c"), ("<!channel>", "%3C!channel%3E"),
        ("50%", "50%25"), ("http://evil", "http%3A//evil"), ("a\nb", "a%0Ab"),
        ("\ud800", "%ED%A0%80"), ("größer", "größer"),
    ],
)  # fmt: skip
def test_texts_stay_readable(text: str, shown: str):
    """What is harmless stays as it is, the rest is percent-encoded."""
    assert inert(text) == shown


def test_names_of_labels_are_valid_and_free():
    """A name is made one that every version takes, and never one that is taken."""
    assert label_name("region", {}) == "region"
    assert label_name("k8s.pod-name", {}) == "k8s_pod_name"
    assert label_name("severity", {"severity": "page"}) == "by_severity"
    assert label_name("1st", {}) == "by_1st"
    assert label_name("__name__", {}) == "by___name__"


@pytest.mark.parametrize("name", plugins.names("notifiers"))
def test_each_notifier_says_both_states(name: str):
    """Whatever is posted is JSON with both alerts, those that have ended first; nothing of none."""
    notifier = plugins.find("notifiers", name)

    (body,) = notifier.render([FIRING, ENDED], now_ts=180_000_000, lapse_us=60_000_000)

    told = json.loads(body)
    alerts = told if isinstance(told, list) else told["alerts"]
    assert [alert["labels"] for alert in alerts] == [{"a": "2"}, {"a": "1"}]
    assert alerts[0]["endsAt"] == "1970-01-01T00:02:00.000Z"
    assert alerts[1]["startsAt"] == "1970-01-01T00:01:00.000Z"
    assert notifier.render([], now_ts=0, lapse_us=0) == []
    assert notifier.help


def test_alertmanager_lapses_and_webhooks_do_not():
    """What fires ends at Alertmanager unless it is told again; a webhook is told once."""
    manager, hook = (plugins.find("notifiers", name) for name in ("alertmanager", "webhook"))

    (alert,) = json.loads(manager.render([FIRING], now_ts=180_000_000, lapse_us=60_000_000)[0])
    document = json.loads(hook.render([FIRING], now_ts=180_000_000, lapse_us=60_000_000)[0])

    schema = json.loads((files("slogate") / "schemas" / "notice.v1.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    assert alert["endsAt"] == "1970-01-01T00:04:00.000Z"
    assert document["alerts"][0]["endsAt"] is None
    assert document["alerts"][0]["key"] == key_of({"a": "1"})
    assert "it burns" in document["text"]
    assert (manager.repeats, hook.repeats) == (True, False)


def test_many_alerts_go_in_several_posts():
    """No post is larger than receivers take."""
    many = [
        Notice(labels={"n": str(n)}, annotations={}, starts_ts=0, ends_ts=n % 2 or None)
        for n in range(600)
    ]
    for name in plugins.names("notifiers"):
        bodies = plugins.find("notifiers", name).render(many, now_ts=0, lapse_us=1)
        told = [json.loads(body) for body in bodies]
        alerts = [
            each for some in told for each in (some if isinstance(some, list) else some["alerts"])
        ]
        assert len(bodies) > 1
        assert sorted(int(alert["labels"]["n"]) for alert in alerts) == [*range(600)]


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("http://h:9093", "http://h:9093/api/v2/alerts"), ("http://h/", "http://h/api/v2/alerts"),
        ("http://h/am/", "http://h/am/api/v2/alerts"),
        ("http://h/api/v2/alerts", "http://h/api/v2/alerts"),
    ],
)  # fmt: skip
def test_alertmanager_is_found_by_its_base_address(url: str, where: str):
    """The base address, with a path or without, or the very place."""
    assert plugins.find("notifiers", "alertmanager").address(url) == where


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h",
        "h:9093",
        "http://",
        "http://u:p@h",
        "http://h:port",
        "http://ä",
        "http://a b",
        "http://a/secret\n",
        "http://a/\tsecret",
    ],
)
def test_addresses_that_cannot_be_are_refused(url: str):
    """Only http and https, with a host, without a password; and the sentence does not repeat it."""
    with pytest.raises(UsageError) as told:
        check_address(url)

    assert "u:p" not in str(told.value)
    assert "secret" not in str(told.value)


@pytest.fixture(name="hook")
def _hook():
    """A receiver."""
    with receiving() as receiver:
        yield receiver


def post(hook: Receiver, pauses: list[float], **changes) -> Post:
    """A post to the receiver that only notes how long it would wait."""
    return Post(url=f"{hook.url}/secret?key=1", access=Access(**changes), pause=pauses.append)


@pytest.mark.parametrize("answers", [[503, 429, 200], [None, 500]])
def test_what_passes_is_tried_again(hook: Receiver, answers: list[int | None]):
    """Busy servers and broken connections are asked again, later each time."""
    hook.answers, pauses = [*answers], []

    post(hook, pauses).deliver([b"{}"])

    assert len(hook.posts) == len(answers) + (answers[-1] != 200)
    assert pauses == [0.5, 1.0][: len(pauses)]


def test_the_server_says_how_long_to_wait(hook: Receiver):
    """Retry-After is kept, up to half a minute."""
    hook.answers, hook.headers, pauses = [429, 429], {"Retry-After": "7"}, []

    post(hook, pauses).deliver([b"{}"])

    assert pauses == [7.0, 7.0]


@pytest.mark.parametrize(
    ("answers", "tries", "told"),
    [
        ([503] * 9, TRIES, "HTTP 503"), ([400], 1, "HTTP 400"), ([404], 1, "HTTP 404"),
        ([302], 1, "it redirects"), ([None] * 9, TRIES, "cannot be reached"),
    ],
    ids=["busy", "bad", "absent", "moved", "broken"],
)  # fmt: skip
def test_what_does_not_pass_is_an_error(hook: Receiver, answers, tries, told):
    """It says which server and why, and nothing of the path, which may be a secret."""
    hook.answers, hook.headers = [*answers], {"Location": "http://elsewhere/x?token=1"}

    with pytest.raises(DeliveryError, match=told) as error:
        post(hook, []).deliver([b"{}"])

    assert len(hook.posts) == tries
    assert "secret" not in str(error.value)
    assert "token" not in str(error.value)
    assert hook.url in str(error.value)


def test_a_redirect_to_no_address_is_an_error(hook: Receiver):
    """Nothing looks at an address that is not followed."""
    hook.answers, hook.headers = [302], {"Location": "http://[x"}

    with pytest.raises(DeliveryError, match="it redirects to somewhere else"):
        post(hook, []).deliver([b"{}"])


def test_a_receiver_that_repeats_what_it_was_sent_does_not_have_it_shown(hook: Receiver):
    """Neither the path of the address, nor a token."""
    hook.answers, hook.words = [404, 404], "nothing at /secret?key=1 for t0psecret"

    with pytest.raises(DeliveryError, match="nothing at …") as error:
        post(hook, [], headers={"Authorization": "Bearer t0psecret"}).deliver([b"{}"])

    assert "secret" not in str(error.value)
    assert "key" not in str(error.value)


def test_headers_come_from_the_environment():
    """Bearer, basic, others; never both; never what no header may hold."""
    prefix = "SLOGATE_ALERTS_"

    assert headers_of({f"{prefix}TOKEN": "t"}) == {"Authorization": "Bearer t"}
    assert headers_of({f"{prefix}USER": "u"}, password="p") == {"Authorization": "Basic dTpw"}
    assert headers_of({f"{prefix}HEADERS": "X-Org: 1\n"}) == {"X-Org": "1"}
    assert headers_of({}) == {}
    for environment in (
        {f"{prefix}TOKEN": "t", f"{prefix}USER": "u"}, {f"{prefix}HEADERS": "nothing"},
        {f"{prefix}TOKEN": "a\x01b"},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            headers_of(environment)
