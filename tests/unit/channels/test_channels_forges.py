"""Comments, notes and issues against a server that checks every call."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from forge_server import OTHER, STRANGER, TOKEN, Answer, forge_server
from verdict_examples import finding, passing, verdict

from slogate import plugins
from slogate.channels._base import News
from slogate.errors import DeliveryError, UsageError
from slogate.talk.past import Past
from slogate.talk.where import Where
from slogate.verdict import Outcome

PULL = Where(pull_request=12, base="main", main="main")
MAIN = Where(branch="main", main="main")
BREACH, PASS = verdict(finding()), verdict(passing())
UNDECIDED = verdict(finding(outcome=Outcome.INCONCLUSIVE))


@pytest.fixture(name="server")
def _server():
    """A GitHub and a GitLab that are empty."""
    with forge_server() as server:
        yield server


def later(found, seconds=60, **changes):
    """The verdict on a later run."""
    run = found.subject.run
    run = replace(run, id=f"{run.id}+{seconds}", end_ts=run.end_ts + seconds * 1_000_000)
    return replace(found, subject=replace(found.subject, run=run), **changes)


def tell(server, channel, found, where=PULL, **changes):
    """Tell it, and return what came of it and how long was waited."""
    waits = []
    environment = {
        "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r",
        "GITLAB_TOKEN": TOKEN, "CI_API_V4_URL": server.url, "CI_PROJECT_ID": "42", **changes,
    }  # fmt: skip
    news = News(
        verdict=found, past=Past(), where=where, environment=environment, pause=waits.append
    )
    return plugins.find("channels", channel).tell(news), waits


def mark_of(text):
    """The hidden mark that a text begins with."""
    return re.match(r"<!-- slogate [^\n]* -->", text)[0]


THREADS = pytest.mark.parametrize(
    ("channel", "items", "where"),
    [
        pytest.param("github-comment", "comments", PULL, id="github"),
        pytest.param("gitlab-note", "notes", replace(PULL, pull_request=5), id="gitlab"),
    ],
)


@THREADS
def test_a_comment_is_created_and_then_edited(server, channel, items, where):
    """One for the service and its specs, however often it is told; unchanged costs no call."""
    first, _ = tell(server, channel, BREACH, where)
    again, _ = tell(server, channel, BREACH, where)
    then, _ = tell(server, channel, later(PASS), where)

    assert [each.rpartition(": ")[2] for each in (first, again, then)] == [
        "created", "unchanged", "edited",
    ]  # fmt: skip
    (comment,) = getattr(server, items)
    assert "PASS: the only objective met" in comment["body"]


@THREADS
def test_a_comment_is_found_on_a_later_page(server, channel, items, where):
    """Among hundreds of others it is still the one that is edited."""
    author = {"user": {"type": "User"}, "author_association": "MEMBER", "author": {"id": 7}}
    getattr(server, items).extend({**author, "id": n, "body": f"talk {n}"} for n in range(1, 90))
    tell(server, channel, BREACH, where)
    getattr(server, items)[:0] = [{**author, "id": n, "body": "talk"} for n in range(200, 350)]

    done, _ = tell(server, channel, later(PASS), where)

    assert done.endswith("edited")
    assert sum("slogate" in each["body"] for each in getattr(server, items)) == 1


def test_services_and_specs_have_comments_of_their_own(server):
    """Nobody overwrites another's."""
    other = verdict(finding(service="billing"))
    run = replace(other.subject.run, service="billing")
    tell(server, "github-comment", BREACH)
    tell(server, "github-comment", replace(other, subject=replace(other.subject, run=run)))
    tell(server, "github-comment", verdict(finding(), specs={"slo/more.yaml": ""}))

    assert len(server.comments) == 3


def test_composites_have_a_comment_of_their_own(server):
    """They are in the same file as the slos, of the same service, as of the same moment."""
    done = []
    for name in ("production-20261101-0200", "production-20261101-0200-composed"):
        run = replace(BREACH.subject.run, id=name, kind="production")
        found = replace(BREACH, subject=replace(BREACH.subject, run=run))
        done.append(tell(server, "github-comment", found)[0])

    assert [each.rpartition(": ")[2] for each in done] == ["created", "created"]
    assert len(server.comments) == 2


@pytest.mark.parametrize(
    ("channel", "items", "where", "author"),
    [
        pytest.param("github-comment", "comments", PULL, STRANGER, id="github"),
        pytest.param("gitlab-note", "notes", replace(PULL, pull_request=5), OTHER, id="gitlab"),
    ],
)
def test_a_stranger_cannot_plant_a_comment(server, channel, items, where, author):
    """A copy of the mark by somebody who may not write there is left alone."""
    tell(server, channel, BREACH, where)
    mark = mark_of(getattr(server, items)[0]["body"])
    getattr(server, items)[:] = [{**author, "id": 1, "body": f"{mark}\nall is well"}]

    done, _ = tell(server, channel, BREACH, where)

    assert done.endswith("created")
    assert getattr(server, items)[0]["body"].endswith("all is well")


