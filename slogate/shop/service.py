"""The running shop: sockets, the wait before an answer, and the graceful stop.

One coroutine a connection. On SIGTERM or SIGINT the shop stops accepting, finishes the requests
in flight (for at most ten seconds) and ends with 0; a port that cannot be had ends it with 2.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import sys
from random import Random
from time import monotonic

from slogate.shop.connection import Shop, talk
from slogate.shop.options import Options
from slogate.shop.request import LARGEST_HEAD

GRACE_S = 10.0
SETTLE_S = 0.05
BACKLOG = 1_024


def serve(options: Options) -> int:
    """Run the shop until it is told to stop; give the exit code."""
    return asyncio.run(_serve(options))


async def _serve(options: Options) -> int:
    shop = Shop(options=options, rng=Random(options.seed), born=monotonic())
    shop.quiet.set()
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    try:
        server = await asyncio.start_server(
            lambda reader, writer: talk(shop, reader, writer),
            options.host,
            options.port,
            limit=LARGEST_HEAD,
            backlog=BACKLOG,
        )
    except OSError as fault:
        _say(_cannot_listen(options, fault))
        return 2
    sys.stdout.write(f"shop listening on {_address(server)}\n")
    sys.stdout.flush()
    await told.wait()
    server.close()
    await _finish(shop)
    return 0


async def _finish(shop: Shop) -> None:
    """Wait until nothing is in flight, ten seconds at most; the rest is cut."""
    shop.stopping = True
    await asyncio.sleep(SETTLE_S)
    try:
        await asyncio.wait_for(shop.quiet.wait(), GRACE_S)
    except TimeoutError:
        _say(f"{shop.in_flight} requests were cut off after {GRACE_S:g} s")
    for writer in tuple(shop.open):
        writer.close()
    await asyncio.sleep(0)


def _cannot_listen(options: Options, fault: OSError) -> str:
    where = f"{options.host}:{options.port}"
    if fault.errno == errno.EADDRINUSE:
        mend = "stop the other service, or choose another port with --port (0 takes any free one)"
        return f"cannot listen on {where}: the port is in use; {mend}"
    return f"cannot listen on {where}: {fault.strerror}; see --host and --port"


def _address(server: asyncio.Server) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say(sentence: str) -> None:
    sys.stderr.write(f"shop: {sentence}\n")
