"""`slogate import --formats`: nothing that can be imported is left out of the list."""

from __future__ import annotations

import subprocess
import sys

from slogate import plugins
from slogate.cli.formats import listing


def test_each_format_and_option_is_listed():
    """By name, with what it reads and each of its options, within the width."""
    text = listing(80)
    heads = {line.split()[0] for line in text.splitlines() if not line.startswith(" ")}
    shown = {line.split()[1] for line in text.splitlines() if line.lstrip().startswith("-O ")}
    sources = plugins.every("sources")

    assert heads == set(sources)
    assert shown == {f"{option}=" for source in sources.values() for option in source.options}
    assert all(source.help in " ".join(text.split()) for source in sources.values())
    assert max(map(len, text.splitlines())) <= 80


def test_the_flag_needs_no_file():
    """It prints the list and ends well."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "slogate", "import", "--formats"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, "jmeter-csv" in done.stdout, done.stderr) == (0, True, "")
