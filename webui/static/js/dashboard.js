// The dashboard: its map and its chart.

import { hatch, labels, plain } from "./choropleth.js";
import { bars } from "./dashboard_charts.js";
import { bars, shares } from "./dashboard_charts.js";
import { wallScreen } from "./dashboard_wall.js";
import { drawMap } from "./parts_map.js";

let running = null;

// --- The map: the parts of the area, coloured by class.

async function drawMap(element, page) {
  const map = L.map(element, { attributionControl: false, zoomSnap: 0.25, zoomControl: false, scrollWheelZoom: false });
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  L.control.zoom({ position: "topright" }).addTo(map);
  const answer = await fetch(page.outlines);
  if (!answer.ok) throw new Error(page.words.failed);
  const outlines = await answer.json();
  const parts = new Map(page.parts.map((part) => [part.id, part]));
  const known = { type: "FeatureCollection", features: outlines.features.filter((feature) => parts.has(feature.id)) };
  const layer = L.geoJSON(known, {
    style: (feature) => ({ className: parts.get(feature.id).class, stroke: true, fill: true }),
    onEachFeature: (feature, shape) => {
      const part = parts.get(feature.id);
      const words = document.createElement("span");
      words.textContent = `${part.name} · ${part.text}`;
      shape.bindTooltip(words, { sticky: true });
      shape.on("click", () => location.assign(part.url));
      shape.on("keypress", ({ originalEvent }) => { if (originalEvent.key === "Enter") location.assign(part.url); });
    },
  });
  if (!known.features.length) return map;
  map.fitBounds(layer.getBounds(), { animate: false, padding: [8, 8] });
  layer.addTo(map);
  plain(element);
  hatch(map);
  if (known.features.length <= LABELS) labels(map, layer, parts);
  return map;
}

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
