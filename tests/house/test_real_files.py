"""Each real file of a load tool is imported by a test."""

from __future__ import annotations

from pathlib import Path

from foreign import DATA, needs_data

TESTS = Path(__file__).resolve().parents[1]
TOOLS = ("gatling", "hdrhistogram", "jmeter", "k6", "locust", "oha", "vegeta", "wrk2")
SPOKEN_OF = {"HTMLReportExpect.json"}  # what it states is written in the tests


def test_no_real_file_is_left_out():
    """By as much of its path as tells it from the others."""
    needs_data()
    files = [path for tool in TOOLS for path in (DATA / tool).rglob("*") if path.is_file()]
    paths = [path.relative_to(DATA).as_posix() for path in files]
    said = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py"))

    assert paths
    assert [path for path in paths if _name(path, paths) not in said] == []


def _name(path: str, paths: list[str]) -> str:
    parts = path.split("/")
    if parts[-1] in SPOKEN_OF:
        return parts[-1]
    ends = ("/".join(parts[-count:]) for count in range(1, len(parts) + 1))
    return next(end for end in ends if sum(f"/{other}".endswith(f"/{end}") for other in paths) == 1)
