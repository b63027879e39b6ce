// The dialog in which another route is found, to be joined to the one that is drawn.

import { ask, button } from "./assignments_acts.js";
import { element } from "./panel.js";
import { lengthWords } from "./patrols_map.js";

export function joinDialog(page, take) {
  const dialog = document.getElementById("join-dialog");
  const search = document.getElementById("join-search");
  const list = document.getElementById("join-list");
  let turn = 0;
  async function find() {
    const mine = ++turn;
    const found = await ask(`${page.urls.found}?${new URLSearchParams({ q: search.value })}`, undefined, page.words).catch(() => ({ routes: [] }));
    if (mine !== turn) return;
    const others = found.routes.filter((route) => route.id !== page.route?.id);
    list.replaceChildren(...others.map((route) => element("li", {}, button(`${route.name} · ${lengthWords(page.words, route.length_m, page.language)}`, "second", async () => {
      dialog.close();
      take(await ask(page.urls.route.replace("{id}", route.id), undefined, page.words));
    }))));
    if (!others.length) list.replaceChildren(element("li", { className: "quiet", textContent: page.words.nothing_found }));
  }
  search.oninput = find;
  search.value = "";
  find();
  dialog.showModal();
}
