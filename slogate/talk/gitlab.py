"""GitLab's side: notes of a merge request, by its REST API v4, of any instance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from slogate.errors import DeliveryError, UsageError
from slogate.talk.forge import Forge
from slogate.talk.thread import Note

API = "https://gitlab.com/api/v4"


def forge(environment: Mapping[str, str]) -> Forge:
    """The API that the environment tells of; DeliveryError without a token."""
    token = environment.get("GITLAB_TOKEN", "").strip()
    if not token:
        raise DeliveryError(
            "GitLab: there is no token",
            hint="set GITLAB_TOKEN to an access token of the project with the scope `api`; "
            "the token of the job cannot write notes",
        )
    return Forge(
        base=environment.get("CI_API_V4_URL", "").strip() or API,
        headers={"PRIVATE-TOKEN": token},
        secret=token,
        hint="GITLAB_TOKEN needs the scope `api` and the role Reporter at least",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """The notes of a merge request."""

    forge: Forge
    project: str
    number: int

    @property
    def _path(self) -> str:
        return f"/projects/{quote(self.project, safe='')}/merge_requests/{self.number}/notes"

    def notes(self) -> Iterator[Note]:
        """The notes of the token's own user: others could plant a mark."""
        own = self.forge.call("GET", "/user")["id"]
        for item in self.forge.pages(f"{self._path}?per_page=100&sort=asc&order_by=created_at"):
            if (item.get("author") or {}).get("id") == own:
                yield Note(number=int(item["id"]), body=item.get("body") or "")

    def add(self, body: str) -> Note:
        """A new note."""
        answer = self.forge.call("POST", self._path, {"body": body})
        return Note(number=int(answer["id"]), body=body)

    def edit(self, number: int, body: str) -> None:
        """Another text."""
        self.forge.call("PUT", f"{self._path}/{number}", {"body": body})

    def remove(self, number: int) -> None:
        """Delete a note."""
        self.forge.call("DELETE", f"{self._path}/{number}")


def project(environment: Mapping[str, str]) -> str:
    """The project of the environment, by number or path."""
    found = environment.get("CI_PROJECT_ID") or environment.get("CI_PROJECT_PATH")
    if not found:
        raise UsageError(
            "CI_PROJECT_ID does not say which project",
            hint="outside of GitLab CI set it to the project's number or path",
        )
    return found


def notes(environment: Mapping[str, str], number: int) -> Notes:
    """Those of the merge request so numbered, where the environment says."""
    return Notes(forge=forge(environment), project=project(environment), number=number)
