// The points of a drawing on the map, by Geoman: clicks add, dragging moves, a middle inserts.

import { fill } from "./panel.js";

const SNAP_PX = 12;
const NUDGE_PX = 6;
const SHORTEST_LEG_PX = 48;

export class Handles {
  // `page.words`; `drawing`; `tools` tells whether legs go freely; `chosen` is told the point.
  constructor(map, page, drawing, { isFree, chosen, stopAt }) {
    Object.assign(this, { map, page, drawing, isFree, chosen, stopAt, index: null, alt: false, tool: null });
    this.group = L.layerGroup().addTo(map);
    map.pm.setGlobalOptions({ snappable: true, snapDistance: SNAP_PX, tooltips: false, continueDrawing: true });
    // Geoman's own event of a click does not tell the keys.
    for (const kind of ["pointerdown", "click"]) map.getContainer().addEventListener(kind, (event) => { this.alt = event.altKey; }, true);
    map.on("pm:create", async ({ layer }) => {
      const { lng, lat } = layer.getLatLng();
      const atStart = this.index === 0 && this.drawing.waypoints.length > 1;
      // The sign of the click stays until the way to it is known.
      await (this.tool === "stop" ? this.stopAt(lng, lat) : this.drawing.append(lng, lat, this.alt || this.isFree(), atStart));
      layer.remove();
    });
    map.on("zoomend", () => this.show());
  }

  // Begins to draw the line, to set stops, or neither.
  use(tool) {
    this.tool = tool;
    this.map.pm.disableDraw();
    if (tool) {
      const icon = L.divIcon({ className: `draw-hint draw-${tool}`, iconSize: [14, 14] });
      this.map.pm.enableDraw("Marker", { markerStyle: { icon, interactive: false, keyboard: false, pmIgnore: true, snapIgnore: true }, markerEditable: false, snappable: tool === "line" });
    }
    // Geoman's sign of the next point begins in the middle of the map, where nobody points yet.
    this.map.pm.Draw.Marker._hintMarker?.setOpacity(0);
    this.map.once("mousemove", () => this.map.pm.Draw.Marker._hintMarker?.setOpacity(1));
    this.map.getContainer().dataset.tool = tool || "";
  }

  choose(index) {
    this.index = index !== null && index < this.drawing.waypoints.length ? index : null;
    this.show();
    this.chosen(this.index);
  }

  show() {
    const focused = this.group.getLayers().find((each) => each.getElement() === document.activeElement)?.options.index;
    this.group.clearLayers();
    const { waypoints, legs } = this.drawing;
    if (this.index !== null && this.index >= waypoints.length) this.choose(null);
    legs.forEach((leg, i) => this.addMiddle(leg, i + 1));
    waypoints.forEach((point, i) => this.addPoint(point, i, waypoints.length));
    if (focused !== undefined) this.group.getLayers().find((each) => each.options.index === Math.min(focused, waypoints.length - 1))?.getElement()?.focus({ preventScroll: true });
  }

  addPoint(point, index, count) {
    const kind = index === 0 ? "first" : index === count - 1 ? "last" : "inner";
    const marker = L.marker([point.lat, point.lon], {
      index, keyboard: true, draggable: false, autoPanOnFocus: false, snapIgnore: false, pmIgnore: false, zIndexOffset: 500,
      icon: L.divIcon({ className: `route-point ${kind}${point.free && index ? " free" : ""}${index === this.index ? " chosen" : ""}`, iconSize: [18, 18] }),
    }).addTo(this.group);
    const element = marker.getElement();
    element.setAttribute("aria-label", fill(this.page.words.point_help, { number: index + 1, count }));
    marker.pm.enable({ draggable: true, snappable: true, snapDistance: SNAP_PX, preventMarkerRemoval: true });
    marker.on("click", () => this.choose(this.index === index ? null : index));
    marker.on("contextmenu", (event) => {
      L.DomEvent.stop(event);
      this.drawing.remove(index);
    });
    marker.on("pm:dragend", () => {
      const { lng, lat } = marker.getLatLng();
      this.drawing.move(index, lng, lat);
    });
    element.addEventListener("keydown", (event) => this.byKey(event, marker, index));
  }

  byKey(event, marker, index) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Delete" || event.key === "Backspace") {
      L.DomEvent.stop(event);
      this.drawing.remove(index);
    } else if (steps[event.key]) {
      L.DomEvent.stop(event);
      const [x, y] = steps[event.key];
      marker.setLatLng(this.map.layerPointToLatLng(this.map.latLngToLayerPoint(marker.getLatLng()).add([x * NUDGE_PX, y * NUDGE_PX])));
      clearTimeout(this.nudged);
      this.nudged = setTimeout(() => {
        const { lng, lat } = marker.getLatLng();
        this.drawing.move(index, lng, lat);
      }, 400);
    }
  }

  addMiddle(leg, index) {
    const at = middle(this.map, leg.coordinates);
    if (!at) return;
    const marker = L.marker(at, {
      keyboard: false, pmIgnore: false, snapIgnore: true, zIndexOffset: 200, title: this.page.words.middle,
      icon: L.divIcon({ className: "route-middle", iconSize: [12, 12] }),
    }).addTo(this.group);
    marker.pm.enable({ draggable: true, snappable: true, snapDistance: SNAP_PX, preventMarkerRemoval: true });
    const insert = () => {
      const { lng, lat } = marker.getLatLng();
      this.drawing.insert(index, lng, lat, this.alt || this.isFree());
    };
    marker.on("pm:dragend", insert);
    marker.on("click", insert);
  }
}

// Half way along a leg, or null where it is too short on the screen to be taken.
function middle(map, line) {
  const points = line.map(([lon, lat]) => map.latLngToLayerPoint([lat, lon]));
  let length = 0;
  for (let i = 1; i < points.length; i++) length += points[i].distanceTo(points[i - 1]);
  if (length < SHORTEST_LEG_PX) return null;
  let left = length / 2;
  for (let i = 1; i < points.length; i++) {
    const step = points[i].distanceTo(points[i - 1]);
    if (step >= left) return map.layerPointToLatLng(points[i - 1].add(points[i].subtract(points[i - 1]).multiplyBy(left / (step || 1))));
    left -= step;
  }
  return null;
}
