"""What other load tools write that cannot be imported: which tool's it is, and what to do.

Most sum up without buckets, so there is nothing to judge. Where a tool can write its single
requests, or has them in another form, the hint says how they become lines that can be imported.
"""

from __future__ import annotations

from typing import NamedTuple


class Stranger(NamedTuple):
    """What such a file is, and what to do."""

    name: str
    hint: str


JTL = "import the .jtl, in which JMeter writes each sample (-l FILE)"
_THEN = "> LINES, and import that"
_SUMMED = "it tells no single requests, which oha, hey, vegeta and k6 write: slogate docs import"
_LOCUST = "let Locust write its numbers, or each request: slogate docs import-locust"
_ARTILLERY = "let Artillery send OpenTelemetry: slogate docs receive"
_TAURUS = "import what the executor wrote into Taurus' folder: kpi.jtl, simulation.log, …"
_GHZ = "let ghz write each call as JSON (-O json), and import that as its error says"
_FORTIO = "let Fortio log each call: -access-log-file FILE"
_TSUNG = 'let Tsung write each request: dumptraffic="protocol"'
_CALLS = (
    "jq -c '.options.call as $call | .details[] | {time: .timestamp, duration_ns: .latency, "
    f'endpoint: $call, ok: (.status == "OK"), error}}\' FILE {_THEN}'
)
_ENTRIES = (
    "jq -c '.log.entries[] | {time: .startedDateTime, duration_ms: .time, method: "
    f".request.method, path: .request.url, status: .response.status}}' FILE {_THEN}"
)
_FIELDS = (
    "awk -F'\\t' -v OFS=, 'BEGIN {{print \"time,endpoint,duration_us,status\"}} "
    "{{print {}}}' FILE > ROWS, and import that"
)
_AGAIN = "import the file as {} wrote it: a spreadsheet changes numbers and times"
_XML = rb"(?:<\?xml[^>\n]{0,200}>\s{0,9})?"

