// The list of assignments: rows are ticked and given to a cadre as on the map.

import { ask, loadCadres, loadOf, toast } from "./assignments_acts.js";
import { CadrePicker } from "./assignments_picker.js";
import { fill } from "./panel.js";

const page = JSON.parse(document.getElementById("assign-list").dataset.page);
const { words } = page;
const $ = (id) => document.getElementById(id);
const ticks = [...document.querySelectorAll('input[name="cell"]')];
// What was done is told on the page that is loaded anew.
const DONE = "assignments-done";

const ticked = () => ticks.filter((tick) => tick.checked);
const versions = () => Object.fromEntries(ticked().map((tick) => [tick.value, Number(tick.dataset.version)]));

async function act(url, sent, done, undoable) {
  $("fault").hidden = true;
  $("act").inert = true;
  try {
    const answer = await ask(url, sent, words);
    const told = answer.act === null ? { words: words.same } : { words: done(answer), undoable };
    sessionStorage.setItem(DONE, JSON.stringify(told));
    location.reload();
  } catch (error) {
    $("fault").textContent = error.message;
    $("fault").hidden = false;
    $("act").inert = false;
  }
}

const undo = () => act(page.urls.undo, {}, (answer) => fill(words.undone, { count: answer.cells.length }), false);

const told = JSON.parse(sessionStorage.getItem(DONE) || "null");
sessionStorage.removeItem(DONE);
if (told) toast(told.words, words, told.undoable ? undo : null);

if ($("act")) {
  let cadres = new Map();
  const ready = () => {
    const count = ticked().length;
    $("chosen-count").textContent = fill(words.chosen, { count });
    $("assign-now").disabled = !count || picker.chosen === null;
    $("end-now").disabled = !count;
    $("all").checked = count === ticks.length;
    $("all").indeterminate = count > 0 && count < ticks.length;
  };
  const picker = new CadrePicker($("cadre"), $("cadres"), page, (cadre) => {
    $("load").textContent = cadre ? loadOf(cadre, page) : "";
    ready();
  });
  $("all").addEventListener("change", () => {
    for (const tick of ticks) tick.checked = $("all").checked;
    ready();
  });
  for (const tick of ticks) tick.addEventListener("change", ready);
  $("act").addEventListener("submit", (event) => {
    event.preventDefault();
    const cadre = cadres.get(picker.chosen);
    const [count, day] = [ticked().length, $("from").value];
    if (!cadre || !count) return;
    act(page.urls.assign, { cells: versions(), cadre: cadre.id, role: $("role").value, from: day },
      () => fill(words.assigned, { count, name: cadre.name }), true);
  });
  $("end-now").addEventListener("click", () => {
    const [count, day] = [ticked().length, $("from").value];
    act(page.urls.end, { cells: versions(), role: $("role").value, from: day },
      () => fill(words.ended, { count, day }), true);
  });
  $("undo-last").addEventListener("click", undo);
  ready();
  // In a city there are thousands: they are fetched for who means to choose one.
  $("cadre").addEventListener("focus", async () => {
    try {
      cadres = await loadCadres(page);
      picker.use(cadres);
    } catch (error) {
      $("fault").textContent = error.message;
      $("fault").hidden = false;
    }
  }, { once: true });
}
