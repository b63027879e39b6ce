// The dashboard: its map and its chart.

import { bars, shares } from "./dashboard_charts.js";
import { wallScreen } from "./dashboard_wall.js";
import { drawMap } from "./parts_map.js";

let running = null;

// --- One view.

function start() {
  const root = document.getElementById("dashboard");
  const page = JSON.parse(root.dataset.page);
  const locale = page.language === "zh" ? "zh-CN" : "en";
  const dark = root.classList.contains("wall");
  const charts = [bars(document.getElementById("trend"), page.trend.labels, page.trend.counts, { name: page.words.incidents, locale, dark })];
  const patrols = document.getElementById("patrols-trend");
  // A wall does not show it, and a chart needs a size.
  if (patrols && !dark) charts.push(shares(patrols, page.patrols.labels, [[page.words.walked, page.patrols.walked], [page.words.planned, page.patrols.planned]], { locale }));
  const view = { root, page, charts, map: null };
  drawMap(document.getElementById("map"), page)
    .then((map) => {
      view.map = map;
      root.dataset.ready = "true";
    })
    .catch(() => { document.getElementById("map").textContent = page.words.failed; });
  document.getElementById("wall")?.addEventListener("click", () => wall.toggle());
  running = view;
}

addEventListener("resize", () => {
  running?.charts.forEach((chart) => chart.resize());
  running?.map?.invalidateSize();
});

start();
const wall = wallScreen({
  page: () => running.page,
  put: (next) => {
    running.charts.forEach((chart) => chart.dispose());
    running.map?.remove();
    running.root.replaceWith(next);
    start();
  },
});
