// Draws the whole view on one canvas, which Leaflet moves and scales like its own.

import { Labels } from "./labels.js";
import { anchors, collect, encloses, inside, passes, pathOf } from "./shapes.js";
import {
  ACCENT, BIN, INK, PAINT, PLACE_ORDER, PLACES, drawIncident, drawPlace, plain, roundUp,
} from "./style.js";

const EXTENT = 4096;
const TILE = 512;
const LARGEST = 15;
const REACH = 6;
const MARK = 12;

export const MapCanvas = L.Renderer.extend({
  options: { padding: 0.12 },

  // `page`: what the server told; `shown`: a set of keys; `stores`: of tiles, `territory`, `incidents`
  // and perhaps `found`, which `page.classes` paints between ground and labels.
  initialize(page, stores, shown, drawn) {
    L.Renderer.prototype.initialize.call(this, {});
    Object.assign(this, { page, stores, shown, drawn, selected: null, most: 1 });
  },

  _initContainer() {
    this._container = document.createElement("canvas");
    this._container.className = "leaflet-zoom-animated map-canvas";
    this._context = this._container.getContext("2d");
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },

  _updatePaths() {},

  getEvents() {
    return { ...L.Renderer.prototype.getEvents.call(this), move: this._follow };
  },

  // While the map is dragged it is drawn anew only once the margin is used up.
  _follow() {
    if (this._map._animatingZoom || !this._bounds) return;
    const min = this._map.containerPointToLayerPoint([0, 0]);
    const max = min.add(this._map.getSize());
    if (!this._bounds.contains(L.bounds(min, max))) this._update();
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = ratio * size.x;
    this._container.height = ratio * size.y;
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._ratio = ratio;
    this.draw();
  },

  // Draws at the next frame, once for however many tiles arrive until then.
  redraw() {
    if (this._frame) return;
    this._frame = requestAnimationFrame(() => {
      this._frame = null;
      if (this._map && !this._map._animatingZoom) this.draw();
    });
  },

  draw() {
    const zoom = this._map.getZoom();
    const context = this._context;
    const size = this._bounds.getSize();
    context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = "#f5f4f1";
    context.fillRect(0, 0, size.x, size.y);
    const territory = this._visible(this.stores.territory, zoom);
    const incidents = this.shown.has("incident")
      ? this._visible(this.stores.incidents, zoom)
      : { tiles: [], missing: 0 };
    for (const style of PAINT) {
      if (this.shown.has(style.layer)) this._paint(style, territory.tiles, zoom);
    }
    if (this.shown.has("building")) this._points(territory.tiles, "building", "#b9b4ab");
    for (const style of [...this.shown].map(plain).filter(Boolean)) {
      this._paint(style, territory.tiles, zoom);
      this._points(territory.tiles, style.layer, style.stroke);
    }
    const found = this.stores.found ? this._visible(this.stores.found, zoom) : { tiles: [], missing: 0 };
    for (const style of this.page.classes || []) this._paint(style, found.tiles, zoom);
    this._fade();
    this._incidents(incidents.tiles, zoom);
    this._labels(territory.tiles, zoom, size);
    this.drawn({ ready: !territory.missing && !incidents.missing && !found.missing, zoom, most: this.most, found: found.tiles });
  },

  // The tiles of the view: those loaded, and larger ones for those that are not.
  _visible(store, zoom) {
    const z = Math.max(0, Math.min(this.page.maxTileZoom, Math.round(zoom) - 1));
    const side = TILE * 2 ** (zoom - 1 - z);
    const origin = this._map.getPixelOrigin();
    const min = this._bounds.min.add(origin);
    const max = this._bounds.max.add(origin);
    const seen = this._map.getPixelBounds();
    const last = 2 ** z - 1;
    const tiles = [];
    const wanted = new Set();
    let missing = 0;
    for (let x = Math.max(0, Math.floor(min.x / side)); x <= Math.min(last, Math.floor(max.x / side)); x++) {
      for (let y = Math.max(0, Math.floor(min.y / side)); y <= Math.min(last, Math.floor(max.y / side)); y++) {
        const inView = (x + 1) * side > seen.min.x && x * side < seen.max.x
          && (y + 1) * side > seen.min.y && y * side < seen.max.y;
        // What lies in the margin alone is drawn if it is there and not asked for.
        const key = `${z}/${x}/${y}`;
        if (!inView && !store.tiles.get(key)?.layers) continue;
        wanted.add(key);
        const clip = [x * side - min.x, y * side - min.y, side, side];
        const tile = store.want(z, x, y);
        if (tile) {
          tiles.push({ tile, at: [z, x, y], clip, left: clip[0], top: clip[1], scale: side / EXTENT });
          continue;
        }
        missing++;
        const other = store.substitute(z, x, y);
        if (!other) continue;
        const larger = side * 2 ** (z - other.z);
        tiles.push({
          tile: other.tile, clip, substitute: true,
          left: other.x * larger - min.x, top: other.y * larger - min.y, scale: larger / EXTENT,
        });
      }
    }
    store.keepOnly(wanted);
    return { tiles, missing };
  },

  _paint(style, tiles, zoom) {
    const context = this._context;
    const width = style.width ? style.width(zoom) : 0;
    if (!style.fill && !width) return;
    for (const { tile, clip, left, top, scale } of tiles) {
      const path = pathOf(tile, style);
      if (!path) continue;
      context.save();
      // Whole pixels, lest the seams of tiles show.
      const [x, y] = [Math.round(clip[0]), Math.round(clip[1])];
      context.beginPath();
      context.rect(x, y, Math.round(clip[0] + clip[2]) - x, Math.round(clip[1] + clip[3]) - y);
      context.clip();
      context.translate(left, top);
      context.scale(scale, scale);
      if (style.fill) {
        context.globalAlpha = style.fillOpacity ?? 1;
        context.fillStyle = style.fill;
        context.fill(path);
      }
      if (width) {
        context.globalAlpha = style.opacity ?? 1;
        context.strokeStyle = (zoom < 13 && style.strokeFar) || style.stroke;
        context.lineWidth = width / scale;
        context.lineCap = style.cap || "butt";
        context.lineJoin = "round";
        context.setLineDash((style.dash || []).map((dash) => dash / scale));
        context.stroke(path);
      }
      context.restore();
    }
  },

  // The points of a layer, such as buildings of which no more is known.
  _points(tiles, layer, colour) {
    const context = this._context;
    context.fillStyle = colour;
    for (const { tile, left, top, scale } of tiles) {
      for (const feature of tile.layers[layer] || []) {
        if (feature.type !== 1) continue;
        context.fillRect(left + feature.parts[0][0] * scale - 3, top + feature.parts[0][1] * scale - 3, 6, 6);
      }
    }
  },

  // The selected feature in the accent colour, the rest faded.
  _fade() {
    const geometry = this.selected?.geometry;
    if (!geometry) return;
    const context = this._context;
    const lines = [];
    collect(geometry, lines);
    const path = new Path2D();
    for (const line of lines) {
      line.forEach(([lon, lat], i) => {
        const point = this._map.latLngToLayerPoint([lat, lon]).subtract(this._bounds.min);
        path[i ? "lineTo" : "moveTo"](point.x, point.y);
      });
    }
    context.save();
    if (geometry.type.endsWith("Polygon")) {
      const veil = new Path2D(path);
      const size = this._bounds.getSize();
      veil.rect(0, 0, size.x, size.y);
      context.fillStyle = "rgba(255,255,255,0.45)";
      context.fill(veil, "evenodd");
      context.fillStyle = "rgba(31,95,168,0.10)";
      context.fill(path, "evenodd");
    }
    context.strokeStyle = ACCENT;
    context.lineWidth = geometry.type.endsWith("String") ? 6 : 3;
    context.lineJoin = "round";
    if (geometry.type.endsWith("String")) context.globalAlpha = 0.6;
    context.stroke(path);
    if (geometry.type === "Point") {
      const [lon, lat] = geometry.coordinates;
      const point = this._map.latLngToLayerPoint([lat, lon]).subtract(this._bounds.min);
      context.lineWidth = 3;
      context.beginPath();
      context.arc(point.x, point.y, this.selected.radius || 14, 0, 2 * Math.PI);
      context.stroke();
    }
    context.restore();
  },

  _incidents(tiles, zoom) {
    const context = this._context;
    const bins = [];
    const points = new Map();
    for (const { tile, at, clip, left, top, scale } of tiles) {
      for (const feature of tile.layers.incident_bin || []) {
        const spot = feature.parts[0];
        const [x, y] = [left + spot[0] * scale, top + spot[1] * scale];
        if (inside(clip, x, y)) bins.push({ x, y, n: feature.properties.n, at, spot });
      }
      for (const feature of tile.layers.incident || []) {
        const [x, y] = [left + feature.parts[0][0] * scale, top + feature.parts[0][1] * scale];
        if (inside(clip, x, y)) points.set(feature.id, [x, y, feature.properties.top, feature.properties.n || 1]);
      }
    }
    // A single incident is a small circle, also where no other has more.
    this.most = roundUp(bins.reduce((most, bin) => Math.max(most, bin.n), 10));
    this.circles = bins;
    context.globalAlpha = 0.62;
    context.fillStyle = BIN;
    context.beginPath();
    for (const bin of bins) {
      const { x, y, n } = bin;
      const r = Math.max(1.2, LARGEST * Math.sqrt(n / this.most));
      bin.r = r;
      context.moveTo(x + r, y);
      context.arc(x, y, r, 0, 2 * Math.PI);
    }
    context.fill();
    context.globalAlpha = 0.9;
    for (const [x, y, top, n] of points.values()) {
      drawIncident(context, top, x, y, Math.min(10, (zoom < 18 ? 3.4 : 4.6) * Math.sqrt(n)));
    }
    context.globalAlpha = 1;
  },

  // The feature of a layer at a place of the map, or null.
  featureAt(latlng, tiles, layer) {
    const point = this._map.latLngToLayerPoint(latlng).subtract(this._bounds.min);
    for (const { tile, clip, left, top, scale } of tiles) {
      if (!inside(clip, point.x, point.y)) continue;
      const [x, y] = [(point.x - left) / scale, (point.y - top) / scale];
      const hit = (tile.layers[layer] || []).find((each) => (
        each.type === 3 ? encloses(each.parts, x, y) : each.type === 2 && passes(each.parts, x, y, REACH / scale)
      ));
      if (hit) return hit;
    }
    return null;
  },

  // The circle at a place of the map, or null; `reach` is how far beside it one may click.
  circleAt(latlng, reach) {
    const point = this._map.latLngToLayerPoint(latlng).subtract(this._bounds.min);
    let best = null;
    let least = Infinity;
    for (const circle of this.circles || []) {
      const distance = Math.hypot(circle.x - point.x, circle.y - point.y);
      if (distance <= Math.max(circle.r, reach) && distance < least) [best, least] = [circle, distance];
    }
    return best && {
      ...best, latlng: this._map.layerPointToLatLng(L.point(best.x, best.y).add(this._bounds.min)).wrap(),
    };
  },

  _labels(tiles, zoom, size) {
    const labels = new Labels(this._context, size.x, size.y);
    const english = this.page.language === "en";
    const all = (layer) => anchors(tiles, layer);
    this._context.globalAlpha = 1;
    // Numbers that stand on the map: names give way to them.
    for (const at of this.page.marks || []) {
      const { x, y } = this._map.latLngToLayerPoint(at).subtract(this._bounds.min);
      labels.keep([x - MARK, y - MARK, x + MARK, y + MARK]);
    }
    if (this.selected?.anchor) {
      const [lon, lat] = this.selected.anchor;
      const point = this._map.latLngToLayerPoint([lat, lon]).subtract(this._bounds.min);
      labels.text(this.selected.name, point.x, point.y - (this.selected.geometry.type === "Point" ? 24 : 0), {
        size: 14, weight: 700, colour: ACCENT, halo: 4,
      });
    }
    if (this.shown.has("unit")) {
      for (const [level, from, to, look] of [
        ["county", 0, 10, { size: 15, weight: 700 }],
        ["town", 9, 14, zoom < 12
          ? { size: 12, weight: 500, colour: "#27415f", gap: 6 }
          : { size: 14, weight: 700, colour: "#27415f", halo: 4 }],
        ["community", 12, 17, { size: 13, weight: 600, colour: "#3b5672" }],
      ]) {
        if (zoom < from || zoom > to) continue;
        for (const { feature, x, y } of all("unit_label")) {
          const p = feature.properties;
          if (p.level === level) labels.text((english && p.name_en) || p.name, x, y, look);
        }
      }
    }
    if (this.shown.has("place")) this._places(all("place"), labels, zoom, !english);
    if (this.shown.has("cell") && zoom >= 14) {
      for (const { feature, x, y } of all("cell_label")) {
        const code = feature.properties.code;
        labels.text(zoom >= 17 ? code : code.slice(-3), x, y, { size: zoom >= 16 ? 12 : 11, weight: 600, colour: "#4a6079" });
      }
    }
    if (this.shown.has("road") && zoom >= 14) this._roadNames(tiles, labels);
    if (this.shown.has("ground") && zoom >= 13 && !this.page.nameless) {
      for (const { feature, x, y } of all("ground_label")) {
        const { name, kind } = feature.properties;
        if (name) labels.text(name, x, y, { size: 12, colour: kind === "water" ? "#3f6f95" : "#4c6b45" });
      }
    }
    if (this.shown.has("building") && zoom >= 17) {
      for (const { feature, x, y } of all("building_label")) {
        if (feature.properties.name) labels.text(feature.properties.name, x, y, { size: 11, colour: "#6d675e", gap: 1 });
      }
    }
  },

  _places(places, labels, zoom, chinese) {
    const rank = (place) => PLACE_ORDER.indexOf(place.feature.properties.kind);
    places.sort((a, b) => rank(a) - rank(b) || a.feature.id - b.feature.id);
    const r = zoom >= 16 ? 9.5 : 8;
    const free = places.filter(({ x, y }) => labels.take([[x - r - 1, y - r - 1, x + r + 1, y + r + 1]]));
    for (const { feature, x, y } of free) {
      const kind = feature.properties.kind in PLACES ? feature.properties.kind : "other";
      drawPlace(this._context, kind, x, y, chinese, r);
    }
    if (zoom < 16) return;
    for (const { feature, x, y } of free) {
      const name = feature.properties.name;
      if (name) labels.text(name, x + r + 4, y, { size: 12, align: "left", colour: INK, gap: 2 });
    }
  },

  _roadNames(tiles, labels) {
    for (const { tile, left, top, scale } of tiles) {
      for (const feature of tile.layers.road || []) {
        const name = feature.properties.name;
        if (!name) continue;
        for (const part of feature.parts) {
          labels.along(name, part.map((value, i) => (i % 2 ? top : left) + value * scale));
        }
      }
    }
  },
});
