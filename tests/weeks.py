"""Twelve weeks of production of twelve services as counts, with planted incidents, and load tests.

Sums are known: a service has `a_step` requests in each half hour, all of `GET /`; of those in an
incident a share is bad. `hostile` is a service whose names try to break out of any format.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from verdict_examples import finding, passing, verdict

from slogate.model.run import Reconciliation, Run
from slogate.reports.json import document
from slogate.store.layout import Store, open_store
from slogate.store.manifest import write_run
from slogate.store.parts import SCHEMA, write_part
from slogate.store.verdicts import write_verdict

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STEP = 1_800_000_000
DAY = 48 * STEP
WEEK = 7 * DAY
AT = int((datetime(2026, 11, 23, tzinfo=UTC) - EPOCH) / timedelta(microseconds=1))
END = "2026-11-23"
WEEKS = 12
CUT = 400_000
EVIL = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    "|`::error::[x](javascript:a)\u202e@all"
)

ALL = """  - name: availability
    good: ok
    objective: 99.9%
    window: 28d
  - name: latency
    endpoint: GET /
    good: ok and duration <= 400ms
    objective: 99%
    window: 28d
"""


@dataclass(frozen=True, kw_only=True)
class Service:
    """`incidents`: (days before the end, hours it lasts, share failed, share slow)."""

    name: str
    owner: str = "platform"
    a_step: int = 2_000
    incidents: tuple[tuple[float, float, float, float], ...] = ()
    silent: tuple[float, float] = (0.0, 0.0)
    regions: tuple[str, ...] = ("",)
    slos: str = ALL
    labels: dict[str, str] = field(default_factory=dict)


SERVICES = (
    Service(name="checkout", owner="payments", incidents=((4.4, 9, 0.25, 0.3),)),
    Service(name="search", owner="discovery", incidents=((31, 12, 0.16, 0.2),)),
    Service(name="cart", owner="payments", incidents=((2.5, 3, 0.08, 0.9), (24, 2, 0.06, 0.2))),
    Service(name="browse", a_step=9_000, incidents=((12, 2, 0.1, 0.1),)),
    Service(name="login", owner="identity"),
    Service(name="images", silent=(0.0, 9.5)),
    Service(name="mail", owner="messaging", a_step=0),
    Service(name="stock", silent=(1.0, 3.5), incidents=((40, 5, 0.02, 0.1),)),
    Service(
        name="prices",
        owner="discovery",
        regions=("eu-west", "us-east"),
        incidents=((6, 20, 0.012, 0.01), (13, 20, 0.012, 0.01), (20, 20, 0.015, 0.02)),
        slos="""  - name: availability
    good: ok
    objective: 99.9%
    window: 28d
    by: region
""",
    ),
    Service(
        name="invoices",
        owner="payments",
        incidents=((3, 1.5, 0.5, 0),),
        slos="""  - name: monthly
    good: ok
    objective: 99.5%
    window: {calendar: month, timezone: Europe/Berlin}
    policy:
      - {remaining: 50%, message: Only reliability work ships.}
  - name: quarters
    good: ok
    objective: 99%
    window: 28d
    budgeting: timeslices
    slice: 30m
    slice_objective: 98%
""",
    ),
    Service(
        name="admin",
        a_step=40,
        incidents=((5, 6, 0.9, 0.0),),
        slos="""  - name: availability
    good: ok
    objective: 99%
    window: 28d
    severity: warn
""",
    ),
    Service(
        name="feed",
        incidents=((8, 30, 0.03, 0.1), (2, 20, 0.02, 0.1)),
        slos="""  - name: availability
    good: ok
    objective: 99.5%
    window: 28d
    policy:
      - {remaining: 25%, message: Releases are frozen until the budget recovers., freeze: true}
