"""The style of the page: light and dark, narrow and wide, on paper.

No font and no picture is loaded; colour is never the only sign.
"""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --ink: #1b2330; --soft: #586274; --line: #dfe3ea;
  --pass: #11703b; --pass-bg: #dff3e6; --fail: #b3261e; --fail-bg: #fce4e2;
  --open: #855400; --open-bg: #fdefcf; --accent: #2158c4; --grid: #e8ebf0; --shade: #8993a41f;
  --h0: #e3edf9; --h1: #b5d1f0; --h2: #7fb0e4; --h3: #4689d3; --h4: #1f62b5; --h5: #0b3d82;
  --q0: #2e7d6b; --q1: #2158c4; --q2: #7a3db8; --q3: #b0420f; --q4: #737c8b;
  --ok: #6f9fd8; --bad: #c62f26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141c; --card: #171e29; --ink: #e6eaf1; --soft: #a3adbd; --line: #2b3544;
    --pass: #6fdc9c; --pass-bg: #123524; --fail: #ff958c; --fail-bg: #47191a;
    --open: #f5c469; --open-bg: #3d2e0e; --accent: #8db6ff; --grid: #242d3a; --shade: #8993a426;
    --h0: #16304f; --h1: #1c4a80; --h2: #2a6cb8; --h3: #4f96dd; --h4: #8dc2f2; --h5: #d6ecff;
    --q0: #5cc7ae; --q1: #8db6ff; --q2: #c79bf5; --q3: #ff9d66; --q4: #98a2b3;
    --ok: #3f73b3; --bad: #ff7a70;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
h1 { font-size: 1.5rem; line-height: 1.35; margin: 0 0 10px; font-weight: 600; }
h2 { font-size: 1.1rem; margin: 0 0 10px; font-weight: 600; }
h3 { font-size: .95rem; margin: 22px 0 2px; font-weight: 600; }
p { margin: 0; }
.over { color: var(--soft); font-size: .9rem; margin-bottom: 4px; }
.name { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: .92em; }
.facts { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0; padding: 0;
  color: var(--soft); font-size: .9rem; }
.alarm { margin-top: 12px; padding: 8px 12px; border-radius: 8px; color: var(--open);
  background: var(--open-bg); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 18px 20px; margin: 16px 0; }
.note, .under { color: var(--soft); font-size: .88rem; }
.note { margin-bottom: 8px; }
.badge { display: inline-block; padding: 1px 12px; border-radius: 99px; white-space: nowrap;
  font-weight: 700; border: 1px solid transparent; }
.badge.small { font-size: .8rem; padding: 1px 9px; justify-self: start; }
.badge.pass { color: var(--pass); background: var(--pass-bg); }
.badge.fail { color: var(--fail); background: var(--fail-bg); }
.badge.open { color: var(--open); background: var(--open-bg); }
.badge.quiet { background: none; border-color: currentColor; font-weight: 500; }
.reasons { list-style: none; margin: 0; padding: 0; }
.reasons > li { display: grid; grid-template-columns: 140px 1fr; gap: 12px; padding: 9px 0;
  border-top: 1px solid var(--line); align-items: start; }
.reasons > li:first-child { border-top: 0; padding-top: 0; }
.reason { font-weight: 500; }
.step { margin-top: 4px; padding-top: 10px; border-top: 1px solid var(--line); }
.reasons .notes { margin-top: 4px; }
.contents ul, .judged { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px;
  margin: 0; padding: 0; font-size: .88rem; }
.contents { margin-top: 16px; }
.contents a { text-underline-offset: 3px; } .contents .name { color: inherit; }
.judged { gap: 4px 20px; margin: 2px 0 8px; }
.notes { margin: 0; padding-left: 20px; }
.scroll { overflow-x: auto; border-radius: 6px; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-top: 1px solid var(--line);
  vertical-align: middle; overflow-wrap: normal; font-weight: 400; }