BEGIN = {
    rb"Summary:\n +Count:\s": Stranger("what ghz prints", _GHZ),
    rb"sampler_label,aggregate_report_count,": Stranger("a table of JMeter's reports", JTL),
    rb"label,avg_ct,avg_lt,avg_rt,": Stranger("a summary of Taurus", _TAURUS),
    _XML + rb"<FinalStatus>": Stranger("a summary of Taurus", _TAURUS),
    _XML + rb"<testsuites?[ >]": Stranger(
        "test results as JUnit writes them", "import what the load tool itself measured"
    ),
    rb"Percentage served,Time in ms": Stranger(
        "ab's percentiles (ab -e)", "import what ab prints, or each request: ab -g FILE"
    ),
    rb'(?:"?,)?"?metric_name"?[,;\t]"?timestamp"?[,;\t]"?metric_value': Stranger(
        "k6's CSV as another program saved it", _AGAIN.format("k6")
    ),
    rb"(?:http_reqs|data_received|vus|checks|iterations),\d{10,19},[\d.]+,": Stranger(
        "k6's CSV without its header", "put the line before it that begins with metric_name"
    ),
    rb'(?:"?,)?"?(?:Type"?[,;\t]"?Name"?[,;\t]"?(?:Request Count|# requests)'
    rb'|Timestamp"?[,;\t]"?User Count"?[,;\t])': Stranger(
        "Locust's CSV as another program saved it", _AGAIN.format("Locust")
    ),
    rb'"?response-time"?[,;\t]"?DNS\+dialup': Stranger(
        "hey's CSV of an old version, or as another program saved it",
        "import what a later hey writes (-o csv), or what it prints",
    ),
    rb'"?request-start"?[;\t]"?DNS': Stranger(
        "oha's CSV as another program saved it", _AGAIN.format("oha")
    ),
    rb"#\[Interval percentile log ": Stranger(
        "percentiles of each interval, as HistogramLogProcessor writes them",
        "import the log that they were made of, or the .hgrm beside them",
    ),
    rb"Transaction Name,": Stranger("a summary of LoadRunner", _SUMMED),
    rb"test_suite,test_name,scenario,": Stranger("a summary of NBomber", _SUMMED),
    rb"Date & Time, +Trans, +Elap Time,": Stranger("a table of siege's summaries", _SUMMED),
    rb"#date;pid;id;http method;": Stranger(
        "Tsung's requests, whose header is a comment",
        "sed '1s/^#//; 1s/;duration;/;duration_ms;/; 1s/;transaction;/;step;/' FILE > ROWS, "
        "and import that",
    ),
    rb"# stats: dump at \d": Stranger("Tsung's statistics", _TSUNG),
    rb"Fortio [\w.-]{1,40} running at ": Stranger("what Fortio prints", _FORTIO),
    rb"Nighthawk - ": Stranger("what Nighthawk prints", _SUMMED),
    rb"\d{10}\.\d{3}\t[^\t\n]{0,200}(?:\t\d{1,18}){10}$": Stranger(
        "Yandex.Tank's log of single requests", _FIELDS.format('$1, $2, $3, ($12 > 0) ? $12 : "-"')
    ),
    rb"\d{16}\t-?\d{1,3}\t\d{1,12}$": Stranger(
        "h2load's log of single requests", _FIELDS.format('$1, "/", $3, ($2 > 0) ? $2 : "-"')
    ),
}
HOLD = {
    rb"^ *All (?:virtual users|VUs) finished|^ *Scenarios launched: |^vusers\.created": Stranger(
        "what Artillery prints", _ARTILLERY
    ),
    rb'"http\.response_time"|"requestsCompleted"': Stranger("Artillery's report", _ARTILLERY),
    rb"^Bombarding \S|^Statistics +Avg +Stdev +Max$": Stranger("what bombardier prints", _SUMMED),
    rb'"numberOfConnections"\s?:': Stranger("bombardier's summary", _SUMMED),
    rb'^(?:The server is now under|Lifting the server) siege|^Longest transaction:\s|"longest_'
    rb'transaction"': Stranger("a summary of siege", _SUMMED),
    rb'"DurationHistogram"\s?:': Stranger("Fortio's summary", _FORTIO),
    rb'"endReason"\s?:': Stranger("ghz's report", _CALLS),
    rb'"benchmark(?:_http_client|\.http_2xx)': Stranger("Nighthawk's summary", _SUMMED),
    rb'^Benchmarking \S+ using \d+ conn|^Latency Percentile:$|"Summary":\{"Elapsed"': Stranger(
        "a summary of plow", _SUMMED
    ),
    rb"^Sample standard deviation +\d": Stranger("a summary of drill", _SUMMED),
    rb'^ Server Processing\.+: |"server_processing"\s?:': Stranger(
        "a summary of cassowary", _SUMMED
    ),
    rb"^Effective rps: |^Percentage of requests served within a ": Stranger(
        "what loadtest prints", _SUMMED
    ),
    rb"^(?:finished in .{1,40}, [\d.]+ req/s|status codes: \d+ 2xx, \d+ 3xx)": Stranger(
        "what h2load or weighttp prints", "let h2load log each request: --log-file=FILE"
    ),
    rb"^Maximum connect burst length: ": Stranger("what httperf prints", _SUMMED),
    rb"^Beginning round \d+\.\.\.$": Stranger("what rewrk prints", _SUMMED),
    rb"^Success Count: +\d": Stranger("what ddosify prints", _SUMMED),
    rb"^ ?=== PER (?:REQUEST|SCENARIO|TRANSACTION) METRICS ===": Stranger(
        "what Goose prints", _SUMMED
    ),
    rb"^Type +Name +# reqs +# fails |^ ?Name +# reqs +# fails |/INFO/locust\.": Stranger(
        "what Locust prints", _LOCUST
    ),
    rb" INFO +(?:o\.a\.j\.|- jmeter\.|org\.apache\.jmeter\.)": Stranger("JMeter's own log", JTL),
    rb'"log"\s?:\s?\{\s{0,40}"version"': Stranger("a browser's archive (HAR)", _ENTRIES),
    rb'"resultType"\s?:\s?"(?:matrix|vector)"': Stranger(
        "an answer of a Prometheus server",
        "import from the server itself: slogate docs import-prometheus",
    ),
}