""",
    ),
)


def spec_of(service: Service) -> str:
    """Its spec."""
    name = service.name.replace("\\", "\\\\").replace('"', '\\"').replace("\u202e", "\\u202e")
    return f'slogate: 1\nservice: "{name}"\nowner: {service.owner}\nslos:\n{service.slos}'


def _counts(service: Service) -> dict[str, list[object]]:
    """Columns of the rows: good, slow and failed requests of each half hour and region."""
    rows: dict[str, list[object]] = {"ts": [], "count": [], "ok": [], "hi": [], "region": []}
    for step in range(WEEKS * 7 * 48):
        ago = (WEEKS * 7 * 48 - step) / 48
        if service.silent[0] < ago <= service.silent[1]:
            continue
        hit = [i for i in service.incidents if i[0] - i[1] / 24 < ago <= i[0]]
        bad, slow = (
            max((i[at] for i in hit), default=least) for at, least in ((2, 2e-4), (3, 2e-3))
        )
        for n, region in enumerate(service.regions):
            swing = 1 + (step % 48 > 14) + (step % 7) / 20
            total = int(service.a_step * swing)
            failed = int(total * (bad if n == 0 else 2e-4) + step % 3 * 0.4)
            late = int((total - failed) * slow)
            for count, ok, high in ((total - failed - late, True, CUT), (late, True, None),
                                    (failed, False, CUT)):  # fmt: skip
                if count > 0:
                    for key, value in zip(rows, (AT - WEEKS * WEEK + step * STEP, count, ok, high,
                                                 region), strict=True):  # fmt: skip
                        rows[key].append(value)
    return rows


def _table(service: Service) -> pa.Table:
    rows = _counts(service)
    schema = SCHEMA("counts")
    count = len(rows["ts"])
    columns = {
        "ts": pa.array(rows["ts"], pa.int64()).cast(schema.field("ts").type),
        "step_us": pa.array([STEP] * count, pa.int64()),
        "endpoint": pa.array(["/"] * count),
        "method": pa.array(["GET"] * count),
        "ok": pa.array(rows["ok"]),
        "lo_us": pa.array([-1 if hi is not None else CUT for hi in rows["hi"]], pa.int64()),
        "hi_us": pa.array(rows["hi"], pa.int64()),
        "count": pa.array(rows["count"], pa.int64()),
        "labels": pa.array([[("region", r)] if r else [] for r in rows["region"]],
                           schema.field("labels").type),
    }  # fmt: skip
    return pa.table(
        [
            columns.get(f.name, pa.nulls(count, f.type)).cast(f.type)
            if f.name in columns
            else pa.nulls(count, f.type)
            for f in schema
        ],
        schema=schema,
    )


def add_production(store: Store, service: Service, number: int) -> None:
    """Twelve weeks of one service as one run."""
    if not service.a_step:
        return
    rows = _table(service)
    name = f"production-of-{number}"
    part = write_part(
        store, name, service.name, "production", rows, sequence=0, worker=None, series="counts"
    )
    total = sum(rows.column("count").to_pylist())
    start, last = (rows.column("ts").cast(pa.int64())[at].as_py() for at in (0, -1))
    write_run(
        store,
        Run(
            id=name, service=service.name, kind="production", state="complete", start_ts=start,
            end_ts=last + STEP - 1, parts=(part,), source="csv", rolled_up=total,
            rows=Reconciliation(seen=total, written=total),
        ),
    )  # fmt: skip


def add_load_run(
    store: Store, name: str, service: str, days_ago: float, *found, state="complete", note=None
) -> None:
    """A load test with a verdict of these findings; without any it was never judged."""
    start = AT - int(days_ago * DAY)
    run = Run(
        id=name, service=service, kind="load", state=state, start_ts=start, note=note,
        end_ts=start + 60_000_000, rows=Reconciliation(seen=9_000, written=9_000),
    )  # fmt: skip
    write_run(store, run)
    if found:
        made = verdict(*found, id=f"v-{name}")
        made = replace(made, subject=replace(made.subject, run=run))
        write_verdict(store, made.id, document(made))


def build(folder: Path, services=SERVICES) -> Store:
    """A store with all of it, the specs beside it in `slo/`."""
    store = open_store(folder / ".slogate", create=True)
    (folder / "slo").mkdir(exist_ok=True)
    for number, service in enumerate(services):
        add_production(store, service, number)
        (folder / "slo" / f"s{number:02}.yaml").write_text(spec_of(service), "utf-8")
    for number in range(9):
        add_load_run(store, f"nightly-{number}", "checkout", 8.2 - number, passing())
    slow = finding(service="cart", reason="p95 of POST /cart is 412 ms (388–431), over 300 ms")
    add_load_run(store, "pr-4711", "cart", 2.1, slow, passing(name="browse"))
    add_load_run(store, "pr-4712", "cart", 1.1)
    add_load_run(
        store, "pr-4713", "search", 0.6, slow, state="aborted", note="errors > 50%"
    )  # fmt: skip
    return store
