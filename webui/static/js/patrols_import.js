// The lines of a file on the map; the chosen one goes to the editor, which matches it to streets.

import { baseMap, latlngs, locate } from "./patrols_map.js";

const COLOURS = ["#1f5fa8", "#d55e00", "#00796b", "#a8326e", "#6a4c9c", "#26323c"];
const BESIDE_M = 100;

const page = JSON.parse(document.getElementById("import").dataset.page);
const { map } = baseMap(page);
const drawn = page.lines.filter((line) => line.line.length).map((line, i) => L.polyline(latlngs(line.line), { color: COLOURS[i % COLOURS.length], weight: 4 }).addTo(map));
if (drawn.length) map.fitBounds(L.featureGroup(drawn).getBounds(), { animate: false, padding: [24, 24] });

for (const button of document.querySelectorAll("[data-line]")) {
  button.addEventListener("click", () => {
    const line = page.lines[Number(button.dataset.line)];
    const stops = page.stops
      .filter((stop) => locate(line.line, [stop.lon, stop.lat]).beside <= BESIDE_M)
      .map((stop) => ({ id: null, place_id: null, kind: "other", dwell_min: 10, opens: null, closes: null, must: false, ...stop, name: stop.name.slice(0, 100) }));
    sessionStorage.setItem("gridmap.import", JSON.stringify({ name: line.name, line: line.line, clicks: line.clicks, stops }));
    location.assign(page.editor);
  });
  // Before it would have been pressed in vain.
  button.disabled = false;
}
