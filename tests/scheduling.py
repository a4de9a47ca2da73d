"""How pytest-xdist hands the tests out: files whole, from both ends of their order.

Fixtures of a file, and of an xdist group of several files, are made once. The first worker and the
third go through the tests from their beginning, the second from their end: as those come first
that mostly wait for load tests and servers (conftest.py sorts them), two wait while one reckons.
So three workers keep two processors busy, and few load tests disturb each other.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

GROUP = re.compile(r'^pytestmark = .*xdist_group\("(\w+)"\)', re.MULTILINE)


class FromBothEnds(LoadGroupScheduling):
    """Hands out the files of an xdist group together, and each other file, in the tests' order."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

        self._groups: dict[str, str] = {}

    def _split_scope(self, nodeid: str) -> str:
        # xdist 3.8 writes the group behind the id, where pytest 9.2 does not look any more
        file = nodeid.partition("::")[0]
        if file not in self._groups:
            marked = GROUP.search((self.config.rootpath / file).read_text(encoding="utf-8"))
            self._groups[file] = marked[1] if marked else file
        return self._groups[file]

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
