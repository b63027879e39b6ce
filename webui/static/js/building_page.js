// The page of a building: its map and its charts.

import { bars } from "./dashboard_charts.js";
import { drawShapes } from "./shapes_map.js";

const root = document.getElementById("building");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";

// Where nothing happened or nobody lives there is a sentence in place of the chart.
const charts = [["months", page.words.incidents], ["people", page.words.residents]].flatMap(([id, name]) => {
  const box = document.getElementById(id);
  return box ? [bars(box, page[id].labels, page[id].counts, { name, locale, links: page[id].links })] : [];
});

drawShapes(root, page, { fits: ({ properties }) => properties.what === "reach", leads: page.leads })
  .catch(() => { document.getElementById("map").textContent = page.words.failed; });
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
