// What lies beside the drawing: shares of hotspots and incidents, and places that can be stops.

import { ask, button } from "./assignments_acts.js";
import { element, fill } from "./panel.js";

const PAUSE_MS = 350;

export class Nearby {
  constructor(page, { drawing, stops, unit }) {
    Object.assign(this, { page, drawing, stops, unit, turn: 0, last: "" });
    this.metres = document.getElementById("metres");
    this.metres.addEventListener("change", () => this.wake());
    this.list = document.getElementById("places");
    document.getElementById("beside").addEventListener("toggle", () => this.places());
  }

  // Asks again when the line has rested for a moment.
  wake() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.ask(); this.places(); }, PAUSE_MS);
  }

  async ask() {
    const { line } = this.drawing;
    const boxes = ["hotspots", "incidents"].map((id) => document.getElementById(id));
    if (line.length < 2) {
      for (const box of boxes) box.textContent = "–";
      this.last = "";
      return;
    }
    const sent = { line, metres: Number(this.metres.value) || 50, unit: this.unit() };
    const key = JSON.stringify(sent);
    if (key === this.last) return;
    this.last = key;
    const mine = ++this.turn;
    try {
      const found = await ask(this.page.urls.near, sent, this.page.words);
      if (mine !== this.turn) return;
      boxes[0].textContent = found.hotspots ? this.share(found.hotspots) : this.page.words.no_hotspots;
      boxes[0].title = found.run ? [found.run.name, found.run.last].filter(Boolean).join(" · ") : "";
      boxes[1].textContent = this.share(found.incidents);
      boxes[1].title = `${found.first} – ${found.last}`;
    } catch {
      if (mine === this.turn) {
        this.last = "";
        for (const box of boxes) box.textContent = this.page.words.near_failed;
      }
    }
  }

  share({ near, of }) {
    const number = (n) => n.toLocaleString(this.page.language === "zh" ? "zh-CN" : "en");
    const part = of ? `${Math.round((100 * near) / of)} % · ` : "";
    return part + fill(this.page.words.share, { near: number(near), of: number(of) });
  }

  async places() {
    const { words } = this.page;
    const { line } = this.drawing;
    if (!document.getElementById("beside").open || line.length < 2) return;
    const mine = (this.asked = (this.asked || 0) + 1);
    const found = await ask(this.page.urls.beside, { line, metres: Number(this.metres.value) || 50 }, words).catch(() => null);
    if (!found || mine !== this.asked) return;
    const known = new Set(this.drawing.stops.map((stop) => stop.place_id));
    const rows = found.places.map((place) => {
      const take = button("+", "small", () => this.stops.add(place.lon, place.lat, place), fill(words.add_place, { name: place.name }));
      const there = element("span", { className: "quiet", textContent: words.already });
      return element("li", {}, element("span", { textContent: place.name }), element("span", { className: "quiet", textContent: fill(words.metres, { metres: place.metres }) }), known.has(place.id) ? there : take);
    });
    this.list.replaceChildren(...(rows.length ? rows : [element("li", { className: "quiet", textContent: words.no_places })]));
  }
}
