"""How fast OTLP's histograms are imported from JSON where their points have exemplars.

    python tests/benchmarks/import_otlp_exemplars.py [megabytes=200] [repeats=3]

The file of `import_otlp_histograms`; four of five points have two exemplars, a third of its text.

On two cores at 200 MB: 49 to 59 MB/s per core, 179 MB resident.
"""

from __future__ import annotations

import sys
from functools import partial

from import_otlp_histograms import generate
from side_by_side import run

if __name__ == "__main__":
    run(__file__, "metrics.jsonl", partial(generate, exemplars=True), None, sys.argv[1:])
