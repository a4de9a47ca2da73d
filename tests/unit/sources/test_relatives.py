"""Files of load tools that are not read: whose they are, and recipes that work."""

from __future__ import annotations

import gzip
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from foreign import take

from slogate import plugins
from slogate.errors import SourceError
from slogate.recognition import recognise
from slogate.sources._strangers import stranger

CALLS = (
    b'{"endReason":"normal","options":{"call":"shop.Cart.Add"},"details":['
    b'{"timestamp":"2026-11-24T10:00:00+01:00","latency":2500000,"error":"","status":"OK"},'
    b'{"timestamp":"2026-11-24T10:00:01+01:00","latency":3000000,"error":"no","status":"Internal"}]}'
)
ENTRIES = (
    b'{"log": {"version": "1.2", "entries": [{"startedDateTime": "2026-11-24T10:00:00.5Z",'
    b' "time": 12.5, "request": {"method": "GET", "url": "http://shop/cart?a=1"},'
    b' "response": {"status": 200}}]}}'
)
SHOTS = b"1764000000.250\tcart\t1500\t1\t2\t3\t4\t5\t6\t7\t0\t200\n" * 2
LOST = b"1764000001.250\tcart\t1500\t1\t2\t3\t4\t5\t6\t7\t110\t0\n"
STREAMS = b"1764000000250000\t200\t1500\n1764000000250001\t-1\t90\n"
DUMP = (
    b"#date;pid;id;http method;host;URL;HTTP status;size;duration;transaction;match;error;tag\n"
    b"1764000000.25;<0.7.0>;1;get;shop;/cart;200;120;12.5;;;;\n"
)


@pytest.mark.parametrize(
    ("content", "name", "hint"),
    [
        pytest.param(b"x\n  Scenarios launched:  9\n", "Artillery", "receive", id="artillery1"),
        pytest.param(b"x\n\nvusers.created: ... 5\n", "Artillery", "receive", id="artillery2"),
        pytest.param(b'{"aggregate": {"requestsCompleted": 5}}', "Artillery's report", "receive",
                     id="artillery-json"),
        pytest.param(b"$ x\nStatistics        Avg      Stdev        Max\n", "bombardier prints",
                     "single requests", id="bombardier"),
        pytest.param(b'{"spec":{"numberOfConnections":5},"result":{}}', "bombardier's summary",
                     "single requests", id="bombardier-json"),
        pytest.param(b"Transactions:\t5 hits\nLongest transaction:\t 1.1\n", "of siege",
                     "single requests", id="siege"),
        pytest.param(b'{\t"transactions": 5,\n\t"longest_transaction": 0.5\n}', "of siege",
                     "single requests", id="siege-json"),
        pytest.param(b" Date & Time,  Trans,  Elap Time,  OKAY\n", "of siege's summaries",
                     "single requests", id="siege-log"),
        pytest.param(b'{\n "DurationHistogram": {"Count": 5}\n}', "Fortio's summary", "access-log",
                     id="fortio-json"),
        pytest.param(b"Fortio 1.40.0 running at 8 queries per second\n", "Fortio prints",
                     "access-log", id="fortio"),
        pytest.param(b"\nSummary:\n  Count:\t200\n", "ghz prints", "-O json", id="ghz"),
        pytest.param(b"Nighthawk - a tool\n", "Nighthawk prints", "single", id="nighthawk"),
        pytest.param(b'{"id": "benchmark_http_client.latency_2xx"}', "Nighthawk's",
                     "single requests", id="nighthawk-json"),
        pytest.param(b"Benchmarking http://h/ using 9 connection(s).\n", "of plow", "single",
                     id="plow"),
        pytest.param(b"A 200\nSample standard deviation 4ms\n", "of drill", "single", id="drill"),
        pytest.param(b"x\n Server Processing....: Avg=1ms\n", "of cassowary", "single",
                     id="cassowary"),
        pytest.param(b"Target URL: x\nEffective rps:       1000\n", "loadtest prints", "single",
                     id="loadtest"),
        pytest.param(b"finished in 77.48ms, 1290.67 req/s, 10.04MB/s\n", "h2load", "--log-file",
                     id="h2load"),
        pytest.param(b"httperf x\nMaximum connect burst length: 1\n", "httperf", "single",
                     id="httperf"),
        pytest.param(b"Beginning round 1...\n", "rewrk prints", "single", id="rewrk"),
        pytest.param(b"RESULT\nSuccess Count:    10   (10%)\n", "ddosify", "single", id="ddosify"),
        pytest.param(b" === PER REQUEST METRICS ===\n", "Goose prints", "single", id="goose"),
        pytest.param(b"Type     Name           # reqs      # fails |    Avg\n", "Locust prints",
                     "import-locust", id="locust"),
        pytest.param(b"# stats: dump at 1764000000\n", "Tsung's statistics", "dumptraffic",
                     id="tsung"),
        pytest.param(b"label,avg_ct,avg_lt,avg_rt,bytes\n", "of Taurus", "kpi.jtl", id="taurus"),
        pytest.param(b"<?xml version='1.0'?>\n<FinalStatus>\n", "of Taurus", "kpi.jtl",
                     id="taurus-xml"),
        pytest.param(b'<?xml version="1.0"?><testsuite name="a">', "JUnit", "itself", id="junit"),
        pytest.param(b"sampler_label,aggregate_report_count,average\n", "JMeter's reports", ".jtl",
                     id="jmeter-table"),
        pytest.param(b"2026-11-24 10:00:00,1 INFO o.a.j.u.JMeterUtils: x\n", "JMeter's own log",
                     ".jtl", id="jmeter-log"),
        pytest.param(b'{\n "simulationId": "a",\n "assertions": []}', "Gatling's report",
                     "simulation.log", id="gatling"),
        pytest.param(b"Percentage served,Time in ms\n0,0.9\n", "ab's", "ab -g", id="ab"),
        pytest.param(b"2 connections\n\nStat         Avg     Stdev Max     \n", "autocannon",
                     "--json", id="autocannon"),
        pytest.param(b"RUN\t1\ta\tb\nACTION\ts\t8\tr\t1\t2\t1\t2\tOK\tm\n", "Gatling 1",
                     "since 2.0", id="gatling1"),
        pytest.param(b"#[Interval percentile log between 0.000 and <Infinite> seconds]\n",
                     "of each interval", "the log that they were made of", id="intervals"),
        pytest.param(b"Transaction Name,SLA Status\n", "LoadRunner", "single", id="loadrunner"),
        pytest.param(b"test_suite,test_name,scenario,a\n", "NBomber", "single", id="nbomber"),
        pytest.param(b'{"status":"success","data":{"resultType":"matrix","result":[]}}',
                     "a Prometheus server", "import-prometheus", id="prometheus"),
    ],
)  # fmt: skip
def test_whose_file_it_is_is_told(content: bytes, name: str, hint: str):
    """Each has words that no other file holds, and the hint says what to do instead."""
    found = stranger(content)

    assert found is not None
    assert name in found.name
    assert hint in found.hint


