"""What several end-to-end tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from recorded import Recorded, recording


@pytest.fixture(scope="session")
def recorded(
    system_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recorded]:
    """What a Prometheus recorded of an exporter; for tests of the xdist group `prometheus`."""
    program = system_program("prometheus", package="prometheus")
    with recording(program, tmp_path_factory.mktemp("prometheus")) as found:
        yield found
