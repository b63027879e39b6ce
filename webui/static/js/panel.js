// Parts of the page around the map. All text from data is set by textContent.

import { BIN, PAINT, PLACES, TOP, TOP_SHAPES, drawIncident, drawPlace } from "./style.js";

export function element(tag, options = {}, ...children) {
  const made = document.createElement(tag);
  const { data, ...rest } = options;
  Object.assign(made, rest);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

export const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function sketch(width, height, draw) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = element("canvas", { width: width * ratio, height: height * ratio, className: "swatch" });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  draw(context);
  return canvas;
}

function swatch(key) {
  const style = (layer, name) => PAINT.find((p) => p.layer === layer && p.name === name && (p.fill || !p.strokeFar));
  return sketch(26, 18, (c) => {
    if (key === "ground") {
      c.fillStyle = style("ground", "water").fill;
      c.fillRect(1, 2, 12, 14);
      c.fillStyle = style("ground", "green").fill;
      c.fillRect(13, 2, 12, 14);
    } else if (key === "road") {
      for (const [y, width, colour] of [[6, 6, "#c6ae78"], [6, 4, "#fbeccb"], [14, 4.5, "#c6cdd3"], [14, 3, "#fff"]]) line(c, y, width, colour);
    } else if (key === "building") {
      c.fillStyle = "#dcd9d3";
      c.strokeStyle = "#a9a59d";
      c.fillRect(5, 3, 16, 12);
      c.strokeRect(5.5, 3.5, 15, 11);
    } else if (key === "unit") {
      line(c, 5, 2.2, "#3b5672");
      line(c, 13, 2, "#27415f", [6, 3]);
    } else if (key === "cell") {
      c.strokeStyle = "#6b7f95";
      c.strokeRect(2.5, 2.5, 10, 13);
      c.strokeRect(12.5, 2.5, 11, 13);
    } else if (key === "hotspot") {
      area(c, style(key, "hot"), 1, 2, 12, 14);
      area(c, style(key, "cold"), 13, 2, 12, 14);
    } else if (key === "place") {
      drawPlace(c, "police_room", 9, 9, document.documentElement.lang !== "en", 7);
    } else if (key === "patrol_route") {
      line(c, 9, 3, "#1f5fa8");
    } else if (key === "incident") {
      c.fillStyle = BIN;
      c.globalAlpha = 0.62;
      for (const [x, r] of [[5, 3], [15, 6.5]]) {
        c.beginPath();
        c.arc(x, 9, r, 0, 7);
        c.fill();
      }
    }
  });
}

function area(c, style, x, y, width, height) {
  c.fillStyle = c.strokeStyle = style.fill;
  c.globalAlpha = style.fillOpacity;
  c.fillRect(x, y, width, height);
  c.globalAlpha = 1;
  c.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
}

function line(c, y, width, colour, dash = []) {
  c.beginPath();
  c.lineWidth = width;
  c.strokeStyle = colour;
  c.setLineDash(dash);
  c.moveTo(1, y);
  c.lineTo(25, y);
  c.stroke();
}

// Moves Leaflet's layer control into the panel and gives each of its lines a sign.
export function dressLayers(control, layers, page, asOf) {
  const home = document.getElementById("layers");
  home.append(control.getContainer());
  const legends = new Map();
  control.getContainer().querySelectorAll(".leaflet-control-layers-overlays label").forEach((label, i) => {
    const key = layers[i].options.key;
    label.dataset.layer = key;
    label.querySelector("input").insertAdjacentElement("afterend", swatch(key));
    const legend = element("div", { className: "legend", id: `legend-${key}` });
    label.insertAdjacentElement("afterend", legend);
    legends.set(key, legend);
  });
  legends.get("cell").append(element("label", { className: "as-of" }, element("span", { textContent: page.words.as_of }), asOf));
  const places = element("details", {}, element("summary", { textContent: page.codes.other && page.words.kinds }));
  const list = element("ul", { className: "legend-list" });
  for (const kind of Object.keys(PLACES)) {
    const sign = sketch(22, 22, (c) => drawPlace(c, kind, 11, 11, page.language !== "en", 8));
    list.append(element("li", {}, sign, page.codes[kind]));
  }
  places.append(list);
  legends.get("place").append(places);
  const hotspots = element("ul", { className: "legend-list" });
  for (const name of ["hot", "cold"]) {
    const style = PAINT.find((p) => p.layer === "hotspot" && p.name === name);
    hotspots.append(element("li", {}, sketch(18, 14, (c) => area(c, style, 1, 1, 16, 12)), page.words[name]));
  }
  legends.get("hotspot").append(hotspots);
  return legends;
}

