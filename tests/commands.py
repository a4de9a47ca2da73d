"""Runs command lines of slogate, each in a process of its own that is forked, not started.

Imports take a small command nearly all of its time, and the suite has hundreds of them: they are
forked from a process that has imported slogate. Streams, folder, environment, signals and exit
code are a command's own. What is about starting Python, terminals or closed streams starts one.
"""

from __future__ import annotations

import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import slogate

PATIENCE_S = 150

# Locust changes the whole process that imports it, and no command does
APART = ("slogate.__main__", "slogate.recorders", "slogate.shop")
OURS = [
    module.name
    for module in pkgutil.walk_packages(slogate.__path__, "slogate.", onerror=lambda _: None)
    if not module.name.startswith(APART)
]
LIBRARIES = ["duckdb", "pyarrow.compute", "pyarrow.csv", "pyarrow.parquet", "rich.console"]

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload([*LIBRARIES, *OURS])


def slogate_in(
    folder: Path, *words: object, stdin: bytes = b"", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder, with more in its environment, and wait for its end."""
    line, given = [str(word) for word in words], {**os.environ, **(environment or {})}
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_bytes(stdin)
        process = FORKED.Process(target=_command, args=(line, folder, given, streams))
        process.start()
        process.join(PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(line, PATIENCE_S)
        out, err = (stream.read_bytes().decode() for stream in streams[1:])
        return subprocess.CompletedProcess(line, process.exitcode, out, err)


def _command(line: list[str], folder: Path, environment: dict[str, str], streams: list[Path]):
    for number, path in enumerate(streams):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["slogate", *line]

    from slogate.cli.app import main

    main()
