"""How the times of JMeter's CSV are written.

Times are ms, dates whose form is plain, or dates in the form that JMeter was set to
(`jmeter.save.saveservice.timestamp_format`, a pattern of Java). Refuses names of days and months,
halves of days, and dates whose form could be another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from slogate.sources._base import Origin

DATES = "how JMeter was set to write timeStamp, where it is no ms: dd.MM.yyyy HH:mm:ss"
MS = rb"\d{13}"
_MOMENT = rb"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
_PLAIN = re.compile(r"\d{4}([-/])\d\d\1\d\d([ T])\d\d:\d\d:\d\d(?:([.,])\d{3})?", re.ASCII)
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:]{8}(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)", re.ASCII)
_UNITS = {10: "seconds", 16: "microseconds", 19: "nanoseconds"}
_KINDS = (
    (r"\d\d?:\d\d.*", "has no date", "let JMeter save it: {}=ms"),
    (r"\d[.,]\d+E\+\d\d", "was rounded by a spreadsheet", "import the file as JMeter wrote it"),
    (r"[\d./-]+ \d\d?:\d\d", "has no seconds", "import the file as JMeter wrote it, or set {}=ms"),
    (r"\d{13}\.0+", "has a decimal point", "write its numbers as JMeter does, as whole ms"),
)
_SETTING = "jmeter.save.saveservice.timestamp_format"
_PARTS = {
    "yyyy": ("%Y", r"\d{4}"), "yy": ("%y", r"\d\d"), "MM": ("%m", r"\d\d"), "dd": ("%d", r"\d\d"),
    "HH": ("%H", r"\d\d"), "mm": ("%M", r"\d\d"), "ss": ("%S", r"\d\d"), "SSS": ("%g", r"\d{3}"),
}  # fmt: skip
_JAVA = re.compile(r"'([^']*)'|([a-zA-Z])\2*|[^a-zA-Z']")


class Dates(NamedTuple):
    """How times are written: a format of strptime or iso, and what each is as an expression."""

    form: str
    expression: bytes


def dates_of(origin: Origin, times: Sequence[str], *, line: int) -> Dates | None:
    """How the times are written, None for milliseconds; SourceError if no row has either."""
    if "dates" in origin.options:
        return _as_set(origin, origin.options["dates"])
    if not times or any(re.fullmatch(r"\d{13}", time, re.ASCII) for time in times):
        return None
    if any(map(_ZONED.fullmatch, times)):
        return Dates("iso", _MOMENT)
    for date in filter(None, map(_PLAIN.fullmatch, times)):
        dash, gap, point = date.groups()
        form = f"%Y{dash}%m{dash}%d{gap}%H:%M:%S" + (f"{point}%g" if point else "")
        return Dates(form, _MOMENT)
    what = "is of no known format"
    hint = "say how JMeter was set to write it: --option dates='dd.MM.yyyy HH:mm:ss'"
    if times[0] == "0":
        what, hint = "is none: JMeter never began the sample", "its own log says why: jmeter.log"
    elif re.fullmatch(r"\d+(\.\d+)?", times[0], re.ASCII):
        unit = _UNITS.get(len(times[0]), "another unit")
        what = f"is in {unit}, JMeter writes milliseconds"
        hint = "JMeter's default (ms), yyyy/MM/dd HH:mm:ss.SSS and dates of ISO 8601 are read"
    for form, fault, mend in _KINDS:
        if re.fullmatch(form, times[0], re.ASCII):
            what, hint = fault, mend.format(_SETTING)
    raise origin.fail(f"timeStamp '{times[0][:40]}' {what}", line=line, hint=hint)


def _as_set(origin: Origin, pattern: str) -> Dates:
    form = expression = ""
    missing = ["yy", "MM", "dd", "HH", "mm", "ss"]
    for found in _JAVA.finditer(pattern):
        part, text = found[0], found[0] if found[1] is None else found[1] or "'"
        if found[2]:
            if part not in _PARTS:
                known = ", ".join(_PARTS)
                raise origin.fail(f"option dates has '{part}', of a pattern {known} are read")
            missing = [name for name in missing if name not in part]
            form, expression = form + _PARTS[part][0], expression + _PARTS[part][1]
        else:
            form, expression = form + text.replace("%", "%%"), expression + re.escape(text)
    if missing:
        raise origin.fail(f"option dates is '{pattern}', which has no {missing[0]}")
    return Dates(form, expression.encode())


def is_date(text: str, form: str) -> bool:
    """Whether the text is a time of that form between 2001 and 2100."""
    try:
        if form == "iso":
            found = datetime.fromisoformat(text)
            return found.tzinfo is not None and 2001 < found.year < 2100
        return 2001 < datetime.strptime(text, form.replace("%g", "%f")).year < 2100
    except ValueError:
        return False