def test_a_quote_of_the_comment_is_none(server):
    """Only what begins with the mark counts: a reply that quotes it does not."""
    tell(server, "github-comment", BREACH)
    quoted = "> " + server.comments[0]["body"]
    member = {"user": {"type": "User"}, "author_association": "OWNER"}
    server.comments.insert(0, {**member, "id": 1, "body": quoted})

    tell(server, "github-comment", later(PASS))

    assert server.comments[0]["body"] == quoted


def test_a_slow_job_does_not_overwrite_a_later_run(server):
    """What is there tells of a later run, and stays."""
    tell(server, "github-comment", later(BREACH))

    done, _ = tell(server, "github-comment", PASS)

    assert "later run" in done
    assert "FAIL" in server.comments[0]["body"]


def test_two_that_create_at_once_end_up_with_one(server):
    """The younger comment is removed, the older has the text of the later run."""
    tell(server, "github-comment", BREACH)
    older = server.comments.pop()

    def other_job():
        server.comments.insert(0, {**older, "id": 1})

    server.after_post = [other_job]
    done, _ = tell(server, "github-comment", later(PASS))

    assert done.endswith("edited")
    assert [each["id"] for each in server.comments] == [1]
    assert "PASS" in server.comments[0]["body"]


def test_a_comment_deleted_meanwhile_is_created_again(server):
    """Editing what is gone begins again."""
    tell(server, "github-comment", BREACH)
    server.answers = [None, Answer(404, body={"message": "Not Found"})]

    def gone(*_):
        server.comments.clear()

    environment = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r"}
    news = News(verdict=later(PASS), past=Past(), where=PULL, environment=environment, pause=gone)
    done = plugins.find("channels", "github-comment").tell(news)

    assert done.endswith("created")
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        pytest.param([Answer(502), Answer(503)], [0.5, 1.0], id="5xx"),
        pytest.param([Answer(429, {"Retry-After": "7"})], [7.0], id="retry-after"),
        pytest.param([Answer(403, {"Retry-After": "60"})], [60.0], id="secondary-limit"),
        pytest.param(
            [Answer(403, body={"message": "You have exceeded a secondary rate limit."})],
            [60.0], id="secondary-limit-of-unknown-length",
        ),
        pytest.param(
            [Answer(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"})], [0.5],
            id="limit-just-over",
        ),
    ],
)  # fmt: skip
def test_what_passes_is_tried_again(server, answers, waited):
    """Rate limits and 5xx, with the pause that the server wants or a growing one."""
    server.answers = list(answers)

    done, waits = tell(server, "github-comment", BREACH)

    assert (done, waits) == ("pull request 12: created", waited)


def test_an_answer_that_is_lost_makes_no_second_comment(server):
    """What was created without an answer is found and edited, not created again."""
    server.answers = [None, Answer(502, done=True)]

    done, _ = tell(server, "github-comment", BREACH)

    assert done == "pull request 12: unchanged"
    assert len(server.comments) == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param([Answer(500)] * 4, "HTTP 500", id="5xx-stays"),
        pytest.param(
            [Answer(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"})],
            "rate limit is used up for", id="limit-long",
        ),
        pytest.param(
            [Answer(403, body={"message": "Resource not accessible by integration"})],
            "Resource not accessible by integration", id="forbidden",
        ),
        pytest.param([Answer(301, {"Location": "http://evil.example/x"})], "redirects", id="moved"),
        pytest.param(
            [Answer(200, {"Link": '<http://evil.example/?page=2>; rel="next"'}, [])],
            "on another server", id="foreign-page",
        ),
        pytest.param([Answer(200, body={"no": "list"})], "no list", id="no-list"),
    ],
)  # fmt: skip
def test_what_does_not_pass_is_told(server, answers, said):
    """In the server's words, with the server's name and nothing secret."""
    server.answers = list(answers)
    with pytest.raises(DeliveryError, match=said) as caught:
        tell(server, "github-comment", BREACH)

    assert TOKEN not in f"{caught.value} {caught.value.hint} {caught.value!r}"


def test_a_token_is_never_shown(server):
    """Not even where the server repeats what it was sent."""
    with pytest.raises(DeliveryError, match="Bad credentials") as caught:
        tell(server, "github-comment", BREACH, GITHUB_TOKEN="wrong-token")

    assert "wrong-token" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["http://ann:geheim@127.0.0.1:1/api", "http://127.0.0.1:geheim", "geheim"]
)
def test_an_odd_address_of_the_api_is_not_shown(address):
    """It may hold a password; nothing is sent there."""
    environment = {
        "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": address
    }  # fmt: skip
    news = News(verdict=BREACH, past=Past(), where=PULL, environment=environment)
    with pytest.raises(UsageError, match="address of the API") as caught:
        plugins.find("channels", "github-comment").tell(news)

    assert "geheim" not in f"{caught.value} {caught.value.hint}"


