"""The comment on a merge request of GitLab, which calls it a note."""

from __future__ import annotations

from slogate.channels._request import sticky
from slogate.talk.gitlab import notes

PLUGIN = sticky(name="gitlab-note", request="merge request", thread=notes)
