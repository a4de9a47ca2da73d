"""Keeps what receivers of alerts have been told: `sent/<receiver>.json`, one file a receiver.

What is due is written before it is posted, and that it arrived after: whoever dies in between
posts it again, nobody forgets it. One process at a time speaks to a receiver; the others wait.
The store knows of an alert only its labels and texts. A corrupt or newer file is a StoreError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from slogate.errors import StoreError
from slogate.model.notice import Notice
from slogate.store.layout import Store, read_json, write_json
from slogate.store.locks import alone

SCHEMA = "slogate.sent/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An alert that a receiver knows of, or is to know of (`told`).

    `subject` is what it is about, `seen_ts` the last moment at which it was found to fire.
    """

    notice: Notice
    service: str
    subject: str
    seen_ts: int
    told: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a receiver knows of by key, and the ends that it is still to be told of.

    `moments`: as of when the alerts of each service were told the last time.
    """

    firing: dict[str, Firing] = field(default_factory=dict)
    ended: tuple[Notice, ...] = ()
    moments: dict[str, int] = field(default_factory=dict)


@contextmanager
def speaking(store: Store, receiver: str) -> Iterator[None]:
    """Be the only one who speaks to the receiver; waits for whoever does."""
    with alone(store, ("sent", receiver)):
        yield


def read_sent(store: Store, receiver: str) -> Sent:
    """What the receiver has been told; nothing yet if there is no file."""
    path = _path(store, receiver)
    if not path.exists():
        return Sent()
    try:
        document = read_json(path)
    except StoreError as error:
        raise StoreError(error.message, hint=error.hint or _hint(path)) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        if isinstance(schema, str) and schema.startswith("slogate.sent/"):
            hint = "upgrade slogate to read this store"
            raise StoreError(f"{path} was written by a newer slogate ({schema})", hint=hint)
        raise StoreError(f"{path} is corrupt: it is no record of what was sent", hint=_hint(path))
    try:
        return Sent(
            firing={key: _firing(value) for key, value in dict(document["firing"]).items()},
            ended=tuple(_notice(each) for each in list(document["ended"])),
            moments={_text(key): _whole(at) for key, at in dict(document["moments"]).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"{path} is corrupt: {error!r:.80}", hint=_hint(path)) from None


def write_sent(store: Store, receiver: str, sent: Sent) -> None:
    """Write what the receiver has been told, whole or not at all."""
    document = {
        "schema": SCHEMA,
        "firing": {
            key: {**asdict(each), "notice": _as_data(each.notice)}
            for key, each in sent.firing.items()
        },
        "ended": [_as_data(each) for each in sent.ended],
        "moments": sent.moments,
    }
    write_json(_path(store, receiver), document)


def _path(store: Store, receiver: str) -> Any:
    """An address may be a secret, and is no file name."""
    name = hashlib.sha256(receiver.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return store.root / "sent" / f"{name}.json"


def _hint(path: Any) -> str:
    return f"remove {path.name} to begin anew: what fires is told again, old ends are not"


def _as_data(notice: Notice) -> dict[str, Any]:
    return {
        "labels": dict(notice.labels),
        "annotations": dict(notice.annotations),
        "starts_ts": notice.starts_ts,
        "ends_ts": notice.ends_ts,
    }


def _firing(value: dict[str, Any]) -> Firing:
    return Firing(
        notice=_notice(value["notice"]),
        service=_text(value["service"]),
        subject=_text(value["subject"]),
        seen_ts=_whole(value["seen_ts"]),
        told=value["told"] is True,
    )


def _notice(value: dict[str, Any]) -> Notice:
    ends = value["ends_ts"]
    return Notice(
        labels={_text(key): _text(each) for key, each in dict(value["labels"]).items()},
        annotations={_text(key): _text(each) for key, each in dict(value["annotations"]).items()},
        starts_ts=_whole(value["starts_ts"]),
        ends_ts=None if ends is None else _whole(ends),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"{value!r:.40} is no moment")
    return value
