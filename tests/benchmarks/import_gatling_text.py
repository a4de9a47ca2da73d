"""How fast Gatling's text log is imported, beside DuckDB's own CSV reader writing the same columns.

    python tests/benchmarks/import_gatling_text.py [2.0|2.2|3.0] [megabytes=200] [repeats=3]

As Gatling 3.4 to 3.12 writes it, or an older version. DuckDB alone is told the version's order of
fields, and reads requests only.

On two cores at 200 MB, beside other work: 0.94 of DuckDB's speed by CPU; 50 MB/s per core, 364 MB
resident; `2.0` 0.83, 65 MB/s per core; `3.0` at 500 MB 1.0, 45 MB/s per core. At 0.9 GB 0.90 and
51, before groups were handed on without maps, which takes a sixth less time.
"""

from __future__ import annotations

import random
import sys
from functools import partial
from pathlib import Path

from side_by_side import PARQUET, run

NAMES = ("Home page", "Search products", "Add to cart", "POST /api/checkout", "Home Redirect 1")
GROUPS = ("", "", "", "Checkout", "Checkout,Payment")
# of each version: how a line of a request begins, and what stands between its start and its end
VERSIONS = {
    "2.0": ("Buyers\t{user}\tREQUEST\t", "{ms}\t{end}\t"),
    "2.2": ("REQUEST\tBuyers\t{user}\t", ""),
    "3.0": ("REQUEST\t{user}\t", ""),
    "3.9": ("REQUEST\t", ""),
}


def generate(path: Path, megabytes: int, *, version: str) -> None:
    """A log of about that size, as that version writes it."""
    chance = random.Random(20261124)
    ms, size = 1_764_000_000_000, 0
    before, between = VERSIONS[version]
    with path.open("w", encoding="utf-8") as file:
        file.write(f"RUN\tshop.ShopSimulation\tshopsimulation\t{ms}\t \t{version}.5\n")
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
                told = {"ms": ms, "end": end, "user": ms % 100_000}
                request = f"{chance.choice(GROUPS)}\t{chance.choice(NAMES)}\t{ms}\t"
                size += file.write(
                    f"{before.format(**told)}{request}{between.format(**told)}{end}\t{said}\n"
                )


def duckdb_alone(file: str, out: str) -> int:
    """DuckDB's CSV reader, writing the request columns as Parquet."""
    import duckdb

    before, between = VERSIONS[Path(file).stem.partition("-")[2]]
    tag = before.split("\t").index("REQUEST")
    groups = before.count("\t")
    group, name, start = (f"c{groups + at}" for at in range(3))
    end, said, message = (f"c{groups + between.count(chr(9)) + at}" for at in range(3, 6))
    columns = {f"c{at}": "VARCHAR" for at in range(groups + between.count("\t") + 6)}
    rows = duckdb.execute(
        f"COPY (SELECT make_timestamptz({start}::BIGINT * 1000) AS ts, "
        f"({end}::BIGINT - {start}::BIGINT) * 1000 AS duration_us, {name} AS endpoint, "
        f"TRY_CAST(regexp_extract({message}, 'found ([0-9]{{3}})$', 1) AS SMALLINT) AS status, "
        f"{said} = 'OK' AS ok, CASE WHEN {said} = 'KO' THEN {message} END AS error, "
        f"CASE WHEN {group} IS NOT NULL THEN MAP {{'group': {group}}} END AS labels "
        "FROM read_csv(?, auto_detect=false, header=false, delim='\t', quote='', escape='', "
        f"null_padding=true, columns={columns}) WHERE c{tag} = 'REQUEST') TO '{out}' {PARQUET}",
        [file],
    ).fetchone()
    return rows[0]


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word not in VERSIONS]
    version = next((word for word in sys.argv if word in VERSIONS), "3.9")
    write = partial(generate, version=version)
    run(__file__, f"simulation-{version}.log", write, duckdb_alone, words)
