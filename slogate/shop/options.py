"""The command line of the shop: arguments to Options, or usage and exit 2."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from slogate.shop.degrade import degrade
from slogate.shop.endpoints import ENDPOINTS, Endpoint
from slogate.shop.switches import (
    FailWindow,
    Freeze,
    parse_duration_us,
    parse_errors,
    parse_fail_window,
    parse_freeze,
    parse_slow,
)

T = TypeVar("T")

EXAMPLES = """examples:
  python -m slogate.shop                                  serve on http://127.0.0.1:8080
  python -m slogate.shop --port 0 --seed 7                any free port, repeatable latencies
  python -m slogate.shop --slow 'POST /checkout=3x'       checkout takes three times as long
  python -m slogate.shop --slow '*=+200ms'                every endpoint 200 ms slower
  python -m slogate.shop --errors 'POST /login=5%'        one login in twenty fails
  python -m slogate.shop --freeze 1s/20s                  stalls for 1 s every 20 s
  python -m slogate.shop --fail-window 10s+5s             fails totally from 10 s to 15 s

The clocks of --freeze and --fail-window start with the first shop request (GET /ready is none).
GET /ready answers 200 when the shop is ready, 503 while it starts, stops or fails.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the shop is to run."""

    host: str
    port: int
    seed: int | None
    endpoints: tuple[Endpoint, ...]
    freeze: Freeze | None
    fail_window: FailWindow | None
    delay_ready_us: int
    access_log: bool


def read_options(arguments: list[str]) -> Options:
    """Read the arguments; on a mistake print what is wrong and exit with 2."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        endpoints = degrade(ENDPOINTS, given.slow, given.errors)
    except ValueError as fault:
        parser.error(str(fault))
    return Options(
        host=given.host,
        port=given.port,
        seed=given.seed,
        endpoints=endpoints,
        freeze=given.freeze,
        fail_window=given.fail_window,
        delay_ready_us=given.delay_ready,
        access_log=given.access_log,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m slogate.shop",
        description="A sample shop to load-test: browse, search, cart, checkout, login.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=_explained(_port), default=8080, metavar="N", help="0 takes any free port")
    add("--seed", type=int, metavar="N", help="seed of latencies and failures (default: random)")
    add(
        "--slow",
        type=_explained(parse_slow),
        action="append",
        default=[],
        metavar="ENDPOINT=SLOWNESS",
        help="slow an endpoint down, by 3x or +200ms; repeatable",
    )
    add(
        "--errors",
        type=_explained(parse_errors),
        action="append",
        default=[],
        metavar="ENDPOINT=SHARE",
        help="make a share of an endpoint's answers, like 5%%, HTTP 500; repeatable",
    )
    add(
        "--freeze",
        type=_explained(parse_freeze),
        metavar="LENGTH/PERIOD",
        help="stall everything, again and again",
    )
    add(
        "--fail-window",
        type=_explained(parse_fail_window),
        metavar="START+LENGTH",
        help="answer everything with HTTP 503 for a while",
    )
    add(
        "--delay-ready",
        type=_explained(parse_duration_us),
        default=0,
        metavar="DURATION",
        help="GET /ready answers 503 until then",
    )
    add("--access-log", action="store_true", help="log every request on stderr")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= 65_535):
        raise ValueError(f"'{text}' is not a port; write 0 to 65535")
    return int(text)


def _explained(parse: Callable[[str], T]) -> Callable[[str], T]:
    """Let argparse print the sentence of a ValueError instead of its own "invalid value"."""

    def explained(text: str) -> T:
        try:
            return parse(text)
        except ValueError as fault:
            raise argparse.ArgumentTypeError(str(fault)) from None

    return explained