// The legend of the incidents: sizes of circles far out, colours and shapes at street level.
export function incidentLegend(legend, page, points, most) {
  const state = `${points}/${most}`;
  if (legend.dataset.state === state) return;
  legend.dataset.state = state;
  legend.replaceChildren();
  if (points) {
    const list = element("ul", { className: "legend-list" });
    const tops = page.categories.filter((c) => c.depth === 0);
    tops.slice(0, TOP.length).forEach((category, i) => {
      const sign = sketch(18, 18, (c) => drawIncident(c, i, 9, 9, 5));
      list.append(element("li", {}, sign, category.name));
    });
    if (tops.length > TOP_SHAPES.length) {
      list.append(element("li", {}, sketch(18, 18, (c) => drawIncident(c, 99, 9, 9, 5)), page.words.other_categories));
    }
    legend.append(list);
    return;
  }
  const sizes = [...new Set([most, Math.round(most / 4), Math.round(most / 20)].filter((n) => n >= 1))].reverse();
  const row = element("div", { className: "circles" });
  for (const n of sizes) {
    const r = 15 * Math.sqrt(n / most);
    const sign = sketch(2 * r + 2, 32, (c) => {
      c.globalAlpha = 0.62;
      c.fillStyle = BIN;
      c.beginPath();
      c.arc(r + 1, 16, r, 0, 7);
      c.fill();
    });
    row.append(element("span", {}, sign, n.toLocaleString(page.language)));
  }
  legend.append(element("p", { className: "quiet", textContent: page.words.per_circle }), row);
}

export function fillCategories(select, page, chosen) {
  select.replaceChildren(element("option", { value: "", textContent: page.words.all_categories }));
  for (const category of page.categories) {
    select.append(element("option", {
      value: category.code, textContent: `${"　".repeat(category.depth)}${category.name}`, selected: category.code === chosen,
    }));
  }
}

// The direct parts of a category, or the top ones; a category without parts is its own.
export function parts(page, code) {
  const at = page.categories.findIndex((c) => c.code === code);
  const depth = at < 0 ? 0 : page.categories[at].depth + 1;
  const below = [];
  for (const category of page.categories.slice(at + 1)) {
    if (category.depth < depth) break;
    if (category.depth === depth) below.push(category);
  }
  return below.length ? below : [page.categories[at]];
}

// Shows a feature with what else lies at the spot; `open` shows one of those.
export function showDetails(card, page, feature, others, { open, close }) {
  card.replaceChildren(
    element("header", {},
      element("div", {},
        element("p", { className: "quiet", textContent: feature.title }),
        element("h2", { textContent: feature.name || feature.title }),
        feature.subtitle ? element("p", { className: "quiet", textContent: feature.subtitle }) : ""),
      element("button", { type: "button", className: "close", ariaLabel: page.words.close, textContent: "×", onclick: close })),
  );
  const table = element("table");
  for (const { label, value, kind } of feature.fields) {
    table.append(element("tr", {},
      element("th", { scope: "row", textContent: label }),
      element("td", { textContent: value, className: kind === "count" || kind === "area" ? "number" : "" })));
  }
  // A panel on a phone shows a few lines only; the way on stands above them.
  if (feature.page) card.append(element("a", { className: "act", href: feature.page, textContent: page.words.page }));
  card.append(table);
  if (feature.act) card.append(element("button", { type: "button", className: "act", textContent: feature.act.words, onclick: feature.act.run }));
  if (others.length) {
    const list = element("ul", { className: "others" });
    for (const other of others) {
      list.append(element("li", {}, element("button", { type: "button", onclick: () => open(other) },
        element("span", { className: "quiet", textContent: other.title }), ` ${other.name || other.subtitle}`)));
    }
    card.append(element("h3", { textContent: page.words.also_here }), list);
  }
  card.hidden = false;
  card.scrollTop = 0;
}

// The search box: results below it, arrows and Enter choose, the next page on demand.
export function wireSearch(page, ask, choose) {
  const form = document.getElementById("search");
  const input = document.getElementById("q");
  const list = document.getElementById("found");
  let last = 0;
  let timer;
  let active = -1;

  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const options = () => [...list.querySelectorAll("[role=option]")];
  const mark = (next) => {
    const all = options();
    if (!all.length) return;
    active = (next + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    all[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[active].id);
  };
  const take = (item) => {
    hide();
    input.value = item.name;
    input.blur();
    choose(item);
  };
  const search = async (offset) => {
    const wanted = input.value.trim();
    const turn = ++last;
    if (!wanted) return hide();
    const found = await ask(wanted, offset);
    if (turn !== last || !found) return undefined;
    if (!offset) list.replaceChildren();
    list.querySelector(".more")?.remove();
    for (const item of found.items) {
      list.append(element("li", { role: "option", id: `found-${list.children.length}`, onclick: () => take(item), data: { layer: item.layer, id: item.id } },
        element("span", { className: "kind", textContent: item.title }),
        element("span", { className: "name", textContent: item.name }),
        element("span", { className: "quiet", textContent: item.subtitle })));
    }
    if (found.next !== null) {
      list.append(element("li", { className: "more" },
        element("button", { type: "button", textContent: page.words.more, onclick: () => search(found.next) })));
    }
    if (!found.items.length && !offset) list.append(element("li", { className: "none", textContent: page.words.no_match }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    return found;
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => search(0), 180);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(active + 1);
    else if (event.key === "ArrowUp") mark(active - 1);
    else if (event.key === "Escape") return hide();
    else return undefined;
    return event.preventDefault();
  });
  input.addEventListener("focus", () => input.value && list.children.length && (list.hidden = false));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(timer);
    if (active >= 0) return options()[active].click();
    await search(0);
    return options()[0]?.click();
  });
  document.addEventListener("pointerdown", (event) => form.contains(event.target) || hide());
}
