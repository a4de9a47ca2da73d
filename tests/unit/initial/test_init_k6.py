"""The thresholds of k6 scripts, as budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from slogate.errors import SourceError
from slogate.initial.budgets import Basis, budgets
from slogate.initial.k6 import read_script
from slogate.initial.spec import spec_text
from slogate.slo.load import load_specs

SCRIPT = """
import http from 'k6/http';
// thresholds: { commented: ['rate<1'] }
export const options = {
  vus: 1, // it's one
  thresholds: {
    http_req_duration: ['p(95)<500', { threshold: 'p(99.90)<=900.5', abortOnFail: true,
                                       delayAbortEval: '10s' }],
    'http_req_duration{name:browse}': ["avg<200", `med<150`],
    "http_req_duration{method:POST,expected_response:true}": ['p(95)<300'],
    'http_req_duration{scenario:peak,tier:gold}': 'p(90)<1.5',
    http_req_failed: ['rate<0.01'], http_reqs: ['rate>50', 'count>1'],
    /* 'checks': */ checks: ['rate>0.9'],
    'http_req_duration{status:200}': ['p(95)<1'], http_req_failed_: ['rate<1'],
    'http_req_duration{a}': ['p(95)<1'], my_trend: ['p(95)<1'],
  },
};
"""


def script(folder: Path, text: str = SCRIPT):
    """A script, as read."""
    (folder / "load.js").write_text(text)
    return read_script(folder / "load.js", "load.js")


def made(folder: Path, text: str = SCRIPT, *, load="k6", endpoints=()):
    """The budgets of a script as a spec has them, and what is not carried over."""
    basis = Basis(load=load, endpoints=endpoints, planned=None, script=script(folder, text),
                  measured=None)  # fmt: skip
    found, left = budgets(basis)
    return {
        (each.endpoint, *each.labels, each.successes): {
            key: demand.value for key, demand in each.demands.items()
        }
        for each in found
    }, left


def test_thresholds_are_carried_over(tmp_path):
    """Percentiles, mean and median, errors and rate; by name, method and other tags."""
    found, left = made(tmp_path)

    assert found == {
        (None, False): {"p95": "500ms", "p99.9": "900.5ms", "errors": "1%", "throughput": "50/s"},
        ("browse", False): {"mean": "200ms", "p50": "150ms"},
        ("POST *", True): {"p95": "300ms"},
        (None, "scenario", "tier", False): {"p90": "1.5ms"},
    }
    assert left == [
        "http_reqs: count>1: it is no budget of requests",
        "checks: rate>0.9: it is no budget of requests",
        "http_req_duration{status:200}: p(95)<1: budgets cannot speak of one status",
        "http_req_failed_: rate<1: it is no budget of requests",
        "http_req_duration{a}: p(95)<1: its tags are not understood",
        "my_trend: p(95)<1: it is no budget of requests",
    ]


def test_where_locust_loads_names_must_be_those_of_its_requests(tmp_path):
    """A URL is its path; a tag that no request of Locust has is told, not written."""
    text = """export let options = {thresholds: {
      'http_req_duration{name:http://x.test/browse}': ['p(95)<100'],
      'http_req_duration{name:other}': ['p(95)<100'],
      'http_req_duration{group:::a}': ['p(95)<100'],
    }};"""

    found, left = made(tmp_path, text, load="made", endpoints=["GET /browse"])

    assert found == {("GET /browse", False): {"p95": "100ms"}, (None, False): {"errors": "1%"}}
    assert [each.rpartition(": ")[2] for each in left] == [
        "the load test has no request of that name",
        "requests of Locust have no tag group",
    ]


def test_of_two_limits_the_stricter(tmp_path):
    """The same aggregation twice is one demand."""
    text = """o = {thresholds: {http_req_duration: ['p(95)<200', 'p(95)<100', 'p(95)<300'],
                                http_reqs: ['rate>5', 'rate>7', 'rate>6']}}"""

    found, _ = made(tmp_path, text)

    assert found[None, False] == {"p95": "100ms", "throughput": "7/s", "errors": "1%"}


def test_contradictions_are_carried_over_and_said(tmp_path):
    """What lint would remark on is let be in writing, so that the spec lints clean."""
    text = "o = {thresholds: {http_req_duration: ['p(95)<500', 'p(99)<400']}}"
    found, left = budgets(
        Basis(load="k6", endpoints=(), planned=None, script=script(tmp_path, text), measured=None)
    )

    written = spec_text("a", found, origin="x", left=left, warmup=True, now_ts=0)

    assert "# slogate: ignore limits-out-of-order" in written
    assert len(load_specs([("s.yaml", written)])[0].objectives) == 3


def test_hostile_thresholds_stay_comments_and_texts(tmp_path):
    """No tag, name or condition becomes YAML of ours, or a comment that lets be."""
    text = r"""o = {thresholds: {
      'x{}\nslos: []': ['slogate: ignore zero-errors: x'],
      'http_req_duration{name:a: [b]#"}': ['p(95)<1'],
      'http_req_duration{name:*}': ['p(95)<2'],
      'http_req_duration{name:on,team:null}': ['p(95)<3'],
      ' slogate: ignore zero-errors: y': ['rate<1'],
    }}"""
    found, left = budgets(
        Basis(load="k6", endpoints=(), planned=None, script=script(tmp_path, text), measured=None)
    )

    written = spec_text("a: b", found, origin="#\n x", left=left, warmup=True, now_ts=0)

    [spec] = load_specs([("s.yaml", written)])
    assert spec.service == "a: b"
    assert len(spec.objectives) == 4
    assert "slogate: ignore zero-errors" not in written


@pytest.mark.parametrize(
    "text",
    ["", "export default function () {}", "thresholds: options.thresholds", "// thresholds: {a: 1",
     "s = 'thresholds: {'", "thresholds: {}"],
)  # fmt: skip
def test_no_thresholds(tmp_path, text):
    """A script without thresholds that can be read has none."""
    assert script(tmp_path, text).thresholds == ()


def test_open_braces_are_an_error(tmp_path):
    """What ends in the middle is said, not half carried over."""
    with pytest.raises(SourceError, match="not closed"):
        script(tmp_path, "o = {thresholds: {http_req_failed: ['rate<0.1'],")


@pytest.mark.parametrize("text", ["{" * 100_000, "'" * 100_001, "thresholds:{" + "[" * 100_000])
def test_hostile_scripts_end(tmp_path, text):
    """However odd a text is, reading it ends soon."""
    try:
        found = script(tmp_path, text)
    except SourceError:
        return
    assert found.thresholds == ()
