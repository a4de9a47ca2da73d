"""`slogate spec lint` on real OpenSLO files: each row of the index says what it must find."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from foreign import DATA

from slogate.cli.app import run

pytestmark = pytest.mark.e2e
_ROW = re.compile(r"\| ((?:openslo|sloth)/\S+\.(?:ya?ml|json)) \| (\w+) \| (.*) \|")
_SAID = re.compile(r"\[(\d+)\]\w*(?:: ?|\.)((?:metadata|spec)[\w.\[\]]*)")
_KNOWN = {
    "openslo/oslo/format/invalid-service.yaml": {(0, "metadata.name")},
    "openslo/oslo/validate/invalid-apiversion.yaml": {(0, "apiVersion")},
    "openslo/oslo/validate/unknown-field.yaml": {(0, "metadata.name"), (0, "spec.markdown")},
    "openslo/oslo/validate/v1alpha.yaml": {
        (0, "metadata.name"),
        (2, "spec.objectives[0].timeSliceTarget"),
    },
    "openslo/oslo/validate/v2alpha.yaml": {
        (0, "spec.objectives[0].op"),
        (0, "spec.service"),
        (2, "metadata.name"),
    },
}
_STYLE = {"name", "ratio-op", "renamed-field"}


class Row(NamedTuple):
    """A file, what it must give, and the places that must be named."""

    file: str
    expected: str
    places: set[tuple[int, str]]


def _rows() -> list[Row]:
    index = DATA / "INDEX.md"
    found = _ROW.findall(index.read_text()) if index.exists() else []
    return [
        Row(file, expected, _KNOWN.get(file, {(int(n), path) for n, path in _SAID.findall(why)}))
        for file, expected, why in found
        if file.startswith("openslo/") or "/openslo-" in file
        if expected in {"valid", "invalid", "template"}
    ]


ROWS = _rows()
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.file)


def _lint(
    file: Path, capsys: pytest.CaptureFixture[str], profile: str
) -> tuple[int, list[dict[str, str]]]:
    code = run(["spec", "lint", str(file), "--profile", profile, "--json", "--quiet"])
    return code, json.loads(capsys.readouterr().out)


def _place(path: str) -> tuple[int, str]:
    match = re.fullmatch(r"(?:\[(\d+)\]\.?)?(.*)", path)
    assert match is not None
    return int(match[1] or 0), match[2]


@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_every_row_is_read() -> None:
    """The table of the index is found, so that no row is lost in silence."""
    assert len(ROWS) == 39


@each_row
def test_a_row_of_the_index(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    """Valid files have no error, the others those that the index names, at their paths."""
    code, found = _lint(DATA / row.file, capsys, "strict")
    errors = [remark for remark in found if remark["severity"] == "error"]

    assert (code, bool(errors)) == ((0, False) if row.expected == "valid" else (2, True)), found
    assert row.places - {_place(remark["path"]) for remark in errors} == set()


@each_row
def test_leniently_only_style_is_forgiven(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    """What is an error strictly and a warning leniently is of the rules of style."""
    _, strict = _lint(DATA / row.file, capsys, "strict")
    code, lenient = _lint(DATA / row.file, capsys, "lenient")
    forgiven = {
        before["rule"]
        for before, after in zip(strict, lenient, strict=True)
        if before["severity"] != after["severity"]
    }

    assert forgiven <= {f"openslo/{rule}" for rule in _STYLE}
    assert code == (2 if any(remark["severity"] == "error" for remark in lenient) else 0)


@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_no_time_zone_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """America/New_York is a time zone wherever slogate is installed."""
    _, found = _lint(DATA / "openslo/oslo/validate/v1.yaml", capsys, "strict")

    assert "openslo/time-zone" not in {remark["rule"] for remark in found}


@pytest.mark.skipif(not DATA.exists(), reason="the real files are not here")
def test_folders_are_read_with_those_below(capsys: pytest.CaptureFixture[str]) -> None:
    """With -R the files of all folders below are found, without it only those of the folder."""
    folder = DATA / "openslo/oslo/validate/recursive"

    run(["spec", "lint", str(folder), "--json", "--quiet"])
    shallow = {remark["file"] for remark in json.loads(capsys.readouterr().out)}
    run(["spec", "lint", str(folder), "-R", "--json", "--quiet"])
    deep = {remark["file"] for remark in json.loads(capsys.readouterr().out)}

    assert (len(shallow), len(deep)) == (1, 3)
