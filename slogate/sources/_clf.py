"""What logs in the Common Log Format share: reading a first line, and making templates of it.

    host ident user [time zone] "request" status bytes "referer" "agent" extras

nginx and Apache write these alike, and append what their owners like; Traefik too. This says
what stands where in the first lines, in plain Python; which server it was, each format says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slogate.sources._mapping import duration_unit
from slogate.sources._records import lines_of
from slogate.sources._template import LISTED

QUOTED = r'"(?:[^"\\]|\\.)*"'
COMMON = '{} {} {} [{clf} {zone}] "{request}" {status} {bytes}'
COMBINED = f'{COMMON} "{{}}" "{{}}"'
_LINE = re.compile(
    # a virtual host, and the addresses of proxies, which may stand in quotes
    r"(?P<before>[^\s\"]*[^\s\",] )??"
    r"(?:(?P<quoted>\"[^\"]*\" )(?:\S+ )?|(?:[^\s\"]+, )*[^\s\"]+ )\S+ \S+ "
    r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "
    rf"(?P<request>{QUOTED}) (?P<status>\d{{3}}|-) (?:\d+|-)"
    # without a space where a log_format of several strings has none
    rf"(?P<names> {QUOTED} {QUOTED})?(?P<extras>(?: .*|[a-z_]+=.*)?)",
    re.ASCII,
)
_EXTRA = re.compile(rf"{QUOTED}|\S+=\"[^\"]*\"|[^\s,\"]+(?:(?:,| :) [^\s,\"]+)+|\S+")
_LEAST = 0.5
_PERHAPS = re.compile(r"\W*\d+[/.,]\d+\W*", re.ASCII)
_NAMED = re.compile(r"([\w.-]+=)\"[^\"]*\"", re.ASCII)
# what was not told may stand without quotes, so that the names are among what follows
_TRAEFIK = re.compile(
    r'(?:(?:"[^"]*"|-) (?:"[^"]*"|-) )?(?:\d+|-) (?:"[^"]*"|-) (?:"[^"]*"|-) -?\d+ms'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: whether a virtual host or quotes stand before it, if it is combined, what follows.

    It is `glued` where that follows without a space.
    """

    vhost: bool
    quoted: bool
    combined: bool
    extras: tuple[str, ...]
    glued: bool
    text: str

    @property
    def form(self) -> tuple[bool, bool, bool, int]:
        """What lines that can be read alike share."""
        return self.vhost, self.quoted, self.combined, len(self.extras)

    @property
    def of_traefik(self) -> bool:
        """Whether what follows is what Traefik appends, and nobody else."""
        return _TRAEFIK.fullmatch(" ".join(self.extras)) is not None

    @property
    def template(self) -> str:
        """The template of the line without its extras."""
        before = ("{vhost} " if self.vhost else "") + ('"{}" ' if self.quoted else "")
        return before + (COMBINED if self.combined else COMMON)


def clf_lines(head: bytes) -> list[Line]:
    """The first lines, if at least half of them are of the Common Log Format; else none."""
    lines = lines_of(head, 100)
    found = [line for line in map(_parsed, lines) if line]
    return found if found and len(found) >= _LEAST * len(lines) else []


def _parsed(text: str) -> Line | None:
    match = _LINE.fullmatch(text)
    if not match:
        return None
    return Line(
        vhost=match["before"] is not None,
        quoted=match["quoted"] is not None,
        combined=match["names"] is not None,
        extras=tuple(_EXTRA.findall(match["extras"])),
        glued=not match["extras"].startswith(" ") and match["extras"] != "",
        text=text,
    )


def is_list(extra: str) -> bool:
    """Whether several values stand for one, as of several upstreams."""
    return " " in extra and '"' not in extra


def passed(extra: str, word: str = "") -> str:
    """What stands for an extra in a template, `word` where its value is of use."""
    if extra.startswith('"'):
        return f'"{{{word}}}"'
    if is_list(extra):
        return LISTED
    named = _NAMED.fullmatch(extra)
    return f'{named[1]}"{{{word}}}"' if named else f"{{{word}}}"


def unread(line: Line) -> Iterator[str]:
    """A sentence where something behind a line may be a response time that nobody reads."""
    if found := [extra for extra in line.extras if _may_be_time(extra.strip('"'))]:
        yield (
            f"{found[0]} behind a line is not read; if it is a response time, "
            "say --option log_format=…"
        )


def _may_be_time(extra: str) -> bool:
    """Whether it looks like one, or has the name of one."""
    name, _, value = extra.replace(":", "=").rpartition("=")
    numbers = any(letter.isdecimal() for letter in value)
    return bool(_PERHAPS.fullmatch(extra)) or (numbers and duration_unit(name) is not None)


def commonest(lines: Sequence[Line]) -> Line:
    """The line whose form the most of them share, the first one of these."""
    forms = [line.form for line in lines]
    return lines[forms.index(max(forms, key=lambda form: (forms.count(form), form)))]


def common_score(line: Line, *, common: float, combined: float, other: float) -> float:
    """How sure a format is of a line by its form alone."""
    if line.extras:
        return other
    return combined if line.combined else common
