"""Checks of single values in OpenSLO documents, and of tables and lists of them.

A check is given a node and its place and notes what is wrong; nothing is returned. A value
that is null counts as not written, as in the reference implementation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from slogate.slo.document import Listing, Node, Scalar, Table
from slogate.slo.fields import described, near, printable
from slogate.slo.openslo.durations import parse_shorthand
from slogate.slo.openslo.profile import Place

Check = Callable[[Node, Place], None]
LONGEST_DESCRIPTION = 1_050
LONGEST_NAME = 63
LONGEST_NUMBER, LONGEST_EXPONENT = 100, 4
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_PLACEHOLDER = re.compile(r"string|boolean|number|enum|duration-shorthand|\w+( \| \w+)+", re.ASCII)
_WHOLE = re.compile("[1-9][0-9]{0,8}")
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")
_START_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A field of a table: how its value is checked, and whether it must be there."""

    check: Check
    required: bool = False


def value_of(node: Node | None, *keys: str) -> Node | None:
    """What is at a path of keys; None if it is not there, or null."""
    for key in keys:
        node = node.get(key) if isinstance(node, Table) else None
    return None if node is None or is_null(node) else node


def text_of(node: Node | None, *keys: str) -> str | None:
    """The text at a path of keys; None if there is none."""
    found = value_of(node, *keys)
    return found.text if isinstance(found, Scalar) else None


def is_null(node: Node) -> bool:
    """Whether nothing is written there."""
    return isinstance(node, Scalar) and node.kind == "null"


def table(
    fields: Mapping[str, Spot],
    *also: Callable[[Table, Place], None],
    renamed: Mapping[str, str] | None = None,
) -> Check:
    """A table of these fields; `also` look at it as a whole, `renamed` are old names."""
    old = renamed or {}

    def check(node: Node, place: Place) -> None:
        if not isinstance(node, Table):
            place.say("type", node, f"keys and values are expected, not {described(node)}")
            return
        for key, value in node.pairs:
            here, name = place.key(key.text), old.get(key.text, key.text)
            if name != key.text:
                here.say("renamed-field", key, f"'{key.text}' is called '{name}' here")
            if name not in fields:
                word = printable(key.text, 60)
                here.say("unknown-field", key, f"unknown field '{word}'", near(word, [*fields]))
            elif not is_null(value):
                fields[name].check(value, here)
        written = {old.get(key.text, key.text) for key, value in node.pairs if not is_null(value)}
        for name, spot in fields.items():
            if spot.required and name not in written:
                place.key(name).say("required", node.key(name) or node, f"'{name}' is missing")
        for look in also:
            look(node, place)

    return check


def each(check: Check, *, least: int = 0, most: int | None = None, what: str = "item") -> Check:
    """A list with so many items."""

    def run(node: Node, place: Place) -> None:
        if not isinstance(node, Listing):
            place.say("type", node, f"a list is expected, not {described(node)}", "begin by `- `")
            return
        count = len(node.items)
        if count < least or (most is not None and count > most):
            wanted = f"exactly {least}" if least == most else f"at least {least}"
            place.say("count", node, f"{wanted} {what} is expected, not {count}")
        for index, item in enumerate(node.items):
            check(item, place.item(index))

    return run


def text(rule: str = "type", *, longest: int | None = None) -> Check:
    """A text; longer ones break the rule."""

    def check(node: Node, place: Place) -> None:
        if not isinstance(node, Scalar) or node.kind != "string":
            hint = f'quote it: "{node.text}"' if isinstance(node, Scalar) else None
            place.say("type", node, f"a text is expected, not {described(node)}", hint)
        elif node.text == "":
            place.say("required", node, "the text is empty")
        elif longest is not None and len(node.text) > longest:
            place.say(rule, node, f"{len(node.text)} characters, at most {longest} are allowed")

    return check


def filled(check: Check) -> Check:
    """A value that is not a word of the specification's template."""

    def run(node: Node, place: Place) -> None:
        if isinstance(node, Scalar) and node.kind == "string" and _PLACEHOLDER.fullmatch(node.text):
            said = f"'{node.text}' is a word of the specification's template"
            place.say("placeholder", node, said, "write what is meant")
        else:
            check(node, place)

    return run


