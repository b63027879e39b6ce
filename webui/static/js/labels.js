// Places labels so that none overlaps another: the more important first, the others give way.

import { FONT, INK } from "./style.js";

const CELL = 64;

export class Labels {
  constructor(context, width, height) {
    this.context = context;
    this.width = width;
    this.height = height;
    this.grid = new Map();
    this.named = new Map();
  }

  // Takes the boxes [left, top, right, bottom] if all of them are free.
  take(boxes) {
    for (const box of boxes) if (this.hits(box)) return false;
    for (const box of boxes) this.keep(box);
    return true;
  }

  // Keeps a box free of labels, whatever is there already.
  keep(box) {
    this.each(box, (list) => list.push(box));
  }

  hits(box) {
    if (box[2] < 0 || box[3] < 0 || box[0] > this.width || box[1] > this.height) return true;
    let hit = false;
    this.each(box, (list) => {
      for (const other of list) {
        if (box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]) hit = true;
      }
    });
    return hit;
  }

  each(box, visit) {
    for (let i = Math.floor(box[0] / CELL); i <= Math.floor(box[2] / CELL); i++) {
      for (let j = Math.floor(box[1] / CELL); j <= Math.floor(box[3] / CELL); j++) {
        const key = i * 4096 + j;
        if (!this.grid.has(key)) this.grid.set(key, []);
        visit(this.grid.get(key));
      }
    }
  }

  // Writes a text around a point; `align` is center or left. Returns whether there was room.
  text(words, x, y, { size = 12, weight = 400, colour = INK, align = "center", halo = 3, gap = 3 } = {}) {
    const context = this.context;
    context.font = `${weight} ${size}px ${FONT}`;
    const width = context.measureText(words).width;
    const left = align === "center" ? x - width / 2 : x;
    if (!this.take([[left - gap, y - size * 0.6 - gap, left + width + gap, y + size * 0.6 + gap]])) return false;
    context.textAlign = "left";
    context.textBaseline = "middle";
    this.write(words, left, y, colour, halo);
    return true;
  }

  // Writes a text along a line of points on the screen, where a stretch is straight and long enough.
  along(words, points, { size = 11, colour = "#5b6670" } = {}) {
    const context = this.context;
    context.font = `400 ${size}px ${FONT}`;
    const width = context.measureText(words).width;
    const run = straightest(points, width + 16);
    if (!run) return false;
    const [x, y, angle] = run;
    for (const [ox, oy] of this.named.get(words) || []) if (Math.hypot(ox - x, oy - y) < 360) return false;
    const boxes = [];
    const half = size * 0.75;
    for (let d = -width / 2; d <= width / 2; d += size) {
      const [bx, by] = [x + d * Math.cos(angle), y + d * Math.sin(angle)];
      boxes.push([bx - half, by - half, bx + half, by + half]);
    }
    if (!this.take(boxes)) return false;
    if (!this.named.has(words)) this.named.set(words, []);
    this.named.get(words).push([x, y]);
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.write(words, 0, 0, colour, 3);
    context.restore();
    return true;
  }

  write(words, x, y, colour, halo) {
    const context = this.context;
    context.lineJoin = "round";
    context.lineWidth = halo;
    context.strokeStyle = "rgba(255,255,255,0.92)";
    context.strokeText(words, x, y);
    context.fillStyle = colour;
    context.fillText(words, x, y);
  }
}

// Returns the middle and the angle of the longest nearly straight run of a line, if long enough.
function straightest(points, needed) {
  let best = null;
  let longest = needed;
  let start = 0;
  for (let i = 2; i < points.length; i += 2) {
    const turn = i + 2 < points.length && bend(points, i) > 0.12;
    if (i + 2 < points.length && !turn) continue;
    const [ax, ay, bx, by] = [points[start], points[start + 1], points[i], points[i + 1]];
    const length = Math.hypot(bx - ax, by - ay);
    if (length > longest) {
      longest = length;
      let angle = Math.atan2(by - ay, bx - ax);
      if (angle > Math.PI / 2) angle -= Math.PI;
      if (angle <= -Math.PI / 2) angle += Math.PI;
      best = [(ax + bx) / 2, (ay + by) / 2, angle];
    }
    start = i;
  }
  return best;
}

function bend(points, i) {
  const a = Math.atan2(points[i + 1] - points[i - 1], points[i] - points[i - 2]);
  const b = Math.atan2(points[i + 3] - points[i + 1], points[i + 2] - points[i]);
  return Math.abs(Math.atan2(Math.sin(b - a), Math.cos(b - a)));
}
