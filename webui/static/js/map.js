// The page /map: puts state, tiles, canvas and panel together.

import { MapCanvas } from "./canvas.js";
import { dressLayers, element, fill, fillCategories, incidentLegend, parts, showDetails, wireSearch } from "./panel.js";
import { decode } from "./mvt.js";
import { filterOf, readState, writeState } from "./state.js";
import { TileStore } from "./tiles.js";

const root = document.documentElement;
const page = JSON.parse(document.getElementById("page").dataset.page);
const state = readState(page);
const $ = (id) => document.getElementById(id);
const phone = window.matchMedia("(max-width: 767px)");

// Made by Folium's script.
const map = window.map_1;
const control = layer_control_1; // eslint-disable-line no-undef
const switches = page.layers.map((layer) => window[`layer_${layer.key}_1`]);

const number = (n) => n.toLocaleString(page.language === "zh" ? "zh-CN" : "en");

async function ask(address, query) {
  const answer = await fetch(`${address}?${new URLSearchParams(query)}`);
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error || page.words.failed);
  return content;
}

let noticeTimer;
function notice(words) {
  $("notice").textContent = words;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { $("notice").hidden = true; }, 5000);
}

// --- The view, from the address or around all there is.

const around = [[page.bounds[1], page.bounds[0]], [page.bounds[3], page.bounds[2]]];
if (state.z !== null && state.lat !== null && state.lon !== null) map.setView([state.lat, state.lon], state.z, { animate: false });
else map.fitBounds(around, { animate: false, padding: [16, 16] });
map.setMaxBounds(L.latLngBounds(around).pad(1.5));

// --- Tiles and canvas.

const territory = page.layers.filter((layer) => layer.group !== "incident").map((layer) => layer.key).join(",");
const address = (layers, query) => (z, x, y) =>
  `${fill(page.urls.tiles, { layers, z, x, y })}${query.toString() ? `?${query}` : ""}`;

const asOf = () => new URLSearchParams(state.asOf ? { as_of: state.asOf } : {});

let canvas;
const arrived = () => canvas.redraw();
const failed = () => notice(page.words.failed);
const stores = {
  territory: new TileStore(address(territory, asOf()), arrived, failed),
  incidents: new TileStore(address("incident", new URLSearchParams(filterOf(state))), arrived, failed),
};

function drawn({ ready, zoom, most }) {
  incidentLegend(legends.get("incident"), page, Math.round(zoom) - 1 >= page.pointZoom, most);
  for (const label of document.querySelectorAll("#layers label[data-layer]")) {
    const layer = page.layers.find((l) => l.key === label.dataset.layer);
    const far = zoom - 1 < layer.minZoom;
    label.classList.toggle("far", far);
    label.querySelector("span").dataset.note = far ? page.words.visible_from : "";
  }
  if (!ready) {
    delete root.dataset.mapReady;
  } else if (!root.dataset.mapReady) {
    stores.incidents.former = stores.territory.former = null;
    root.dataset.mapReady = String(Math.round(performance.now()));
  }
}

// Leaflet writes its control anew when layers change without a click, so they change before.
for (const layer of switches) {
  const on = state.layers.has(layer.options.key);
  if (on !== map.hasLayer(layer)) map[on ? "addLayer" : "removeLayer"](layer);
}
const asOfDay = element("input", { type: "date", id: "as-of", value: state.asOf });
const legends = dressLayers(control, [...switches].reverse(), page, asOfDay);
canvas = new MapCanvas(page, stores, state.layers, drawn);
canvas.addTo(map);

// --- Scale: Leaflet's, in the strip below the map.

const scale = L.control.scale({ imperial: false, maxWidth: 110 }).addTo(map);
$("scale").append(scale.getContainer());
L.control.zoom({ position: "bottomright" }).addTo(map);

// --- Layers.

map.on("overlayadd overlayremove", (event) => {
  state.layers[event.type === "overlayadd" ? "add" : "delete"](event.layer.options.key);
  canvas.redraw();
  remember();
});

