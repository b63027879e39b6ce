// The page /assignments: cells coloured by who answers for them, chosen, and given to a cadre.

import { ask, button, loadCadres, loadOf, toast } from "./assignments_acts.js";
import { AssignmentCanvas, hatching } from "./assignments_canvas.js";
import { CadrePicker } from "./assignments_picker.js";
import { element, fill } from "./panel.js";
import { TileStore } from "./tiles.js";

const root = document.documentElement;
const page = JSON.parse(document.getElementById("assign").dataset.page);
const { words } = page;
const $ = (id) => document.getElementById(id);
const number = (n) => n.toLocaleString(page.language === "zh" ? "zh-CN" : "en");

// Pale, and told apart by most colour-blind readers; names on the cells tell the rest.
const BY_CADRE = ["#6baed6", "#fdae61", "#74c476", "#c994c7", "#ffd92f", "#80cdc1", "#e78ac3", "#c7a76c", "#9e9ac8", "#d9ef8b"];
const BY_BAND = { below: "#92c5de", within: "#f1eee4", above: "#d6604d", other: "#c9ced2" };
const LAYERS = ["ground", "road", "building", "unit", "cell"];
const FIRST_ZOOM = 12.5;
const LISTED = 12;

const cells = new Map();
const chosen = new Set();
let cadres = new Map();
let colours = new Map();
let loaded = null;

const query = new URLSearchParams(location.search);
let mode = query.get("colour") === "band" ? "band" : "cadre";

// --- The map.

const map = window.map_1;
const [west, south, east, north] = page.bounds;
const place = ["lat", "lon", "z"].map((name) => (query.has(name) ? Number(query.get(name)) : NaN));
if (place.every(Number.isFinite)) map.setView([place[0], place[1]], place[2], { animate: false });
else map.fitBounds([[south, west], [north, east]], { animate: false, padding: [16, 16] });
map.setMaxBounds(L.latLngBounds([[south, west], [north, east]]).pad(1.5));

const look = {
  chosen,
  fill(id) {
    const cell = cells.get(id);
    if (!cell) return undefined;
    if (cell.cadre === null) return null;
    if (mode === "cadre") return colours.get(cell.cadre) || BY_BAND.other;
    return BY_BAND[cadres.get(cell.cadre)?.band] || BY_BAND.other;
  },
  name(id) {
    const cell = cells.get(id);
    return cell && cell.cadre !== null ? cadres.get(cell.cadre)?.name || "" : "";
  },
};
let canvas;
const address = (z, x, y) => fill(page.urls.tiles, { layers: LAYERS.join(","), z, x, y });
const store = new TileStore(address, () => canvas.redraw(), () => say(words.failed));
canvas = new AssignmentCanvas(page, { territory: store }, new Set(LAYERS), ({ ready, zoom }) => {
  $("far").hidden = zoom >= FIRST_ZOOM;
  if (ready && loaded) root.dataset.mapReady = "true";
  else delete root.dataset.mapReady;
}, look);
canvas.addTo(map);
L.control.zoom({ position: "bottomright" }).addTo(map);
L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
window.addEventListener("resize", () => map.invalidateSize());

function say(sentence) {
  $("fault").textContent = sentence || "";
  $("fault").hidden = !sentence;
}

// --- Who answers for which cell, by view: what lies around it is asked for as well.

function keep(rows) {
  for (const [id, code, cadre, version, lon, lat] of rows) {
    const known = cells.get(id);
    cells.set(id, { id, code, cadre, version, lon: lon ?? known?.lon, lat: lat ?? known?.lat });
  }
}

let turn = 0;
async function loadCells(anew = false) {
  const view = map.getBounds();
  if (map.getZoom() < FIRST_ZOOM) { loaded ??= L.latLngBounds([]); return; }
  if (!anew && loaded?.isValid() && loaded.contains(view)) return;
  const wanted = view.pad(0.4);
  const mine = ++turn;
  try {
    const [found] = await Promise.all([
      ask(`${page.urls.cells}?box=${boxOf(wanted)}`, undefined, words), loadLoads(wanted),
    ]);
    if (mine !== turn) return;
    keep(found.cells);
    loaded = wanted;
    shown();
  } catch (error) {
    say(error.message);
  }
}

const boxOf = (area) => [
  area.getWest(), area.getSouth(), area.getEast(), area.getNorth(),
].map((n) => n.toFixed(5)).join(",");

