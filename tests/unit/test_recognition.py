"""What makes two imports the same, what may be in a series twice, and what was not meant."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from foreign import START_MS, good, jtl

from slogate import plugins
from slogate.errors import SourceError
from slogate.ingest import import_files
from slogate.recognition import recognise
from slogate.sources._base import MARK
from slogate.sources._strangers import stranger
from slogate.store.layout import Store, open_store
from slogate.store.manifest import list_runs, update_run

NOW = 1_764_100_000_000_000
DAY_MS = 86_400_000


@pytest.fixture
def store(tmp_path) -> Store:
    """An empty store."""
    return open_store(tmp_path / "store", create=True)


def file(folder: Path, name: str, content: str) -> tuple[str, Path]:
    """A file of that content; compressed if its name says so."""
    packed = content.encode()
    if name.endswith(".gz"):
        packed = gzip.compress(packed, mtime=7)
    if name.endswith(".zst"):
        packed = pa.compress(packed, codec="zstd", asbytes=True)
    (folder / name).write_bytes(packed)
    return name, folder / name


def taken(store, *given, **more):
    """The import of these files as production."""
    told = {"service": "shop", "now_ts": NOW, "kind": "production", **more}
    return import_files(store, given, **told)


def rows(first: int, last: int) -> str:
    """A file of a row a second."""
    return jtl(*(good(1_000 * number) for number in range(first, last)))


@pytest.mark.parametrize("kind", ["load", "production"])
@pytest.mark.parametrize("order", [("p", "p.gz", "p.zst"), ("p.zst", "p.gz", "p")])
def test_compression_does_not_make_another_file(store, tmp_path, kind, order):
    """The content is the file, however it is packed: later, or beside itself."""
    given = [file(tmp_path, name, rows(0, 9)) for name in order]

    first, *others = [taken(store, each, kind=kind) for each in given]
    together = taken(store, *given, service="other", kind=kind)

    assert (first.new, [each.new for each in others]) == (True, [False, False])
    assert first.run.rows.written == together.run.rows.written == 9
    assert list(together.skipped) == list(order[1:])


@pytest.mark.parametrize("kind", ["load", "production"])
def test_what_an_older_manifest_holds_is_known(store, tmp_path, kind):
    """It has the hash of a compressed file as it was stored; nobody imports that again."""
    given = file(tmp_path, "p.gz", rows(0, 9))
    first = taken(store, given, kind=kind)
    before = f"sha256:{recognise(*given, 'auto', {}).stored}"
    assert before not in first.run.origin.values()
    update_run(store, first.run.id, lambda run: replace(run, origin={"p.gz": before}))

    again = taken(store, given, kind=kind)

    assert (again.new, again.run.id) == (False, first.run.id)


def test_damaged_compression_is_found_at_once(store, tmp_path):
    """A file whose end is missing is refused before anything is stored."""
    name, path = file(tmp_path, "p.gz", rows(0, 90))
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(SourceError, match=r"p\.gz: its gzip compression is damaged"):
        taken(store, (name, path))

    assert list_runs(store) == []


def test_what_may_hold_the_same_requests_is_told(store, tmp_path):
    """Rows so few prove nothing: they are taken, and it is told that they may be there already."""
    first = taken(store, file(tmp_path, "a", rows(0, 9)))
    longer = taken(store, file(tmp_path, "b", rows(1, 12)))
    whole = taken(store, file(tmp_path, "c", rows(3, 15)))

    assert first.notes == ()
    [told] = longer.notes
    assert told.startswith(f"1 run already covers part of this span: {first.run.id}; requests")
    assert told.endswith("in both are counted twice")
    assert whole.notes[0].startswith("2 runs already cover part of this span: ")
    assert all(run.id in whole.notes[0] for run in (first.run, longer.run))


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"kind": "load"}, id="a load test"),
        pytest.param({"service": "bank"}, id="another service"),
        pytest.param({"labels": {"host": "b"}}, id="another host"),
    ],
)
def test_what_is_not_the_same_traffic_overlaps_nothing(store, tmp_path, more):
    """Nothing is told where requests cannot be the same, or not be judged together."""
    taken(store, file(tmp_path, "a", rows(0, 9)))

    assert taken(store, file(tmp_path, "b", rows(0, 12)), **more).notes == ()


def test_files_of_a_log_that_follow_each_other(store, tmp_path):
    """They may share the moment at which one ends; a single row within another's span is told."""
    taken(store, file(tmp_path, "a", rows(0, 9)))

    assert taken(store, file(tmp_path, "b", rows(8, 12))).notes == ()
    assert "1 run already covers" in taken(store, file(tmp_path, "c", rows(3, 4))).notes[0]


