"""The metadata of OpenSLO objects: name, display name, labels and annotations, by version."""

from __future__ import annotations

import re
from typing import Literal

from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.fields import described, printable
from slogate.slo.openslo.profile import Place
from slogate.slo.openslo.values import (
    LONGEST_NAME,
    Check,
    Spot,
    is_null,
    label_text,
    table,
    text,
)

Version = Literal["v1", "v1alpha", "v2alpha"]
_WORD = r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_PART = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
LABEL_KEY = re.compile(_WORD)
QUALIFIED_KEY = re.compile(rf"({_PART}(\.{_PART})*/)?{_WORD}")
_LABEL_VALUE = re.compile(r"([a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?)?")
_LONGEST_PREFIX = 253
LABELLED = ("labels", "annotations")
RESERVED = "openslo.com/"


def _keyed(rule: str, keys: re.Pattern[str], value: Check, *, of: str) -> Check:
    """A table of free keys of this pattern."""

    def check(node: Node, place: Place) -> None:
        if not isinstance(node, Table):
            place.say("type", node, f"{of} are keys and values, not {described(node)}")
            return
        for key, found in node.pairs:
            here = place.key(key.text)
            prefix, slash, _ = key.text.rpartition("/")
            if not keys.fullmatch(key.text) or (slash and len(prefix) > _LONGEST_PREFIX):
                here.say(rule, key, f"'{printable(key.text, 80)}' cannot be a key of {of}")
            elif rule == "annotation" and key.text.startswith(RESERVED):
                here.say("reserved-prefix", key, f"the prefix {RESERVED} is reserved")
            value(found, here)

    return check


def _texts(node: Node, place: Place) -> None:
    """A text, or a list of texts."""
    for index, item in enumerate(node.items if isinstance(node, Listing) else [node]):
        here = place.item(index) if isinstance(node, Listing) else place
        _text(item, here)


def _text(node: Node, place: Place) -> None:
    """A text, which may be empty."""
    if not isinstance(node, Scalar) or node.kind != "string":
        hint = (
            f'quote it: "{node.text}"' if isinstance(node, Scalar) and not is_null(node) else None
        )
        place.say("type", node, f"a text is expected, not {described(node)}", hint)


def _label_value(node: Node, place: Place) -> None:
    if isinstance(node, Scalar) and node.kind == "string":
        if not _LABEL_VALUE.fullmatch(node.text):
            shown = printable(node.text, 80)
            place.say("label", node, f"'{shown}' cannot be the value of a label")
    else:
        _text(node, place)


_NAME = Spot(check=label_text, required=True)
_DISPLAY = Spot(check=text("length", longest=LONGEST_NAME))
_ANNOTATIONS = Spot(check=_keyed("annotation", QUALIFIED_KEY, _text, of="annotations"))
_METADATA: dict[Version, Check] = {
    "v1": table(
        {
            "name": _NAME,
            "displayName": _DISPLAY,
            "labels": Spot(check=_keyed("label", LABEL_KEY, _texts, of="labels")),
            "annotations": _ANNOTATIONS,
        }
    ),
    "v1alpha": table({"name": _NAME, "displayName": _DISPLAY}),
    "v2alpha": table(
        {
            "name": _NAME,
            "labels": Spot(check=_keyed("label", QUALIFIED_KEY, _label_value, of="labels")),
            "annotations": _ANNOTATIONS,
        }
    ),
}


def metadata(version: Version) -> Spot:
    """The field `metadata` of a version."""
    return Spot(check=_METADATA[version], required=True)
