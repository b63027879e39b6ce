// The editor of a route: the drawing, its figures, the form, and saving without ever losing work.

import { ask, toast } from "./assignments_acts.js";
import { element, fill } from "./panel.js";
import { Drawing } from "./patrols_drawing.js";
import { Handles } from "./patrols_handles.js";
import { baseMap, endMarkers, lengthWords, RouteLine, timeWords } from "./patrols_map.js";
import { Keeping } from "./patrols_keeping.js";
import { Nearby } from "./patrols_nearby.js";
import { Stops } from "./patrols_stops.js";
import { joinDialog } from "./patrols_join.js";

const root = document.documentElement;
const editor = document.getElementById("editor");
const page = JSON.parse(editor.dataset.page);
const { words } = page;
const $ = (id) => document.getElementById(id);
const form = $("route-form");

const { map } = baseMap(page);
const line = new RouteLine(map);
const ends = L.layerGroup().addTo(map);

let saved = null; // What is stored, as text, to tell whether anything differs.
let absorbs = null;
let working = 0;

const drawing = new Drawing(page, {
  changed: show,
  failed: say,
  busy: (on) => {
    working += on ? 1 : -1;
    editor.dataset.busy = working > 0 ? "true" : "false";
    guide();
  },
});
const handles = new Handles(map, page, drawing, {
  isFree: () => $("free").getAttribute("aria-pressed") === "true",
  chosen: buttons,
  stopAt: addStop,
});
const stops = new Stops(map, page, drawing, { body: $("stops"), empty: $("no-stops") });
const nearby = new Nearby(page, { drawing, stops, unit: () => form.unit.value });
const keeping = new Keeping(page, { told, take, isChanged: () => changed() });

function say(sentence) {
  $("fault").textContent = sentence || "";
  $("fault").hidden = !sentence;
}

async function addStop(lon, lat) {
  say("");
  const found = await ask(`${page.urls.place}?lon=${lon}&lat=${lat}`, undefined, words).catch(() => ({ place: null }));
  const place = found.place;
  await stops.add(place ? place.lon : lon, place ? place.lat : lat, place);
}

// --- What is shown after every change.

function show() {
  const { legs } = drawing;
  line.show(drawing.line, form.colour.value);
  endMarkers(ends, legs.length ? drawing.line : []);
  handles.show();
  stops.show();
  figures();
  buttons();
  guide();
  nearby.wake();
  keeping.wake();
  editor.dataset.points = String(drawing.waypoints.length);
}

function figures() {
  const { seconds, dwell } = drawing;
  $("length").textContent = lengthWords(words, drawing.length, page.language);
  $("time").textContent = timeWords(words, seconds + dwell);
  $("time-parts").textContent = fill(words.time_parts, { moving: timeWords(words, seconds), dwell: timeWords(words, dwell) });
  const streets = drawing.legs.flatMap((leg) => leg.streets).filter((name, i, all) => name && name !== all[i - 1]);
  $("streets").textContent = streets.join(" → ");
  $("streets-box").hidden = !streets.length;
}

function guide() {
  const count = drawing.waypoints.length;
  let sentence = handles.tool === "stop" ? words.stop_here : count ? words.next : words.start;
  if (working) sentence = words.tracing;
  $("guide").textContent = handles.tool || working ? sentence : "";
}

function buttons() {
  const count = drawing.waypoints.length;
  const { index } = handles;
  $("undo").disabled = !drawing.past.length;
  $("redo").disabled = !drawing.future.length;
  for (const id of ["reverse", "join"]) $(id).disabled = count < 2;
  $("close").disabled = count < 3;
  $("delete").disabled = index === null;
  $("split").disabled = !(index > 0 && index < count - 1) || !page.route;
  $("state").textContent = saved !== null && !changed() ? words.all_saved : words.unsaved;
  $("state").dataset.saved = String(saved !== null && !changed());
  $("arrange").disabled = drawing.stops.length < 2 || count < 2;
}

// --- Tools.

function use(tool) {
  handles.use(tool);
  $("draw").setAttribute("aria-pressed", String(tool === "line"));
  $("stop").setAttribute("aria-pressed", String(tool === "stop"));
  guide();
}

const press = (id, act) => $(id).addEventListener("click", () => { say(""); act(); });
press("draw", () => use(handles.tool === "line" ? null : "line"));
press("stop", () => use(handles.tool === "stop" ? null : "stop"));
press("free", () => $("free").setAttribute("aria-pressed", String($("free").getAttribute("aria-pressed") !== "true")));
press("undo", () => drawing.undo());
press("redo", () => drawing.redo());
press("reverse", () => { handles.choose(null); drawing.reverse(); });
press("close", () => { if (!drawing.close(handles.isFree())) say(words.loop_already); });
press("delete", () => { const { index } = handles; handles.choose(null); drawing.remove(index); });
press("middle", () => { const { lng, lat } = map.getCenter().wrap(); drawing.append(lng, lat, handles.isFree()); });
press("arrange", () => stops.arrange());
press("split", () => split());
press("join", () => joinDialog(page, async (other) => {
  await drawing.join(other);
  absorbs = other.id;
  toast(fill(words.joined, { name: other.name }), words);
}));

addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, select, dialog")) {
    if (event.key === "Escape" && !event.target.closest("dialog")) use(null);
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) drawing.undo();
  else if (key === "y" || (key === "z" && event.shiftKey)) drawing.redo();
  else return;
  event.preventDefault();
});

form.mode.addEventListener("change", async () => {
  await drawing.setMode(form.mode.value);
  form.mode.value = drawing.mode;
});
for (const input of form.querySelectorAll('[name="colour"]')) input.addEventListener("change", show);
form.addEventListener("input", () => { buttons(); keeping.wake(); });
form.unit.addEventListener("change", () => nearby.wake());

