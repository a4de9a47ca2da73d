"""Does a piece of work to its end: whoever is killed while he waits for it, or while nobody runs.

Locust calls its listeners from whatever greenlet ended the test, and that may be a user's own:
`environment.runner.quit()` kills it as soon as it waits. The work is done in another one, and the
killing is put off until it is done. `sys.exit()` and Ctrl-C change nothing meanwhile: the program
is ending already, and other users may call the former, too.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent import monkey


def to_the_end(work: Callable[[], None]) -> None:
    """Do the work, and raise what it raises."""
    doing, killed = gevent.spawn(work), False
    while not doing.ready():
        try:
            doing.join()
        except gevent.GreenletExit:
            killed = True
        except (SystemExit, KeyboardInterrupt):
            continue
    if killed:  # when it waits again, as if it had not waited here
        gevent.getcurrent().kill(block=False)
    doing.get()


def in_a_thread(work: Callable[[], None]) -> None:
    """Do it in the native thread that writes, and let no greenlet run meanwhile.

    At `init` no worker may be heard yet: the user's own listeners are still to come.
    """
    running = monkey.get_original("_thread", "allocate_lock")()
    running.acquire()

    def working() -> None:
        try:
            work()
        finally:
            running.release()

    gevent.get_hub().threadpool.spawn(working)
    running.acquire()