def test_the_password_of_a_proxy_is_not_shown(monkeypatch):
    """Where its host is forgotten, it is taken for a port."""
    monkeypatch.setenv("http_proxy", "http://ann:geheim")
    monkeypatch.setenv("no_proxy", "")
    environment = {
        "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": "http://api.test",
    }  # fmt: skip
    news = News(
        verdict=BREACH, past=Past(), where=PULL, environment=environment, pause=lambda _: None
    )
    with pytest.raises(DeliveryError, match="cannot be used") as caught:
        plugins.find("channels", "github-comment").tell(news)

    assert "geh" not in str(caught.value)


def test_no_token_is_told():
    """With what to write into the workflow."""
    news = News(verdict=BREACH, past=Past(), where=PULL, environment={"GITHUB_REPOSITORY": "o/r"})
    with pytest.raises(DeliveryError) as caught:
        plugins.find("channels", "github-comment").tell(news)

    assert "GITHUB_TOKEN" in caught.value.hint


def test_an_issue_lasts_as_long_as_the_breach(server):
    """Opened once, updated by each run, undecided by none, closed by the one that recovers."""
    course = (BREACH, later(BREACH), later(UNDECIDED, 120), later(PASS, 180), later(PASS, 240))
    done = [tell(server, "github-issue", found, MAIN)[0] for found in course]

    (issue,) = server.issues
    number = issue["number"]
    assert done == [
        "issue created", "issue edited",
        f"issue {number}: edited, still open without a verdict", f"issue {number}: closed",
        "nothing to tell: nothing is breached, and no issue is open",
    ]  # fmt: skip
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert issue["said"] == [
        "Recovered with run <code>r1+180</code>: nothing is breached any more."
    ]
    assert issue["title"] == "shop: objectives are breached"


def test_an_issue_tells_since_when(server):
    """The first breach stays in it, and how many runs have seen it."""
    for seconds in (0, 60, 120):
        tell(server, "github-issue", later(BREACH, seconds), MAIN)

    body = server.issues[0]["body"]
    assert "Breached since 2026-11-01 02:00 UTC, seen in 3 runs" in body


def test_a_new_breach_is_a_new_issue(server):
    """What was closed stays closed."""
    for found in (BREACH, later(PASS), later(BREACH, 120)):
        tell(server, "github-issue", found, MAIN)

    assert [issue["state"] for issue in server.issues] == ["closed", "open"]


def test_an_issue_without_its_label_is_found(server):
    """Where the token may not label, the label is dropped, and there is still one issue."""
    server.keeps_labels = False
    tell(server, "github-issue", BREACH, MAIN)
    tell(server, "github-issue", later(BREACH), MAIN)

    assert len(server.issues) == 1


@pytest.mark.parametrize(
    ("before", "calls"), [(None, 2), (BREACH, 2), (PASS, 1)], ids=["unknown", "breach", "pass"]
)
def test_what_passes_as_before_costs_one_call(server, before, calls):
    """Of thirty services that pass, nobody looks through all open issues thirty times."""
    environment = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url, "GITHUB_REPOSITORY": "o/r"}
    news = News(verdict=PASS, past=Past(before=before), where=MAIN, environment=environment)
    done = plugins.find("channels", "github-issue").tell(news)

    assert done.startswith("nothing to tell")
    assert len(server.calls) == calls


def test_an_issue_of_a_stranger_is_left_alone(server):
    """A planted mark neither keeps an issue from being opened nor is it closed."""
    tell(server, "github-issue", BREACH, MAIN)
    server.issues[0].update(STRANGER)
    tell(server, "github-issue", later(BREACH), MAIN)
    tell(server, "github-issue", later(PASS, 120), MAIN)

    assert [issue["state"] for issue in server.issues] == ["open", "closed"]


@pytest.mark.parametrize(
    ("channel", "where"),
    [
        pytest.param("github-comment", MAIN, id="no-pull-request"),
        pytest.param("gitlab-note", MAIN, id="no-merge-request"),
        pytest.param("github-issue", PULL, id="issue-on-a-pull-request"),
        pytest.param("github-issue", Where(branch="x", main="main"), id="other-branch"),
    ],
)
def test_a_channel_keeps_still_where_it_does_not_belong(server, channel, where):
    """It says why, and calls nobody."""
    done, _ = tell(server, channel, BREACH, where)

    assert done.startswith("nothing to tell: ")
    assert server.calls == []


def test_the_main_branch_is_asked_for(server):
    """Where the event does not tell it, the API does."""
    done, _ = tell(server, "github-issue", BREACH, Where(branch="main"))

    assert done == "issue created"
    assert server.calls[0] == ("GET", "/repos/o/r")
