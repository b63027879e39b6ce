// The page of a track: its route, what was walked and missed, and the stops on a map.

import { groundMap } from "./base_map.js";

const page = JSON.parse(document.getElementById("track").dataset.page);
const LOOKS = {
  route: { color: "#6b7680", weight: 7, opacity: 0.45 },
  raw: { radius: 1.5, stroke: false, fillColor: "#8e6bbf", fillOpacity: 0.5 },
  walked: { color: "#1f5fa8", weight: 4, opacity: 0.95 },
  missed: { color: "#c62828", weight: 4, opacity: 0.95, dashArray: "6 6" },
};

try {
  const map = groundMap(page);
  const answer = await fetch(page.shapes);
  if (!answer.ok) throw new Error(String(answer.status));
  const shapes = await answer.json();
  map.createPane("track").style.zIndex = 410;
  const renderer = L.canvas({ pane: "track" });
  const drawn = L.geoJSON(shapes, {
    renderer, pane: "track", interactive: false,
    style: ({ properties }) => LOOKS[properties.kind],
    pointToLayer: ({ properties }, at) => (properties.kind === "raw" ? L.circleMarker(at, { ...LOOKS.raw, renderer, pane: "track", interactive: false }) : stop(properties, at)),
  }).addTo(map);
  const bounds = drawn.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds.pad(0.08), { animate: false, maxZoom: 18 });
  map.getContainer().dataset.found = String(shapes.features.length);
  document.documentElement.dataset.mapReady = "true";
} catch (error) {
  document.querySelector(".hot-stage").textContent = page.words.failed;
  throw error;
}

function stop({ kind, name, position }, at) {
  const icon = L.divIcon({ className: `stop-mark ${kind}`, html: String(Number(position)), iconSize: [24, 24] });
  const words = document.createElement("span");
  words.textContent = [name, page.verdicts[kind]].filter(Boolean).join(" · ");
  return L.marker(at, { icon, keyboard: false }).bindTooltip(words);
}
