"""What a channel is: a name, a sentence of help, and the function that tells one verdict.

It says in a few words what came of it (`created`, `edited`, `nothing to tell`), or raises. What
it raises changes no verdict: whoever calls it reports the trouble and goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slogate.talk.past import Past, ended
from slogate.talk.thread import key_of
from slogate.talk.where import Where
from slogate.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A verdict with its past, and where the job stands that tells of it.

    `address` is what was given after the channel's name; `always` tells of good news, too.
    """

    verdict: Verdict
    past: Past
    where: Where
    environment: Mapping[str, str] = field(repr=False)
    address: str | None = field(default=None, repr=False)
    always: bool = False
    pause: Callable[[float], None] = time.sleep

    @property
    def at(self) -> int:
        """The moment that the verdict tells of."""
        return ended(self.verdict)

    @property
    def key(self) -> str:
        """One for each service and spec set; budgets, slos and composites apart."""
        run = self.verdict.subject.run
        files = {each.place.file for each in self.verdict.findings} | set(self.verdict.specs)
        aspect = [run.aspect] if run.aspect else []
        return key_of(run.kind, run.service, *aspect, *sorted(files))

    @property
    def matters(self) -> bool:
        """Whether a chat hears of it: something blocks, or did until now."""
        before = self.past.before
        was_bad = before is not None and before.exit_code != 0
        return self.always or self.verdict.exit_code != 0 or was_bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to tell. `shows` is the text that it would tell, for a look before.

    `check` refuses a wrong address of the command line; a channel without it takes none.
    """

    name: str
    help: str
    tell: Callable[[News], str]
    shows: Callable[[News], str]
    check: Callable[[str], object] | None = None


def nothing(why: str) -> str:
    """What a channel says that has nothing to do."""
    return f"nothing to tell: {why}"
