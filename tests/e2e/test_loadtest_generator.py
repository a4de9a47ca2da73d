from __future__ import annotations

import os
import time

import pytest

from slogate.errors import GeneratorError
from slogate.loadtest.generator import generate

pytestmark = pytest.mark.e2e


def test_a_locustfile_that_hangs_is_not_waited_for_without_end(tmp_path):
    """Locust is stopped, and its words are told."""
    locustfile = tmp_path / "hangs.py"
    locustfile.write_text("import time\nprint('asking the vault', flush=True)\ntime.sleep(600)\n")
    arguments = [f"--locustfile={locustfile}", "--headless", "--run-time=1s"]
    began = time.monotonic()

    with pytest.raises(GeneratorError, match=r"had not read its locustfile after 6 s") as caught:
        generate(arguments, os.environ, tmp_path / "log", lambda _: None, start_s=6)

    assert "asking the vault" in caught.value.message
    assert time.monotonic() - began < 30
