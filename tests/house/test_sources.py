"""The rules of the house that no linter knows: sizes, rounding, docstrings, words, the tree."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = sorted((ROOT / "slogate").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
TOP_LEVEL = {
    ".ci", ".github", "slogate", "slo", "loadtests", "tests",
    "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md",
}  # fmt: skip

# no unfinished work; no place of one machine; no package index but the user's own
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
PLACES = re.compile(
    r"(?<![\w./:-])/(?:home|Users|root|work|mnt)/\w"
    r"|/tmp/\w+env"
    r"|--(?:extra-)?index-url|\b(?:https?:)?//[\w.-]*(?:pypi|artifactory|nexus|devpi)[\w.-]*/"
    r"|\bfiles\.pythonhosted\."
)
SIGNED = re.compile(r"(?i)co-auth" r"ored-by:")


def named(path: Path) -> str:
    """A path as a test id."""
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """Every file of the repository that is text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def lines_of(path: Path) -> int:
    """How many lines a file has."""
    return len(path.read_text(encoding="utf-8").splitlines())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions of a file, methods and inner ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_are_short(capsys: pytest.CaptureFixture[str]):
    """No file is over 300 lines; the five biggest are shown."""
    biggest = sorted(PACKAGE, key=lines_of, reverse=True)[:5]
    with capsys.disabled():
        print("\n" + "".join(f"    {lines_of(path):4} {named(path)}\n" for path in biggest), end="")

    assert [named(path) for path in PACKAGE if lines_of(path) > LONGEST_FILE] == []


def test_functions_are_short():
    """No function of the package is over 50 lines."""
    long = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in PACKAGE
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
        and not is_command(path, node)
    ]

    assert long == []


def is_command(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is a command of typer's, whose options and help are its signature."""
    return path.parent.name == "cli" and "Examples:" in (ast.get_docstring(node) or "")


def rounding(text: str) -> list[int]:
    """The lines that call the builtin `round`, by whatever way it is reached."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(text))
        if (isinstance(node, ast.Name) and node.id == "round")
        or (isinstance(node, ast.Attribute) and node.attr == "__round__")
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("x = round(1.5)", [1], id="called"),
        pytest.param("from builtins import round as r\ny = map(round, x)", [2], id="handed on"),
        pytest.param("around = 1\nx.round()", [], id="another word"),
    ],
)
def test_rounding_is_found(text: str, lines: list[int]):
    """The search itself finds rounding and nothing else."""
    assert rounding(text) == lines


def test_only_units_rounds():
    """Comparisons are exact: no room but units.py may round."""
    found = {named(p): rounding(p.read_text()) for p in PACKAGE if p.name != "units.py"}

    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_front_door_is_for_users():
    """Rooms import rooms; nobody inside imports the package itself, but for its version."""
    rooms = {path.stem for path in PACKAGE} | {path.parent.name for path in PACKAGE}
    wrong = []
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                bad = [alias.name for alias in node.names if alias.name == "slogate"]
            elif isinstance(node, ast.ImportFrom) and node.module == "slogate":
                bad = [a.name for a in node.names if a.name not in rooms | {"__version__"}]
            else:
                continue
            wrong += [f"{named(path)}:{node.lineno} {name}" for name in bad]

    assert wrong == []


@pytest.mark.parametrize("path", PACKAGE, ids=named)
def test_a_module_says_what_it_is_for(path: Path):
    """Every module has a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", [p for p in TESTS if p.name.startswith("test_")], ids=named)
def test_a_test_says_its_behaviour(path: Path):
    """Every test has a docstring that ends as a sentence."""
    silent = [
        f"{node.name}:{node.lineno}"
        for node in functions(path)
        if node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").split("\n\n")[0].rstrip().endswith(".")
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        pytest.param(UNFINISHED, "x = 1  # TO" + "DO later", id="unfinished"),
        pytest.param(PLACES, "open('/ho" + "me/ann/x')", id="place"),
        pytest.param(PLACES, "pip --index" + "-url x", id="index"),
        pytest.param(PLACES, "https://pypi.example.com" + "/simple", id="host"),
        pytest.param(SIGNED, "Co-Authored" + "-By: x", id="signature"),
    ],
)
def test_unwanted_words_are_found(rule: re.Pattern[str], text: str):
    """The patterns match what they are there for."""
    assert rule.search(text)


def test_the_tree_is_about_the_product():
    """No file names unfinished work, a place of one machine, a package index, or a signature."""
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if any(rule.search(line) for rule in (UNFINISHED, PLACES, SIGNED)):
                found.append(f"{named(path)}:{number}: {line.strip()[:100]}")

    assert found == []


def test_the_top_level_is_the_agreed_one():
    """Nothing new lies at the top of the repository, dotfiles apart."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert {name for name in found if name not in TOP_LEVEL and not name.startswith(".")} == set()
    assert found >= TOP_LEVEL
