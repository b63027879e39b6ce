// The page of a cell: its map and its charts.

import { bars } from "./dashboard_charts.js";

const root = document.getElementById("cell");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";

const charts = [
  bars(document.getElementById("months"), page.months.labels, page.months.counts, { name: page.words.incidents, locale, links: page.months.links }),
];
// A school or a park has no residents, and so no chart of them.
const people = document.getElementById("people");
if (people) charts.push(bars(people, page.people.labels, page.people.counts, { name: page.words.residents, locale }));

async function drawMap() {
  const answer = await fetch(page.shapes);
  if (!answer.ok) throw new Error(page.words.failed);
  const shapes = await answer.json();
  const map = L.map("map", { attributionControl: false, zoomSnap: 0.25, zoomControl: false, scrollWheelZoom: false });
  L.control.scale({ imperial: false }).addTo(map);
  L.control.zoom({ position: "topright" }).addTo(map);
  const own = shapes.features.filter((feature) => feature.properties.what === "own");
  map.fitBounds(L.geoJSON(own).getBounds(), { animate: false, padding: [16, 16] });
  const look = (feature) => ({ className: feature.properties.what + (feature.properties.late ? " late" : "") });
  L.geoJSON(shapes, {
    style: look,
    pointToLayer: (feature, at) => L.circleMarker(at, { radius: feature.properties.what === "case" ? 6 : 4, ...look(feature) }),
    onEachFeature: (feature, shape) => {
      const { what, name } = feature.properties;
      if (!name || what === "own" || what === "former") return;
      const words = document.createElement("span");
      words.textContent = name;
      shape.bindTooltip(words, { sticky: true });
      if (what === "near") shape.on("click", () => location.assign(page.shapes.replace(/\d+\/shapes\.json$/, String(feature.id))));
    },
  }).addTo(map);
  for (const path of document.querySelectorAll("#map path")) for (const name of ["fill", "stroke", "fill-opacity", "stroke-width"]) path.removeAttribute(name);
  addEventListener("beforeprint", () => map.invalidateSize({ animate: false }));
  root.dataset.ready = "true";
}

drawMap().catch(() => { document.getElementById("map").textContent = page.words.failed; });
document.getElementById("print").addEventListener("click", () => print());
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
