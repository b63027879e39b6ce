// A map of the parts of an area, coloured by class, with words and names.

import { hatch, labels, plain } from "./choropleth.js";

const LABELS = 40;

// `page` names the `outlines` to fetch, the `parts` (id, name, text, class, url), and `words.failed`.
export async function drawMap(element, page) {
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
