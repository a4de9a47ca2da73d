"""The launcher: `python -P -m slogate.recorders.locust [any Locust arguments]`.

Imports Locust (which patches the standard library, so first of all), registers the recorder,
and hands over to Locust's own main. The arguments are Locust's, all of them; what is ours comes
from the environment, see `settings.py`. Needs `-P`: a `code.py` in the user's folder would
otherwise stand in for the standard library's.
"""

from __future__ import annotations

import locust.main  # isort: skip (patches the standard library, so before everything else)
import atexit
import os
import signal
import sys
from types import FrameType
from typing import Any

from slogate.errors import SlogateError
from slogate.recorders.locust.recorder import Recorder
from slogate.recorders.locust.settings import read_settings
from slogate.store.layout import open_store


def main() -> None:
    """Run Locust with the recorder in it; exits as Locust does, 2 if the recorder cannot start."""
    try:
        settings = read_settings(os.environ)
        store = open_store(settings.store, create=True) if settings.store else None
    except SlogateError as error:
        sys.stderr.write(f"slogate: {error.message}\n")
        sys.exit(error.exit_code)
    if not settings.reads_config:
        _read_no_files()
    recorder = Recorder(settings, store)
    recorder.register()
    _watch_interrupts(recorder)
    atexit.register(recorder.at_exit)
    sys.argv[0] = "locust"
    run: Any = locust.main.main
    run()


def _read_no_files() -> None:
    """Keep Locust from the files of its configuration, which are somebody else's."""
    parser: Any = locust.argument_parser
    make = parser.get_empty_argument_parser
    parser.get_empty_argument_parser = lambda add_help=True, **_: make(
        add_help=add_help, default_config_files=()
    )


def _watch_interrupts(recorder: Recorder) -> None:
    def on_signal(number: int, frame: FrameType | None) -> None:
        recorder.on_interrupt()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, on_signal)


if __name__ == "__main__":
    main()