// --- Saving.

function told() {
  const values = Object.fromEntries(["name", "kind", "team", "unit", "colour", "notes"].map((name) => [name, form.elements[name].value]));
  return { ...values, ...drawing.told() };
}

function changed() {
  return saved === null ? drawing.waypoints.length > 0 || form.name.value.trim() !== "" : JSON.stringify(told()) !== saved;
}

function take(kept) {
  for (const name of ["name", "kind", "team", "unit", "notes", "mode", "colour"]) if (name in kept) form.elements[name].value = kept[name] ?? "";
  drawing.load(kept);
}

async function save(address = page.urls.save, extra = {}) {
  say("");
  await drawing.queue;
  if (drawing.waypoints.length < 2) { say(words.two_points); return null; }
  if (!form.name.value.trim()) { say(words.need_name); form.name.focus(); return null; }
  $("save").disabled = true;
  $("state").textContent = words.saving;
  const sent = { ...told(), ...extra };
  try {
    const answer = await ask(address || page.urls.add, address ? { version: page.route.version, absorbs, ...sent } : sent, words);
    done(answer, Boolean(extra.rest));
    return answer;
  } catch (error) {
    if (error.status === 409) conflict(error.message);
    else say(error.message);
    return null;
  } finally {
    $("save").disabled = false;
    buttons();
  }
}

function done(answer, quiet) {
  const first = !page.route;
  page.route = { ...page.route, id: answer.id, version: answer.version };
  page.urls.save = answer.urls.save;
  absorbs = null;
  // Stops have ids now, by which their visits are known.
  drawing.state = { ...drawing.state, stops: drawing.stops.map((stop, i) => ({ ...stop, id: answer.stops[i]?.id ?? null })) };
  saved = JSON.stringify(told());
  keeping.drop();
  if (first) history.replaceState(null, "", answer.urls.edit);
  $("show").href = answer.urls.show;
  $("show").hidden = false;
  if (!quiet) toast([fill(words.saved, { version: answer.version }), ...answer.notices].join(" "), words);
  buttons();
}

function conflict(sentence) {
  const dialog = $("conflict");
  $("conflict-words").textContent = sentence;
  $("conflict-look").href = page.urls.route.replace("{id}", page.route.id).replace("/route.json", "");
  dialog.returnValue = "";
  dialog.onclose = async () => {
    if (dialog.returnValue === "copy") {
      form.name.value = fill(words.copy_name, { name: form.name.value });
      page.urls.save = null;
      page.route = null;
      drawing.state = { ...drawing.state, stops: drawing.stops.map((stop) => ({ ...stop, id: null })) };
      save();
    } else if (dialog.returnValue === "over") {
      const newest = await ask(page.urls.route.replace("{id}", page.route.id), undefined, words).catch((error) => say(error.message));
      if (!newest) return;
      page.route.version = newest.version;
      save();
    }
  };
  dialog.showModal();
}

async function split() {
  const { index } = handles;
  const all = told();
  const line_ = drawing.line;
  const legs = drawing.legs;
  const cut = legs.slice(0, index).reduce((sum, leg) => sum + leg.length_m, 0);
  const [before, after] = stopsAt(all.stops, line_, cut);
  const second = {
    ...all, name: fill(words.split_name, { name: all.name }).slice(0, 80), waypoints: all.waypoints.slice(index).map((each, i) => (i ? each : { ...each, free: false, streets: [] })),
    legs: all.legs.slice(index), stops: after,
  };
  const first = { waypoints: all.waypoints.slice(0, index + 1), legs: all.legs.slice(0, index), stops: before };
  const answer = await save(page.urls.save, { ...first, rest: second });
  if (!answer) return;
  handles.choose(null);
  await drawing.change(({ waypoints, stops: now }) => ({ waypoints: waypoints.slice(0, index + 1), stops: now.filter((_, i) => all.stops[i] && before.includes(all.stops[i])) }));
  drawing.state.stops = drawing.stops.map((stop, i) => ({ ...stop, id: answer.stops[i]?.id ?? null }));
  saved = JSON.stringify(told());
  keeping.drop();
  show();
  const box = $("toast");
  toast(words.split_done, words);
  box.querySelector("span").append(" ", element("a", { href: answer.second, textContent: second.name }));
}

function stopsAt(all, whole, cut) {
  const along = all.map((stop) => stops.along(whole, stop));
  return [all.filter((_, i) => along[i] <= cut), all.filter((_, i) => along[i] > cut)];
}

form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
addEventListener("beforeunload", (event) => {
  if (!changed()) return;
  event.preventDefault();
});

// --- What there is at first.

if (page.route) {
  const { route } = page;
  take(route);
  line.fit();
  saved = JSON.stringify(told());
  show();
} else {
  if (page.begin) await drawing.append(page.begin[0], page.begin[1], false);
  drawing.mode = form.mode.value;
  show();
}
const imported = new URLSearchParams(location.search).has("imported") ? sessionStorage.getItem("gridmap.import") : null;
if (imported) {
  const kept = JSON.parse(imported);
  L.polyline(kept.line.map(([lon, lat]) => [lat, lon]), { color: "#26323c", weight: 2, dashArray: "2 6", interactive: false, pmIgnore: true, snapIgnore: true }).addTo(map);
  map.fitBounds(kept.line.map(([lon, lat]) => [lat, lon]), { animate: false, padding: [40, 40] });
  form.name.value = kept.name;
  await drawing.match(kept.waypoints, kept.stops);
  if (drawing.apart) say(words.streets_far);
} else keeping.offer();
use(page.route ? null : "line");
root.dataset.editorReady = "true";
