"""How fast Gatling's text log is imported, beside DuckDB's own CSV reader writing the same columns.

    python tests/benchmarks/import_gatling_text.py [megabytes=200] [repeats=3]

DuckDB alone is told the version's order of fields, and reads requests only.

On two cores at 300 MB: 0.89 of DuckDB's speed, 0.91 by CPU; 56 MB/s per core, 345 MB resident. At
0.9 GB 0.90 by CPU; 51 MB/s per core, 359 MB resident.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import PARQUET, run

NAMES = ("Home page", "Search products", "Add to cart", "POST /api/checkout", "Home Redirect 1")
GROUPS = ("", "", "", "Checkout", "Checkout,Payment")
WIDTH = 8


def generate(path: Path, megabytes: int) -> None:
    """A log of about that size, as Gatling 3.9 writes it."""
    chance = random.Random(20261124)
    ms, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(f"RUN\tshop.ShopSimulation\tshopsimulation\t{ms}\t \t3.9.5\n")
        while size < megabytes * 1_000_000:
            ms += chance.randrange(4)
            kind, end = chance.random(), ms + int(chance.lognormvariate(4, 0.6))
            if kind < 0.1:
                size += file.write(f"USER\tBuyers\t{'START' if kind < 0.05 else 'END'}\t{ms}\n")
            elif kind < 0.15:
                size += file.write(f"GROUP\tCheckout,Payment\t{ms}\t{end}\t{end - ms}\tOK\n")
            else:
                said = "OK\t "
                if chance.random() < 0.005:
                    said = "KO\tstatus.find.is(200), but actually found 503"
                request = f"{chance.choice(GROUPS)}\t{chance.choice(NAMES)}\t{ms}\t{end}\t{said}"
                size += file.write(f"REQUEST\t{request}\n")


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's CSV reader, writing the request columns as Parquet."""
    import duckdb

    columns = {f"c{at}": "VARCHAR" for at in range(WIDTH)}
    rows = duckdb.execute(
        "COPY (SELECT make_timestamptz(c3::BIGINT * 1000) AS ts, "
        "(c4::BIGINT - c3::BIGINT) * 1000 AS duration_us, c2 AS endpoint, "
        "TRY_CAST(regexp_extract(c6, 'found ([0-9]{3})$', 1) AS SMALLINT) AS status, "
        "c5 = 'OK' AS ok, CASE WHEN c5 = 'KO' THEN c6 END AS error, "
        "CASE WHEN c1 IS NOT NULL THEN MAP {'group': c1} END AS labels "
        "FROM read_csv(?, auto_detect=false, header=false, delim='\t', quote='', escape='', "
        f"null_padding=true, columns={columns}) WHERE c0 = 'REQUEST') TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    run(__file__, "simulation.log", generate, duckdb_alone, sys.argv[1:])