def test_labels_that_came_too_late(store, tmp_path):
    """What is asked for a run that is there already is not done, and told with who does it."""
    given = file(tmp_path, "a", rows(0, 9))
    labels = {"az": "1", "name": "it's"}
    first = taken(store, given, labels=labels, commit="c0ffee")

    same = taken(store, given, labels=labels, commit="c0ffee")
    other = taken(store, given, labels={**labels, "az": "2"}, commit="beef", branch="main")

    assert (same.new, same.notes, other.new) == (False, (), False)
    assert f"--label was not applied to {first.run.id}: `slogate runs label" in other.notes[0]
    assert f"{first.run.id} az=2` labels the run" in other.notes[0]
    assert "--commit and --branch were not applied" in other.notes[1]
    assert list_runs(store) == [first.run]


@pytest.mark.parametrize(
    ("days", "kind", "told"),
    [
        pytest.param(31, "load", False, id="a month"),
        pytest.param(27_000, "load", True, id="a row of 2099"),
        pytest.param(27_000, "production", False, id="production"),
    ],
)
def test_a_load_test_that_takes_too_long(store, tmp_path, days, kind, told):
    """One row with a wrong time makes a run of years: it is told, with its dates."""
    late = f"{START_MS + days * DAY_MS},10,GET /a,200,OK,true"
    given = file(tmp_path, "a", jtl(good(0), late))

    notes = taken(store, given, kind=kind).notes

    assert len(notes) == told
    if told:
        assert "a load test of 27,000 days, 2025-11-24 to 2099-10-27: a row with" in notes[0]


@pytest.mark.parametrize(
    ("content", "told", "hint"),
    [
        pytest.param(b"PK\x03\x04....", "a zip archive", "unpack it", id="zip"),
        pytest.param(
            b"PK\x03\x04" + bytes(26) + b"xl/styles.xml", "a workbook of Excel", "as CSV", id="xlsx"
        ),
        pytest.param(b"PARE" + bytes(20), "an encrypted Parquet", "without encryption", id="PARE"),
        pytest.param(b"ARROW1\0\0", "Arrow's own format", "as Parquet or CSV", id="arrow"),
        pytest.param(b"ORC\n\x06\x12", "of the format ORC", "as Parquet or CSV", id="orc"),
        pytest.param(b"Obj\x01\x02", "Avro's format", "as Parquet or CSV", id="avro"),
        pytest.param(b"a/b".ljust(257, b"\0") + b"ustar\0", "a tar archive", "unpack it", id="tar"),
        pytest.param(b"BZh91AY", "compressed with bzip2", "bzip2 -dc", id="bzip2"),
        pytest.param(b"SQLite format 3\0", "a SQLite database", "sqlite3", id="SQLite"),
        pytest.param(b"\n<!DOCTYPE html>\n", "an HTML page", "results", id="HTML"),
        pytest.param(b'{"/a": {"pct1ResTime": 5}}', "JMeter's dashboard", ".jtl", id="JMeter"),
        pytest.param(b"Label,# Samples,Average\n", "aggregate report", ".jtl", id="aggregate"),
        pytest.param(b'{"stats": {"numberOfRequests": {"total": 1}}}', "Gatling's report",
                     "simulation.log", id="Gatling"),
        pytest.param(b"   http_req_duration......: avg=1ms\n", "what k6 prints", "--out json=",
                     id="k6"),
        pytest.param(b"Requests      [total, rate, throughput]  1, 1, 1\n", "vegeta's report",
                     "vegeta encode", id="vegeta"),
        pytest.param(b"x\nReq/Bytes counts sampled once per second.\n", "autocannon", "--json",
                     id="autocannon"),
        pytest.param(b'{"log":"GET /\\n","stream":"stdout"}\n', "Docker keeps it", "jq -rj .log",
                     id="Docker"),
        pytest.param(b"2026-11-24T10:00:00.1Z stdout F GET /\n", "Kubernetes keeps it", "cut -d",
                     id="Kubernetes"),
        pytest.param(b"web-1  | GET /\nweb-1  | GET /\n", "Docker Compose prints it", "sed",
                     id="Compose"),
        pytest.param(b"2026-11-24T10:00:00.1234567Z Running 5s test @ http://h\n", "GitHub Actions",
                     "cut -d", id="GitHub Actions"),
        pytest.param(b"2026-11-24T10:00:00.1Z elb 1.2.3.4:5 10.0.0.1:80 0.1 0.2 0.1 200 200 0\n",
                     "a classic load balancer", "pattern", id="ELB"),
        pytest.param(b"Nov 24 10:00:00 lb haproxy[7]: 1.2.3.4:5\n", "HAProxy", "pattern",
                     id="HAProxy"),
        pytest.param(b'<13>Nov  4 10:00:00 web nginx: 1.2.3.4 - - "GET /"\n', "syslog's words",
                     "sed -E", id="syslog"),
        pytest.param(b"#Version: 1.0\n#Fields: date time\n", "the W3C's format", "docs", id="W3C"),
        pytest.param(b"# HELP up x\n# TYPE up gauge\nup 1\n", "metrics of one moment",
                     "import-prometheus", id="Prometheus"),
        pytest.param(b'[\n {"a": 1},\n {"a": 2}]', "one JSON array", "jq -c", id="array"),
        pytest.param(b'\xef\xbb\xbf{\r\n  "a": 1\r\n}', "many lines", "jq -c", id="pretty"),
    ],
)  # fmt: skip
def test_what_people_have_beside_is_known_by_name(store, tmp_path, content, told, hint):
    """Files that cannot be imported are told what they are, and what to import instead."""
    (tmp_path / "odd").write_bytes(content)

    with pytest.raises(SourceError, match=told) as caught:
        import_files(store, [("odd", tmp_path / "odd")], service="shop", now_ts=1)

    assert hint in (caught.value.hint or "")


