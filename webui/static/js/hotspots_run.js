// The page of a result: map, charts, the table's way to the map, and the slider of months.

import { bars } from "./dashboard_charts.js";

const STEP_MS = 900;
const root = document.getElementById("run");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";

function mark(rank) {
  for (const row of document.querySelectorAll(".hot-table tr.chosen")) row.classList.remove("chosen");
  document.querySelector(`.hot-table tr[data-rank="${rank}"]`)?.classList.add("chosen");
}
page.chosen = mark;

try {
  // Hours and seasons have no map, and so no Leaflet.
  if (page.map) steer(await (await import("./hotspots_map.js")).drawRun(page));
  document.documentElement.dataset.mapReady = "true";
} catch (error) {
  document.querySelector(".hot-stage").textContent = page.words.failed;
  throw error;
} finally {
  // The map is what is waited for; the chart and its library come when it is seen.
  const place = document.getElementById("months");
  const library = document.createElement("script");
  library.addEventListener("load", () => chart(place));
  library.src = place.dataset.charts;
  document.head.append(library);
}

function chart(place) {
  const months = bars(place, page.months.labels, page.months.counts, { name: page.words.incidents, locale });
  addEventListener("resize", () => months.resize());
}

// Lets what stands beside the map change it.
function steer(run) {
  for (const button of document.querySelectorAll(".to-map")) {
    button.addEventListener("click", () => {
      mark(button.dataset.rank);
      run.show(Number(button.dataset.rank));
      document.querySelector(".hot-stage").scrollIntoView({ block: "nearest" });
    });
  }
  for (const input of document.querySelectorAll("[name=view]")) {
    input.addEventListener("change", () => {
      run.view(input.value);
      for (const legend of document.querySelectorAll("[data-view]")) legend.hidden = legend.dataset.view !== input.value;
    });
  }
  if (page.incidents) slider(run);
}

function slider(run) {
  const [input, output, play] = ["month", "month-name", "play"].map((id) => document.getElementById(id));
  let timer = null;
  const show = () => {
    const month = Number(input.value);
    const label = page.months.labels[month];
    // Where the map shows more than the run counted, its counts would not be those of the map.
    const told = !document.querySelector(".wider") && page.words.count.replace("{count}", page.months.counts[month]?.toLocaleString(locale));
    document.getElementById("of-month").hidden = !label;
    output.textContent = label ? [label, told].filter(Boolean).join(" · ") : page.words.whole;
    if (!label) { run.days(null); return; }
    const [year, number] = label.split("-").map(Number);
    const end = `${label}-${new Date(Date.UTC(year, number, 0)).getUTCDate()}`;
    run.days([`${label}-01`, page.first].sort()[1], [end, page.last].sort()[0]);
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = page.words.play;
  };
  input.addEventListener("input", () => { stop(); show(); });
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    play.textContent = page.words.stop;
    const next = () => {
      if (Number(input.value) >= Number(input.max)) { stop(); return; }
      input.value = String(Number(input.value) + 1);
      show();
    };
    if (input.value === input.max) input.value = "-1";
    next();
    timer = setInterval(next, STEP_MS);
  });
}
