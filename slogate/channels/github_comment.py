"""The comment on a pull request of GitHub."""

from __future__ import annotations

from slogate.channels._request import sticky
from slogate.talk.github import comments

PLUGIN = sticky(name="github-comment", request="pull request", thread=comments)
