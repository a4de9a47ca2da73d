"""Documents of OpenSLO without fault, one of each shape: what the examples of rules stand in."""

from __future__ import annotations

from dataclasses import dataclass

STANDARD = """apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout-latency
  displayName: Checkout
  labels: {team: payments}
  annotations: {example.com/board: abc}
spec:
  service: checkout
  indicator:
    metadata: {name: latency}
    spec:
      ratioMetric:
        good:
          metricSource: {type: prometheus, spec: {query: good}}
        total:
          metricSource: {type: prometheus, spec: {query: total}}
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Timeslices
  objectives:
    - displayName: good
      targetPercent: 99.5
      timeSliceTarget: 0.95
      timeSliceWindow: 5m
  alertPolicies:
    - kind: AlertPolicy
      metadata: {name: fast}
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: {name: burn}
            spec:
              severity: page
              condition: {kind: burnrate, op: gt, threshold: 14.4, lookbackWindow: 1h}
        notificationTargets:
          - kind: AlertNotificationTarget
            metadata: {name: pager}
            spec: {target: pager}
"""
CALENDAR = """apiVersion: openslo/v1
kind: SLO
metadata: {name: checkout-latency}
spec:
  service: checkout
  indicator:
    metadata: {name: latency}
    spec:
      thresholdMetric:
        metricSource: {type: prometheus, spec: {query: p95}}
  timeWindow:
    - duration: 1w
      calendar: {startTime: 2026-01-05 00:00:00, timeZone: UTC}
  budgetingMethod: Occurrences
  objectives:
    - {target: 0.995, op: lte, value: 400}
"""
_SLI = """apiVersion: openslo/v1
kind: SLI
metadata: {name: latency}
spec:
  ratioMetric:
    good: {metricSource: {type: prometheus, spec: {query: good}}}
    total: {metricSource: {type: prometheus, spec: {query: total}}}
"""
REFERRING = f"""apiVersion: openslo/v1
kind: SLO
metadata: {{name: checkout-latency}}
spec:
  service: checkout
  indicatorRef: latency
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives:
    - {{target: 0.995}}
---
{_SLI}"""
COMPOSITE = f"""apiVersion: openslo/v1
kind: SLO
metadata: {{name: checkout}}
spec:
  service: checkout
  timeWindow: [{{duration: 28d, isRolling: true}}]
  budgetingMethod: Occurrences
  objectives:
    - {{target: 0.995, indicatorRef: latency}}
    - {{target: 0.9, indicatorRef: fast}}
---
{_SLI}---
{_SLI.replace("latency", "fast")}"""
V2 = """apiVersion: openslo.com/v2alpha
kind: SLO
metadata: {name: checkout-latency}
spec:
  serviceRef: checkout
  sli:
    metadata: {name: latency}
    spec:
      ratioMetric:
        good: {dataSourceSpec: {type: prometheus, connectionDetails: {}}, spec: {query: good}}
        total: {dataSourceSpec: {type: prometheus, connectionDetails: {}}, spec: {query: all}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {target: 0.995}
"""
ALPHA = """apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: checkout-latency}
spec:
  service: checkout
  timeWindows:
    - {unit: Day, count: 28, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - displayName: good
      ratioMetrics:
        good: {source: prometheus, queryType: promql, query: good}
        total: {source: prometheus, queryType: promql, query: total}
      value: 1
      target: 0.995
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Why a rule is there; `right` stands in the document, `wrong` in its place breaks the rule."""

    why: str
    right: str
    wrong: str
    document: str = STANDARD
