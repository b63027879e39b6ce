// The page of the street network: its map, the lists' way to the map, and waiting for the building.

import { waitFor } from "./wait.js";

const root = document.getElementById("streets");
const page = JSON.parse(root.dataset.page);

if (page.state) waitFor(page);
if (page.bounds) {
  try {
    await show();
  } catch (error) {
    document.querySelector(".street-stage").textContent = page.words.failed;
    throw error;
  }
}

async function show() {
  const [{ MapCanvas }, { TileStore }, { StreetLayer }] = await Promise.all(
    ["./canvas.js", "./tiles.js", "./streets_layer.js"].map((name) => import(name)),
  );
  const map = window[`${page.map}_1`];
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const address = (template) => (z, x, y) => fill(template, { z, x, y });
  const [west, south, east, north] = page.bounds;
  const view = new URLSearchParams(location.search).get("at")?.split(",").map(Number);
  if (view?.length === 3 && view.every(Number.isFinite)) map.setView([view[1], view[2]], view[0], { animate: false });
  else map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  const store = new TileStore(address(page.tiles), () => [base, names].forEach((each) => each.redraw()), () => {});
  const Ground = MapCanvas.extend({ _labels() {} });
  const stores = { territory: store, incidents: store };
  const base = new Ground(page, stores, new Set(page.layers), () => {});
  base.addTo(map);
  map.createPane("streets").style.zIndex = 405;
  // Names lie over the streets, where they can be read.
  map.createPane("names").style.cssText = "z-index: 406; pointer-events: none";
  const names = new (namesOf(MapCanvas))(page, stores, new Set(page.layers), () => {});
  names.addTo(map);
  const picked = () => document.querySelector("input[name=mode]:checked").value;
  const streets = new StreetLayer(address(page.streets), page.modes[picked()]);
  streets.on("load", () => { document.documentElement.dataset.mapReady = "true"; });
  streets.addTo(map);
  for (const input of document.querySelectorAll("input[name=mode]")) {
    input.addEventListener("change", () => streets.setMode(page.modes[picked()]));
  }
  // A link shows a colleague the same view.
  map.on("moveend", () => {
    const { lat, lng } = map.getCenter();
    const here = new URL(location.href);
    here.searchParams.set("at", [map.getZoom(), lat.toFixed(5), lng.toFixed(5)].join(","));
    history.replaceState(null, "", here);
  });
  addEventListener("resize", () => map.invalidateSize());
  marks(map, fill);
}

// A canvas of the names alone.
function namesOf(MapCanvas) {
  return MapCanvas.extend({
    options: { pane: "names" },
    draw() {
      const size = this._bounds.getSize();
      const zoom = this._map.getZoom();
      this._context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
      this._context.clearRect(0, 0, size.x, size.y);
      this._labels(this._visible(this.stores.territory, zoom).tiles, zoom, size);
    },
  });
}

// Gaps as rings with a line over them, and the way from the lists to the map.
function marks(map, fill) {
  const name = (words) => words || page.words.unnamed;
  const shown = { gap: [], island: [] };
  for (const { from, to, m, name: own, other } of page.gaps) {
    const [a, b] = [[from[1], from[0]], [to[1], to[0]]];
    L.polyline([a, b], { color: "#7a0177", weight: 2, dashArray: "3 4", interactive: false }).addTo(map);
    const ring = L.circleMarker(a, { radius: 6, color: "#7a0177", weight: 2, fillColor: "#fff", fillOpacity: 0.6 }).addTo(map);
    shown.gap.push({ layer: ring, at: a, lines: [`${name(own)} · ${name(other)}`, fill(page.words.gap, { metres: m })] });
  }
  for (const { lat, lon, m, name: own } of page.islands) {
    shown.island.push({ at: [lat, lon], lines: [name(own), fill(page.words.island, { metres: Math.round(m) })] });
  }
  const tell = ({ at, lines }) => {
    const box = document.createElement("div");
    for (const line of lines) {
      const part = document.createElement("p");
      part.textContent = line;
      box.append(part);
    }
    L.popup({ maxWidth: 280 }).setLatLng(at).setContent(box).openOn(map);
  };
  for (const each of shown.gap) each.layer.on("click", () => tell(each));
  for (const button of document.querySelectorAll(".to-map")) {
    const kind = "gap" in button.dataset ? "gap" : "island";
    const each = shown[kind][Number(button.dataset[kind])];
    button.addEventListener("click", () => {
      for (const row of document.querySelectorAll("tr.chosen")) row.classList.remove("chosen");
      button.closest("tr").classList.add("chosen");
      map.setView(each.at, kind === "gap" ? 18 : 16, { animate: false });
      tell(each);
      document.querySelector(".street-stage").scrollIntoView({ block: "nearest" });
    });
  }
}
