"""How fast JMeter's CSV is imported where each row has quotes, and some texts have several lines.

    python tests/benchmarks/import_jmeter_quotes.py [megabytes=200] [repeats=3]

One message in a hundred is of two lines: whether a quote was left open has to be looked for around
each of them.

On two cores, beside other work, at 120 MB: 50 MB/s per core, 317 MB resident.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import run

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,bytes\n"
)
LABELS = ('"Cart, ""add"""', '"Cart, ""pay"""', '"Browse, by ""tag"""')


def generate(path: Path, megabytes: int) -> None:
    """A file of about that size, as JMeter writes it of samples whose names have commas."""
    chance = random.Random(20261127)
    ts, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while size < megabytes * 1_000_000:
            ts += chance.randrange(4)
            failed = chance.random() < 0.01
            message = '"expected: ""ok"",\nbut was: ""busy"""' if failed else '""'
            size += file.write(
                f"{ts},{int(chance.lognormvariate(4, 0.6))},{chance.choice(LABELS)},"
                f'{503 if failed else 200},"OK, fine","users ""a"" 1-{chance.randrange(50)}",'
                f"{'false' if failed else 'true'},{message},{chance.randrange(500, 5000)}\n"
            )


if __name__ == "__main__":
    run(__file__, "results.jtl", generate, None, sys.argv[1:])
