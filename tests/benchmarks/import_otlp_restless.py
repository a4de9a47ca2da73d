"""How fast OTLP's histograms are imported from JSON where they do not simply grow.

    python tests/benchmarks/import_otlp_restless.py [megabytes=200] [repeats=3]

The file of `import_otlp_histograms`, of which half are deltas; of the others one count in a
hundred falls to zero each time; and no point tells an outcome, so that all rows wait for one.

On two cores at 400 MB: 43 MB/s per core, 235 MB resident. Line by line 5.
"""

from __future__ import annotations

import sys
from functools import partial

from import_otlp_histograms import generate
from side_by_side import run

if __name__ == "__main__":
    run(__file__, "metrics.jsonl", partial(generate, restless=True), None, sys.argv[1:])
