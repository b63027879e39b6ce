// A cadre chosen from a list that is searched while one types, with everybody's present load.

import { loadOf } from "./assignments_acts.js";

const MOST = 40;
const SIGNS = { above: "▲", within: "●", below: "▼", none: "○" };

export class CadrePicker {
  // `input` and `list` are a combobox and its listbox; `changed` is told of every choice.
  constructor(input, list, page, changed) {
    Object.assign(this, { input, list, page, changed, cadres: new Map(), chosen: null, active: -1 });
    input.addEventListener("input", () => { this.chosen = null; this.show(); this.changed(null); });
    input.addEventListener("focus", () => { input.select(); this.show(); });
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[data-id]");
      if (option) this.choose(Number(option.dataset.id));
    });
  }

  use(cadres) {
    this.cadres = cadres;
    if (this.chosen !== null) this.changed(this.cadres.get(this.chosen) || null);
    if (!this.list.hidden) this.show();
  }

  // First come the units named in `near`: those of the cells that are chosen.
  found() {
    const text = this.chosen === null ? this.input.value.trim().toLowerCase() : "";
    const rows = [...this.cadres.values()].filter(
      (cadre) => !text || cadre.name.toLowerCase().includes(text) || cadre.unit.toLowerCase().includes(text),
    );
    const near = this.near || new Set();
    return rows.sort((a, b) => near.has(b.unit) - near.has(a.unit)).slice(0, MOST);
  }

  show() {
    const rows = this.found();
    this.list.replaceChildren(...rows.map((cadre, i) => this.option(cadre, i)));
    if (!rows.length) {
      const none = document.createElement("li");
      none.className = "none";
      none.textContent = this.page.words.no_cadre;
      this.list.append(none);
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.mark(-1);
  }

  option(cadre, i) {
    const item = document.createElement("li");
    item.role = "option";
    item.id = `${this.list.id}-${i}`;
    item.dataset.id = cadre.id;
    item.setAttribute("aria-selected", "false");
    const name = document.createElement("strong");
    name.textContent = cadre.name;
    const unit = document.createElement("span");
    unit.textContent = cadre.unit;
    const band = document.createElement("span");
    band.className = `band band-${cadre.band}`;
    band.textContent = `${SIGNS[cadre.band]} ${this.page.words[cadre.band]}`;
    const load = document.createElement("small");
    load.textContent = loadOf(cadre, this.page);
    item.append(name, unit, band, load);
    return item;
  }

  hide() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  mark(index) {
    const options = this.list.querySelectorAll("[data-id]");
    this.active = index < 0 || !options.length ? -1 : index % options.length;
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === this.active)));
    if (this.active >= 0) {
      this.input.setAttribute("aria-activedescendant", options[this.active].id);
      options[this.active].scrollIntoView({ block: "nearest" });
    }
  }

  key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (this.list.hidden) this.show();
      const last = this.list.querySelectorAll("[data-id]").length - 1;
      if (event.key === "ArrowDown") this.mark(this.active + 1);
      else this.mark(this.active > 0 ? this.active - 1 : last);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault();
      const options = this.list.querySelectorAll("[data-id]");
      const option = options[this.active] || (options.length === 1 ? options[0] : null);
      if (option) this.choose(Number(option.dataset.id));
    } else if (event.key === "Escape") {
      this.hide();
    }
  }

  choose(id) {
    this.chosen = id;
    const cadre = this.cadres.get(id);
    this.input.value = `${cadre.name} · ${cadre.unit}`;
    this.hide();
    this.changed(cadre);
  }

  clear() {
    this.chosen = null;
    this.input.value = "";
    this.changed(null);
  }
}