def label_text(node: Node, place: Place) -> None:
    """An RFC 1123 label: small letters, digits and dashes."""
    if not isinstance(node, Scalar) or node.kind == "null":
        place.say("type", node, f"a name is expected, not {described(node)}")
        return
    value = node.text
    if node.kind != "string":
        place.say("type", node, f"a name is text, not {described(node)}", f'quote it: "{value}"')
    elif not _LABEL.fullmatch(value) or len(value) > LONGEST_NAME:
        proposed = re.sub(r"[^a-z0-9]+", "-", _dashed(value)).strip("-")[:LONGEST_NAME].strip("-")
        shown = f"'{printable(value, 80)}'"
        why = "longer than 63 characters" if _LABEL.fullmatch(value) else "no RFC 1123 label"
        place.say("name", node, f"{shown} is {why}", f"write {proposed}" if proposed else None)


def _dashed(value: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", value).lower()


def flag(node: Node, place: Place) -> None:
    """True or false."""
    if not isinstance(node, Scalar) or node.kind != "bool":
        place.say("type", node, f"true or false is expected, not {described(node)}")


def decimal_of(node: Node | None) -> Decimal | None:
    """A number as it is written, exactly; None for anything else."""
    if not isinstance(node, Scalar) or node.kind != "number" or len(node.text) > LONGEST_NUMBER:
        return None
    _, _, exponent = node.text.lower().partition("e")
    return Decimal(node.text) if len(exponent) <= LONGEST_EXPONENT else None


def number(
    *,
    over: int | None = None,
    least: int | None = None,
    under: int | None = None,
    most: int | None = None,
) -> Check:
    """A number within bounds, compared as the decimal that is written."""

    def check(node: Node, place: Place) -> None:
        value = decimal_of(node)
        if value is None:
            place.say("type", node, f"a number is expected, not {described(node)}")
            return
        for wrong, message in (
            (over is not None and value <= over, f"is not over {over}"),
            (least is not None and value < least, f"is under {least}"),
            (under is not None and value >= under, f"is not under {under}"),
            (most is not None and value > most, f"is over {most}"),
        ):
            if wrong:
                meant = under == 1 and 1 < value < 100
                hint = f"write {value / 100:f}, or it as targetPercent" if meant else None
                place.say("range", node, f"{printable(place_text(node), 60)} {message}", hint)

    return check


def place_text(node: Node) -> str:
    """What is written at a scalar."""
    return node.text if isinstance(node, Scalar) else ""


def choice(*words: str) -> Check:
    """One of these words, in exactly this spelling."""

    def check(node: Node, place: Place) -> None:
        if isinstance(node, Scalar) and node.kind == "string" and node.text in words:
            return
        said = f"one of {', '.join(words)} is expected, not {described(node)}"
        nearest = {word.lower(): word for word in words}.get(place_text(node).lower())
        place.say("choice", node, said, f"write {nearest}" if nearest else None)

    return check


def duration(units: str = "mhdwMQY", *, bare: bool = False) -> Check:
    """The duration shorthand; `bare` numbers count as minutes, with a warning."""

    def check(node: Node, place: Place) -> None:
        if bare and isinstance(node, Scalar) and _WHOLE.fullmatch(node.text):
            said = f"{node.text} has no unit and counts as minutes"
            place.say("slice-number", node, said, f"write {node.text}m")
            return
        if not isinstance(node, Scalar):
            place.say("type", node, f"a duration is expected, not {described(node)}")
            return
        try:
            parse_shorthand(node.text, units=units)
        except ValueError as error:
            said, _, hint = str(error).partition("; ")
            place.say("duration", node, said, hint or "for example 5m, 28d, 4w")

    return check


def start_time(node: Node, place: Place) -> None:
    """A date with time, without zone."""
    value = place_text(node)
    if not _START_TIME.fullmatch(value) or not _in_calendar(value):
        said = f"'{printable(value, 60)}' is no time written as YYYY-MM-DD HH:MM:SS"
        place.say("start-time", node, said, "for example 2026-01-01 00:00:00")


def _in_calendar(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_zone(value: str) -> bool:
    try:
        ZoneInfo(value)
    except (ValueError, KeyError, OSError):
        return False
    return True


def time_zone(node: Node, place: Place) -> None:
    """A name that the IANA database knows."""
    value = place_text(node)
    if not _TIME_ZONE.fullmatch(value) or not _is_zone(value):
        said = f"there is no time zone '{printable(value, 60)}'"
        place.say("time-zone", node, said, "for example UTC, Europe/Berlin, America/New_York")


def anything(node: Node, place: Place) -> None:
    """Whatever YAML can say."""
    del node, place


def some_table(node: Node, place: Place) -> None:
    """A table with at least one key, whatever they are."""
    if not isinstance(node, Table):
        place.say("type", node, f"keys and values are expected, not {described(node)}")
    elif not node.pairs:
        place.say("required", node, "at least one key is expected")
