"""How often rules raise false alarms and what they find, by simulation: the tables of the manual.

    python tests/benchmarks/calibration/bench.py gate [--repeats 2000]       one run against a limit
    python tests/benchmarks/calibration/bench.py compare [--repeats 200]     base against head
    python tests/benchmarks/calibration/bench.py history [--repeats 60]      change points over runs
    python tests/benchmarks/calibration/bench.py real [--repeats 4]          on recorded series
    python tests/benchmarks/calibration/bench.py write                       put them into the page

Each takes a few minutes on one core and less with fewer repeats; results are kept beside this
file, with the seed and the versions. `--data FOLDER` holds the recorded series. NumPy and SciPy are
needed; Otava and ruptures are asked where they are installed (they pin old versions: give them an
environment of their own with `pip install apache-otava ruptures`).
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE), str(ROOT)]

import compare_rules  # noqa: E402
import gate_rules  # noqa: E402
import history_rules  # noqa: E402
import tables  # noqa: E402

SEED = 20_261_126
REPEATS = {"gate": 2_000, "compare": 200, "history": 60, "real": 4}
TOOLS = ("numpy", "scipy", "apache-otava", "ruptures")


def measure(section: str, repeats: int, seed: int, data: Path | None) -> dict[str, object]:
    """One section's rows with all that is needed to repeat them."""
    if section == "gate":
        rows = gate_rules.measure(repeats, seed, data and history_rules.latencies_of(data))
    elif section == "compare":
        rows = compare_rules.measure(repeats, seed)
    elif section == "history":
        rows = history_rules.measure(repeats, seed)
    else:
        if data is None:
            raise SystemExit("the recorded series are needed: --data FOLDER")
        rows = history_rules.measure_real(data, repeats, seed)
    return {"section": section, "repeats": repeats, "seed": seed, "tools": _tools(), "rows": rows}


def _tools() -> dict[str, str]:
    found = {}
    for name in TOOLS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def main() -> None:
    """Measure a section and keep it, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=[*REPEATS, "write"])
    parser.add_argument("--repeats", type=int, help="how many simulations a process")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", type=Path, help="folder with the recorded series")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where results are kept")
    given = parser.parse_args()
    if given.section == "write":
        tables.write(given.out, tables.PAGE)
        print(f"wrote {tables.PAGE}")
        return
    found = measure(given.section, given.repeats or REPEATS[given.section], given.seed, given.data)
    file = given.out / f"{given.section}.json"
    file.write_text(json.dumps(found, indent=1, default=float) + "\n", encoding="utf-8")
    print(tables.table(found))


if __name__ == "__main__":
    main()
