// The map of open cases: overdue ones are larger, red and carry a sign.

import { smallMap } from "./cases_smallmap.js";

const page = JSON.parse(document.getElementById("cases-map").dataset.page);
const { words } = page;
const LOOK = {
  later: { radius: 5, fillColor: "#1f5fa8", pane: "later" },
  today: { radius: 7, fillColor: "#b26a00", pane: "today" },
  overdue: { radius: 9, fillColor: "#b3261e", pane: "overdue" },
};
const summary = document.getElementById("map-summary");
const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

try {
  const [map, answer] = await Promise.all([
    smallMap(document.getElementById("big-map"), page),
    fetch(page.points),
  ]);
  if (!answer.ok) throw new Error(String(answer.status));
  show(map, await answer.json());
} catch {
  summary.textContent = words.failed;
}

function show(map, { points, more }) {
  const overdue = points.filter((point) => point.tone === "overdue").length;
  summary.textContent = [
    fill(words.shown, { count: points.length, overdue }),
    more ? fill(words.first, { count: points.length }) : "",
  ].join(" ");
  Object.keys(LOOK).forEach((tone, i) => { map.createPane(tone).style.zIndex = 410 + i; });
  const renderers = Object.fromEntries(Object.keys(LOOK).map((tone) => [tone, L.canvas({ pane: tone, tolerance: 6 })]));
  // The most urgent come last, and so on top.
  for (const point of [...points].reverse()) {
    const look = LOOK[point.tone];
    L.circleMarker(point.at, { ...look, color: "#ffffff", weight: 2, fillOpacity: 0.92, renderer: renderers[point.tone] })
      .bindPopup(() => popup(point))
      .addTo(map);
    if (point.tone === "overdue") {
      const sign = L.divIcon({ className: "sign-overdue", html: "!", iconSize: [18, 18] });
      if (overdue <= 300) L.marker(point.at, { icon: sign, interactive: false, keyboard: false, pane: "overdue", zIndexOffset: 100000 }).addTo(map);
    }
  }
  if (points.length && location.search) map.fitBounds(L.latLngBounds(points.map((point) => point.at)), { maxZoom: 16, padding: [32, 32] });
  document.documentElement.dataset.points = String(points.length);
}

function popup(point) {
  const box = document.createElement("div");
  const title = document.createElement("b");
  title.textContent = point.category;
  const text = document.createElement("p");
  text.textContent = point.description;
  const due = document.createElement("p");
  due.className = `due due-${point.tone}`;
  due.textContent = `${point.step} · ${point.due}`;
  const link = document.createElement("a");
  link.href = `${page.case}${point.id}`;
  link.textContent = fill(words.open, { id: point.id });
  box.append(title, text, due, link);
  return box;
}
