"""What several end-to-end tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from backfilled import Backfilled, backfilled
from recorded import Recorded, recording


@pytest.fixture(scope="session")
def recorded(
    system_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recorded]:
    """What a Prometheus recorded of an exporter; for tests of the xdist group `prometheus`."""
    program = system_program("prometheus", package="prometheus")
    with recording(program, tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture(scope="session")
def history(
    system_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backfilled]:
    """A Prometheus with three days of traffic; for tests of the xdist group `prometheus`."""
    promtool = system_program("promtool", package="prometheus")
    program = system_program("prometheus", package="prometheus")
    with backfilled(promtool, program, tmp_path_factory.mktemp("history")) as made:
        yield made
