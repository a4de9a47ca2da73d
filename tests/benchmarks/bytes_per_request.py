"""How many bytes a stored request takes, column by column.

Run it: python tests/benchmarks/bytes_per_request.py
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parent.parent))

from request_table import realistic

from slogate.store.layout import open_store
from slogate.store.parts import write_part


def main() -> None:
    """Print bytes a request at 10,000, 100,000 and 1,000,000 rows, largest column first."""
    for count in (10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            store = open_store(Path(folder), create=True)
            rows = realistic(count, random.Random(1))
            part = write_part(store, "run", "shop", "load", rows, sequence=0, worker=None)
            size = (store.root / part).stat().st_size
            metadata = pq.read_metadata(store.root / part)
        columns: Counter[str] = Counter()
        for at in range(metadata.num_row_groups):
            group = metadata.row_group(at)
            for i in range(group.num_columns):
                columns[group.column(i).path_in_schema] += group.column(i).total_compressed_size
        shares = ", ".join(f"{name} {n / count:.2f}" for name, n in columns.most_common())
        print(f"{count:>9,} rows: {size / count:.2f} bytes a request ({shares})")


if __name__ == "__main__":
    main()
