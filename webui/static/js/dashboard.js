// The dashboard: its map and its chart.

import { bars } from "./dashboard_charts.js";
import { wallScreen } from "./dashboard_wall.js";
import { drawMap } from "./parts_map.js";

let running = null;

// --- One view.

function start() {
  const root = document.getElementById("dashboard");
  const page = JSON.parse(root.dataset.page);
  const locale = page.language === "zh" ? "zh-CN" : "en";
  const chart = bars(document.getElementById("trend"), page.trend.labels, page.trend.counts, {
    name: page.words.incidents, locale, dark: root.classList.contains("wall"),
  });
  const view = { root, page, chart, map: null };
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
  running?.chart.resize();
  running?.map?.invalidateSize();
});

start();
const wall = wallScreen({
  page: () => running.page,
  put: (next) => {
    running.chart.dispose();
    running.map?.remove();
    running.root.replaceWith(next);
    start();
  },
});
