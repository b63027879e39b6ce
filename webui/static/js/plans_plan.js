// The page of a plan: the tours of all teams on a map, with their visits numbered.

import { groundMap } from "./base_map.js";

const page = JSON.parse(document.getElementById("plan").dataset.page);
const colour = (number) => page.colours[number % page.colours.length];

try {
  const map = groundMap(page);
  const answer = await fetch(page.shapes);
  if (!answer.ok) throw new Error(String(answer.status));
  const tours = await answer.json();
  map.createPane("tours").style.zIndex = 410;
  const renderer = L.canvas({ pane: "tours" });
  const drawn = L.geoJSON(tours, {
    renderer, pane: "tours", interactive: false,
    style: ({ properties }) => ({ color: colour(properties.tour), weight: 4, opacity: 0.8 }),
  }).addTo(map);
  for (const { properties } of tours.features) {
    for (const visits of byPlace(properties.visits)) {
      const [{ visit }] = visits;
      const rests = visits.every((one) => one.visit.kind === "break");
      const numbers = visits.map((one) => one.number).join(",");
      const icon = L.divIcon({ className: `stop-mark tour-${properties.tour % page.colours.length}${rests ? " rest" : ""}`, html: numbers, iconSize: [Math.max(22, 8 + 8 * numbers.length), 22] });
      const words = document.createElement("span");
      const times = visits.map((one) => [one.visit.kind === "break" && page.words.rest, clock(one.visit.begins)].filter(Boolean).join(" "));
      words.textContent = [properties.team, visit.name, times.join(", ")].filter(Boolean).join(" · ");
      L.marker([visit.lat, visit.lon], { icon, keyboard: false }).bindTooltip(words).addTo(map);
    }
  }
  const bounds = drawn.getBounds();
  if (bounds.isValid()) map.fitBounds(bounds.pad(0.06), { animate: false, maxZoom: 18 });
  map.getContainer().dataset.found = String(tours.features.length);
  document.documentElement.dataset.mapReady = "true";
} catch (error) {
  document.querySelector(".hot-stage").textContent = page.words.failed;
  throw error;
}

// Visits at one place share a mark, which would else hide all but the last of them.
function byPlace(visits) {
  const places = new Map();
  visits.forEach((visit, i) => {
    const key = `${visit.lon} ${visit.lat}`;
    places.set(key, [...(places.get(key) ?? []), { visit, number: i + 1 }]);
  });
  return places.values();
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return [Math.floor(minutes / 60) % 24, minutes % 60].map((n) => String(n).padStart(2, "0")).join(":");
}
