// Two runs side by side: where one map goes, the other follows.

import { drawRun } from "./hotspots_map.js";

const pages = [...document.querySelectorAll(".hot-stage[data-page]")].map((stage) => JSON.parse(stage.dataset.page));
const runs = await Promise.all(pages.map(drawRun));
let leading = false;
for (const { map } of runs) {
  map.on("move moveend", () => {
    if (leading) return;
    leading = true;
    for (const other of runs) if (other.map !== map) other.map.setView(map.getCenter(), map.getZoom(), { animate: false });
    leading = false;
  });
}
document.documentElement.dataset.mapReady = "true";
