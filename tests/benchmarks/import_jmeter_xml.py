"""How fast JMeter's XML is imported; nothing else here reads it.

python tests/benchmarks/import_jmeter_xml.py [megabytes=200] [repeats=3]
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from side_by_side import run

LABELS = ("GET /browse", "GET /search", "POST /cart", "POST /checkout", "POST /login")
FAILED = """>
  <assertionResult>
    <name>Response Assertion</name>
    <failure>true</failure>
    <error>false</error>
    <failureMessage>Test failed: code expected to equal /200/</failureMessage>
  </assertionResult>
</httpSample>
"""


def generate(path: Path, megabytes: int) -> None:
    """A results file of about that size, as a shop's load test writes it."""
    chance = random.Random(20261124)
    ts, size = 1_764_000_000_000, 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n')
        while size < megabytes * 1_000_000:
            ts += chance.randrange(4)
            label, failed = chance.choice(LABELS), chance.random() < 0.005
            took, code = int(chance.lognormvariate(4, 0.6)), 503 if failed else 200
            size += file.write(
                f'<httpSample t="{took}" it="0" lt="{took}" ct="0" ts="{ts}" '
                f's="{"false" if failed else "true"}" lb="{label}" rc="{code}" rm="OK" '
                f'tn="users 1-{chance.randrange(150)}" dt="text" by="{chance.randrange(5000)}" '
                f'sby="250" ng="150" na="150"{FAILED if failed else "/>"}\n'
            )
        file.write("</testResults>\n")


if __name__ == "__main__":
    run(__file__, "results.jtl", generate, None, sys.argv[1:])
