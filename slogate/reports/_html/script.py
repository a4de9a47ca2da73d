"""The script of the page: a crosshair over all pictures of a panel, by pointer or arrow keys.

It adds nothing that the page does not say without it: it reads the figures that stand in the page
and writes them as text, so that nothing in them can act.
"""

from __future__ import annotations

SCRIPT = """
(function () {
  "use strict";
  var tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.appendChild(tip);
  function duration(us) {
    if (us === null || us === undefined) { return "\\u221e"; }
    var unit = us < 1000 ? ["\\u00b5s", 1] : us < 1e6 ? ["ms", 1e3] : ["s", 1e6];
    return Number((us / unit[1]).toPrecision(3)) + " " + unit[0];
  }
  function clock(ms) { return new Date(ms).toISOString().slice(0, 19).replace("T", " ") + " UTC"; }
  function place(data, column) {
    var edges = data.edges;
    if (!edges) { return (column + 0.5) / data.columns; }
    return (edges[column] + edges[column + 1]) / 2 / data.width;
  }
  function columnAt(data, share) {
    if (!data.edges) { return Math.floor(share * data.columns); }
    var column = 0, x = share * data.width;
    while (column < data.columns - 1 && x >= data.edges[column + 1]) { column += 1; }
    return column;
  }
  function words(data, column) {
    if (data.texts) { return data.texts[column]; }
    var row = data.rows[column];
    var lines = [clock(data.start + column * data.step)];
    var users = data.users[column];
    if (users !== undefined) { lines.push(users + " users"); }
    if (!row) { return lines.concat("no request"); }
    lines.push(row[0] + " requests, " + row[1] + " failed");
    data.names.forEach(function (name, i) {
      if (row.length === data.names.length + 2) { lines.push(name + "  " + duration(row[i + 2])); }
    });
    return lines;
  }
  var panels = {};
  document.querySelectorAll(".chart[data-panel]").forEach(function (chart) {
    var key = chart.getAttribute("data-panel");
    var source = document.getElementById(key + "-data");
    if (!source) { return; }
    if (!panels[key]) {
      panels[key] = { data: JSON.parse(source.textContent), at: 0, hairs: [] };
    }
    var panel = panels[key];
    var hair = document.createElement("div");
    hair.className = "hair";
    hair.hidden = true;
    chart.appendChild(hair);
    panel.hairs.push(hair);
    function show(column, x, y) {
      panel.at = Math.max(0, Math.min(panel.data.columns - 1, column));
      panel.hairs.forEach(function (each) {
        each.hidden = false;
        each.style.left = 100 * place(panel.data, panel.at) + "%";
      });
      tip.textContent = words(panel.data, panel.at).join("\\n");
      tip.hidden = false;
      var room = document.documentElement.clientWidth - tip.offsetWidth - 8;
      tip.style.left = Math.max(8, Math.min(room, x + 14)) + window.scrollX + "px";
      tip.style.top = y + 14 + window.scrollY + "px";
    }
    function hide() {
      tip.hidden = true;
      panel.hairs.forEach(function (each) { each.hidden = true; });
    }
    chart.addEventListener("pointermove", function (event) {
      var box = chart.getBoundingClientRect();
      var share = (event.clientX - box.left) / box.width;
      show(columnAt(panel.data, share), event.clientX, event.clientY);
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", function (event) {
      var last = panel.data.columns - 1;
      var to = { ArrowLeft: panel.at - 1, ArrowRight: panel.at + 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") { hide(); }
      if (to === undefined) { return; }
      event.preventDefault();
      var box = chart.getBoundingClientRect();
      show(to, box.left + box.width * place(panel.data, panel.at), box.top);
    });
    chart.tabIndex = 0;
    chart.setAttribute("role", "group");
    chart.setAttribute("aria-label", "arrow keys read the figures of each slice");
  });
})();
"""
