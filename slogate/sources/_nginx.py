"""What stands behind a combined line of nginx, and which of it is the response time.

    lines ──typical──► a line ──timed──► the end of its template, {duration} where that is told

`rt=0.034`, or else seconds with three decimals; of several that are, the larger, since an
upstream's time is part of $request_time. What tells its unit (`34 ms`) is of others than nginx.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from slogate.sources._clf import Line, commonest, is_list, passed, unread
from slogate.sources._clocks import TOLD, UNITS_NS, tells_unit

# $msec, which may stand there too, has more
_SECONDS = re.compile(r"\d{1,5}\.\d{3}", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_TOLD = {**{unit: unit for unit in UNITS_NS}, "µs": "us"}
_NAMED = re.compile(r"(rt|request_time|reqtime|req_time)=(\"?)(\d+\.\d{3})\2", re.ASCII)
_INGRESS = " {} {duration} [{upstream}] "


def typical(lines: Sequence[Line]) -> tuple[Line, list[str]]:
    """A line of the form that most have, timed if most are, and what else may be its time.

    $request_time is never several values nor none, and never less than an upstream's, which is
    part of it; but clocks that are read at other moments make a millisecond.
    """
    line = commonest(lines)
    timed = [each for each in lines if timed_end(each) is not None]
    alike = [each for each in timed if each.form == line.form]
    if 2 * len(alike) < len(lines):
        return line, []
    columns = list(zip(*(each.extras for each in alike), strict=True))
    extras = [next(filter(_is_upstreams, each), each[0]) for each in columns]
    sums = {
        at: sum(float(text.strip('"')) for text in columns[at] if _is_seconds(text))
        for at, extra in enumerate(extras)
        if _is_seconds(extra)
    }
    best = next(iter(sums), 0)
    for at, total in sums.items():
        if total > sums[best] + 0.001 * len(alike):
            best = at
    for at in sums:
        if at < best:
            extras[at] = extras[at].replace(extras[at].strip('"'), "-")
    merged = replace(alike[0], extras=tuple(extras))
    if timed_end(merged) is None or timed_end(alike[0]) == _INGRESS:
        return alike[0], []
    return merged, [columns[at][0].strip('"') for at in sums if at != best]


def _is_upstreams(extra: str) -> bool:
    return is_list(extra.strip('"')) or extra.strip('"') == "-"


def timed_end(line: Line) -> str | None:
    """The end of the template, in which the response time stands; None if there is none."""
    if re.match(r"\d+ \d+\.\d{3} \[[^\]]*\] \[", " ".join(line.extras)):
        return _INGRESS
    end, has_name = "", any(_NAMED.fullmatch(extra) for extra in line.extras)
    for extra, after in pairwise((*line.extras, "")):
        if named := _NAMED.fullmatch(extra):
            return f"{end} {named[1]}={named[2]}{{duration}}{named[2]}"
        if not has_name and (word := _took(extra, after)):
            return f"{end} {passed(extra, word)}"
        end += f" {passed(extra)}"
    return None


def _took(extra: str, after: str) -> str | None:
    """The word for what is a response time by its form; others than nginx tell its unit."""
    if _NUMBER.fullmatch(extra) and after in _TOLD:
        return f"duration_{_TOLD[after]}"
    if extra[-1:].isalpha() and tells_unit([extra]):
        return f"duration_{TOLD}"
    return "duration" if _is_seconds(extra) else None


def _is_seconds(extra: str) -> bool:
    return _SECONDS.fullmatch(extra.strip('"')) is not None


def doubt(line: Line, others: Sequence[str], lines: Sequence[Line]) -> Iterator[str]:
    """A sentence where several numbers may be the response time, or not all lines have it."""
    timed = timed_end(line)
    if timed is None:
        yield from unread(line)
        if some := sum(timed_end(each) is not None for each in lines):
            yield (
                f"{some} of its first {len(lines)} lines have a response time, which is not read "
                "since most have none: import the lines from before and after the change apart"
            )
    named = any(_NAMED.fullmatch(extra) for extra in line.extras)
    if timed and "{duration}" in timed and others and not named:
        taken = next(extra.strip('"') for extra in line.extras if _is_seconds(extra))
        yield (
            f"of {' and '.join([taken, *others])} in a line {taken} is taken for $request_time; "
            "if it is another, say --option log_format=…"
        )


def template_of(line: Line) -> str:
    """The template of a whole line."""
    timed = timed_end(line) or ""
    return line.template + (timed[1:] if line.glued else timed)
