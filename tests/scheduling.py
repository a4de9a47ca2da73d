"""How pytest-xdist hands the tests out: files whole, from both ends of their order.

Fixtures of a file, and of an xdist group of several files, are made once. The first worker goes
through the tests from their beginning, the second from their end: as those come first that mostly
wait for load tests and servers (conftest.py sorts them), one waits while the other reckons, and
few load tests disturb each other.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling


class FromBothEnds(LoadGroupScheduling):
    """Hands out xdist groups, and the files of tests that have none, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        group = super()._split_scope(nodeid)
        return group if group != nodeid else nodeid.partition("::")[0]

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