thead th { color: var(--soft); font-size: .78rem; border-top: 0; white-space: nowrap; }
tbody th .name { font-weight: 600; }
th:last-child, td:last-child { padding-right: 2px; }
th .name, td .name { display: inline-block; max-width: 34ch; overflow-wrap: break-word; }
.error .name { max-width: 90ch; }
.figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.bar { display: block; }
.bar .allowed { fill: var(--grid); } .bar .value { fill: var(--ink); }
.bar .spread { fill: var(--accent); fill-opacity: .45; }
.bar .left { fill: var(--accent); }
.trend { display: block; }
.trend .run { fill: none; stroke: var(--soft); stroke-width: 1.2; }
.trend .limit { stroke: var(--soft); stroke-dasharray: 3 3; }
.trend .pass { fill: var(--pass); } .trend .fail { fill: var(--fail); }
.trend .open { fill: var(--open); }
.trend .none { fill: var(--card); stroke-width: 1.4; stroke: var(--open); }
.trend .none.fail { stroke: var(--fail); }
.line.pin { stroke: var(--q2); stroke-width: 1.5; stroke-dasharray: 7 4; }
.swatch.pin { height: 0; border-top: 2px dashed var(--q2); border-radius: 0; width: 16px;
  vertical-align: 3px; }
.line.even { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 6 5; }
.swatch.even { height: 0; border-top: 2px dashed var(--soft); border-radius: 0; width: 16px;
  vertical-align: 3px; }
.crowd { fill: var(--q0); }
.overspent { fill: var(--fail-bg); } .burnt { fill: var(--q3); background: var(--q3); }
.line-up { display: block; } .legend + .scroll { margin-top: 16px; }
.looks { margin: 8px 0 0; padding-left: 20px; }
.note.after { margin: 8px 0 0; }
.budget-left .bar { margin-bottom: 2px; }
.bar .limit { stroke: var(--fail); stroke-width: 2; fill: none; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); margin: 0;
  column-gap: 32px; }
dl div { display: flex; justify-content: space-between; gap: 16px; padding: 5px 0;
  border-top: 1px solid var(--line); font-size: .88rem; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; }
footer { color: var(--soft); font-size: .82rem; padding-bottom: 32px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 8px; top: 8px; }
a { color: var(--accent); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 36px; align-items: start; }
.pair > * { min-width: 0; }
figure { margin: 14px 0 0; min-width: 0; }
figcaption { font-size: .88rem; font-weight: 600; margin-bottom: 8px; }
.chart { position: relative; margin: 0 6px 0 58px; }
.chart:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px; }
.chart svg { display: block; overflow: visible; }
.chart svg.plot { overflow: hidden; }
.chart text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
.chart .rule { stroke: var(--grid); }
.chart .shade { fill: var(--shade); }
.plot path:not(.line) { shape-rendering: crispEdges; }
.h0 { fill: var(--h0); background: var(--h0); } .h1 { fill: var(--h1); background: var(--h1); }
.h2 { fill: var(--h2); background: var(--h2); } .h3 { fill: var(--h3); background: var(--h3); }
.h4 { fill: var(--h4); background: var(--h4); } .h5 { fill: var(--h5); background: var(--h5); }
.line { fill: none; stroke-width: 1.8; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.line.q0 { stroke: var(--q0); } .line.q1 { stroke: var(--q1); } .line.q2 { stroke: var(--q2); }
.line.q3 { stroke: var(--q3); } .line.q4 { stroke: var(--q4); stroke-width: 1.2;
  stroke-dasharray: 2 3; }
.swatch.q0 { background: var(--q0); } .swatch.q1 { background: var(--q1); }
.swatch.q2 { background: var(--q2); } .swatch.q3 { background: var(--q3); }
.ok { fill: var(--ok); } .bad { fill: var(--bad); }
line.budget { stroke-width: 1.5; stroke-dasharray: 6 4; }
line.budget.pass { stroke: var(--pass); } line.budget.fail { stroke: var(--fail); }
line.budget.open { stroke: var(--open); }
.chart text.budget { font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px;
  stroke-linejoin: round; }
.chart text.budget.pass { fill: var(--pass); } .chart text.budget.fail { fill: var(--fail); }
.chart text.budget.open { fill: var(--open); }
.target { fill: var(--card); stroke-width: 2; }
.target.pass { stroke: var(--pass); } .target.fail { stroke: var(--fail); }
.target.open { stroke: var(--open); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 4px 0 0 58px;
  padding: 0; color: var(--soft); font-size: .8rem; }
.swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; }
.swatch.q0, .swatch.q1, .swatch.q2, .swatch.q3 { height: 3px; border-radius: 2px;
  vertical-align: 3px; width: 16px; }
