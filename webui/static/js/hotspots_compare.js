// Two runs side by side: where one map goes, the other follows.

import { drawRun } from "./hotspots_map.js";

const stages = [...document.querySelectorAll(".hot-stage[data-page]")];
const runs = await Promise.all(stages.map(async (stage) => {
  const page = JSON.parse(stage.dataset.page);
  try {
    return await drawRun(page);
  } catch (error) {
    stage.textContent = page.words.failed;
    throw error;
  }
}));
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
