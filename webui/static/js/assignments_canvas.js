// The map's canvas with cells filled by who answers for them.

import { MapCanvas } from "./canvas.js";
import { Labels } from "./labels.js";
import { anchors } from "./shapes.js";
import { ACCENT } from "./style.js";

const HATCHED_PX = 8;
const NAMES_FROM = 14.5;

export const AssignmentCanvas = MapCanvas.extend({
  // `look.fill(id)` returns a colour, null for hatched, undefined for nothing; `look.name(id)`
  // who answers; `look.chosen` the set of chosen cells.
  initialize(page, stores, shown, drawn, look) {
    MapCanvas.prototype.initialize.call(this, page, stores, shown, drawn);
    Object.assign(this, { look, cellTiles: [] });
  },

  _paint(style, tiles, zoom) {
    if (style.layer === "cell" && style.name === "cell") this._fills(tiles);
    MapCanvas.prototype._paint.call(this, style, tiles, zoom);
    if (style.layer === "cell" && style.name === "cell") this._chosen(tiles);
  },

  _fills(tiles) {
    this.cellTiles = tiles;
    const context = this._context;
    this._within(tiles, (feature, { left, top, scale }) => {
      const fill = this.look.fill(feature.id);
      if (fill === undefined) return;
      if (fill === null) {
        // The pattern keeps its size on the screen, and its lines meet across tiles.
        const pattern = context.createPattern(hatching(), "repeat");
        pattern.setTransform(new DOMMatrix().scale(1 / scale).translate(-left, -top));
        context.fillStyle = pattern;
        context.globalAlpha = 1;
      } else {
        context.fillStyle = fill;
        context.globalAlpha = 0.62;
      }
      context.fill(outlineOf(feature));
    });
  },

  _chosen(tiles) {
    if (!this.look.chosen.size) return;
    const context = this._context;
    this._within(tiles, (feature, { scale }) => {
      if (!this.look.chosen.has(feature.id)) return;
      context.globalAlpha = 0.18;
      context.fillStyle = ACCENT;
      context.fill(outlineOf(feature));
      context.globalAlpha = 1;
      context.strokeStyle = ACCENT;
      context.lineWidth = 3.5 / scale;
      context.lineJoin = "round";
      context.setLineDash([]);
      context.stroke(outlineOf(feature));
    });
  },

  // Calls `draw` for every cell of every tile, in the tile's coordinates and clipped to it.
  _within(tiles, draw) {
    const context = this._context;
    for (const each of tiles) {
      const { tile, clip, left, top, scale } = each;
      const [x, y] = [Math.round(clip[0]), Math.round(clip[1])];
      context.save();
      context.beginPath();
      context.rect(x, y, Math.round(clip[0] + clip[2]) - x, Math.round(clip[1] + clip[3]) - y);
      context.clip();
      context.translate(left, top);
      context.scale(scale, scale);
      for (const feature of tile.layers.cell || []) {
        if (feature.type === 3 && feature.properties.kind !== "micro") draw(feature, each);
      }
      context.restore();
    }
  },

  // Cells by number and who answers come first here; a community's name gives way when close.
  _labels(tiles, zoom, size) {
    const labels = new Labels(this._context, size.x, size.y);
    this._context.globalAlpha = 1;
    const english = this.page.language === "en";
    if (zoom < NAMES_FROM) {
      for (const { feature, x, y } of anchors(tiles, "unit_label")) {
        const { level, name, name_en: other } = feature.properties;
        const wanted = zoom >= 12 ? "community" : "town";
        if (level === wanted) labels.text((english && other) || name, x, y, { size: 13, weight: 600, colour: "#27415f" });
      }
    }
    if (zoom < 13.5) return;
    for (const { feature, x, y } of anchors(tiles, "cell_label")) {
      if (feature.properties.kind === "micro") continue;
      const code = zoom >= 17 ? feature.properties.code : feature.properties.code.slice(-3);
      const name = zoom >= NAMES_FROM ? this.look.name(feature.id) : "";
      const free = labels.text(code, x, name ? y - 8 : y, { size: 12, weight: 600, colour: "#3b5672", gap: 0 });
      if (free && name) labels.text(name, x, y + 8, { size: 12, weight: 600, gap: 0 });
    }
  },

  // The cell below a point of the map's container, or null.
  cellAt(point) {
    const at = this._map.containerPointToLayerPoint(point).subtract(this._bounds.min);
    const context = this._context;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    let found = null;
    for (const { tile, clip, left, top, scale } of this.cellTiles) {
      if (at.x < clip[0] || at.y < clip[1] || at.x >= clip[0] + clip[2] || at.y >= clip[1] + clip[3]) continue;
      const [x, y] = [(at.x - left) / scale, (at.y - top) / scale];
      found = (tile.layers.cell || []).find((feature) => feature.type === 3
        && feature.properties.kind !== "micro" && context.isPointInPath(outlineOf(feature), x, y, "evenodd"));
      if (found) break;
    }
    context.restore();
    return found ? found.id : null;
  },
});

function outlineOf(feature) {
  if (!feature.outline) {
    const path = new Path2D();
    for (const part of feature.parts) {
      path.moveTo(part[0], part[1]);
      for (let i = 2; i < part.length; i += 2) path.lineTo(part[i], part[i + 1]);
      path.closePath();
    }
    feature.outline = path;
  }
  return feature.outline;
}

let made;
export function hatching() {
  if (made) return made;
  made = document.createElement("canvas");
  [made.width, made.height] = [HATCHED_PX, HATCHED_PX];
  const context = made.getContext("2d");
  context.fillStyle = "rgba(255,255,255,0.75)";
  context.fillRect(0, 0, HATCHED_PX, HATCHED_PX);
  context.strokeStyle = "#4d5963";
  context.lineWidth = 1.6;
  context.beginPath();
  for (const shift of [-HATCHED_PX, 0, HATCHED_PX]) {
    context.moveTo(shift - 1, HATCHED_PX + 1);
    context.lineTo(shift + HATCHED_PX + 1, -1);
  }
  context.stroke();
  return made;
}
