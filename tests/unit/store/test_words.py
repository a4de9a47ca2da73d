"""Maps that are made of lists of values: which names they have, where there are none."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from slogate.store.words import mapped


@pytest.mark.parametrize("names", [["region"], ["region", "it's a tenant", "Region"]])
@pytest.mark.parametrize("missing", [0.0, 0.4, 1.0])
def test_a_list_of_values_becomes_a_map_of_those_there_are(names, missing):
    """However the rows are cut, filtered and put together."""
    chance = random.Random(20261127)

    def rows(count: int) -> list[list[str | None]]:
        return [
            [None if chance.random() < missing else f"{name} {at}" for name in names]
            for at in range(count)
        ]

    pieces = [pa.array(rows(count), pa.list_(pa.string())) for count in (7, 0, 1, 50)]
    values = pa.chunked_array([*pieces, pieces[3].slice(9, 11), pieces[3].slice(50)])
    kept = pa.array([chance.random() < 0.7 for _ in range(len(values))])

    for given in (values, values.filter(kept)):
        found = mapped(given, names)

        found.validate(full=True)
        assert found.type == pa.map_(pa.string(), pa.string())
        assert found.to_pylist() == [
            [pair for pair in zip(names, row, strict=True) if pair[1] is not None] or None
            for row in given.to_pylist()
        ]
