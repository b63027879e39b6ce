// The page of coverage: streets by the days since they were walked, and the months as a chart.

import { address, fill, groundMap } from "./base_map.js";
import { bars } from "./dashboard_charts.js";
import { decode } from "./mvt.js";

const page = JSON.parse(document.getElementById("coverage").dataset.page);
const locale = page.language === "zh" ? "zh-CN" : "en";
const EXTENT = 4096;
const said = document.getElementById("street-said");

// Draws the streets of a tile, and remembers them for whoever points at one.
const Streets = L.GridLayer.extend({
  createTile({ x, y, z: zoom }, done) {
    // A tile of 512 pixels is one of the zoom before.
    const z = zoom - 1;
    const size = this.getTileSize();
    const tile = document.createElement("canvas");
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    tile.width = size.x * ratio;
    tile.height = size.y * ratio;
    fetch(address(page.streets)(z, x, y))
      .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.arrayBuffer(); })
      .then((bytes) => { tile.streets = decode(bytes).street || []; this.paint(tile, z, ratio); done(null, tile); })
      .catch((error) => done(error, tile));
    return tile;
  },

  paint(tile, z, ratio) {
    const context = tile.getContext("2d");
    const scale = tile.width / EXTENT;
    context.lineWidth = (z < 13 ? 1.4 : z < 15 ? 2.4 : 4) * ratio;
    context.lineCap = "round";
    for (const { parts, properties } of tile.streets) {
      context.strokeStyle = colour(properties.days);
      context.beginPath();
      for (const part of parts) {
        for (let i = 0; i < part.length; i += 2) context[i ? "lineTo" : "moveTo"](part[i] * scale, part[i + 1] * scale);
      }
      context.stroke();
    }
  },

  // The street next to a point of the map, within some pixels.
  at(latlng) {
    const zoom = this._tileZoom;
    const size = this.getTileSize().x;
    const point = this._map.project(latlng, zoom);
    const [x, y] = [Math.floor(point.x / size), Math.floor(point.y / size)];
    const tile = this._tiles[`${x}:${y}:${zoom}`]?.el;
    const spot = [(point.x - x * size) * EXTENT / size, (point.y - y * size) * EXTENT / size];
    let best = null;
    let least = 10 * EXTENT / size;
    for (const street of tile?.streets || []) {
      for (const part of street.parts) {
        for (let i = 2; i < part.length; i += 2) {
          const distance = apart(spot, part, i);
          if (distance < least) [best, least] = [street, distance];
        }
      }
    }
    return best?.properties;
  },
});

function apart([x, y], part, i) {
  const [ax, ay, bx, by] = part.slice(i - 2, i + 2);
  const [dx, dy] = [bx - ax, by - ay];
  const along = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

const colour = (days) => (days < 0 ? page.never : page.ages.find(([most]) => days <= most)[1]);

function tell(street) {
  if (!street) return;
  const { never, today, days, unnamed } = page.words;
  const when = street.days < 0 ? never : street.days < 1 ? today : fill(days, { days: street.days.toLocaleString(locale) });
  said.textContent = `${street.name || unnamed}: ${when}`;
}

const trend = document.getElementById("trend");
if (trend) {
  const chart = bars(trend, page.trend.labels, page.trend.shares, { name: page.words.share, locale });
  addEventListener("resize", () => chart.resize());
}
try {
  const map = groundMap(page);
  map.createPane("streets").style.zIndex = 410;
  const streets = new Streets({ pane: "streets", tileSize: 512, minZoom: 3, maxNativeZoom: 18, maxZoom: 19 });
  streets.on("load", () => { map.getContainer().dataset.streets = "1"; });
  streets.addTo(map);
  map.on("mousemove click", ({ latlng }) => tell(streets.at(latlng)));
  document.documentElement.dataset.mapReady = "true";
} catch (error) {
  document.querySelector(".hot-stage").textContent = page.words.failed;
  throw error;
}
