// Charts of counts over time. Text is drawn on the canvas: the page allows no styles within it.

const FONT = '"Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

// Draws per cents by month as lines into an element, `series` as [name, values]; null is no share.
export function shares(element, labels, series, { locale, dark = false }) {
  const { chart, option } = begun(element, labels, locale, dark);
  const number = (n) => (n === null || n === undefined ? "–" : `${n.toLocaleString(locale)} %`);
  const colours = dark ? ["#7db8f0", "#ffc46b"] : ["#1f5fa8", "#b26a00"];
  chart.setOption({
    ...option,
    grid: { ...option.grid, top: 28 },
    legend: { top: 0, left: 0, itemHeight: 8, textStyle: { color: option.textStyle.color, fontSize: option.textStyle.fontSize } },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      formatter: (points) => [points[0].name, ...points.map((point) => `${point.seriesName} ${number(point.value)}`)].join("\n"),
    },
    yAxis: { ...option.yAxis, min: 0, minInterval: undefined },
    series: series.map(([name, data], i) => ({
      type: "line", name, data, symbol: i ? "diamond" : "circle", symbolSize: 6,
      lineStyle: { type: i ? "dashed" : "solid", color: colours[i] }, itemStyle: { color: colours[i] },
    })),
  });
  return chart;
}

// Draws bars into an element; returns the chart, whose `dispose` forgets it.
export function bars(element, labels, counts, { name, locale, dark = false, links = null }) {
  const { chart, option } = begun(element, labels, locale, dark);
  const number = (n) => n.toLocaleString(locale);
  chart.setOption({
    ...option,
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow" },
      formatter: ([point]) => `${point.name}\n${name} ${number(point.value)}`,
    },
    series: [{ type: "bar", name, data: counts, barCategoryGap: "30%", itemStyle: { color: dark ? "#7db8f0" : "#1f5fa8" } }],
  });
  if (links) chart.on("click", ({ dataIndex }) => { if (links[dataIndex]) location.assign(links[dataIndex]); });
  return chart;
}

// A chart, and what all of them have alike.
function begun(element, labels, locale, dark) {
  const size = Math.max(12, 0.75 * parseFloat(getComputedStyle(element).fontSize));
  const ink = dark ? "#b3bec7" : "#5d6973";
  return {
    chart: window.echarts.init(element, null, { renderer: "canvas" }),
    option: {
      animation: false,
      textStyle: { fontFamily: FONT, fontSize: size, color: ink },
      grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
      xAxis: { type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: ink } }, axisLabel: { color: ink, fontSize: size, hideOverlap: true } },
      yAxis: { type: "value", minInterval: 1, splitNumber: 3, axisLabel: { color: ink, fontSize: size, formatter: (n) => n.toLocaleString(locale) }, splitLine: { lineStyle: { color: dark ? "#34424d" : "#e4e8eb" } } },
      aria: { enabled: true },
    },
  };
}
