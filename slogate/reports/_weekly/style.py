"""What the report over a week adds to the style of all pages."""

from __future__ import annotations

from slogate.reports._html.style import STYLE as COMMON

STYLE = (
    COMMON
    + """
main, header, footer { max-width: 1340px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  list-style: none; margin: 18px 0 0; padding: 0; }
.tiles li { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 10px 16px; }
.tiles .number { font-size: 1.5rem; font-weight: 600; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.tiles .pass { color: var(--pass); } .tiles .fail { color: var(--fail); }
.tiles .open { color: var(--open); }
.besides { color: var(--soft); margin-bottom: 8px; }
.tiles span { color: var(--soft); font-size: .85rem; }
.alarm ul { margin: 4px 0 0; padding-left: 20px; }
td .under, th .under { display: block; white-space: nowrap; }
th .under { font-weight: 400; white-space: normal; max-width: 44ch; }
.reasons > li { grid-template-columns: 150px 1fr; }
.bad-figure { color: var(--fail); font-weight: 700; }
.up { color: var(--pass); } .down { color: var(--fail); }
.course { display: block; overflow: visible; }
.course .zero { stroke: var(--soft); stroke-dasharray: 3 3; }
.course .over { fill: var(--fail-bg); }
.course .run { fill: none; stroke: var(--accent); stroke-width: 1.8; stroke-linejoin: round; }
.course .dot { fill: var(--accent); }
.course .slip { fill: var(--fail); stroke: var(--card); stroke-width: 1; }
.course .none { fill: none; stroke: var(--soft); stroke-width: 1.3; }
tbody th .name { max-width: 40ch; }
.title .name { font-weight: 600; }
.forecast { display: block; min-width: 17ch; }
.forecast.under { white-space: normal; }
.reasons .badge { text-align: center; }
.budget-left { white-space: nowrap; }
.budget-left .bar { display: inline-block; vertical-align: -2px; margin-right: 8px; }
tr:hover > * { background: var(--page); }
.weeks td, .weeks th { padding-right: 10px; }
.weeks td { font-variant-numeric: tabular-nums; white-space: nowrap; }
.keys { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 10px 0 0; padding: 0;
  list-style: none; color: var(--soft); font-size: .8rem; }
.keys svg { display: inline-block; vertical-align: -2px; margin-right: 6px; }
@media (max-width: 560px) {
  .reasons > li { grid-template-columns: 1fr; }
  .tiles { grid-template-columns: 1fr 1fr; }
  td .under { white-space: normal; } .budget-left .bar { max-width: 70px; }
}
@media print {
  @page { size: A4 landscape; margin: 10mm; }
  html { font-size: 10.5px; } body { font-size: 1rem; }
  section { break-inside: auto; }
  h2 { break-after: avoid; }
  .tiles li { padding: 4px 12px; } .reasons > li { padding: 4px 0; }
  table { font-size: .9rem; } th, td { padding-top: 3px; padding-bottom: 3px; }
}
"""
)