async function loadLoads(area = loaded) {
  if (!area?.isValid()) return;
  try {
    cadres = new Map([...cadres, ...await loadCadres(page, boxOf(area))]);
    // Who was added together mostly works together, so that neighbours differ in colour.
    colours = new Map([...cadres.keys()].map((id) => [id, BY_CADRE[id % BY_CADRE.length]]));
    picker?.use(cadres);
    shown();
  } catch (error) {
    say(error.message);
  }
}

function shown() {
  canvas.redraw();
  legend();
  listChosen();
}

map.on("moveend", () => { loadCells(); legend(); remember(); });

function remember() {
  const q = new URLSearchParams();
  const centre = map.getCenter().wrap();
  q.set("z", map.getZoom());
  q.set("lat", centre.lat.toFixed(5));
  q.set("lon", centre.lng.toFixed(5));
  if (mode === "band") q.set("colour", "band");
  history.replaceState(null, "", `?${q}`);
}

// --- The legend: what the view shows.

function legend() {
  const view = map.getBounds();
  const here = [...cells.values()].filter((cell) => view.contains([cell.lat, cell.lon]));
  const rows = mode === "cadre" ? legendByCadre(here) : legendByBand(here);
  const vacant = here.filter((cell) => cell.cadre === null).length;
  rows.push([null, words.vacant, vacant, ""]);
  $("legend").replaceChildren(...rows.map(([colour, name, count, help]) => {
    const swatch = element("canvas", { className: "swatch", width: 22, height: 14 });
    const context = swatch.getContext("2d");
    context.fillStyle = colour === null ? context.createPattern(hatching(), "repeat") : colour;
    context.globalAlpha = colour === null ? 1 : 0.75;
    context.fillRect(0, 0, 22, 14);
    const text = element("span", { textContent: name });
    if (help) text.append(element("small", { textContent: ` ${help}` }));
    return element("li", {}, swatch, text, element("span", { className: "number", textContent: number(count) }));
  }));
}

function legendByCadre(here) {
  const counts = new Map();
  for (const { cadre } of here) if (cadre !== null) counts.set(cadre, (counts.get(cadre) || 0) + 1);
  const rows = [...counts].sort((a, b) => b[1] - a[1]);
  const listed = rows.slice(0, LISTED).map(([id, count]) => [
    colours.get(id) || BY_BAND.other, cadres.get(id)?.name || words.other_area, count, cadres.get(id)?.unit || "",
  ]);
  const rest = rows.slice(LISTED);
  if (rest.length) {
    const count = rest.reduce((sum, row) => sum + row[1], 0);
    listed.push(["#ffffff", fill(words.more, { count: number(rest.length) }), count, ""]);
  }
  return listed;
}

function legendByBand(here) {
  const [low, high] = page.band;
  const counts = { above: 0, within: 0, below: 0, other: 0 };
  for (const { cadre } of here) {
    if (cadre === null) continue;
    const band = cadres.get(cadre)?.band;
    counts[band in counts ? band : "other"]++;
  }
  const rows = ["above", "within", "below"].map((band) => [
    BY_BAND[band], `${{ above: "▲", within: "●", below: "▼" }[band]} ${words[band]}`, counts[band],
    fill(words[`households_${band}`], { low: number(low), high: number(high) }),
  ]);
  if (counts.other) rows.push([BY_BAND.other, words.other_area, counts.other, ""]);
  return rows;
}

for (const input of document.querySelectorAll('input[name="colour"]')) {
  input.checked = input.value === mode;
  input.addEventListener("change", () => { mode = input.value; shown(); remember(); });
}

// --- Choosing cells.

function listChosen() {
  const rows = [...chosen].map((id) => cells.get(id)).filter(Boolean)
    .sort((a, b) => a.code.localeCompare(b.code));
  $("chosen-count").textContent = rows.length ? fill(words.chosen, { count: number(rows.length) }) : words.nothing_chosen;
  $("chosen-count").dataset.count = rows.length;
  $("clear").hidden = !rows.length;
  $("chosen").replaceChildren(...rows.slice(0, 200).map((cell) => {
    const who = cell.cadre === null ? words.vacant : cadres.get(cell.cadre)?.name || words.other_area;
    const link = element("a", { href: fill(page.urls.history, { id: cell.id }), textContent: cell.code, title: words.history });
    const remove = button("×", "remove", () => toggle(cell.id), fill(words.remove, { code: cell.code }));
    return element("li", {}, link, element("span", { className: "quiet", textContent: fill(words.now, { name: who }) }), remove);
  }));
  if (picker) picker.near = new Set(rows.map((cell) => cadres.get(cell.cadre)?.unit).filter(Boolean));
  ready();
}

