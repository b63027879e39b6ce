// What the map and the list of assignments share: asking the server, the toast, undo.

import { fill } from "./panel.js";

const SHOWN_MS = 30000;

const token = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

// Returns the JSON of an answer, or throws with the sentence that the server gives.
export async function ask(address, sent, words) {
  const headers = { Accept: "application/json" };
  if (sent !== undefined) Object.assign(headers, { "Content-Type": "application/json", "X-CSRFToken": token() });
  let answer;
  try {
    answer = await fetch(address, {
      method: sent === undefined ? "GET" : "POST", headers,
      body: sent === undefined ? undefined : JSON.stringify(sent),
    });
  } catch {
    throw new Error(words.failed);
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(content.error || words.failed), { status: answer.status });
  return content;
}

let timer;

// Says what was done; `undo`, if given, takes it back.
export function toast(sentence, words, undo) {
  const box = document.getElementById("toast");
  const text = document.createElement("span");
  text.textContent = sentence;
  box.replaceChildren(text);
  if (undo) box.append(button(words.undo, "toast-undo", () => { box.hidden = true; undo(); }));
  box.append(button("×", "toast-close", () => { box.hidden = true; }, words.close));
  box.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = true; }, SHOWN_MS);
}

export function button(text, name, act, label) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name;
  made.textContent = text;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

// The loads of the cadres who work in or near a box, or of all, by id.
export async function loadCadres(page, box = "") {
  const address = box ? `${page.urls.cadres}?box=${box}` : page.urls.cadres;
  const { columns, cadres } = await ask(address, undefined, page.words);
  return new Map(cadres.map((row) => [row[0], Object.fromEntries(columns.map((name, i) => [name, row[i]]))]));
}

export function loadOf(cadre, page) {
  const number = (n) => n.toLocaleString(page.language === "zh" ? "zh-CN" : "en");
  return fill(page.words.load, {
    cells: number(cadre.cells), households: number(cadre.households), tasks: number(cadre.tasks),
    area: (cadre.area / 1e6).toFixed(2),
  });
}