K6_HEAD, K6_ROW = "metric_name,timestamp,metric_value,status", "http_reqs,1764000000,1.000000,200"
LOCUST = "Type,Name,Request Count,Failure Count,50%\nGET,/a,4,1,3\n"
HISTORY = "Timestamp,User Count,Type,Name,Requests/s\n1764000000,4,GET,/a,3\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(f"{K6_HEAD}\n{K6_ROW}\n".replace(",", ";"), "it is k6's CSV as", id="k6"),
        pytest.param(f'"{K6_HEAD}"\n"{K6_ROW}"\n'.replace(",", '","'), "k6's CSV as", id="quoted"),
        pytest.param(f",{K6_HEAD}\n0,{K6_ROW}\n", "k6's CSV as", id="numbered"),
        pytest.param(f"{K6_ROW}\n", "k6's CSV without its header", id="no header"),
        pytest.param(LOCUST.replace(",", ";"), "Locust's CSV as", id="Locust"),
        pytest.param(HISTORY.replace(",", "\t"), "Locust's CSV as", id="history"),
        pytest.param("response-time;DNS+dialup;DNS\n0,1;0;0\n", "hey's CSV of", id="hey"),
        pytest.param("\nresponse-time,DNS+dialup,DNS\n0.1,0,0\n", "an old version", id="old hey"),
        pytest.param("request-start;DNS;DNS+dialup\n0,1;0;0\n", "oha's CSV as", id="oha"),
        pytest.param("[\n ]\n", "an empty JSON list", id="nothing"),
    ],
)
def test_what_another_program_saved_is_taken_for_nothing_else(tmp_path, content: str, told: str):
    """No columns are asked for, of which rows that are no requests would be made."""
    (tmp_path / "odd").write_text(content)

    with pytest.raises(SourceError, match=told) as caught:
        recognise("odd", tmp_path / "odd", "auto", {})

    assert caught.value.hint


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_what_is_in_an_archive_is_not_taken_for_a_file(tmp_path, kind: str):
    """Its lines may stand there as they are, behind a name, and beside those of another run."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "points.json").write_bytes(plugins.find("sources", "k6-json").example)
    name = shutil.make_archive(str(tmp_path / "odd"), kind, tmp_path / "in")
    if kind == "zip":
        with zipfile.ZipFile(name, "w") as stored:
            stored.write(tmp_path / "in" / "points.json")

    with pytest.raises(SourceError, match=f"it is a {kind} archive"):
        recognise("odd", Path(name), "auto", {})


def test_what_was_compressed_twice_is_told(tmp_path):
    """One layer is taken off a file, not two."""
    (tmp_path / "odd").write_bytes(gzip.compress(gzip.compress(b"x")))

    with pytest.raises(SourceError, match="it is compressed twice"):
        recognise("odd", tmp_path / "odd", "auto", {})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(CALLS, [(2500, "", "shop.Cart.Add", None, True),
                             (3000, "", "shop.Cart.Add", None, False)], id="ghz"),
        pytest.param(ENTRIES, [(12500, "GET", "/cart", 200, None)], id="HAR"),
        pytest.param(SHOTS + LOST, [(1500, "", "cart", 200, None), (1500, "", "cart", 200, None),
                                    (1500, "", "cart", None, False)], id="Yandex.Tank"),
        pytest.param(STREAMS, [(1500, "", "/", 200, None), (90, "", "/", None, False)],
                     id="h2load"),
        pytest.param(DUMP, [(12500, "get", "/cart", 200, None)], id="Tsung"),
    ],
)  # fmt: skip
def test_the_recipes_work(tmp_path, content: bytes, expected: list[tuple[object, ...]]):
    """What the hint of the error says makes a file that can be imported as it is."""
    (tmp_path / "odd").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        recognise("odd", tmp_path / "odd", "auto", {})
    recipe = re.sub(r" > [A-Z]+, and import that", "", caught.value.hint or "")
    words = [str(tmp_path / "odd") if word == "FILE" else word for word in shlex.split(recipe)]
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]}")

    made = subprocess.run(words, check=True, capture_output=True, timeout=30).stdout
    (tmp_path / "made").write_bytes(made)
    rows = take(
        tmp_path, made, source=recognise("made", tmp_path / "made", "auto", {}).source, name="made"
    ).rows

    told = ("duration_us", "method", "endpoint", "status", "ok")
    assert [tuple(row[name] for name in told) for row in rows] == expected
