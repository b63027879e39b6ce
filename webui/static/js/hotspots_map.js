// A map of what a run found, over the project's own tiles.

import { MapCanvas } from "./canvas.js";
import { TileStore } from "./tiles.js";

const NUMBERED = 20;
// What lies below, and what lies on its like.
const OPACITY = { ns: 0.45, alert: 0.4 };
// Of a number's circle, in pixels.
const SIZE = 22;
export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// Draws a run into Folium's map; resolves when its shapes are there.
export async function drawRun(page) {
  const map = window[`${page.map}_1`];
  const number = (n) => n.toLocaleString(page.language === "zh" ? "zh-CN" : "en");
  const comma = page.language === "zh" ? "，" : ", ";
  // Without an outline of any community the first view stays.
  const [west, south, east, north] = page.bounds ?? [];
  if (page.bounds) map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const ground = new TileStore(address(page.tiles), () => base.redraw(), () => {});
  let months = null;
  const incidents = new TileStore((z, x, y) => address(months)(z, x, y), () => base.redraw(), () => {});
  const shown = new Set(page.layers);
  const found = page.found && new TileStore(address(page.found), () => base.redraw(), () => {});
  page.classes = found ? classes(page) : [];
  let [tiles, faint, smooth] = [[], false, false];
  const base = new MapCanvas(page, { territory: ground, incidents, found }, shown, (now) => {
    tiles = now.found;
    if (now.ready) {
      map.getContainer().dataset.ready = "1";
      ready();
    }
    const ids = new Set(tiles.flatMap(({ tile }) => (tile.layers.found || []).map((each) => each.id)));
    map.getContainer().dataset.found = String(listed.size + ids.size);
  });
  const listed = new Map();
  let ready = () => {};
  const painted = new Promise((resolve) => { ready = resolve; });
  base.addTo(map);

  const answer = await fetch(page.features);
  if (!answer.ok) throw new Error(String(answer.status));
  const { features } = await answer.json();
  map.createPane("surface").style.zIndex = 405;
  map.createPane("found").style.zIndex = 410;
  const renderer = L.canvas({ pane: "found", tolerance: 4 });
  const areas = L.geoJSON(features.reverse(), {
    renderer, pane: "found",
    style: (each) => (isLine(each) ? { ...look(each, page), opacity: 0 } : found ? { color: "#26323c", weight: 1.5, fillOpacity: 0 } : { ...look(each, page), color: "#26323c", weight: 1 }),
    pointToLayer: (each, at) => L.circleMarker(at, { renderer, pane: "found", radius: 7 }),
    onEachFeature: (each, layer) => listed.set(each.properties.rank, layer),
  });
  areas.addTo(map);
  areas.on("click", ({ layer, latlng }) => {
    tell(layer.feature, latlng);
    page.chosen?.(layer.feature.properties.rank);
  });
  areas.on("click", L.DomEvent.stopPropagation);
  map.on("click", ({ latlng }) => {
    const hit = page.classes.length && base.featureAt(latlng, tiles, "found");
    // What is hardly a pixel wide has no count yet.
    if (hit && "count" in hit.properties) tell(hit, latlng);
  });
  const surface = page.surface && L.tileLayer(page.surface, { maxNativeZoom: page.surfaceZoom, maxZoom: 19, pane: "surface" });
  const numbers = [...listed].filter(([rank]) => rank <= NUMBERED).sort(([a], [b]) => a - b).map(([rank, layer]) => {
    const at = layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng();
    const icon = L.divIcon({ className: "hot-number", html: String(Number(rank)), iconSize: [SIZE, SIZE] });
    return L.marker(at, { icon, interactive: false, keyboard: false });
  });
  map.on("zoomend", mark);
  mark();
  addEventListener("resize", () => map.invalidateSize());
  // A page that is not looked at is not painted either.
  if (!document.hidden) await painted;

  // Numbers never lie on each other: the lower one of two waits until the map is closer.
  function mark() {
    const taken = [];
    page.marks = [];
    for (const each of numbers) {
      const at = map.latLngToLayerPoint(each.getLatLng());
      const free = taken.every((other) => other.distanceTo(at) >= SIZE);
      if (!free) { each.remove(); continue; }
      each.addTo(map);
      taken.push(at);
      page.marks.push(each.getLatLng());
    }
    base.redraw();
  }

  function paint() {
    page.classes = found && !smooth ? classes(page, faint) : [];
    base.redraw();
  }

  function tell(feature, at) {
    const { kind, count, expected, place, rank } = feature.properties;
    const box = document.createElement("div");
    const lines = [
      [rank, place].filter(Boolean).join(" · "),
      fill(page.words.count, { count: number(count) }) + (expected === undefined ? "" : `${comma}${fill(page.words.expected, { count: number(expected) })}`),
      page.kinds[kind] || "",
    ];
    for (const line of lines.filter(Boolean)) {
      const part = document.createElement("p");
      part.textContent = line;
      box.append(part);
    }
    L.popup({ maxWidth: 280 }).setLatLng(at).setContent(box).openOn(map);
  }

  return {
    map,
    // Shows where a listed hotspot is.
    show(rank) {
      const layer = listed.get(rank);
      if (!layer) return;
      const bounds = layer.getBounds ? layer.getBounds() : L.latLngBounds([layer.getLatLng()]);
      map.fitBounds(bounds.pad(0.5), { maxZoom: 16 });
      tell(layer.feature, bounds.getCenter());
    },
    // Shows the incidents of some days, or none; what was found stays as an outline alone.
    days(first, last) {
      months = first && `${page.incidents}&from=${first}&to=${last}`.replace("?&", "?");
      if (first) shown.add("incident");
      else shown.delete("incident");
      faint = Boolean(first);
      paint();
      surface?.setOpacity(faint ? 0.3 : 1);
      incidents.renew();
    },
    // Shows the surface in place of the areas, or the areas.
    view(name) {
      smooth = name === "surface";
      if (smooth) surface.addTo(map);
      else surface.remove();
      paint();
    },
  };
}

const address = (template) => (z, x, y) => fill(template, { z, x, y });

// How each class is painted, areas and lines; what is not significant lies below.
function classes(page, faint = false) {
  return Object.entries(page.colours).reverse().flatMap(([kind, colour]) => [
    { layer: "found", name: `${kind}-area`, match: (each) => each.type === 3 && each.properties.kind === kind, fill: colour, fillOpacity: faint ? 0.15 : OPACITY[kind] ?? 0.75 },
    { layer: "found", name: `${kind}-line`, match: (each) => each.type === 2 && each.properties.kind === kind, stroke: colour, width: () => 4, opacity: faint ? 0.3 : 0.9, cap: "round" },
  ]);
}

const isLine = (feature) => feature.geometry.type.endsWith("LineString");

function look(feature, page) {
  const { kind } = feature.properties;
  const colour = page.colours[kind] || "#dfe3e6";
  if (isLine(feature)) return { color: colour, weight: 4, opacity: 0.9 };
  return { stroke: false, fillColor: colour, fillOpacity: OPACITY[kind] ?? 0.75 };
}