def test_a_table_with_bars_is_no_log_of_containers(store, tmp_path):
    """Its rows begin with numbers or times."""
    (tmp_path / "odd").write_text("at | took\n1764000000 | 5\n")

    with pytest.raises(SourceError) as caught:
        import_files(store, [("odd", tmp_path / "odd")], service="shop", now_ts=1)

    assert "Docker" not in caught.value.message


@pytest.mark.parametrize("flood", ["a", "1a", " ", "a |", "1:", "x =", '"', "."])
def test_no_flood_keeps_it_looking(flood: str):
    """A pattern that tries all ways to divide what repeats would never end."""
    head = (flood * 65_536)[:65_536].encode()

    starts = (b"", b"2026-01-01T", b"Jan  1 00:00:00 h ", b"a | ")

    assert [stranger(start + head) for start in starts] == [None] * 4


def test_what_has_a_mapping_is_no_stranger(store, tmp_path):
    """Whoever says which key is what may import what looks like another thing."""
    (tmp_path / "odd").write_text('{"log":"a","at":"2026-11-24T10:00:00Z","took":5}\n')
    (tmp_path / "map").write_text("time: at\nduration: {column: took, unit: ms}\nendpoint: log\n")

    done = import_files(
        store, [("odd", tmp_path / "odd")], service="shop", now_ts=1,
        options={"mapping": str(tmp_path / "map")},
    )  # fmt: skip

    assert done.requests == 1


@pytest.mark.parametrize("name", ["oha-json", "locust-workers", "gatling-text"])
def test_a_byte_order_mark_hides_no_format(store, tmp_path, name: str):
    """As a shell of Windows writes it before any text."""
    source = plugins.find("sources", name)
    (tmp_path / "marked").write_bytes(MARK + source.example)

    done = import_files(
        store, [("marked", tmp_path / "marked")], service="shop", now_ts=1,
        options=source.example_options,
    )  # fmt: skip

    assert done.run.source == name


def test_a_plugin_may_read_what_we_take_for_an_archive(tmp_path, monkeypatch):
    """Whoever adds a format of zip archives knows what is in them."""
    (tmp_path / "zipped.py").write_text(
        "from dataclasses import replace\n"
        "from slogate.sources.export_csv import PLUGIN\n"
        "PLUGIN = replace(PLUGIN, name='zipped', sniff=lambda head: 1.0 * (head[:2] == b'PK'))\n"
    )
    (tmp_path / "zipped-1.dist-info").mkdir()
    (tmp_path / "zipped-1.dist-info" / "METADATA").write_text("Name: zipped\nVersion: 1\n")
    words = "[slogate.sources]\nzipped = zipped:PLUGIN\n"
    (tmp_path / "zipped-1.dist-info" / "entry_points.txt").write_text(words)
    file = tmp_path / "file.zip"
    file.write_bytes(b"PK\x03\x04....")
    with pytest.raises(SourceError, match="a zip archive"):
        recognise("file.zip", file, "auto", {})
    caches = (plugins.names, plugins._entry_points)
    monkeypatch.syspath_prepend(tmp_path)
    for cache in caches:
        cache.cache_clear()
    try:
        assert recognise("file.zip", file, "auto", {}).source.name == "zipped"
    finally:
        monkeypatch.undo()
        for cache in caches:
            cache.cache_clear()
