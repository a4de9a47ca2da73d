"""What real tests decide, again and again, on whatever machine this is.

    python tests/benchmarks/run_turns.py same [runs=30] [seconds=60]      base and head alike
    python tests/benchmarks/run_turns.py slower [runs=10] [seconds=90]    one endpoint 20% slower
    python tests/benchmarks/run_turns.py good [runs=3]                    --early-stop, a good shop
    python tests/benchmarks/run_turns.py bad [runs=3]                     --early-stop, a bad shop

`same` and `slower` are `slogate run --against` on two sample shops with a real Locust, a regression
budget of 5% on the p50 of each of five endpoints: of `same` at most 2 of 30 may fail, of `slower`
at least 9 of 10 must. `good` and `bad` are `slogate run --early-stop --run-time auto`, so that the
longest time is the planned one (about two minutes, from which on error rates are stated), and tell
after which share of it the test was over, with ramp and warm-up: at most 40%. Their runs share a
history; the first has a pilot run before it. Prints a line a run, then the figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

import projects  # noqa: E402 (found by the line above)

ENDPOINTS = ("GET /browse", "GET /search", "POST /cart", "POST /checkout", "POST /login")
SLOWER = "GET /search"
BASE = "python -m slogate.shop --port {port}"
RUNS = {"same": 30, "slower": 10, "good": 3, "bad": 3}
SECONDS = {"same": 60, "slower": 90}
EARLY = frozenset({"good", "bad"})
# the shop's p95s are 60 to 110 ms, and four times that where it is bad
LINES = {"good": "p95: 250ms", "bad": "p95: 150ms"}
SHOPS = {"slower": ("--slow", f"{SLOWER}=1.2x"), "bad": ("--slow", "*=4x")}


def spec(mode: str) -> str:
    """Regressions of each endpoint, or limits on them."""
    line = LINES.get(mode, "regression: {against: main, p50: 5%}")
    budgets = (
        f"  - name: {name.rpartition('/')[2]}\n    endpoint: {name}\n    {line}\n"
        for name in ENDPOINTS
    )
    head = "slogate: 1\nservice: shop\ndefaults: {warmup: 3s}\nbudgets:\n"
    return f"{head}{''.join(budgets)}  - {{name: service, errors: 2%}}\n"


def prepared(mode: str, folder: Path) -> projects.Project:
    """The project to be tested."""
    project = projects.new_project(folder, *SHOPS.get(mode, ()))
    project.write("slo/shop.yaml", spec(mode))
    project.write("loadtests/locustfile.py", (ROOT / "loadtests/locustfile.py").read_text())
    return project


def tested(mode: str, project: projects.Project, seconds: int) -> tuple[dict[str, Any] | None, str]:
    """The document of one test, and what was said on the way."""
    how = ["--against", BASE, "--run-time", f"{seconds}s"]
    if mode in EARLY:
        how = ["--early-stop", "--run-time", "auto"]
    process = project.start("run", *how, "-u", "150", "-r", "150", "--json")
    out, err = process.communicate(timeout=seconds + 300)
    return (json.loads(out) if out else None), err


def told(mode: str, document: dict[str, Any]) -> str:
    """One test in a line."""
    if mode in EARLY:
        early = document["early_stop"]
        share = early["after_seconds"] / early["max_seconds"]
        last = early["looks"][-1]
        names = ", ".join(each["id"].partition("/")[2] for each in last["objectives"])
        return (
            f"{document['outcome']} after {share:.0%} of {early['max_seconds']:.0f} s, "
            f"by the look at {last['share']:.0%}: {names}"
        )
    lines = [
        f"{each['id'].split('/')[1]} {each['outcome']} {each['comparison']['change']:+.1%}"
        for each in document["objectives"]
        if each["kind"] == "regression" and each["comparison"]["change"] is not None
    ]
    return f"{document['outcome']}: {', '.join(lines)}"


def key(mode: str, document: dict[str, Any]) -> str:
    """What is counted of it."""
    if mode in EARLY:
        early = document["early_stop"]
        within = early["after_seconds"] <= 0.4 * early["max_seconds"]
        return f"{document['outcome']} {'within' if within else 'beyond'} 40% of the time"
    failed = [
        each["id"].split("/")[1]
        for each in document["objectives"]
        if each["kind"] == "regression" and each["outcome"] == "fail"
    ]
    wanted = SLOWER.rpartition("/")[2]
    if mode == "slower":
        false = " and another endpoint falsely" if set(failed) - {wanted} else ""
        return f"{'found' if wanted in failed else 'not found'}{false}"
    if failed:
        return "false failure"
    return "invalid" if document["outcome"] == "invalid" else "no false failure"


def main(words: list[str]) -> None:
    """Run and count."""
    mode = words[0]
    runs = int(words[1]) if len(words) > 1 else RUNS[mode]
    seconds = int(words[2]) if len(words) > 2 else SECONDS.get(mode, 0)
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="turns-") as name:
        for number in range(runs):
            # only what plans itself goes on with the history of those before
            folder = Path(name) / ("0" if mode in EARLY else str(number))
            folder.mkdir(exist_ok=True)
            document, err = tested(mode, prepared(mode, folder), seconds)
            if document is None:
                counted["not judged"] += 1
                print(err, flush=True)
                continue
            counted[key(mode, document)] += 1
            print(told(mode, document), flush=True)
    print(f"{mode}: {', '.join(f'{count} {what}' for what, count in counted.most_common())}")


if __name__ == "__main__":
    main(sys.argv[1:])
