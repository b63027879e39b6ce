// Charts of counts over time. Text is drawn on the canvas: the page allows no styles within it.

const FONT = '"Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

// Draws bars into an element; returns the chart, whose `dispose` forgets it.
export function bars(element, labels, counts, { name, locale, dark = false, links = null }) {
  const size = Math.max(12, 0.75 * parseFloat(getComputedStyle(element).fontSize));
  const ink = dark ? "#b3bec7" : "#5d6973";
  const chart = window.echarts.init(element, null, { renderer: "canvas" });
  const number = (n) => n.toLocaleString(locale);
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, fontSize: size, color: ink },
    grid: { left: 4, right: 8, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow" },
      formatter: ([point]) => `${point.name}\n${name} ${number(point.value)}`,
    },
    xAxis: { type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: ink } }, axisLabel: { color: ink, fontSize: size, hideOverlap: true } },
    yAxis: { type: "value", minInterval: 1, splitNumber: 3, axisLabel: { color: ink, fontSize: size, formatter: number }, splitLine: { lineStyle: { color: dark ? "#34424d" : "#e4e8eb" } } },
    series: [{ type: "bar", name, data: counts, barCategoryGap: "30%", itemStyle: { color: dark ? "#7db8f0" : "#1f5fa8" } }],
    aria: { enabled: true },
  });
  if (links) chart.on("click", ({ dataIndex }) => { if (links[dataIndex]) location.assign(links[dataIndex]); });
  return chart;
}
