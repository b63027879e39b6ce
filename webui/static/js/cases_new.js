// The intake form: the place by map, position or address; similar incidents; photos made small.

import { shrinkPhotos } from "./cases_photos.js";
import { smallMap } from "./cases_smallmap.js";

const form = document.getElementById("intake");
const page = JSON.parse(form.dataset.page);
const { words } = page;
const $ = (id) => document.getElementById(id);
const say = (template, values = {}) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// --- The place.

let map = null;
let ours = false; // The map is moved by us, not by the reader.

function place(lat, lon, words_, hit = "") {
  $("lat").value = lat.toFixed(6);
  $("lon").value = lon.toFixed(6);
  $("hit").value = hit;
  $("place-said").textContent = words_;
  form.dataset.place = "1";
  lookForSimilar();
}

function go(lat, lon, zoom) {
  if (!map) return;
  ours = true;
  map.setView([lat, lon], zoom, { animate: false });
  ours = false;
}

const given = [$("lat").value, $("lon").value].map((value) => (value ? Number(value) : NaN));
const known = given.every(Number.isFinite);
smallMap($("pick-map"), known ? { ...page, point: given, zoom: 17 } : page).then((made) => {
  map = made;
  const now = [$("lat").value, $("lon").value];
  if (!known && now[0]) go(Number(now[0]), Number(now[1]), 18);
  map.on("moveend", () => {
    if (ours) return;
    const centre = map.getCenter().wrap();
    place(centre.lat, centre.lng, words.chosen);
  });
});

$("locate").addEventListener("click", () => {
  if (!navigator.geolocation) {
    $("place-said").textContent = words.no_position;
    return;
  }
  $("place-said").textContent = words.locating;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      go(coords.latitude, coords.longitude, 18);
      place(coords.latitude, coords.longitude, say(words.located, { metres: Math.round(coords.accuracy) }));
    },
    () => { $("place-said").textContent = words.no_position; },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 },
  );
});
for (const id of ["lat", "lon"]) {
  $(id).addEventListener("change", () => {
    const [lat, lon] = [Number($("lat").value), Number($("lon").value)];
    if (!Number.isFinite(lat) || !Number.isFinite(lon)) return;
    go(lat, lon, 17);
    place(lat, lon, words.chosen);
  });
}

// --- The address.

const hits = $("hits");
let asking = 0;
let pause;

async function find() {
  const wanted = $("find").value.trim();
  const turn = ++asking;
  if (!wanted) {
    hits.hidden = true;
    return;
  }
  const answer = await fetch(`${page.search}?${new URLSearchParams({ q: wanted })}`).catch(() => null);
  const found = answer?.ok ? (await answer.json()).items : null;
  if (turn !== asking) return;
  hits.replaceChildren();
  hits.hidden = false;
  const usable = (found || []).filter((item) => item.layer === "building" || item.layer === "place");
  if (!usable.length) {
    const none = document.createElement("li");
    none.textContent = found ? words.none : words.failed;
    hits.append(none);
  }
  for (const item of usable) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = item.subtitle ? `${item.name} · ${item.subtitle}` : item.name;
    button.addEventListener("click", () => take(item));
    row.append(button);
    hits.append(row);
  }
}

function take(item) {
  const [west, south, east, north] = item.bounds;
  const [lat, lon] = [(south + north) / 2, (west + east) / 2];
  hits.hidden = true;
  $("find").value = item.name;
  $("address").value = item.subtitle ? `${item.subtitle} ${item.name}` : item.name;
  go(lat, lon, 18);
  place(lat, lon, item.name, `${item.layer}:${item.id}`);
}

$("find").addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(find, 250);
});
$("find").addEventListener("keydown", (event) => {
  if (event.key === "Enter") {
    // It searches; the report is not sent yet.
    event.preventDefault();
    find();
  } else if (event.key === "Escape") hits.hidden = true;
});

// --- What may be the same.

let looking = 0;
async function lookForSimilar() {
  const turn = ++looking;
  const query = { category: $("category").value, lon: $("lon").value, lat: $("lat").value, at: $("at").value };
  if (!query.category || !query.lon || !query.lat) return;
  const answer = await fetch(`${page.similar}?${new URLSearchParams(query)}`).catch(() => null);
  if (turn !== looking) return;
  const { items } = answer?.ok ? await answer.json() : { items: [] };
  $("similar").hidden = !items.length;
  $("similar-title").textContent = say(words.similar, { count: items.length });
  $("similar-list").replaceChildren(...items.map(similarRow));
}

function similarRow(item) {
  const row = document.createElement("li");
  const head = document.createElement(item.url ? "a" : "span");
  if (item.url) Object.assign(head, { href: item.url, target: "_blank", rel: "noopener" });
  const title = document.createElement("b");
  title.textContent = item.category;
  head.append(title, ` ${item.description}`);
  const facts = document.createElement("span");
  facts.className = "quiet";
  facts.textContent = [say(words.metres, { metres: item.metres }), item.at, item.step || words.no_case].join(" · ");
  row.append(head, facts);
  return row;
}
for (const id of ["category", "at"]) $(id).addEventListener("change", lookForSimilar);
if (known) lookForSimilar();

// --- Photos and sending.

shrinkPhotos($("photos"), $("photos-said"), words);
form.addEventListener("submit", () => {
  setTimeout(() => { $("save").disabled = true; $("save").textContent = words.sending; });
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
