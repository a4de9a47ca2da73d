"""The pictures of the manual are those that the tool makes now, and its pages show them."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from docs_pictures import drawings

DOCS = Path(__file__).resolve().parents[2] / "slogate/docs"
PICTURES = DOCS / "pictures"
DRAWINGS = drawings()


@pytest.mark.parametrize("name", DRAWINGS)
def test_picture_is_current(name: str, update: bool):
    """What the tool draws now; `--update` draws it anew."""
    if update:
        PICTURES.mkdir(exist_ok=True)
        (PICTURES / name).write_text(DRAWINGS[name], "utf-8")

    assert (PICTURES / name).read_text("utf-8") == DRAWINGS[name]


@pytest.mark.parametrize("name", DRAWINGS)
def test_picture_needs_nothing_else(name: str):
    """A small file with words for those who do not see it; no script, no address."""
    root = ET.fromstring(DRAWINGS[name])
    kinds = {node.tag.partition("}")[2] for node in root.iter()}

    assert len(DRAWINGS[name].encode()) < 40_000
    assert kinds <= {"svg", "title", "desc", "style", "rect", "line", "path", "text", "circle"}
    assert "href" not in DRAWINGS[name]
    assert "url(" not in DRAWINGS[name]


def test_every_picture_is_shown_and_every_one_shown_is_there():
    """The pages name the pictures by their place beside them, each with words."""
    shown = [
        (words, target)
        for page in DOCS.glob("*.md")
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text("utf-8"))
    ]

    assert {f"pictures/{path.name}" for path in PICTURES.iterdir()} == {t for _, t in shown}
    assert set(DRAWINGS) == {path.name for path in PICTURES.iterdir()}
    assert all(len(words) > 20 for words, _ in shown)
