// The page of a cell: its map and its charts.

import { bars, shares } from "./dashboard_charts.js";
import { drawShapes } from "./shapes_map.js";

const root = document.getElementById("cell");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";

const charts = [
  bars(document.getElementById("months"), page.months.labels, page.months.counts, { name: page.words.incidents, locale, links: page.months.links }),
];
// A school or a park has no residents, and so no chart of them.
const people = document.getElementById("people");
if (people) charts.push(bars(people, page.people.labels, page.people.counts, { name: page.words.residents, locale }));
const patrols = document.getElementById("patrols-trend");
if (patrols) charts.push(shares(patrols, page.patrols.labels, [[page.words.walked, page.patrols.walked], [page.words.planned, page.patrols.planned]], { locale }));

drawShapes(root, page, { fits: ({ properties }) => properties.what === "own", leads: page.leads })
  .catch(() => { document.getElementById("map").textContent = page.words.failed; });
document.getElementById("print").addEventListener("click", () => print());
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));
