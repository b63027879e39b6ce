// Folium's map with the project's own ground below: for pages that draw something of their own.

import { MapCanvas } from "./canvas.js";
import { TileStore } from "./tiles.js";

export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
export const address = (template) => (z, x, y) => fill(template, { z, x, y });

// Returns the map that Folium made, over `page.layers` from `page.tiles`.
export function groundMap(page) {
  const map = window[`${page.map}_1`];
  if (page.bounds) {
    const [west, south, east, north] = page.bounds;
    map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
  }
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const ground = new TileStore(address(page.tiles), () => base.redraw(), () => {});
  const nothing = new TileStore(() => "", () => {}, () => {});
  const base = new MapCanvas(page, { territory: ground, incidents: nothing }, new Set(page.layers), ({ ready }) => {
    if (ready) map.getContainer().dataset.ready = "1";
  });
  base.addTo(map);
  addEventListener("resize", () => map.invalidateSize());
  return map;
}
