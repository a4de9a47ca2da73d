"""Whether anything answers where the load is to go: asked before the first request is sent.

A connection is opened and closed again, nothing is sent. Refuses a host without a scheme and a
host where nothing answers; hosts whose port cannot be told from their URL are left alone.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from slogate.errors import ServiceError, UsageError
from slogate.units import US_PER_SECOND, format_duration

PATIENCE_S = 5.0
_POLL_S = 0.1
_HERE = ("localhost", "::1", "0.0.0.0")  # noqa: S104 - nothing is bound
_PORTS = {"http": 80, "https": 443}


def refuse_unusable(host: str) -> None:
    """UsageError for a host that is no URL."""
    if "://" not in host:
        raise UsageError(f"the host {host!r} has no scheme", hint=f"write http://{host}")
    try:
        has_name, _ = bool(urlsplit(host).hostname), urlsplit(host).port
    except ValueError as error:
        raise UsageError(f"the host {host!r} is no URL: {error}") from None
    if not has_name:
        raise UsageError(f"the host {host!r} names no machine", hint="for example http://127.0.0.1")


def refuse_silent(host: str) -> None:
    """ServiceError if nothing answers at the host."""
    trouble = connection_trouble(host)
    if trouble is not None:
        raise ServiceError(
            f"nothing answers at {host}: {trouble}",
            hint="start the service, or mend --host; with `-- --host URL` this is not asked",
        )


def is_known(host: str) -> bool:
    """Whether the URL says where to connect to."""
    return _address(host) is not None


def is_this_machine(url: str) -> bool:
    """Whether the URL names the machine that we are on."""
    name = urlsplit(url).hostname or ""
    return name in _HERE or name.startswith("127.")


def are_same(one: str, other: str) -> bool:
    """Whether both URLs are known to be one place; another path may be another service."""
    first, second = (_place(url) for url in (one, other))
    return first is not None and first == second


def _place(host: str) -> tuple[str, int, str] | None:
    address = _address(host)
    if address is None:
        return None
    name, port = address
    return "127.0.0.1" if name in _HERE else name, port, urlsplit(host).path.rstrip("/")


def _address(host: str) -> tuple[str, int] | None:
    url = urlsplit(host)
    port = url.port or _PORTS.get(url.scheme.lower())
    return (url.hostname, port) if url.hostname is not None and port is not None else None


def connection_trouble(host: str) -> str | None:
    """Why no connection can be opened; None if one can, or if the port is not known."""
    address = _address(host)
    if address is None:
        return None
    try:
        with socket.create_connection(address, timeout=PATIENCE_S):
            return None
    except TimeoutError:
        return f"no connection within {PATIENCE_S:g} s"
    except (OSError, UnicodeError) as error:
        return str(getattr(error, "strerror", None) or error)


def await_connection(host: str, timeout_us: int, died: Callable[[], str | None]) -> None:
    """Wait until the host accepts connections; ServiceError if it dies or takes too long."""
    until = time.monotonic() + timeout_us / US_PER_SECOND
    while (trouble := connection_trouble(host)) is not None:
        if death := died():
            raise ServiceError(death)
        if time.monotonic() > until:
            raise ServiceError(
                f"nothing answered at {host} within {format_duration(timeout_us)}: {trouble}",
                hint="`ready_timeout` sets how long to wait",
            )
        time.sleep(_POLL_S)


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of all addresses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
