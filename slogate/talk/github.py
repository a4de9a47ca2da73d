"""GitHub's side: comments of a pull request, and issues, by its REST API; Enterprise likewise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slogate.errors import DeliveryError, UsageError
from slogate.talk.forge import Forge
from slogate.talk.thread import Note

API = "https://api.github.com"
LABEL = "slogate"
# as many as are looked through when the label was not kept: the breach was told of lately
_PAGES_WITHOUT_LABEL = 10
_MAY_WRITE = {"OWNER", "MEMBER", "COLLABORATOR"}


def forge(environment: Mapping[str, str]) -> Forge:
    """The API that the environment tells of; DeliveryError without a token."""
    token = (environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or "").strip()
    if not token:
        raise DeliveryError(
            "GitHub: there is no token",
            hint="give the step the variable GITHUB_TOKEN: ${{ github.token }}",
        )
    return Forge(
        base=environment.get("GITHUB_API_URL", "").strip() or API,
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        secret=token,
        hint="the job needs the permissions `pull-requests: write` for comments, `issues: write` "
        "for issues; a pull request from a fork has neither",
    )


def repository(environment: Mapping[str, str]) -> str:
    """`owner/name` of the environment."""
    name = environment.get("GITHUB_REPOSITORY", "")
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name, re.ASCII) or ".." in name:
        raise UsageError(
            "GITHUB_REPOSITORY does not say which repository",
            hint="outside of GitHub Actions set it to owner/name",
        )
    return name


def _note(item: Mapping[str, Any], number: str) -> Note | None:
    """The note, if its author may write in the repository: others could plant a mark."""
    author = item.get("user") or {}
    if author.get("type") != "Bot" and item.get("author_association") not in _MAY_WRITE:
        return None
    return Note(number=int(item[number]), body=_one_kind(item.get("body") or ""))


def _one_kind(body: str) -> str:
    return body.replace("\r\n", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comments:
    """The comments of a pull request."""

    forge: Forge
    repository: str
    number: int

    def notes(self) -> Iterator[Note]:
        """The comments of those who may write in the repository."""
        path = f"/repos/{self.repository}/issues/{self.number}/comments?per_page=100"
        found = (_note(item, "id") for item in self.forge.pages(path))
        return (note for note in found if note is not None)

    def add(self, body: str) -> Note:
        """A new comment."""
        path = f"/repos/{self.repository}/issues/{self.number}/comments"
        return Note(number=int(self.forge.call("POST", path, {"body": body})["id"]), body=body)

    def edit(self, number: int, body: str) -> None:
        """Another text."""
        path = f"/repos/{self.repository}/issues/comments/{number}"
        self.forge.call("PATCH", path, {"body": body})

    def remove(self, number: int) -> None:
        """Delete a comment."""
        self.forge.call("DELETE", f"/repos/{self.repository}/issues/comments/{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issues:
    """The open issues of a repository; `title` is that of a new one.

    Those with the label are looked through, and where it may have been lost (`wide`) others, too.
    """

    forge: Forge
    repository: str
    title: str
    wide: bool = True

    def notes(self) -> Iterator[Note]:
        """Those with the label, then those that were changed last: labels can be lost."""
        base, seen = f"/repos/{self.repository}/issues?state=open&per_page=100", set()
        places = [self.forge.pages(f"{base}&labels={LABEL}")]
        if self.wide:
            places.append(self.forge.pages(f"{base}&sort=updated", most=_PAGES_WITHOUT_LABEL))
        for found in places:
            for item in found:
                note = None if "pull_request" in item else _note(item, "number")
                if note is not None and note.number not in seen:
                    seen.add(note.number)
                    yield note

    def add(self, body: str) -> Note:
        """A new issue."""
        told = {"title": self.title, "body": body, "labels": [LABEL]}
        answer = self.forge.call("POST", f"/repos/{self.repository}/issues", told)
        return Note(number=int(answer["number"]), body=body)

    def edit(self, number: int, body: str) -> None:
        """Another text."""
        self.forge.call("PATCH", f"/repos/{self.repository}/issues/{number}", {"body": body})

    def remove(self, number: int) -> None:
        """Close one that a job opened at the same time as another."""
        told = {"state": "closed", "state_reason": "not_planned"}
        self.forge.call("PATCH", f"/repos/{self.repository}/issues/{number}", told)

    def close(self, number: int, body: str) -> None:
        """Close it, with its last text."""
        told = {"state": "closed", "state_reason": "completed", "body": body}
        self.forge.call("PATCH", f"/repos/{self.repository}/issues/{number}", told)

    def say(self, number: int, body: str) -> None:
        """Comment on it, so that those who follow it hear of it."""
        self.forge.call(
            "POST", f"/repos/{self.repository}/issues/{number}/comments", {"body": body}
        )


def comments(environment: Mapping[str, str], number: int) -> Comments:
    """Those of the pull request so numbered, where the environment says."""
    return Comments(forge=forge(environment), repository=repository(environment), number=number)
