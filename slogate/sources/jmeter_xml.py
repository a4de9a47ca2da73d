"""JMeter's results as XML (JTL): one element a sample, read as it comes.

Samples are the children of <testResults>, whatever their tag; what is nested in one is a part of
it and does not count. Transaction controllers repeat their samples: they are left out unless asked
for, and samples nested in one that is left out count in its place. `s` decides what failed, never
the response code. A file that ends early (a killed JMeter) gives the samples before its end and
one bad row that says so. Refuses document types and entities, and what is no well-formed XML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from xml.parsers import expat

from slogate.sources._base import (
    DAMAGED,
    EARLIEST_TS,
    LATEST_TS,
    LONGEST_US,
    BadRow,
    Chunk,
    Origin,
    Source,
    choice,
    damaged,
)
from slogate.sources._jmeter_blocks import Blocks
from slogate.sources._jmeter_look import UNTOLD
from slogate.sources._jmeter_rows import ELEMENTS, Row, batch, whole_us

_CHUNK_ROWS = 20_000
_SHOWN = 5
_DEEPEST = 1_000
_TOO_DEEP = f"its elements are nested more than {_DEEPEST} deep"
_LONGEST_TAG = 64 << 20
_LONGEST_TEXT = 8  # pieces, each of what the parser keeps at once
_ERROR_CHARACTERS = 2_000
_ENDS_EARLY = {
    expat.errors.codes[text]
    for text in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
_MISPLACED = expat.errors.XML_ERROR_MISPLACED_XML_PI
_APPENDED = "JMeter appended another run to one that was killed: split the file before this line"
_SPACES = "characters that XML forbids, which JMeter writes all the same, are read as spaces"
_CONTROLLER = "Number of samples in transaction : "
# a declaration behind blank lines, as shells and CI leave them
_LATE = re.compile(rb"""\s+(<\?xml(?:[^>]*encoding=["']([\w.-]{1,40})["'])?[^>]*\?>)""")
_TRUTHS = {"true": True, "false": False}
_STATUS = re.compile(r"[1-9][0-9][0-9]", re.ASCII)

_NO_TIME = "its ts is no time between 2001 and 2100"
_UNTIMED = "it has no ts, let JMeter save it (jmeter.save.saveservice.timestamp_format=ms)"
_NO_ELAPSED = "its t is no whole number of ms between 0 and a day"
_NO_SUCCESS = "its s is neither true nor false"
_SUMMED = "it sums up several samples (sc over 1), whose single times are lost"
_LEFT_OUT = "transaction controllers (kept with --option transactions=keep)"
_CUT_SAMPLE = "the file ends within it"
_CUT = "the file ends before </testResults>"


@lru_cache(maxsize=1 << 10)
def _status(code: str) -> int | None:
    return int(code) if _STATUS.fullmatch(code) else None


def sniff(head: bytes) -> float:
    """1 for JMeter's root element."""
    start = head.lstrip()[:4096]
    return float(start.startswith(b"<") and b"<testResults" in start)


def open_jmeter(origin: Origin) -> Iterator[Chunk]:
    """The samples of a JMeter XML file; SourceError says why it cannot be one."""
    skip = choice(origin, "transactions", ("skip", "keep")) == "skip"
    at_end = choice(origin, "timestamp", ("start", "end")) == "end"
    late = _LATE.match(origin.head)
    encoding = late[2].decode() if late and late[2] else None
    reader = _Reader(origin, skip=skip, at_end=at_end, encoding=encoding)
    try:
        with origin.stream() as stream:
            for block in (blocks := Blocks(stream)):
                # a late declaration is no beginning of XML any more
                reader.feed(block.replace(late[1], b" " * len(late[1]), 1) if late else block)
                late = None
                if len(reader.rows) >= _CHUNK_ROWS:
                    yield reader.chunk()
            reader.close()
    except DAMAGED as error:
        raise damaged(origin, error) from None
    notes = ((_SPACES, blocks.replaced), (UNTOLD, skip and reader.silent))
    yield replace(reader.chunk(), notes=tuple(note for note, told in notes if told))


class _Reader:
    """Follows the elements; `rows` are the samples that were not yet taken as a chunk."""

    def __init__(
        self, origin: Origin, *, skip: bool, at_end: bool, encoding: str | None = None
    ) -> None:
        self.rows: list[Row] = []
        self.silent = False  # one has no message
        self._origin, self._skip, self._at_end = origin, skip, at_end
        self._bad: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._shown: list[BadRow] = []
        self._depth = self._fed = 0
        self._level = 2  # how deep a sample stands
        self._sample: dict[str, str] | None = None
        self._line = 1
        self._failure = ""
        self._bare = False  # its values are elements, not attributes
        self._assertion: dict[str, str] | None = None
        self._text: list[str] = []
        self._parser = expat.ParserCreate(encoding)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def feed(self, block: bytes) -> None:
        """Read on."""
        self._parse(block)
        self._fed += len(block)
        if self._fed - max(0, self._parser.CurrentByteIndex) > _LONGEST_TAG:
            raise self._fail("a tag is longer than 64 MB")

    def close(self) -> None:
        """The file is at its end."""
        self._parse(b"", final=True)

    def chunk(self) -> Chunk:
        """The rows so far, which are then forgotten."""
        chunk = Chunk(
            rows=batch(self.rows), bad=self._bad, left_out=self._left_out, shown=tuple(self._shown),
        )  # fmt: skip
        self.rows, self._shown = [], []
        self._bad, self._left_out = Counter(), Counter()
        return chunk

    def _parse(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            if final and error.code in _ENDS_EARLY and self._depth:
                self._cut()
                return
            what = expat.ErrorString(error.code)
            hint = _APPENDED if what == _MISPLACED else None
            what = f"it is no well-formed XML: {what}"
            raise self._origin.fail(what, line=error.lineno, hint=hint) from None
        except (LookupError, ValueError) as error:  # the encoding that it names is none
            raise self._fail(f"it is no well-formed XML: {error}") from None

    def _fail(self, message: str, *, line: int | None = None) -> Exception:
        return self._origin.fail(message, line=line or self._parser.CurrentLineNumber)

    def _cut(self) -> None:
        if self._sample is None:
            self._line = self._parser.CurrentLineNumber
        self._reject(_CUT if self._sample is None else _CUT_SAMPLE)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._fail("it has a document type, which JMeter never writes")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        depth = self._depth
        if depth == self._level and not self._sample:
            if "t" in attributes or "ts" in attributes or depth == 2:
                self._begin(attributes)
        elif depth == 1 and tag != "testResults":
            raise self._fail(f"its root is <{tag[:40]}>, JMeter's is <testResults>")
        elif depth > _DEEPEST:
            raise self._fail(_TOO_DEEP)
        elif depth == self._level + 1 and tag == "assertionResult":
            self._assertion = {}
        elif (self._assertion is not None and depth == self._level + 2) or (
            self._bare and depth == self._level + 1 and tag in ELEMENTS
        ):
            self._text = []
            self._parser.CharacterDataHandler = self._hear

    def _hear(self, text: str) -> None:
        if len(self._text) < _LONGEST_TEXT:
            self._text.append(text)

    def _begin(self, attributes: dict[str, str]) -> None:
        if self._skip and attributes.get("rm", "").startswith(_CONTROLLER):
            self._left_out[_LEFT_OUT] += 1
            self._level += 1
            if self._level > _DEEPEST:
                raise self._fail(_TOO_DEEP)
            return
        self._sample, self._failure = attributes, ""
        self._bare = not ("t" in attributes or "ts" in attributes)
        self.silent = self.silent or not (self._bare or "rm" in attributes)
        self._line = self._parser.CurrentLineNumber

    def _end(self, tag: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if depth == self._level:
            if self._sample is not None:
                self._finish(self._sample)
                self._sample, self._bare = None, False
        elif depth == self._level - 1 and depth > 1:
            self._level -= 1
        elif self._bare and self._sample is not None and (name := ELEMENTS.get(tag)):
            if depth == self._level + 1:
                self._sample[name] = "".join(self._text).strip()
                self._parser.CharacterDataHandler = None
        elif self._assertion is None:
            return
        elif depth == self._level + 2:
            self._assertion[tag] = "".join(self._text).strip()
            self._parser.CharacterDataHandler = None
        elif depth == self._level + 1:
            told = self._assertion
            if "true" in (told.get("failure"), told.get("error")) and not self._failure:
                self._failure = told.get("failureMessage", "")
            self._assertion = None

    def _finish(self, sample: dict[str, str]) -> None:
        ts, took = whole_us(sample.get("ts")), whole_us(sample.get("t"))
        success = sample.get("s")
        ok = None if success is None else _TRUTHS.get(success.lower())
        if ts is None or not EARLIEST_TS <= ts <= LATEST_TS:
            self._reject(_NO_TIME if "ts" in sample else _UNTIMED)
        elif took is None or not 0 <= took <= LONGEST_US:
            self._reject(_NO_ELAPSED)
        elif success is not None and ok is None:
            self._reject(_NO_SUCCESS)
        elif "sc" in sample and (whole_us(sample["sc"]) or 0) > 1_000:
            self._reject(_SUMMED)
        else:
            self._keep(sample, ts - took if self._at_end else ts, took, ok)

    def _keep(self, sample: dict[str, str], ts: int, took: int, ok: bool | None) -> None:
        code = sample.get("rc", "")
        status = _status(code) if len(code) == 3 else None
        if "s" not in sample and code and status is None and not code.isdecimal():
            ok = False  # as text, the code says that no response came
        error = self._error(sample, answered=status is not None) if ok is False else None
        size = whole_us(sample.get("by"))
        self.rows.append(
            (
                ts, took, sample.get("lb", ""), status, ok, error,
                None if size is None or size < 0 else size // 1_000, sample.get("hn") or None,
            )
        )  # fmt: skip

    def _error(self, sample: dict[str, str], *, answered: bool) -> str | None:
        message = sample.get("rm") or sample.get("rc")
        text = self._failure or message
        if self._failure and message and not answered:
            text = f"{self._failure} ({message})"
        return text[:_ERROR_CHARACTERS] if text else None

    def _reject(self, reason: str) -> None:
        self._bad[reason] += 1
        if len(self._shown) < _SHOWN:
            self._shown.append(BadRow(line=self._line, reason=reason))


_EXAMPLE = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<testResults version="1.2">
<httpSample t="34" lt="30" ts="1764000000123" s="true" lb="GET /browse" rc="200" rm="OK" by="5"/>
<sample t="8" lt="0" ts="1764000000301" s="false" lb="POST /cart" rc="503" rm="busy &amp; late">
  <assertionResult><name>a</name><failure>true</failure><error>false</error>
    <failureMessage>expected 200</failureMessage></assertionResult>
  <httpSample t="7" lt="0" ts="1764000000302" s="true" lb="part" rc="200" rm="OK"/>
</sample>
</testResults>
"""

PLUGIN = Source(
    name="jmeter-xml",
    help="JMeter results as XML (.jtl, .xml)",
    example=_EXAMPLE,
    sniff=sniff,
    open=open_jmeter,
    options={
        "transactions": "keep: count transaction controllers as requests (default: skip)",
        "timestamp": "end: ts is the end of a sample (default: start)",
    },
)
