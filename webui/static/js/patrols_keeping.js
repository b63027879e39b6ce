// Keeps a drawing that is not saved yet in the browser, should the page be lost.

import { fill } from "./panel.js";

const PAUSE_MS = 800;

export class Keeping {
  constructor(page, { told, take, isChanged }) {
    Object.assign(this, { page, told, take, isChanged });
  }

  get name() { return `gridmap.route.${this.page.route?.id ?? "new"}`; }

  wake() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.isChanged()) return;
      try {
        localStorage.setItem(this.name, JSON.stringify({ at: Date.now(), version: this.page.route?.version ?? 0, told: this.told() }));
      } catch {
        // A full store keeps what it has; saving still works.
      }
    }, PAUSE_MS);
  }

  drop() {
    clearTimeout(this.timer);
    localStorage.removeItem(this.name);
    localStorage.removeItem("gridmap.route.new");
  }

  // Asks whether what was left is wanted; it is neither taken nor dropped by itself.
  offer() {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(this.name) || "null");
    } catch {
      kept = null;
    }
    const box = document.getElementById("kept");
    if (!kept || !kept.told?.legs?.length) return;
    const moment = new Date(kept.at).toLocaleString(this.page.language === "zh" ? "zh-CN" : "en");
    document.getElementById("kept-words").textContent = fill(this.page.words.kept, { moment });
    box.hidden = false;
    document.getElementById("kept-take").onclick = () => { box.hidden = true; this.take(kept.told); };
    document.getElementById("kept-drop").onclick = () => { box.hidden = true; localStorage.removeItem(this.name); };
  }
}
