// The page of an indicator: its map by class, and its trend.

import { groundMap } from "./base_map.js";
import { hatch, labels, plain } from "./choropleth.js";

const FONT = '"Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const LABELS = 60;
const root = document.getElementById("indicator");
const page = JSON.parse(root.dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";
const places = new Map(page.places.map((place) => [place.id, place]));

async function drawMap() {
  const stage = document.querySelector(".indicator-map");
  const answer = await fetch(page.outlines);
  if (!answer.ok) throw new Error(String(answer.status));
  const { features } = await answer.json();
  const known = features.filter((feature) => places.has(feature.id));
  const layer = L.geoJSON({ type: "FeatureCollection", features: known }, {
    style: (feature) => ({ className: places.get(feature.id).class, stroke: true, fill: true }),
    onEachFeature: (feature, shape) => {
      const place = places.get(feature.id);
      const words = document.createElement("span");
      words.textContent = `${place.name} · ${place.text}`;
      shape.bindTooltip(words, { sticky: true });
      const row = () => document.getElementById(`unit-${place.id}`)?.scrollIntoView({ block: "center" });
      shape.on("click", row);
      shape.on("keypress", ({ originalEvent }) => { if (originalEvent.key === "Enter") row(); });
    },
  });
  if (known.length) {
    const box = layer.getBounds();
    page.bounds = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()];
  }
  const map = groundMap(page);
  if (!known.length) return;
  layer.addTo(map);
  plain(stage);
  hatch(map);
  if (known.length <= LABELS) labels(map, layer, places);
  addEventListener("beforeprint", () => map.invalidateSize({ animate: false }));
}

function drawTrend() {
  const element = document.getElementById("trend");
  const ink = "#5d6973";
  const chart = window.echarts.init(element, null, { renderer: "canvas" });
  const digits = { minimumFractionDigits: page.places_shown, maximumFractionDigits: page.places_shown };
  const number = (n) => n.toLocaleString(locale, digits);
  const axis = (n) => n.toLocaleString(locale);
  const first = page.trend.values.find((value) => value !== null);
  const most = Math.max(...page.trend.values.filter((value) => value !== null), page.target ?? 0);
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, fontSize: 12, color: ink },
    grid: { left: 4, right: 16, top: 24, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      formatter: ([point]) => {
        const value = page.trend.values[point.dataIndex];
        const shown = value === null ? page.words.noData : `${number(value)}${page.unit === "%" ? "%" : ` ${page.unit}`}`;
        return [page.trend.names[point.dataIndex], shown, page.trend.counts[point.dataIndex]].filter(Boolean).join("\n");
      },
    },
    xAxis: { type: "category", data: page.trend.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: ink } }, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: { type: "value", min: 0, ...(page.unit === "%" && most <= 100 && most > 60 ? { max: 100, interval: 20 } : { splitNumber: 4 }), axisLabel: { color: ink, formatter: axis }, splitLine: { lineStyle: { color: "#e4e8eb" } } },
    series: [{
      type: "line", name: page.name, data: page.trend.values, connectNulls: false, symbol: "circle", symbolSize: 6,
      lineStyle: { color: "#1f5fa8", width: 2 }, itemStyle: { color: "#1f5fa8" },
      markLine: page.target === null ? undefined : {
        silent: true, symbol: "none", data: [{ yAxis: page.target }],
        lineStyle: { color: ink, type: "dashed" },
        // On the side where the line of values is not.
        label: { position: first !== undefined && first > page.target ? "insideStartBottom" : "insideStartTop", color: ink, formatter: `${page.words.target} ${axis(page.target)}` },
      },
    }],
    aria: { enabled: true },
  });
  addEventListener("resize", () => chart.resize());
}

document.getElementById("print").addEventListener("click", () => print());
if (document.getElementById("trend")) {
  drawTrend();
  try {
    await drawMap();
  } catch (error) {
    document.querySelector(".indicator-map").textContent = page.words.failed;
    throw error;
  }
}
document.documentElement.dataset.mapReady = "true";
