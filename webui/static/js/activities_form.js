// The form of an activity: cells and places follow the unit, and photos are made small.

import { shrinkPhotos } from "./cases_photos.js";

const form = document.getElementById("activity");
const page = JSON.parse(form.dataset.page);
const [unit, cell, place, day] = ["unit", "cell", "place", "day"].map((id) => document.getElementById(id));

shrinkPhotos(document.getElementById("photos"), document.getElementById("photos-said"), page.words);

unit.addEventListener("change", offer);
day.addEventListener("change", offer);
// A place lies in its cell: one of the two is enough.
place.addEventListener("change", () => { if (place.value) cell.value = ""; });
cell.addEventListener("change", () => { if (cell.value) place.value = ""; });

async function offer() {
  const help = document.getElementById("where-help");
  if (!unit.value) {
    fill(cell, []);
    fill(place, []);
    return;
  }
  try {
    const query = new URLSearchParams({ unit: unit.value, ...(day.value && { day: day.value }) });
    const answer = await fetch(`${page.where}?${query}`);
    if (!answer.ok) throw new Error(answer.status);
    const found = await answer.json();
    fill(cell, found.cells);
    fill(place, found.places);
  } catch {
    help.textContent = page.words.failed;
  }
}

function fill(select, rows) {
  const before = select.value;
  select.replaceChildren(new Option(page.words.none, ""), ...rows.map((row) => new Option(row.name, row.id)));
  select.value = before;
  if (select.selectedIndex < 0) select.value = "";
}
