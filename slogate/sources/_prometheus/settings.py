"""What an import from Prometheus is told: address, query, span, and who asks.

Passwords and tokens come from the environment, never from the command line: `PREFIX`TOKEN, or
`PREFIX`USER and `PREFIX`PASSWORD, `PREFIX`HEADERS for others (a line each: `Name: value`).
Refuses addresses that hold a password or a query, times without a zone, and spans of nothing.
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from urllib.parse import urlsplit, urlunsplit

from slogate.sources._base import EARLIEST_TS, Remote
from slogate.units import parse_duration

PREFIX = "SLOGATE_PROMETHEUS_"
OPTIONS = {
    "query": 'the selector, or an SLO\'s query: http_request_duration_seconds{job="shop"}',
    "from": "2026-11-01T00:00Z, seconds since 1970, or 28d: so long ago",
    "to": "likewise (default: now, less the delay)",
    "step": "how much time a row sums up; scrape: from one to the next (default: 1m)",
    "unit": "s, ms, us or ns: of the buckets (default: as the metric's name ends)",
    "endpoint": "the label that names the endpoint (default: common names are tried)",
    "method": "the label that holds the method",
    "status": "the label that holds the status",
    "ok": "true: what has no status was a success (default: unknown)",
    "drop": "labels not to keep, separated by commas",
    "type": "classic or native, where a histogram is there as both; counter: it counts requests",
    "gap": "scrapes further apart than this have unknown times between them (default: 1h)",
    "delay": "what is younger may still be arriving and is left (default: 1m)",
    "tenant": "sent as X-Scope-OrgID (Mimir)",
    "warnings": "accept: take answers that the server warns about",
    "timeout": "how long one answer may take (default: 1m)",
    "ca": "file of the certificate authority",
    "cert": "file of our own certificate, where the server asks for one",
    "key": "file of its key (default: it is in the same file)",
    "insecure": "yes: do not check the server's certificate",
}
SERVER_ONLY = ("query", "from", "to", "delay", "tenant", "timeout", "ca", "cert", "key", "insecure")
_UNITS = {
    "s": Fraction(10**6), "ms": Fraction(1000), "us": Fraction(1), "ns": Fraction(1, 1000),
}  # fmt: skip
_SUFFIXES = {
    "seconds": "s", "milliseconds": "ms", "ms": "ms", "microseconds": "us", "us": "us",
    "nanoseconds": "ns", "ns": "ns",
}  # fmt: skip
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How the server is asked. `headers` hold secrets and are never shown."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tls: ssl.SSLContext | None = None
    timeout_s: float = 60.0


def access(remote: Remote) -> Access:
    """The address without credentials, and what goes with each question."""
    url, user = _address(remote)
    return Access(
        url=url,
        headers=_headers(remote, user),
        tls=_tls(remote) if url.startswith("https:") else None,
        timeout_s=length_us(remote, "timeout", "1m") / 1e6,
    )


def _address(remote: Remote) -> tuple[str, str]:
    """The base address, and the user that it names."""
    try:
        parts = urlsplit(remote.url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise remote.fail(f"the address is malformed: {error}") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise remote.fail("an address begins with http:// or https:// and a host")
    if parts.password is not None:
        raise remote.fail(
            "the address holds a password", hint=f"put it into the variable {PREFIX}PASSWORD"
        )
    if parts.query or parts.fragment:
        hint = "give the base address, and the query by itself: --query"
        raise remote.fail("the address holds a query", hint=hint)
    path = re.sub(r"/+(api/v1/?|graph/?)?$", "", parts.path)
    where = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{where}:{port}" if port else where, path, "", "")), (
        parts.username or ""
    )


def _headers(remote: Remote, user: str) -> dict[str, str]:
    told = {
        name: remote.environment.get(f"{PREFIX}{name}", "").strip()
        for name in ("TOKEN", "USER", "PASSWORD", "HEADERS")
    }
    user = user or told["USER"]
    headers = dict(_header(remote, line) for line in told["HEADERS"].splitlines() if line.strip())
    if tenant := remote.options.get("tenant"):
        headers["X-Scope-OrgID"] = tenant
    if told["TOKEN"] and user:
        raise remote.fail(f"both a user and {PREFIX}TOKEN are given", hint="leave one out")
    if told["TOKEN"]:
        headers["Authorization"] = f"Bearer {told['TOKEN']}"
    elif user:
        pair = base64.b64encode(f"{user}:{told['PASSWORD']}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise remote.fail(f"the header {name} holds characters that no header may have")
    return headers


def _header(remote: Remote, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z0-9-]+", name.strip()):
        raise remote.fail(f"{PREFIX}HEADERS has a line that is not `Name: value`")
    return name.strip(), value.strip()


def _tls(remote: Remote) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=remote.options.get("ca"))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate"
        raise remote.fail(f"option ca: {remote.options['ca']}: {reason}") from None
    if own := remote.options.get("cert"):
        try:
            # a key that asks for its password would wait for someone who is not there
            context.load_cert_chain(own, remote.options.get("key"), password=lambda: "")
        except (OSError, ssl.SSLError, ValueError) as error:
            reason = error.strerror if isinstance(error, FileNotFoundError) else None
            told = reason or "there is no certificate with its key, without a password"
            raise remote.fail(f"options cert and key: {own}: {told}") from None
    elif "key" in remote.options:
        raise remote.fail("option key needs the option cert")
    if flag(remote, "insecure", "yes"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def flag(remote: Remote, option: str, word: str) -> bool:
    """Whether the option is given; any other word is refused."""
    value = remote.options.get(option)
    if value not in {None, word}:
        raise remote.fail(f"option {option} is '{value}', it can only be {word}")
    return value == word


def length_us(remote: Remote, option: str, default: str) -> int:
    """A length of time in µs."""
    try:
        return parse_duration(remote.options.get(option, default))
    except ValueError as error:
        raise remote.fail(f"option {option}: {error}") from None


def step_ms(remote: Remote) -> int | None:
    """How much time a row sums up; None: what lies between two scrapes."""
    if remote.options.get("step") == "scrape":
        return None
    step = length_us(remote, "step", "1m") // 1000
    if not step:
        raise remote.fail("option step is shorter than a millisecond")
    return step


def moment_ms(remote: Remote, option: str, now_ms: int) -> int | None:
    """A moment that was given, None if it was not."""
    text = remote.options.get(option, "").strip()
    if not text:
        return None
    if text == "now":
        return now_ms
    try:
        if re.fullmatch(r"\d{10}(\.\d+)?", text, re.ASCII):
            at = int(Fraction(text) * 1000)
        elif re.match(r"\d{4}-\d\d", text, re.ASCII):
            at = _date_ms(text)
        else:
            at = now_ms - parse_duration(text) // 1000
    except ValueError as error:
        hint = "write it so: 2026-11-01T00:00Z, or 28d for so long ago"
        raise remote.fail(f"--{option} '{text}': {error}", hint=hint) from None
    if at * 1000 < EARLIEST_TS:
        raise remote.fail(f"--{option} '{text}' is before 2001")
    return at


def _date_ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("it has no time zone")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def unit_us(option: str | None, name: str) -> Fraction:
    """The µs of one unit of the metric's buckets; ValueError if nobody says."""
    if option is not None and option not in _UNITS:
        raise ValueError(f"option unit is '{option}', it must be {' or '.join(_UNITS)}")
    family = re.sub("_bucket$", "", name)
    unit = option or _SUFFIXES.get(family.rpartition("_")[2])
    if unit is None:
        raise ValueError(f"the unit of the buckets of {family} is not known")
    return _UNITS[unit]