function toggle(id) {
  if (!chosen.delete(id)) chosen.add(id);
  shown();
}

let boxed = false;
map.on("click", (event) => {
  if (boxed) return;
  const id = canvas.cellAt(event.containerPoint);
  if (id !== null && cells.has(id)) toggle(id);
});
$("clear").addEventListener("click", () => { chosen.clear(); shown(); });

const stage = map.getContainer();
let boxing = false;
$("box").addEventListener("click", () => setBoxing(!boxing));

function setBoxing(on) {
  boxing = on;
  $("box").setAttribute("aria-pressed", String(on));
  stage.classList.toggle("boxing", on);
  map.dragging[on ? "disable" : "enable"]();
}

stage.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !(event.shiftKey || boxing) || event.target.closest(".leaflet-control")) return;
  event.preventDefault();
  const start = map.mouseEventToContainerPoint(event);
  const frame = element("div", { className: "box-frame" });
  stage.append(frame);
  const draw = (moved) => {
    const end = map.mouseEventToContainerPoint(moved);
    const box = L.bounds(start, end);
    const size = box.getSize();
    Object.assign(frame.style, { left: `${box.min.x}px`, top: `${box.min.y}px`, width: `${size.x}px`, height: `${size.y}px` });
    return box;
  };
  const finish = (ended) => {
    window.removeEventListener("pointermove", draw);
    window.removeEventListener("pointerup", finish);
    window.removeEventListener("pointercancel", finish);
    const box = draw(ended);
    frame.remove();
    const size = box.getSize();
    if (ended.type === "pointercancel" || size.x + size.y < 6) return;
    // The click that ends the drag chooses nothing more.
    boxed = true;
    setTimeout(() => { boxed = false; }, 50);
    const area = L.latLngBounds(map.containerPointToLatLng(box.min), map.containerPointToLatLng(box.max));
    for (const cell of cells.values()) if (area.contains([cell.lat, cell.lon])) chosen.add(cell.id);
    setBoxing(false);
    shown();
  };
  window.addEventListener("pointermove", draw);
  window.addEventListener("pointerup", finish);
  window.addEventListener("pointercancel", finish);
}, true);

// --- The act.

const form = $("act");
let picker = null;

function ready() {
  if (!form) return;
  $("assign-now").disabled = !chosen.size || picker.chosen === null;
  $("end-now").disabled = !chosen.size;
}

async function act(url, sent, done) {
  say("");
  form.inert = true;
  try {
    const answer = await ask(url, sent, words);
    keep(answer.cells);
    chosen.clear();
    toast(answer.act === null ? words.same : done(answer), words, answer.act === null || url === page.urls.undo ? null : undo);
    await loadLoads();
  } catch (error) {
    say(error.message);
    // What somebody else changed must be seen before one goes on.
    await loadCells(true);
  } finally {
    form.inert = false;
    shown();
  }
}

const versions = () => Object.fromEntries([...chosen].map((id) => [id, cells.get(id).version]));
const undo = () => act(page.urls.undo, {}, (answer) => fill(words.undone, { count: number(answer.cells.length) }));

if (form) {
  picker = new CadrePicker($("cadre"), $("cadres"), page, (cadre) => {
    $("load").textContent = cadre ? loadOf(cadre, page) : "";
    ready();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!chosen.size || picker.chosen === null) { say(words.choose_cadre); return; }
    const cadre = cadres.get(picker.chosen);
    const [count, day] = [chosen.size, $("from").value];
    askFirst(fill(words.confirm_assign, { count: number(count), name: cadre.name, day }), () => act(
      page.urls.assign,
      { cells: versions(), cadre: cadre.id, role: $("role").value, from: day },
      () => fill(words.assigned, { count: number(count), name: cadre.name }),
    ));
  });
  $("end-now").addEventListener("click", () => {
    const [count, day] = [chosen.size, $("from").value];
    askFirst(fill(words.confirm_end, { count: number(count), day }), () => act(
      page.urls.end, { cells: versions(), role: $("role").value, from: day },
      () => fill(words.ended, { count: number(count), day }),
    ));
  });
  $("undo-last").addEventListener("click", undo);
}

function askFirst(sentence, go) {
  const dialog = $("confirm");
  $("confirm-words").textContent = sentence;
  dialog.returnValue = "";
  dialog.onclose = () => { if (dialog.returnValue === "yes") go(); };
  dialog.showModal();
}

await loadCells();
loaded ??= L.latLngBounds([]);
remember();
shown();
