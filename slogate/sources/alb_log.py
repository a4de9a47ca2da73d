"""Access logs of AWS load balancers, Application and Classic, as they are delivered.

`time` is when the response was made, `request_creation_time` when the request came: that is the
start; older logs without it give the end less the response time. The response time is the sum
of the three processing times; where one of them is −1 the request reached no target, or its
connection broke, and there is none. The status is what the client got. Classic ones tell less:
their time is the end, and those of TCP are left out. Refuses the logs of network load balancers.
"""

from __future__ import annotations

import re

from slogate.sources._base import Origin, Scan, Source
from slogate.sources._clocks import clock_sql, duration_sql
from slogate.sources._records import PATHS, Record, line_scan, lines_of
from slogate.sources._template import template_words

_TEMPLATE = (
    "{} {time} {} {} {} {asked} {target} {answered} {status} {} {} {bytes} "
    '"{request}" "{}" {} {} {pool} "{trace}"'
)
_NO_REQUEST = "connections without a request"
_SINCE = ' "{host}" "{}" {} {start}'
_FAULT = ' "{}" "{}" "{fault}"'
_LINE = re.compile(
    r"(?:https?|h2|grpcs?|wss?) (\d{4}-\d\d-\d\dT[\d:.]+Z) \S+ \S+ \S+ -?[\d.]+ -?[\d.]+ -?[\d.]+ "
    r'(?:\d{3}|-) (?:\d{3}|-) \d+ \d+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \S+ \S+ \S+ "[^"]*"'
    r'(?P<since> "[^"]*" "[^"]*" \S+ [\d:.TZ-]+(?P<fault> "[^"]*" "[^"]*" "[^"]*")?)?',
    re.ASCII,
)
_CLASSIC = (
    '{time} {} {} {} {asked} {target} {answered} {status} {} {} {bytes} "{request}" "{}" {} {}'
)
_CLASSIC_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z \S+ \S+ \S+ -?[\d.]+ -?[\d.]+ -?[\d.]+ "
    r'(?:\d{3}|-) (?:\d{3}|-) \d+ \d+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \S+ \S+',
    re.ASCII,
)
_TIMES = ("asked", "target", "answered")


def sniff(head: bytes) -> float:
    """Sure of lines that begin as those of a load balancer do."""
    return 0.95 if _template(head) else 0.0


def _template(head: bytes) -> str | None:
    """The template by the columns of the first line of that form."""
    lines = lines_of(head, 50)
    found = [match for match in map(_LINE.match, lines) if match]
    classic = sum(_CLASSIC_LINE.match(line) is not None for line in lines)
    if classic and 2 * classic >= len(lines):
        return _CLASSIC
    if 2 * len(found) < len(lines) or not found:
        return None
    parts = (("since", _SINCE), ("fault", _FAULT))
    return _TEMPLATE + "".join(
        text for name, text in parts if 2 * sum(bool(match[name]) for match in found) >= len(found)
    )


def open_alb(origin: Origin) -> Scan:
    """The scan of a load balancer's log; SourceError says why it cannot be one."""
    template = _template(origin.head)
    if template is None:
        raise origin.fail("it is no access log of an Application or Classic balancer", line=1)
    found = frozenset(re.findall(r"\{(\w+)\}", template))
    none = " OR ".join(f"starts_with({name}, '-')" for name in _TIMES)
    took = " + ".join(duration_sql(name, "s") for name in _TIMES)
    return line_scan(
        origin,
        template_words(template, found),
        Record(
            time=clock_sql("time", "iso"),
            at_end=True,
            start=clock_sql("start", "iso") if "start" in found else None,
            took=f"CASE WHEN {none} THEN NULL ELSE {took} END",
            untimed=none,
            request="request",
            status="status",
            bytes="bytes",
            error="CASE WHEN fault NOT IN ('-', '') THEN fault END" if "fault" in found else None,
            # X-Ray's identifier is that of W3C with a version before and a dash within
            trace_id="CASE WHEN starts_with(trace, 'Root=1-') AND strlen(trace) = 40 "
            "THEN concat(substr(trace, 8, 8), substr(trace, 17, 24)) END"
            if "trace" in found
            else None,
            labels={
                **({"host": "host"} if "host" in found else {}),
                **({"target_group": "split_part(pool, '/', 2)"} if "pool" in found else {}),
            },
            left_out=f"CASE WHEN request = '- - - ' AND code = 0 THEN '{_NO_REQUEST}' END",
        ),
    )


_EXAMPLE = b"""\
https 2025-11-24T16:00:00.186641Z app/shop/1 203.0.113.9:2817 10.0.0.1:80 0.000 0.033 0.001 200 200 34 5366 "GET https://shop.example:443/browse?page=2 HTTP/1.1" "curl/8.5.0" - TLSv1.2 arn/shop/2 "Root=1-58337281-1d84f3d73c47ec4e58577259" "shop.example" "-" 1 2025-11-24T16:00:00.152000Z "forward" "-" "-"
"""  # noqa: E501

PLUGIN = Source(
    name="alb-log",
    help="AWS load balancer access logs: Application, Classic",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_alb,
    options={"paths": PATHS},
    lines=True,
)
