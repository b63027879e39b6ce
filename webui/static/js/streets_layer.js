// The streets of the network over the basemap, from their own tiles: by mode and part.

import { decode } from "./mvt.js";

const LARGEST = "#2b6ca3";
const ISLAND = "#d95f0e";
const CLOSED = "#a9b1b8";
const EXTENT = 4096;
const ARROWS_FROM = 16;

// A layer of Leaflet; `mode` is the bit of the mode by which it is drawn.
export const StreetLayer = L.GridLayer.extend({
  options: { tileSize: 512, zoomOffset: -1, maxNativeZoom: 17, minZoom: 5, pane: "streets" },

  initialize(address, mode) {
    L.GridLayer.prototype.initialize.call(this, {});
    Object.assign(this, { address, mode });
  },

  setMode(mode) {
    this.mode = mode;
    for (const { el } of Object.values(this._tiles)) draw(el, this.mode);
  },

  createTile({ x, y, z }, done) {
    const tile = document.createElement("canvas");
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    tile.width = tile.height = ratio * this.options.tileSize;
    tile.zoom = z;
    fetch(this.address(z + this.options.zoomOffset, x, y))
      .then((answer) => {
        if (!answer.ok) throw new Error(`tile ${z}/${x}/${y}: ${answer.status}`);
        return answer.arrayBuffer();
      })
      .then((buffer) => {
        tile.streets = decode(buffer).street || [];
        draw(tile, this.mode);
        done(null, tile);
      })
      .catch((error) => done(error, tile));
    return tile;
  },
});

// Streets in the order in which they lie over each other: closed ones below, islands on top.
function classOf({ forward, backward, part }, mode) {
  if (!((forward | backward) & mode)) return 0;
  return part > 0 ? 2 : 1;
}

const LOOKS = [
  { stroke: CLOSED, width: 1 },
  { stroke: LARGEST, width: 2 },
  { stroke: ISLAND, width: 4 },
];

function draw(tile, mode) {
  const context = tile.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, tile.width, tile.height);
  const scale = tile.width / EXTENT;
  context.scale(scale, scale);
  context.lineCap = context.lineJoin = "round";
  const ratio = tile.width / 512;
  const grown = tile.zoom >= 15 ? 1.5 : tile.zoom < 13 ? 0.6 : 1;
  LOOKS.forEach(({ stroke, width }, number) => {
    const path = new Path2D();
    for (const { parts, properties } of tile.streets || []) {
      if (classOf(properties, mode) !== number) continue;
      for (const part of parts) trace(path, part);
    }
    context.strokeStyle = stroke;
    context.lineWidth = (width * grown * ratio) / scale;
    context.stroke(path);
    // An island is seen by its light middle too, where colours are not.
    if (number === 2) {
      context.strokeStyle = "#fff";
      context.lineWidth = ((width / 3) * grown * ratio) / scale;
      context.stroke(path);
    }
  });
  if (tile.zoom >= ARROWS_FROM) arrows(context, tile, mode, (4 * ratio) / scale);
}

function trace(path, part) {
  path.moveTo(part[0], part[1]);
  for (let i = 2; i < part.length; i += 2) path.lineTo(part[i], part[i + 1]);
}

// An arrow in the middle of each street that is open one way only.
function arrows(context, tile, mode, size) {
  context.fillStyle = "#123f63";
  for (const { parts, properties } of tile.streets || []) {
    const [along, against] = [properties.forward & mode, properties.backward & mode];
    if (!along === !against) continue;
    for (const part of parts) {
      const at = Math.max(0, 2 * Math.floor(part.length / 4) - 2);
      const [x0, y0, x1, y1] = part.slice(at, at + 4);
      const angle = Math.atan2(y1 - y0, x1 - x0) + (along ? 0 : Math.PI);
      context.save();
      context.translate((x0 + x1) / 2, (y0 + y1) / 2);
      context.rotate(angle);
      context.beginPath();
      context.moveTo(1.6 * size, 0);
      context.lineTo(-size, size);
      context.lineTo(-size, -size);
      context.fill();
      context.restore();
    }
  }
}
