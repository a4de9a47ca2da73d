"""What the recorder's warming up loads into a generator, and leaves for the user's own code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numpy")

WARM = "from slogate.recorders.locust.arrow import warm_up\nwarm_up()\n"
MAPS = "open('/proc/self/maps').read()"


def told(program: str) -> str:
    """What a new interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_numpy_is_not_loaded_for_arrow_and_can_be_later() -> None:
    """NumPy's libraries stay out of a generator, until its own code wants them."""
    later = "import numpy\nprint(numpy.arange(3).sum())"
    seen = f"import sys\nprint('numpy' in sys.modules, 'numpy.libs' in {MAPS}, end=' ')\n"
    assert told(WARM + seen + later) == "False False 3"


def test_numpy_of_a_locustfile_is_known_to_arrow() -> None:
    """Who imported NumPy before has an Arrow that goes with it."""
    use = "import pyarrow\nprint(pyarrow.array(numpy.arange(3)).to_numpy().sum())"
    assert told("import numpy\n" + WARM + use) == "3"


def test_where_pandas_is_installed_arrow_knows_numpy(tmp_path: Path) -> None:
    """Frames that are made during the test hand arrays of NumPy to Arrow."""
    pandas = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n"
    (tmp_path / "pandas.py").write_text("", encoding="utf-8")
    assert told(pandas + WARM + "print('numpy' in sys.modules)") == "True"
