"""What a notifier is: how an address and some notices become what is posted there. Pure.

Texts from outside (values of labels come with the traffic) are made inert first: nothing in them is
markup, a mention, a link or a template to whatever shows them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from slogate.model.notice import Notice

LONGEST = 200
_ACTIVE = frozenset("%<>&\"'`@{}[]\\$|*~")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Render(Protocol):
    """The bodies to post, one after the other, for these notices; `now_ts` is the clock's."""

    def __call__(self, notices: Sequence[Notice], *, now_ts: int, lapse_us: int) -> list[bytes]: ...


class Address(Protocol):
    """Where to post, given the address of the command line."""

    def __call__(self, url: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """A kind of receiver. `repeats`: what fires is told each time, or it would lapse there."""

    name: str
    help: str
    address: Address
    render: Render
    repeats: bool = False


def inert(text: str, longest: int = LONGEST) -> str:
    """The text with what could be active percent-encoded, so that no two become alike; cut."""
    shown = "".join(_quoted(char) if _is_active(char) else char for char in text)
    shown = re.sub(r":(?=//)", "%3A", shown)
    if len(shown) <= longest:
        return shown
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{shown[: longest - 14]}…-{digest}"


def _is_active(char: str) -> bool:
    return char in _ACTIVE or unicodedata.category(char) in _UNSEEN


def _quoted(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def label_name(text: str, taken: Mapping[str, str]) -> str:
    """A name that every version of Alertmanager takes, unlike those that are taken."""
    name = re.sub("[^A-Za-z0-9_]", "_", text)
    if not re.match("[A-Za-z]", name):
        name = f"by_{name}"
    while name in taken:
        name = f"by_{name}"
    return name


def time_text(ts: int) -> str:
    """A moment in ISO 8601, UTC."""
    moment = _EPOCH + timedelta(microseconds=ts)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
