"""How long commands take to start, as ratios to `python -c "import duckdb"`, side by side.

Run: python tests/benchmarks/startup.py [repetitions]. Commands alternate, so that a noisy machine
slows all alike; medians of wall time. Claims: `--help` within 2, `check` on a small store within 4.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from projects import new_project


def wall(command: list[str], folder: Path) -> float:
    """Seconds that a command takes."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return time.perf_counter() - began


def main() -> None:
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
        for _ in range(repetitions):
            for name, command in commands.items():
                taken[name].append(wall(command, project.folder))
    base = statistics.median(taken["import duckdb"])
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"{name:16s} {median * 1000:6.0f} ms  {median / base:4.2f} x import duckdb")


if __name__ == "__main__":
    main()
