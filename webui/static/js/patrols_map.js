// The map of a route: the project's own tiles below, the line with its direction, and the stops.

import { MapCanvas } from "./canvas.js";
import { TileStore } from "./tiles.js";

const ARROW_PX = 130;

// Lays the tiles under Folium's map; calls `ready` whenever all tiles of the view are drawn.
export function baseMap(page, { layers = page.layers, ready = () => {}, zoom = true } = {}) {
  const map = window.map_1;
  map.attributionControl?.remove();
  const [west, south, east, north] = page.bounds ?? [];
  if (page.bounds) map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
  if (zoom) L.control.zoom({ position: "bottomright" }).addTo(map);
  const scale = L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
  let canvas;
  const address = (z, x, y) => page.tiles.replace("{layers}", page.layers.join(",")).replace("{z}", z).replace("{x}", x).replace("{y}", y);
  const store = new TileStore(address, () => canvas.redraw(), () => {});
  const none = new TileStore(address, () => {}, () => {});
  const shown = new Set(layers);
  canvas = new MapCanvas(page, { territory: store, incidents: none }, shown, (state) => {
    if (state.ready) document.documentElement.dataset.mapReady = "true";
    else delete document.documentElement.dataset.mapReady;
    ready(state);
  });
  canvas.addTo(map);
  map.createPane("route").style.zIndex = 420;
  map.createPane("arrows").style.zIndex = 430;
  map.getPane("arrows").style.pointerEvents = "none";
  addEventListener("resize", () => map.invalidateSize({ animate: false }));
  return { map, canvas, shown, scale };
}

export const latlngs = (line) => line.map(([lon, lat]) => [lat, lon]);

// Metres between two points, on a plane at their middle; right to a thousandth within a town.
export function metres(a, b) {
  const lat = ((a[1] + b[1]) / 2) * (Math.PI / 180);
  const e2 = 0.0066943799901413165;
  const across = 6378137 / Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  const along = (across * (1 - e2)) / (1 - e2 * Math.sin(lat) ** 2);
  const rad = Math.PI / 180;
  return Math.hypot((b[0] - a[0]) * rad * across * Math.cos(lat), (b[1] - a[1]) * rad * along);
}

export function lengthOf(line) {
  let sum = 0;
  for (let i = 1; i < line.length; i++) sum += metres(line[i - 1], line[i]);
  return sum;
}

// Where a point lies on a line: metres from its begin, metres beside it, and the nearest spot.
// Of equal spots the first at or after `from` metres is taken, for a route may pass a place twice.
export function locate(line, point, from = 0) {
  let best = { along: 0, beside: Infinity, at: line[0] };
  let done = 0;
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    const length = metres(a, b);
    const scale = Math.cos((point[1] * Math.PI) / 180);
    const [ux, uy] = [(b[0] - a[0]) * scale, b[1] - a[1]];
    const [vx, vy] = [(point[0] - a[0]) * scale, point[1] - a[1]];
    const square = ux * ux + uy * uy;
    const t = square ? Math.max(0, Math.min(1, (ux * vx + uy * vy) / square)) : 0;
    const at = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
    const found = { along: done + t * length, beside: metres(point, at), at };
    const ahead = found.along >= from - 30;
    const better = found.beside < best.beside - (ahead ? 0 : 15) - 0.5;
    if (better || (ahead && best.along < from - 30 && found.beside < best.beside + 15)) best = found;
    done += length;
  }
  return best;
}

// The line in its colour with a white rim, and small arrows along it.
export class RouteLine {
  constructor(map, { interactive = false, weight = 5 } = {}) {
    this.map = map;
    this.colour = "#1f5fa8";
    const look = { pane: "route", interactive, lineJoin: "round", renderer: L.svg({ pane: "route", padding: 0.5 }) };
    this.rim = L.polyline([], { ...look, color: "#ffffff", weight: weight + 4, opacity: 0.9, pmIgnore: true, snapIgnore: true }).addTo(map);
    this.line = L.polyline([], { ...look, color: this.colour, weight, opacity: 0.95, pmIgnore: true, snapIgnore: false }).addTo(map);
    this.arrows = L.layerGroup().addTo(map);
    map.on("zoomend moveend", () => this.point());
  }

  show(line, colour = this.colour) {
    this.colour = colour;
    this.coordinates = line;
    this.rim.setLatLngs(latlngs(line));
    this.line.setLatLngs(latlngs(line)).setStyle({ color: colour });
    this.point();
  }

  // Arrows at even distances on the screen, within the view.
  point() {
    this.arrows.clearLayers();
    const line = this.coordinates || [];
    const view = this.map.getBounds().pad(0.1);
    let rest = ARROW_PX / 2;
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [line[i - 1], line[i]].map(([lon, lat]) => this.map.latLngToLayerPoint([lat, lon]));
      const length = a.distanceTo(b);
      for (; rest < length; rest += ARROW_PX) {
        const at = this.map.layerPointToLatLng(a.add(b.subtract(a).multiplyBy(rest / length)));
        if (view.contains(at)) this.arrows.addLayer(arrow(at, Math.atan2(b.y - a.y, b.x - a.x)));
      }
      rest -= length;
    }
  }

  fit(options = {}) {
    if (this.coordinates?.length) this.map.fitBounds(this.line.getBounds(), { animate: false, padding: [40, 40], maxZoom: 17, ...options });
  }
}

function arrow(at, angle) {
  const part = document.createElement("span");
  part.style.transform = `rotate(${angle}rad)`;
  return L.marker(at, {
    pane: "arrows", interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true,
    icon: L.divIcon({ className: "route-arrow", html: part, iconSize: [12, 12] }),
  });
}

// A sign with number and kind for a stop.
export function stopIcon(page, stop, number, state = "") {
  const box = document.createElement("span");
  box.className = "stop-sign";
  box.textContent = page.signs[stop.kind] || "•";
  const count = document.createElement("b");
  count.textContent = String(number);
  box.append(count);
  return L.divIcon({ className: `route-stop kind-${stop.kind}${stop.must ? " must" : ""} ${state}`, html: box, iconSize: [30, 30] });
}

export const stopName = (page, stop, number) => stop.name || `${page.stopKinds[stop.kind]} ${number}`;

export function stopMarkers(map, page, stops) {
  return stops.map((stop, i) => {
    const name = document.createElement("span");
    name.textContent = stopName(page, stop, i + 1);
    return L.marker([stop.lat, stop.lon], {
      icon: stopIcon(page, stop, i + 1), keyboard: false, alt: name.textContent, pmIgnore: true, zIndexOffset: 800,
    }).bindTooltip(name, { direction: "top", offset: [0, -14] }).addTo(map);
  });
}

// Begin and end of a line.
export function endMarkers(group, line) {
  group.clearLayers();
  if (line.length < 2) return;
  for (const [at, name] of [[line[line.length - 1], "end"], [line[0], "begin"]]) {
    L.marker([at[1], at[0]], {
      interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true,
      icon: L.divIcon({ className: `route-${name}`, iconSize: [16, 16] }),
    }).addTo(group);
  }
}

export function lengthWords(words, value, language) {
  const number = (n, digits) => n.toLocaleString(language === "zh" ? "zh-CN" : "en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return value < 1000 ? words.length_m.replace("{m}", number(Math.round(value), 0)) : words.length_km.replace("{km}", number(value / 1000, 1));
}

export function timeWords(words, seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return words.time_min.replace("{minutes}", minutes);
  return words.time.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", minutes % 60);
}
