// A small map of shapes, for the pages of a cell and a building.

const age = (days, ages) => (days < 0 ? "never" : ages.find((most) => days <= most));

const walked = ({ name, days }, { unnamed, never, today, days: ago }) =>
  `${name || unnamed}: ${days < 0 ? never : days < 1 ? today : ago.replace("{days}", days)}`;

// Draws the shapes at `page.shapes` into #map, around those that `fits` accepts. A click on what
// `leads` names (by `what`) goes to its page. Marks `root` as ready.
export async function drawShapes(root, page, { fits, leads }) {
  const answer = await fetch(page.shapes);
  if (!answer.ok) throw new Error(page.words.failed);
  const shapes = await answer.json();
  const map = L.map("map", { attributionControl: false, zoomSnap: 0.25, zoomControl: false, scrollWheelZoom: false });
  L.control.scale({ imperial: false }).addTo(map);
  L.control.zoom({ position: "topright" }).addTo(map);
  map.fitBounds(L.geoJSON(shapes.features.filter(fits)).getBounds(), { animate: false, padding: [16, 16], maxZoom: 18.5 });
  const look = ({ properties: { what, late, days } }) => ({ className: what + (late ? " late" : "") + (what === "street" ? ` age-${age(days, page.ages)}` : "") });
  L.geoJSON(shapes, {
    style: look,
    pointToLayer: (feature, at) => L.circleMarker(at, { radius: feature.properties.what === "case" ? 6 : 4, ...look(feature) }),
    onEachFeature: (feature, shape) => {
      const { what } = feature.properties;
      const name = what === "street" ? walked(feature.properties, page.words) : feature.properties.name;
      if (leads[what]) shape.on("click", () => location.assign(`${leads[what]}${feature.id}`));
      if (!name || ["own", "former", "cell"].includes(what)) return;
      const words = document.createElement("span");
      words.textContent = name;
      shape.bindTooltip(words, { sticky: true });
    },
  }).addTo(map);
  for (const path of document.querySelectorAll("#map path")) for (const name of ["fill", "stroke", "fill-opacity", "stroke-width"]) path.removeAttribute(name);
  addEventListener("beforeprint", () => map.invalidateSize({ animate: false }));
  root.dataset.ready = "true";
}
