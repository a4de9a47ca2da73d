"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import slogate


def test_all_is_sorted():
    """The public names are listed in alphabetical order, each once."""
    assert slogate.__all__ == sorted(set(slogate.__all__))


@pytest.mark.parametrize("name", slogate.__all__)
def test_each_public_name_is_there(name: str):
    """Each public name can be had, and is the thing of that name."""
    found = getattr(slogate, name)

    assert getattr(found, "__name__", name) == name


def test_an_unknown_name_is_refused():
    """A name that is not public is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        slogate.chekc  # noqa: B018


def test_importing_costs_nothing():
    """The front door alone imports no heavy library, and no room of its own."""
    code = "import sys, slogate; print(*(m for m in sys.modules if m.startswith('slogate.')))"
    heavy = "; print(*{'duckdb', 'pyarrow', 'locust', 'typer', 'rich', 'yaml'} & {*sys.modules})"

    done = subprocess.run(
        [sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []
