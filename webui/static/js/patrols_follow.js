// A route on a phone: the own place on the line, the next stop, and check-ins that wait for a network.

import { ask } from "./assignments_acts.js";
import { fill } from "./panel.js";
import { Recorder } from "./tracks_record.js";
import { baseMap, endMarkers, locate, metres, RouteLine, stopIcon, stopName } from "./patrols_map.js";

const OFF_ROUTE_M = 50;
const NEAR_STOP_M = 60;
const RETRY_MS = 15000;

const root = document.getElementById("follow");
const page = JSON.parse(root.dataset.page);
const { words, route } = page;
const $ = (id) => document.getElementById(id);
const store = `gridmap.checkins.${route.id}`;

const { map } = baseMap(page, { zoom: false });
const line = new RouteLine(map, { weight: 6 });
line.show(route.line, route.colour);
line.fit();
endMarkers(L.layerGroup().addTo(map), route.line);
const signs = L.layerGroup().addTo(map);

const done = new Map(Object.entries(page.done).map(([id, at]) => [Number(id), at]));
let waiting = read();
let here = null; // [lon, lat, accuracy]
let along = 0;
let following = true;
let next = firstOpen();
for (const each of waiting) done.set(each.stop, each.at);
next = firstOpen();

function read() {
  try {
    return JSON.parse(localStorage.getItem(store) || "[]");
  } catch {
    return [];
  }
}

function keep() {
  try {
    localStorage.setItem(store, JSON.stringify(waiting));
  } catch {
    // They still wait in this page.
  }
  $("waits").textContent = waiting.length ? fill(words.waits, { count: waiting.length }) : "";
}

function firstOpen() {
  const index = route.stops.findIndex((stop) => !done.has(stop.id));
  return index < 0 ? Math.max(0, route.stops.length - 1) : index;
}

// --- What is shown.

function show() {
  signs.clearLayers();
  route.stops.forEach((stop, i) => {
    const state = `${done.has(stop.id) ? "done" : ""} ${i === next ? "now" : ""}`;
    L.marker([stop.lat, stop.lon], { icon: stopIcon(page, stop, i + 1, state), alt: stopName(page, stop, i + 1), keyboard: false }).on("click", () => go(i)).addTo(signs);
  });
  const stop = route.stops[next];
  const finished = route.stops.length > 0 && route.stops.every((each) => done.has(each.id));
  $("progress").textContent = route.stops.length ? `${words.next_stop} ${next + 1} / ${route.stops.length}` : "";
  $("next").textContent = finished ? words.all_done : stop ? stopName(page, stop, next + 1) : route.name;
  $("check").disabled = !stop;
  $("before").disabled = next <= 0;
  $("after").disabled = next >= route.stops.length - 1;
  $("about").textContent = stop ? [
    page.stopKinds[stop.kind], fill(words.stay, { minutes: stop.dwell_min }),
    stop.opens || stop.closes ? fill(words.window, { opens: stop.opens || "0:00", closes: stop.closes || "24:00" }) : "",
    done.has(stop.id) ? fill(words.checked, { time: clock(done.get(stop.id)) }) : "",
  ].filter(Boolean).join(" · ") : "";
  away();
}

function away() {
  const stop = route.stops[next];
  $("away").textContent = "";
  if (!stop || !here) return;
  // Along the line where one is on it, else straight.
  const straight = metres(here, [stop.lon, stop.lat]);
  const at = locate(route.line, [stop.lon, stop.lat], along).along;
  const way = at - along;
  const shown = straight > NEAR_STOP_M && way > straight ? way : straight;
  $("away").textContent = fill(words.metres, { metres: Math.round(shown).toLocaleString() });
  root.dataset.away = String(Math.round(straight));
}

const clock = (at) => new Date(at).toLocaleTimeString(page.language === "zh" ? "zh-CN" : "en", { hour: "2-digit", minute: "2-digit" });

function go(index) {
  next = Math.max(0, Math.min(route.stops.length - 1, index));
  const stop = route.stops[next];
  if (stop && !following) map.panTo([stop.lat, stop.lon]);
  show();
}

// --- The own place.