// Cells are split, merged and redrawn: those of an earlier day are shown too.
asOfDay.addEventListener("change", () => {
  state.asOf = asOfDay.value;
  stores.territory.address = address(territory, asOf());
  stores.territory.renew();
  canvas.redraw();
  remember();
});

// --- Period, category and count.

let counting = 0;
async function count() {
  const turn = ++counting;
  $("period").textContent = state.from || state.to || page.first
    ? fill(page.words.period, { first: state.from || page.first, last: state.to || page.last })
    : "";
  const summary = () => {
    const chosen = page.categories.find((c) => c.code === state.category);
    return [chosen?.name, $("period").textContent].filter(Boolean).join(" · ");
  };
  try {
    const { count: found } = await ask(page.urls.count, filterOf(state));
    if (turn !== counting) return;
    $("none").hidden = found > 0;
    $("count").value = number(found);
    $("count").dataset.count = String(found);
    $("summary").textContent = found
      ? `${fill(page.words.incidents_shown, { count: number(found) })} · ${summary()}`
      : page.words.no_incidents;
  } catch (error) {
    notice(error.message);
  }
}

function filterChanged() {
  const wrong = state.from && state.to && state.to < state.from;
  $("filter-error").hidden = !wrong;
  $("filter-error").textContent = wrong ? page.words.order : "";
  $("from").value = state.from;
  $("to").value = state.to;
  for (const button of document.querySelectorAll(".presets button")) {
    button.setAttribute("aria-pressed", String(matches(button.dataset.days)));
  }
  if (wrong) return;
  stores.incidents.address = address("incident", new URLSearchParams(filterOf(state)));
  stores.incidents.renew();
  canvas.redraw();
  count();
  remember();
}

// The days of a preset end with the last day on which anything happened.
function preset(days) {
  if (!days || !page.last) return ["", ""];
  const end = new Date(`${page.last}T00:00:00Z`);
  const start = new Date(end - (Number(days) - 1) * 86400000);
  return [start.toISOString().slice(0, 10), page.last];
}

function matches(days) {
  // Without incidents there is no last day, and every preset would mean all time.
  if (days && !page.last) return false;
  const [from, to] = preset(days);
  return state.from === from && state.to === to;
}

$("none-reset").addEventListener("click", () => {
  [state.from, state.to, state.category] = ["", "", ""];
  $("category").value = "";
  filterChanged();
});

for (const button of document.querySelectorAll(".presets button")) {
  button.addEventListener("click", () => {
    [state.from, state.to] = preset(button.dataset.days);
    filterChanged();
  });
}
for (const name of ["from", "to"]) {
  if (page.first) [$(name).min, $(name).max] = [page.first, page.last];
  $(name).addEventListener("change", () => {
    state[name] = $(name).value;
    filterChanged();
  });
}
fillCategories($("category"), page, state.category);
$("category").addEventListener("change", () => {
  state.category = $("category").value;
  filterChanged();
});

// --- Details.

function forget() {
  state.selected = null;
  canvas.selected = null;
  if ($("details").contains(document.activeElement)) map.getContainer().focus({ preventScroll: true });
  $("details").hidden = true;
  canvas.redraw();
  remember();
}

async function select(item, { others = [], fly = false } = {}) {
  try {
    const feature = await ask(`${page.urls.feature}${item.layer}/${item.id}`, {});
    state.selected = { layer: item.layer, id: item.id };
    const box = L.geoJSON(feature.geometry).getBounds();
    const centre = box.getCenter();
    canvas.selected = { ...feature, anchor: feature.geometry.type.endsWith("String") ? null : [centre.lng, centre.lat] };
    showDetails($("details"), page, feature, others, {
      close: forget,
      open: (other) => select(other, { others: [item, ...others].filter((o) => o !== other), fly: false }),
    });
    if (fly) {
      $("details").focus({ preventScroll: true });
      const room = phone.matches ? { paddingBottomRight: [24, window.innerHeight * 0.4] } : { paddingBottomRight: [340, 60] };
      map.fitBounds(box, { maxZoom: feature.geometry.type === "Point" ? 17 : 18, paddingTopLeft: [48, 48], animate: false, ...room });
    }
    canvas.redraw();
    remember();
  } catch (error) {
    state.selected = null;
    notice(error.message);
  }
}

