// The form of a plan: one more row for a team, and points of the map where teams start or end.

import { fill, groundMap } from "./base_map.js";

const root = document.getElementById("plan-form");
const page = JSON.parse(root.dataset.page);
const teams = document.getElementById("teams");
const pick = document.getElementById("pick");
let map = null;
let marks = null;
let asked = null;

document.getElementById("add-team")?.addEventListener("click", () => {
  const row = document.getElementById("team").content.cloneNode(true);
  teams.append(row);
  teams.querySelector("tr:last-child select").focus();
  show();
});

const inputs = () => [...teams.querySelectorAll(".map-point")];
const pointOf = (select) => select.closest("td").querySelector(".map-point");

// Longitude and latitude as typed, or null.
function typed(input) {
  const numbers = input.value.trim().split(/[,，;；\s]+/).map(Number);
  return numbers.length === 2 && numbers.every(Number.isFinite) && Math.abs(numbers[1]) <= 90 ? numbers : null;
}

function show() {
  for (const input of inputs()) input.hidden = input.closest("td").querySelector("select").value !== "point";
  const open = inputs().filter((input) => !input.hidden);
  pick.hidden = !open.length;
  if (pick.hidden) return;
  if (!open.includes(asked)) asked = open.find((input) => !typed(input)) || open[0];
  for (const input of inputs()) input.classList.toggle("asked", input === asked && open.length > 1);
  if (!map) {
    // Folium has made it while it had no size.
    window[`${page.map}_1`].invalidateSize({ animate: false });
    map = groundMap(page);
    marks = L.layerGroup().addTo(map);
    map.on("click", ({ latlng }) => {
      asked.value = `${latlng.lng.toFixed(5)}, ${latlng.lat.toFixed(5)}`;
      // The next one that is still empty comes next.
      asked = inputs().find((input) => !input.hidden && !typed(input)) || asked;
      show();
    });
  }
  marks.clearLayers();
  for (const input of open) {
    const at = typed(input);
    if (!at) continue;
    const row = 1 + [...teams.children].indexOf(input.closest("tr"));
    const words = document.createElement("span");
    words.textContent = fill(page.words.point, { row, what: input.name === "start_point" ? page.words.start : page.words.end });
    L.circleMarker([at[1], at[0]], { radius: 7, color: "#fff", weight: 2, fillColor: "#1f5fa8", fillOpacity: 1 })
      .bindTooltip(words, { permanent: true, direction: "top" }).addTo(marks);
  }
}

teams?.addEventListener("change", ({ target }) => {
  if (target.matches("[name=starts_at], [name=ends_at]") && target.value === "point") asked = pointOf(target);
  if (target.matches("select, .map-point")) show();
});
teams?.addEventListener("focusin", ({ target }) => {
  if (!target.matches(".map-point") || target === asked) return;
  asked = target;
  show();
});
if (teams) show();
root.dataset.ready = "true";