.swatch.q4 { height: 0; border-top: 2px dotted var(--q4); border-radius: 0; width: 16px;
  vertical-align: 3px; }
.swatch.none { display: none; }
.hair { position: absolute; top: 0; bottom: 24px; width: 1px; background: var(--ink);
  pointer-events: none; }
.tip { position: absolute; z-index: 9; pointer-events: none; white-space: pre; padding: 7px 10px;
  border-radius: 8px; background: var(--ink); color: var(--page); font-size: .8rem;
  font-variant-numeric: tabular-nums; }
[hidden] { display: none; }
@media (max-width: 860px) { .pair { grid-template-columns: 1fr; } }
@media screen and (max-width: 860px) {
  .cards, .cards tbody { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  .cards tr { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 7px 12px;
    padding: 12px 0; border-top: 1px solid var(--line); align-items: start; }
  .cards tr:first-child { border-top: 0; padding-top: 0; }
  .cards th, .cards td { display: block; padding: 0; border: 0; text-align: left;
    white-space: normal; overflow-wrap: anywhere; }
  .cards th { grid-column: 1 / -1; }
  .cards tr { position: relative; } .cards tr:has(> .state) th { padding-right: 128px; }
  .cards .state { position: absolute; right: 0; top: 12px; }
  .cards .state::before { display: none; }
  .cards tr:first-child .state { top: 0; }
  .cards td:has(> div:empty) { display: none; }
  .cards .wide { grid-column: 1 / -1; }
  .cards td::before { content: attr(data-label); display: block; color: var(--soft);
    font-size: .75rem; }
  .cards .name { max-width: 100%; min-width: 0; }
  .cards .bar, .cards .trend { max-width: 100%; }
  .cards .wide .line-up { display: inline; margin-right: 8px; }
}
@media (max-width: 560px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 14px 14px; }
  h1 { font-size: 1.2rem; }
  .reasons > li { grid-template-columns: 1fr; gap: 4px; }
  dl { grid-template-columns: 1fr; }
  .chart { margin-left: 52px; } .chart .spare { display: none; } .legend { margin-left: 0; }
  .cards tr { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .cards.across3 tr { grid-template-columns: repeat(3, minmax(0, 1fr)); }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444;
    --line: #ccc; --grid: #e4e4e4; --accent: #2158c4;
    --pass: #11703b; --pass-bg: #dff3e6; --fail: #b3261e; --fail-bg: #fce4e2;
    --open: #855400; --open-bg: #fdefcf;
    --h0: #e3edf9; --h1: #b5d1f0; --h2: #7fb0e4; --h3: #4689d3; --h4: #1f62b5; --h5: #0b3d82;
    --q0: #2e7d6b; --q1: #2158c4; --q2: #7a3db8; --q3: #b0420f; --q4: #737c8b;
    --ok: #6f9fd8; --bad: #c62f26; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  html { font-size: 10.5px; } body { font-size: 1rem; }
  .contents { display: none; } tr, figure, .reasons > li { break-inside: avoid; }
  .chart text { font-size: 9px; } h2, h3, .note, .judged { break-after: avoid; }
  .pair, section:has(.plot) { break-inside: avoid; } footer { break-before: avoid; }
  section { padding: 10px 0; border: 0; border-top: 1px solid var(--line);
    border-radius: 0; margin: 8px 0; }
  .pair { grid-template-columns: 1fr 1fr; } .tip, .hair { display: none; }
  .scroll { overflow: visible; } .skip { display: none; }
  th, td { padding-right: 8px; }
}
"""
