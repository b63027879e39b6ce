// The page of one case: its small map, photos made small, and no act sent twice.

import { shrinkPhotos } from "./cases_photos.js";
import { smallMap } from "./cases_smallmap.js";

const page = JSON.parse(document.getElementById("case").dataset.page);

for (const input of document.querySelectorAll('input[name="photos"]')) {
  shrinkPhotos(input, input.parentElement.querySelector(".photos-said"), page.words);
}
for (const form of document.querySelectorAll(".act form")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    // The browser must have taken the form's values before its button goes dead.
    setTimeout(() => { button.disabled = true; button.textContent = page.words.sending; });
  });
}
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

const details = document.querySelector(".map-details");
let made = false;
async function show() {
  if (made || !details.open) return;
  made = true;
  const map = await smallMap(document.getElementById("case-map"), page);
  L.circleMarker(page.point, { radius: 9, color: "#ffffff", weight: 3, fillColor: "#b3261e", fillOpacity: 1, renderer: L.svg() }).addTo(map);
}
details.addEventListener("toggle", show);
// A phone on a slow line loads the map only when it is asked for.
if (matchMedia("(min-width: 768px)").matches) details.open = true;
show();
