"""The program, and the one place that exits.

Imports nothing before it is ready for an error and for Ctrl-C: neither is to end in a traceback,
and what cannot even be imported is no breach.
"""

from __future__ import annotations

GARBAGE = 20_000  # collecting what has only just been imported is a twentieth of a short command


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    from slogate.cli.attempt import attempt

    return attempt(arguments)


def main() -> None:
    """Run as the program `slogate`; a signal that comes after the end changes nothing."""
    import sys

    try:
        import gc
        import signal

        import slogate.halting  # noqa: F401 (the handler would find half of it, were it not there)
        from slogate.cli.streams import mend_streams

        mend_streams()
        gc.set_threshold(GARBAGE)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, _stop)
        code = run(sys.argv[1:])
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        gc.freeze()  # Python's end would look through all that was imported for garbage: 60 ms
    except BaseException as error:  # noqa: BLE001 - Python's own exit code would be a breach
        code = _cut_short(error)
    sys.exit(code)


def _stop(number: int, frame: object) -> None:
    """End what is at work in order; what was recorded is kept."""
    import signal

    from slogate.errors import Interrupted
    from slogate.halting import halt, hushed

    del frame
    if hushed():
        return
    if number == signal.SIGINT:
        halt("interrupted")
        raise KeyboardInterrupt
    why = f"stopped by {signal.Signals(number).name}"
    halt(why)
    raise Interrupted(why)


def _cut_short(error: BaseException) -> int:
    """The exit code of what ended outside of a command; needs nothing that may not be there."""
    import contextlib
    import sys

    stopped = type(error).__name__ in {"KeyboardInterrupt", "Interrupted"}
    told = "interrupted" if stopped else f"slogate cannot start: {type(error).__name__}: {error}"
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"error: {told}\n")
    return 130 if stopped else 2
