// The table of stops beside the map, and their signs on it.

import { button } from "./assignments_acts.js";
import { element, fill } from "./panel.js";
import { locate, stopIcon, stopName } from "./patrols_map.js";

const KIND_OF_PLACE = {
  police_room: "police_room", service_centre: "police_room", school: "school_gate", kindergarten: "school_gate",
};

export class Stops {
  constructor(map, page, drawing, { body, empty }) {
    Object.assign(this, { map, page, drawing, body, empty });
    this.group = L.layerGroup().addTo(map);
    this.sort = null;
    for (const head of body.closest("table").querySelectorAll("button[data-sort]")) head.addEventListener("click", () => this.sortBy(head));
  }

  // Adds a stop where it lies along the route; of a place it takes name and kind.
  add(lon, lat, place = null) {
    const stop = {
      id: null, lon: Number(lon.toFixed(7)), lat: Number(lat.toFixed(7)), name: place?.name || "", kind: KIND_OF_PLACE[place?.kind] || "other",
      place_id: place?.id ?? null, dwell_min: 10, opens: null, closes: null, must: false,
    };
    return this.drawing.setStops((stops) => {
      const { line } = this.drawing;
      if (line.length < 2) return [...stops, stop];
      const along = locate(line, [lon, lat]).along;
      const before = stops.filter((each) => locate(line, [each.lon, each.lat]).along <= along).length;
      return [...stops.slice(0, before), stop, ...stops.slice(before)];
    });
  }

  // Puts the stops into the order in which the route passes them.
  arrange() {
    const { line } = this.drawing;
    if (line.length < 2) return;
    this.drawing.setStops((stops) => stops
      .map((stop) => [locate(line, [stop.lon, stop.lat]).along, stop])
      .sort((a, b) => a[0] - b[0]).map((each) => each[1]));
  }

  along(line, stop) {
    return locate(line, [stop.lon, stop.lat]).along;
  }

  set(index, values) {
    this.drawing.setStops((stops) => stops.map((stop, i) => (i === index ? { ...stop, ...values } : stop)));
  }

  sortBy(head) {
    const key = head.dataset.sort;
    const down = this.sort?.key === key && !this.sort.down;
    this.sort = key === "position" && !down ? null : { key, down };
    for (const each of head.closest("tr").querySelectorAll("th")) each.removeAttribute("aria-sort");
    head.closest("th").setAttribute("aria-sort", down ? "descending" : "ascending");
    this.show();
  }

  show() {
    const { stops } = this.drawing;
    this.group.clearLayers();
    stops.forEach((stop, i) => this.sign(stop, i));
    this.empty.hidden = stops.length > 0;
    this.body.closest("table").hidden = !stops.length;
    // A field that somebody types in keeps its place.
    const at = document.activeElement?.closest?.("[data-stop]");
    const focus = at && this.body.contains(at) ? [at.dataset.stop, document.activeElement.dataset.field] : null;
    const order = stops.map((_, i) => i);
    if (this.sort) {
      const value = (i) => ({ position: i, name: stopName(this.page, stops[i], i + 1), kind: stops[i].kind, dwell: stops[i].dwell_min, window: stops[i].opens || "99", must: stops[i].must ? 0 : 1 })[this.sort.key];
      order.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : a - b) * (this.sort.down ? -1 : 1));
    }
    this.body.replaceChildren(...order.map((i) => this.row(stops[i], i, stops.length)));
    if (focus) this.body.querySelector(`[data-stop="${focus[0]}"] [data-field="${focus[1]}"]`)?.focus();
  }

  sign(stop, index) {
    const name = stopName(this.page, stop, index + 1);
    const marker = L.marker([stop.lat, stop.lon], {
      icon: stopIcon(this.page, stop, index + 1), keyboard: false, alt: name, zIndexOffset: 800, snapIgnore: false, pmIgnore: false,
    }).addTo(this.group);
    const words = document.createElement("span");
    words.textContent = name;
    marker.bindTooltip(words, { direction: "top", offset: [0, -14] });
    marker.pm.enable({ draggable: true, snappable: false, preventMarkerRemoval: true });
    marker.on("pm:dragend", () => {
      const { lng, lat } = marker.getLatLng();
      // Away from its place it is that place no longer.
      this.set(index, { lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)), place_id: null });
    });
    marker.on("click", () => this.body.querySelector(`[data-stop="${index}"] [data-field="name"]`)?.focus());
  }

  row(stop, index, count) {
    const { words } = this.page;
    const number = index + 1;
    const label = (word) => `${word}, ${fill(words.stop_named, { number })}`;
    const input = (field, type, value, options = {}) => {
      const made = element("input", { type, value: value ?? "", ...options, data: { field } });
      made.setAttribute("aria-label", label(words[field]));
      return made;
    };
    const name = input("name", "text", stop.name, { maxLength: 100, placeholder: this.page.stopKinds[stop.kind] });
    name.addEventListener("change", () => this.set(index, { name: name.value.trim() }));
    const kind = element("select", { data: { field: "kind" } }, ...Object.entries(this.page.stopKinds).map(([value, text]) => element("option", { value, textContent: text, selected: value === stop.kind })));
    kind.setAttribute("aria-label", label(words.kind));
    kind.addEventListener("change", () => this.set(index, { kind: kind.value }));
    const dwell = input("dwell", "number", stop.dwell_min, { min: 0, max: 720 });
    dwell.addEventListener("change", () => this.set(index, { dwell_min: Math.max(0, Math.min(720, Math.round(Number(dwell.value) || 0))) }));
    const hours = ["opens", "closes"].map((field) => {
      const made = input(field, "time", stop[field]);
      made.addEventListener("change", () => this.set(index, { [field]: made.value || null }));
      return made;
    });
    const must = input("must", "checkbox", "1", { checked: stop.must });
    must.addEventListener("change", () => this.set(index, { must: must.checked }));
    const move = (by) => this.drawing.setStops((stops) => {
      const next = [...stops];
      [next[index], next[index + by]] = [next[index + by], next[index]];
      return next;
    });
    const show = button(String(number), "stop-number", () => this.map.panTo([stop.lat, stop.lon]), fill(words.show_stop, { number }));
    const up = button("↑", "small", () => move(-1), label(words.move_up));
    const down = button("↓", "small", () => move(1), label(words.move_down));
    up.disabled = index === 0;
    down.disabled = index === count - 1;
    const remove = button("×", "small", () => this.drawing.setStops((stops) => stops.filter((_, i) => i !== index)), fill(words.remove_stop, { number }));
    const cell = (...parts) => element("td", {}, ...parts);
    return element("tr", { data: { stop: String(index) } }, cell(show), cell(name, kind), cell(dwell, must), cell(...hours), element("td", { className: "acts" }, up, down, remove));
  }
}
