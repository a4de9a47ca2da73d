"""How long commands take to start, as ratios to `python -c "import duckdb"`, side by side.

Run: python tests/benchmarks/startup.py [repetitions]. Commands alternate, so that a noisy machine
slows all alike; medians of wall time. Each ran once before, so that Python has compiled what it
imports, as an installer does. Claims: `--help` within 2, `check` on a small store within 4; the
exit code says whether they hold.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from projects import new_project

ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
BUDGETS = {"slogate --help": 2, "slogate check": 4}


def wall(command: list[str], folder: Path) -> float:
    """Seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True)
    return time.perf_counter() - began


def main() -> int:
    """Make a small store with a real run, then measure."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        project = new_project(Path(folder))
        done = project.slogate("run")
        assert done.code == 0, done.err
        commands = {
            "import duckdb": [sys.executable, "-c", "import duckdb"],
            "slogate --help": [sys.executable, "-m", "slogate", "--help"],
            "slogate check": [sys.executable, "-m", "slogate", "check", "--quiet"],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for command in commands.values():
            wall(command, project.folder)
        for _ in range(repetitions):
            for name, command in commands.items():
                taken[name].append(wall(command, project.folder))
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    base = medians["import duckdb"]
    for name, median in medians.items():
        print(f"{name:16s} {median * 1000:6.0f} ms  {median / base:4.2f} x import duckdb")
    return 0 if all(medians[name] <= most * base for name, most in BUDGETS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
