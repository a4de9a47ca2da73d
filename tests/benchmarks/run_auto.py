"""Whether runs that plan themselves are decided: a clearly good shop, again and again.

    python tests/benchmarks/run_auto.py [runs=20] [folder] [arguments of `slogate run`]

Each is `slogate run --run-time auto` on the sample shop with a real Locust and takes two minutes or
more; `--max-time 30s` leaves it the time that budgets need, and no more. Prints a line a run, then
how often it came out how. With a folder, the history that it holds is gone on with.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import projects


def project(folder: Path) -> projects.Project:
    """The project in a folder, made if it is not there."""
    new = projects.new_project(folder)
    new.serve()
    return new


def main(words: list[str]) -> None:
    """Run and count."""
    runs = int(words[0]) if words else 20
    folder = Path(words[1]) if len(words) > 1 else Path(tempfile.mkdtemp(prefix="auto-"))
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: Counter[str] = Counter()
    for _ in range(runs):
        process = project(folder).start("run", "--run-time", "auto", "--json", *words[2:])
        out, err = process.communicate(timeout=600)
        chosen = next((line for line in err.splitlines() if line.startswith("planned")), "")
        outcome = json.loads(out)["outcome"] if out else f"exit {process.returncode}"
        outcomes[outcome] += 1
        print(f"{outcome}: {chosen}", flush=True)
        if not out:
            print(err, flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))


if __name__ == "__main__":
    main(sys.argv[1:])
