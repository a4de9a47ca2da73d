"""Files that people have beside those that can be read: what they are, and what to import instead.

Asked when no format is sure of a file, of archives before: lines of what is in them may stand
there as they are. Each is known by how it begins, or by words that nothing
else holds; what is not known here is told as an unknown format.
"""

from __future__ import annotations

import re

from slogate.sources import _neighbours, _relatives
from slogate.sources._relatives import JTL, Stranger

_UNPACK = "unpack it, and import what is in it"
_LINES = "make it one object a line, and import that: jq -c '{}' FILE > LINES"
_K6 = "let k6 write each request: k6 run --out json=FILE, or csv=FILE"
_VEGETA = "import its results: vegeta encode --to json results.bin"
_GATLING = "import its simulation.log, which holds each request"
_PATTERN = "describe its lines by a pattern: slogate docs import-access-logs"
_PLAIN = "strip what stands before each line, and import that: {}"
_TABLE = "write its rows as Parquet or CSV, and import those"

_PACKED = {
    rb"(?s:PK\x03\x04.{26}(?:\[Content_Types\]|_rels/|xl/|docProps/|mimetype))": Stranger(
        "a workbook of Excel or LibreOffice", "save the sheet as CSV (UTF-8), and import that"
    ),
    rb"PK\x03\x04": Stranger("a zip archive", _UNPACK),
    rb"(?s:.{257})ustar[\0 ]": Stranger("a tar archive", _UNPACK),
    rb"BZh\d": Stranger("compressed with bzip2", "bzip2 -dc FILE | slogate import - …"),
    rb"\xfd7zXZ\0": Stranger("compressed with xz", "xz -dc FILE | slogate import - …"),
    rb"\x04\x22\x4d\x18": Stranger("compressed with lz4", "lz4 -dc FILE | slogate import - …"),
    rb"\x1f\x8b|\x28\xb5\x2f\xfd": Stranger(
        "compressed twice", "unpack it once: gzip -dc FILE | slogate import - …, or zstd -dc"
    ),
    rb"SQLite format 3\0": Stranger(
        "a SQLite database", "let sqlite3 write its rows: sqlite3 -header -csv FILE 'SELECT …'"
    ),
}
_BEGIN = {
    rb"PARE": Stranger("an encrypted Parquet file", "write it without encryption"),
    rb"ARROW1\0\0": Stranger("a file of Arrow's own format (Feather)", _TABLE),
    rb"ORC\n": Stranger("a file of the format ORC", _TABLE),
    rb"Obj\x01": Stranger("a file of Avro's format", _TABLE),
    rb"\[\s*\]\s*\Z": Stranger(
        "an empty JSON list", "no request was made: what the load tool printed says why"
    ),
    rb"(?i:<!doctype html|<html)": Stranger(
        "an HTML page", "import the file of results that the page was made of"
    ),
    rb'"?Label"?,"?# Samples"?,': Stranger("a table of JMeter's aggregate report", JTL),
    rb"Requests +\[total, ": Stranger("vegeta's report as text", _VEGETA),
    rb"Bucket +# +% +Histogram": Stranger("vegeta's histogram as text", _VEGETA),
    rb'\{"log":"': Stranger("a log as Docker keeps it", _PLAIN.format("jq -rj .log FILE")),
    rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) std(?:out|err) [FP] ": Stranger(
        "a log as Kubernetes keeps it", _PLAIN.format("cut -d' ' -f4- FILE")
    ),
    rb"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{7}Z ": Stranger(
        "a log with a time before each line, as GitHub Actions keeps it",
        _PLAIN.format("cut -d' ' -f2- FILE"),
    ),
    rb"\d{4}-\d\d-\d\dT[\d:.]+Z [\w-]+ [\d.:]+ [\d.:-]+(?: -?[\d.]+){3} ": Stranger(
        "a log of a classic load balancer of AWS", _PATTERN
    ),
    # a name each, which the rows of a table need not have
    rb"(?=\d*[a-z])[\w.-]{1,80} +\| \S.*\n(?=\d*[a-z])[\w.-]{1,80} +\| ": Stranger(
        "a log as Docker Compose prints it", _PLAIN.format("sed 's/^[^|]*| //' FILE")
    ),
}
_HOLD = {
    rb"^ACTION\t(?:[^\t\n]*\t){7}[OK]{2}\t": Stranger(
        "a log of Gatling 1", "those of Gatling since 2.0 are read"
    ),
    rb"<jmeterTestPlan": Stranger("JMeter's test plan", JTL),
    rb'"pct1ResTime"': Stranger("the statistics of JMeter's dashboard", JTL),
    rb"^summary [+=] +\d+ in ": Stranger("what JMeter prints", JTL),
    rb'"numberOfRequests"\s?:\s?\{': Stranger("the statistics of Gatling's report", _GATLING),
    rb'"simulationId"\s?:': Stranger("the assertions of Gatling's report", _GATLING),
    rb"^---- Global Information -{9}": Stranger("what Gatling prints", _GATLING),
    rb"\bhttp_req_duration ?\.{2}": Stranger("what k6 prints", _K6),
    rb"^Req/Bytes counts sampled once per second|^Stat +Avg +Stdev +Max +$": Stranger(
        "what autocannon prints, with rounded counts", "import its JSON: autocannon --json"
    ),
}
_SHAPES = {
    rb"\[\s*\{": Stranger("one JSON array", _LINES.format(".[]")),
    rb'\{[ \t]*\n\s*"': Stranger(
        "JSON of many lines",
        f"{_LINES.format('.LIST[]')} (or jq -c . FILE, where each document is a request)",
    ),
}


_KNOWN = (
    (_PACKED | _BEGIN | _relatives.BEGIN | _neighbours.BEGIN, re.match),
    (_HOLD | _relatives.HOLD | _neighbours.HOLD, re.search),
    (_SHAPES, re.match),
)


def packed(head: bytes) -> Stranger | None:
    """What a file that begins so is, if others are in it: those are not looked into."""
    return next((found for words, found in _PACKED.items() if re.match(words, head)), None)


def stranger(head: bytes) -> Stranger | None:
    """What a file that begins so is, if that is known."""
    text = head.lstrip().replace(b"\r\n", b"\n")
    for known, look in _KNOWN:
        for words, found in known.items():
            if look(words, text, re.MULTILINE):
                return found
    return None
