from __future__ import annotations

import os

import pytest

from slogate.errors import GeneratorError
from slogate.loadtest.generator import generate

pytestmark = pytest.mark.e2e


def test_a_locustfile_that_hangs_is_not_waited_for_without_end(tmp_path):
    """Locust is stopped, and its words are told."""
    locustfile = tmp_path / "hangs.py"
    locustfile.write_text("import time\nprint('asking the vault', flush=True)\ntime.sleep(600)\n")
    arguments = [f"--locustfile={locustfile}", "--headless", "--run-time=1s"]

    for start_s in (4, 60):  # a busy machine may take more than some seconds to come to it
        with pytest.raises(GeneratorError) as caught:
            generate(arguments, os.environ, tmp_path / "log", lambda _: None, start_s=start_s)
        if "asking the vault" in caught.value.message:
            break

    assert f"had not read its locustfile after {start_s} s" in caught.value.message
    assert "asking the vault" in caught.value.message
