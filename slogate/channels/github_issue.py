"""An issue opened on a breach on the main branch, updated while it lasts, closed on recovery.

A missing verdict neither opens nor closes one: nobody knows. A job on another branch, or on a
pull request, has nothing to tell.
"""

from __future__ import annotations

import contextlib

from slogate.channels._base import Channel, News, nothing
from slogate.errors import EXIT_BREACH, EXIT_PASS
from slogate.reports._base import instant
from slogate.reports.markdown import code
from slogate.talk import github
from slogate.talk.forge import Missing, persistently
from slogate.talk.thread import Mark, of_key, stick
from slogate.talk.words import body, calm


def shows(news: News, before: Mark | None = None) -> str:
    """The issue, given the mark of the one that is open."""
    since, runs = news.at, 1
    if before is not None:
        since = min(news.at, news.at if before.since is None else before.since)
        runs = (before.runs or 1) + (before.at != news.at)
    mark = Mark(key=news.key, at=max(news.at, before.at if before else news.at),
                since=since, runs=runs)  # fmt: skip
    lasts = f"Breached since {instant(since)[:16].replace('T', ' ')} UTC"
    told = f"{lasts}, seen in {runs} run{'s' if runs > 1 else ''}. Closed by the run that recovers."
    if news.verdict.exit_code == EXIT_PASS:
        told = f"{lasts}, **recovered**."
    elif news.verdict.exit_code != EXIT_BREACH:
        told = f"{lasts}; the last run gave no verdict."
    return f"{mark}\n{body(news.verdict, news.past, url=news.where.url, head=told)}"


def tell(news: News) -> str:
    """Open, update or close it."""
    where = news.where
    if where.pull_request is not None or where.branch is None:
        return nothing("this job belongs to no branch")
    forge, name = github.forge(news.environment), github.repository(news.environment)
    main = where.main
    if main is None:
        told = persistently(lambda: forge.call("GET", f"/repos/{name}"), news.pause)
        main = told["default_branch"]
    if where.branch != main:
        return nothing(f"{calm(where.branch)} is not the main branch")
    title = f"{calm(news.verdict.subject.run.service, 100)}: objectives are breached"
    before = news.past.before
    # of services that pass as before, many in a check, there is no issue to look for far and wide
    wide = news.verdict.exit_code != EXIT_PASS or before is None or before.exit_code != EXIT_PASS
    issues = github.Issues(forge=forge, repository=name, title=title, wide=wide)
    if news.verdict.exit_code == EXIT_BREACH:
        return f"issue {stick(issues, news.key, lambda mark: shows(news, mark), news.pause)}"
    return persistently(lambda: _after(issues, news), news.pause)


def _after(issues: github.Issues, news: News) -> str:
    """What becomes of open issues when nothing is breached."""
    found = of_key(issues, news.key)
    if not found:
        return nothing("nothing is breached, and no issue is open")
    if any(mark.at > news.at for _, mark in found):
        return "left, it tells of a later run"
    if news.verdict.exit_code != EXIT_PASS:
        (note, mark), text = found[0], shows(news, found[0][1])
        if mark.at == news.at:
            return "unchanged"
        issues.edit(note.number, text)
        return f"issue {note.number}: edited, still open without a verdict"
    for note, mark in found:
        # closed first: a comment that fails leaves no issue open, and is not told twice
        issues.close(note.number, shows(news, mark))
        _say(issues, note.number, news)
    return f"issue {found[0][0].number}: closed"


def _say(issues: github.Issues, number: int, news: News) -> None:
    run = code(news.verdict.subject.run.id)
    text = f"Recovered with run {run}: nothing is breached any more."
    with contextlib.suppress(Missing):  # the issue itself is closed, and says so
        persistently(lambda: issues.say(number, text), news.pause)


PLUGIN = Channel(
    name="github-issue",
    help="an issue while the main branch breaches",
    tell=tell,
    shows=shows,
)
