// The page of a result: map, charts, the table's way to the map, and the slider of months.

import { bars } from "./dashboard_charts.js";
import { drawRun, fill } from "./hotspots_map.js";

const STEP_MS = 900;
const root = document.getElementById("run");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";

function mark(rank) {
  for (const row of document.querySelectorAll(".hot-table tr.chosen")) row.classList.remove("chosen");
  document.querySelector(`.hot-table tr[data-rank="${rank}"]`)?.classList.add("chosen");
}
page.chosen = mark;

const charts = [week(document.getElementById("week")), bars(document.getElementById("months"), page.months.labels, page.months.counts, { name: page.words.incidents, locale })];
addEventListener("resize", () => charts.forEach((chart) => chart.resize()));

try {
  const run = await drawRun(page);
  for (const button of document.querySelectorAll(".to-map")) {
    button.addEventListener("click", () => {
      mark(button.dataset.rank);
      run.show(Number(button.dataset.rank));
      document.querySelector(".hot-stage").scrollIntoView({ block: "nearest" });
    });
  }
  if (page.incidents) slider(run);
  document.documentElement.dataset.mapReady = "true";
} catch (error) {
  document.querySelector(".hot-stage").textContent = page.words.failed;
  throw error;
}

function slider(run) {
  const [input, output, play] = ["month", "month-name", "play"].map((id) => document.getElementById(id));
  let timer = null;
  const show = () => {
    const month = Number(input.value);
    const label = page.months.labels[month];
    output.textContent = label || page.words.whole;
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

// Hours across, weekdays down, the darker the more; text is drawn on the canvas.
function week(element) {
  const chart = window.echarts.init(element, null, { renderer: "canvas" });
  const most = Math.max(1, ...page.week.flat());
  const ink = "#5d6973";
  const text = { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12, color: ink };
  chart.setOption({
    animation: false,
    textStyle: text,
    grid: { left: 4, right: 8, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      renderMode: "richText",
      formatter: ({ value: [hour, day, count] }) =>
        `${fill(page.words.hour, { day: page.weekdays[day], hour: String(hour).padStart(2, "0") })}\n${page.words.incidents} ${count.toLocaleString(locale)}`,
    },
    xAxis: { type: "category", data: [...Array(24).keys()], axisTick: { show: false }, axisLabel: { ...text, interval: 5 } },
    yAxis: { type: "category", data: page.weekdays, inverse: true, axisTick: { show: false }, axisLabel: text },
    visualMap: { show: false, min: 0, max: most, inRange: { color: ["#ffffd4", "#fed98e", "#fe9929", "#d95f0e", "#993404"] } },
    series: [{ type: "heatmap", data: page.week.flatMap((hours, day) => hours.map((count, hour) => [hour, day, count])), itemStyle: { borderColor: "#fff", borderWidth: 1 } }],
    aria: { enabled: true },
  });
  return chart;
}
