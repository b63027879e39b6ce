// The map of an evaluation, and what the page waits for.

import { drawMap } from "./parts_map.js";

const root = document.getElementById("evaluation");
const page = JSON.parse(root.dataset.page);
const element = document.getElementById("map");
if (element) {
  drawMap(element, page)
    .then((map) => {
      addEventListener("resize", () => map.invalidateSize());
      root.dataset.ready = "true";
    })
    .catch(() => { element.textContent = page.words.failed; });
}
