// The lines of a file on the map; the chosen one goes to the editor, matched to streets.

import { ask } from "./assignments_acts.js";
import { baseMap, latlngs, locate } from "./patrols_map.js";

const COLOURS = ["#1f5fa8", "#d55e00", "#00796b", "#a8326e", "#6a4c9c", "#26323c"];
const BESIDE_M = 100;

const page = JSON.parse(document.getElementById("import").dataset.page);
const { map } = baseMap(page);
const drawn = page.lines.filter((line) => line.line.length).map((line, i) => L.polyline(latlngs(line.line), { color: COLOURS[i % COLOURS.length], weight: 4 }).addTo(map));
if (drawn.length) map.fitBounds(L.featureGroup(drawn).getBounds(), { animate: false, padding: [24, 24] });

// A recorded line is matched as a whole; what is drawn, or fits no streets, is traced from click to
// click in the editor.
async function waypointsOf({ line, clicks, recorded }) {
  if (recorded) {
    try {
      return (await ask(page.match, { line }, page.words)).waypoints;
    } catch { /* The editor says what does not fit. */ }
  }
  return clicks.map(([lon, lat]) => ({ lon, lat, free: false }));
}

for (const button of document.querySelectorAll("[data-line]")) {
  button.addEventListener("click", async () => {
    const line = page.lines[Number(button.dataset.line)];
    button.disabled = true;
    const waypoints = await waypointsOf(line);
    const stops = page.stops
      .filter((stop) => locate(line.line, [stop.lon, stop.lat]).beside <= BESIDE_M)
      .map((stop) => ({ id: null, place_id: null, kind: "other", dwell_min: 10, opens: null, closes: null, must: false, ...stop, name: stop.name.slice(0, 100) }));
    sessionStorage.setItem("gridmap.import", JSON.stringify({ name: line.name, line: line.line, waypoints, stops }));
    location.assign(page.editor);
  });
  // Before it would have been pressed in vain.
  button.disabled = false;
}
