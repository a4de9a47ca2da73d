from __future__ import annotations

import tempfile
from pathlib import Path

from foreign import START_MS, take
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slogate.errors import SourceError
from slogate.model.series import split_endpoint

COLUMNS = ("timeStamp", "elapsed", "label", "responseCode", "responseMessage", "success", "bytes")
whole = st.one_of(st.integers(-5, 90_000_000).map(str), st.sampled_from(["", "x", "1.0", "007"]))
words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
lines = st.tuples(
    st.integers(START_MS, START_MS + 60_000).map(str) | st.sampled_from(["0", "x", "1764000000"]),
    whole,
    words | st.sampled_from(["GET /a", "POST /b c", "login"]),
    st.sampled_from(["200", "404", "", "Non HTTP response code: x", "99"]),
    words,
    st.sampled_from(["true", "false", "True", "", "no"]),
    st.sampled_from(["0", "18", "-1", "x"]),
)


def expected(row: tuple[str, ...]) -> tuple[object, ...] | None:
    """The request that a row is, in plain Python; None for a bad row."""
    ts, elapsed, label, code, message, success, size = row
    fine_time = ts.isdecimal() and int(ts) >= START_MS
    fine_elapsed = elapsed.isdecimal() and str(int(elapsed)) == elapsed
    if not fine_time or not fine_elapsed or int(elapsed) > 86_400_000:
        return None
    if success.lower() not in {"true", "false"}:
        return None
    ok = success.lower() == "true"
    status = int(code) if code in {"200", "404"} else None
    error = None if ok else (message or code or None)
    method, endpoint = split_endpoint(label)
    return (int(ts) * 1000, int(elapsed) * 1000, method, endpoint, status, ok, error,
            int(size) if size.isdecimal() else None)  # fmt: skip


def quoted(field: str, delimiter: str) -> str:
    """A field as JMeter writes it: in quotes where it holds a separator, quote or line end."""
    if not any(char in field for char in (delimiter, '"', "\r", "\n")):
        return field
    return '"' + field.replace('"', '""') + '"'


@settings(max_examples=40)
@given(
    st.lists(lines, min_size=1, max_size=30),
    st.permutations(COLUMNS),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_file_reads_as_plain_python_reads_it(rows, order, delimiter, end):
    """Whatever fields hold, the kept rows and the count of bad ones are those of an oracle."""
    table = [order, *([row[COLUMNS.index(name)] for name in order] for row in rows)]
    text = "".join(delimiter.join(quoted(f, delimiter) for f in row) + end for row in table)
    wanted = [request for request in map(expected, rows) if request is not None]
    with tempfile.TemporaryDirectory() as folder:
        try:
            taken = take(Path(folder), text)
        except SourceError as error:
            assume("timeStamp" not in error.message)
            raise

    got = [
        (int(row["ts"].timestamp() * 1000) * 1000, row["duration_us"], row["method"],
         row["endpoint"], row["status"], row["ok"], row["error"], row["bytes"])
        for row in taken.rows
    ]  # fmt: skip
    assert got == wanted
    assert taken.tally.bad.total() == len(rows) - len(wanted)