const own = L.marker([0, 0], { icon: L.divIcon({ className: "own-place", iconSize: [20, 20] }), keyboard: false, interactive: false, zIndexOffset: 1000 });
const around = L.circle([0, 0], { radius: 1, color: "#1a73e8", weight: 1, fillOpacity: 0.1, interactive: false });

function placed({ coords, timestamp }) {
  recorder.add({ coords, timestamp });
  here = [coords.longitude, coords.latitude, coords.accuracy];
  const at = [coords.latitude, coords.longitude];
  own.setLatLng(at).addTo(map);
  around.setLatLng(at).setRadius(coords.accuracy).addTo(map);
  const found = locate(route.line, here, along);
  const off = found.beside > Math.max(OFF_ROUTE_M, coords.accuracy);
  if (!off) along = found.along;
  $("said").textContent = `${off ? fill(words.off_route, { metres: Math.round(found.beside) }) : words.on_route} · ${fill(words.accuracy, { metres: Math.round(coords.accuracy) })}`;
  $("said").classList.toggle("off", off);
  if (following) map.setView(at, Math.max(map.getZoom(), 16), { animate: false });
  away();
}

// --- Recording the way, which is handed in at the end.

const recorder = new Recorder(
  `gridmap.way.${route.id}`,
  (positions) => ask(page.record, { route: route.id, positions }, words),
  (count, on) => {
    $("record").textContent = on ? words.end_way : words.record_way;
    $("record").setAttribute("aria-pressed", String(on));
    $("recorded").textContent = count ? fill(words.recorded, { count: count.toLocaleString() }) : "";
  },
);
recorder.changed(recorder.positions.length, recorder.on);
$("record").addEventListener("click", async () => {
  if (!recorder.on && !recorder.positions.length) { recorder.start(); return; }
  if (recorder.positions.length < 2) { recorder.drop(); return; }
  $("record").disabled = true;
  $("fault").hidden = true;
  try {
    const { url } = await recorder.end();
    location.assign(url);
  } catch (error) {
    // It stays on the phone, and the button hands it in again.
    $("fault").textContent = error.message;
    $("fault").hidden = false;
  }
  $("record").disabled = false;
});

if (navigator.geolocation) {
  navigator.geolocation.watchPosition(placed, () => { if (!here) $("said").textContent = words.no_position; }, { enableHighAccuracy: true, maximumAge: 5000, timeout: 30000 });
} else $("said").textContent = words.no_position;

map.on("dragstart", () => follow(false));
function follow(on) {
  following = on;
  $("me").setAttribute("aria-pressed", String(on));
}
$("me").addEventListener("click", () => {
  follow(true);
  if (here) map.setView([here[1], here[0]], Math.max(map.getZoom(), 16), { animate: false });
});

// --- Checking in.

$("before").addEventListener("click", () => go(next - 1));
$("after").addEventListener("click", () => go(next + 1));
$("check").addEventListener("click", () => {
  const stop = route.stops[next];
  if (!stop) return;
  const far = here ? metres(here, [stop.lon, stop.lat]) : 0;
  if (far > Math.max(100, here?.[2] || 0) && !confirm(fill(words.far_away, { metres: Math.round(far) }))) return;
  const sent = { stop: stop.id, at: new Date().toISOString(), ...(here ? { lon: here[0], lat: here[1] } : {}) };
  waiting.push(sent);
  done.set(stop.id, sent.at);
  keep();
  navigator.vibrate?.(80);
  send();
  const open = route.stops.findIndex((each, i) => i > next && !done.has(each.id));
  go(open < 0 ? firstOpen() : open);
});

let sending = false;
async function send() {
  if (sending || !waiting.length) return;
  sending = true;
  $("fault").hidden = true;
  while (waiting.length) {
    const [first] = waiting;
    try {
      await ask(page.checkIn, first, words);
    } catch (error) {
      // What the server refuses would be refused again; what it could not hear waits.
      if (!error.status || error.status >= 500 || error.status === 401) break;
      $("fault").textContent = error.message;
      $("fault").hidden = false;
      done.delete(first.stop);
    }
    waiting = waiting.slice(1);
    keep();
  }
  sending = false;
  keep();
  show();
}
setInterval(send, RETRY_MS);
addEventListener("online", send);

keep();
show();
send();
document.documentElement.dataset.followReady = "true";