// What a circle counts, by the parts of the chosen category: from the tiles of each.
async function selectCircle({ n, r, at, spot, latlng }, others) {
  const filter = filterOf(state);
  const counts = await Promise.all(parts(page, state.category).map(async (category) => {
    const query = new URLSearchParams({ ...filter, category: category.code });
    const answer = await fetch(address("incident", query)(...at));
    if (!answer.ok) throw new Error(page.words.failed);
    const bins = decode(await answer.arrayBuffer()).incident_bin || [];
    const bin = bins.find(({ parts: [place] }) => place[0] === spot[0] && place[1] === spot[1]);
    return { label: category.name, kind: "count", count: bin?.properties.n || 0 };
  }));
  const feature = {
    title: page.words.circle,
    name: fill(page.words.incidents_shown, { count: number(n) }),
    subtitle: $("period").textContent,
    fields: counts.filter(({ count }) => count).sort((a, b) => b.count - a.count)
      .map((field) => ({ ...field, value: number(field.count) })),
    act: { words: page.words.closer, run: () => { forget(); map.setView(latlng, Math.min(17, map.getZoom() + 2)); } },
  };
  state.selected = null;
  canvas.selected = { geometry: { type: "Point", coordinates: [latlng.lng, latlng.lat] }, radius: Math.max(r, 4) + 3, circle: true };
  showDetails($("details"), page, feature, others, { close: forget, open: (other) => select(other, { others: others.filter((o) => o !== other) }) });
  canvas.redraw();
  remember();
}

map.on("click", async (event) => {
  const layers = page.layers.map((l) => l.key).filter((key) => state.layers.has(key) && key !== "ground");
  if (!layers.length) return;
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  const circle = canvas.circleAt(event.latlng, coarse ? 12 : 4);
  try {
    const { items } = await ask(page.urls.identify, {
      lon: event.latlng.wrap().lng.toFixed(7),
      lat: event.latlng.lat.toFixed(7),
      zoom: map.getZoom(),
      layers: layers.join(","),
      pixels: coarse ? 18 : 8,
      ...filterOf(state),
      ...Object.fromEntries(asOf()),
    });
    if (circle) return await selectCircle(circle, items);
    if (!items.length) {
      if (state.selected) forget();
      else notice(page.words.nothing_here);
      return;
    }
    await select(items[0], { others: items.slice(1) });
  } catch (error) {
    notice(error.message);
  }
});

wireSearch(
  page,
  (q, offset) => ask(page.urls.search, { q, offset }).catch((error) => notice(error.message)),
  (item) => select(item, { fly: true }),
);

// --- The panel on a phone, the language, and the address.

function panel(open) {
  $("panel").classList.toggle("open", open);
  $("panel-open").setAttribute("aria-expanded", String(open));
}
$("panel-open").addEventListener("click", () => panel(true));
$("panel-close").addEventListener("click", () => panel(false));

$("language").addEventListener("click", (event) => {
  event.preventDefault();
  const q = new URLSearchParams(location.search);
  q.set("lang", $("language").dataset.language);
  location.search = q;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if ($("panel").classList.contains("open")) panel(false);
  else if (!$("details").hidden) forget();
});

function remember() {
  writeState(page, state, map);
}
map.on("moveend", remember);
map.on("zoomend", () => canvas.selected?.circle && forget());
map.getContainer().setAttribute("aria-label", page.words.map);

// On paper: a fixed page, which the map fills before it is printed.
function paper(on) {
  root.classList.toggle("paper", on);
  asOfDay.parentElement.classList.toggle("unset", !state.asOf);
  map.invalidateSize({ animate: false, pan: false });
  canvas.draw();
}
window.addEventListener("beforeprint", () => paper(true));
window.addEventListener("afterprint", () => paper(false));
window.addEventListener("resize", () => map.invalidateSize());

filterChanged();
if (state.selected) select(state.selected);
root.dataset.mapStarted = "true";
