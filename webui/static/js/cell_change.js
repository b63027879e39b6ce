// The page that changes the outline of a cell: a drawing of points that snap to corners.

const root = document.getElementById("change");
const page = JSON.parse(root.dataset.page);
const split = root.dataset.act === "split";
const field = document.getElementById("shape");
const SNAP_PIXELS = 12;

// Leaflet writes these attributes, but the colours stand in the style sheet.
function plain() {
  for (const path of document.querySelectorAll("#map path")) for (const name of ["fill", "stroke", "fill-opacity", "stroke-width"]) path.removeAttribute(name);
}

function corners(shapes) {
  const found = [];
  const walk = (part) => (typeof part[0] === "number" ? found.push(L.latLng(part[1], part[0])) : part.forEach(walk));
  for (const feature of shapes.features) if (["own", "near"].includes(feature.properties.what)) walk(feature.geometry.coordinates);
  return found;
}

function snapped(map, at, known) {
  const here = map.latLngToContainerPoint(at);
  let best = at;
  let least = SNAP_PIXELS;
  for (const corner of known) {
    const distance = here.distanceTo(map.latLngToContainerPoint(corner));
    if (distance < least) [best, least] = [corner, distance];
  }
  return best;
}

function points() {
  try {
    const { type, coordinates } = JSON.parse(field.value);
    const line = type === "LineString" ? coordinates : type === "Polygon" ? coordinates[0].slice(0, -1) : [];
    return line.map(([lon, lat]) => L.latLng(lat, lon));
  } catch {
    return [];
  }
}

function draw(map, known) {
  const layer = L.layerGroup().addTo(map);
  let drawn = points();
  const show = () => {
    layer.clearLayers();
    if (drawn.length > 1) (split || drawn.length < 3 ? L.polyline(drawn, { className: "drawn drawn-line" }) : L.polygon(drawn, { className: "drawn" })).addTo(layer);
    for (const at of drawn) L.circleMarker(at, { radius: 4, className: "point" }).addTo(layer);
    plain();
    document.getElementById("said").textContent = page.words.points.replace("{count}", drawn.length);
    const coordinates = drawn.map(({ lng, lat }) => [Number(lng.toFixed(7)), Number(lat.toFixed(7))]);
    if (split) field.value = drawn.length > 1 ? JSON.stringify({ type: "LineString", coordinates }) : "";
    else field.value = drawn.length > 2 ? JSON.stringify({ type: "Polygon", coordinates: [[...coordinates, coordinates[0]]] }) : "";
  };
  map.getContainer().classList.add("drawing");
  map.on("click", (event) => { drawn.push(snapped(map, event.latlng, known)); show(); });
  document.getElementById("back").addEventListener("click", () => { drawn.pop(); show(); });
  document.getElementById("clear").addEventListener("click", () => { drawn = []; show(); });
  // What came from a file is no drawing of these points, and stays as it was sent.
  if (drawn.length || !field.value) show();
}

async function start() {
  const answer = await fetch(page.shapes);
  if (!answer.ok) throw new Error(page.words.failed);
  const shapes = await answer.json();
  const map = L.map("map", { attributionControl: false, zoomSnap: 0.25, doubleClickZoom: false });
  L.control.scale({ imperial: false }).addTo(map);
  const own = shapes.features.filter((feature) => feature.properties.what === "own");
  map.fitBounds(L.geoJSON(page.result || own).getBounds().pad(0.2), { animate: false });
  const base = { type: "FeatureCollection", features: shapes.features.filter(({ properties }) => ["near", "building", "own"].includes(properties.what)) };
  L.geoJSON(base, { interactive: false, style: (feature) => ({ className: feature.properties.what }), pointToLayer: (feature, at) => L.circleMarker(at, { radius: 3, className: "building" }) }).addTo(map);
  if (page.result) {
    page.result.features.forEach((feature, number) => {
      const words = document.createElement("span");
      words.textContent = feature.properties.name;
      L.geoJSON(feature, { style: { className: `result-${number % 4}` } }).bindTooltip(words, { permanent: true, direction: "center" }).addTo(map);
    });
  } else if (field) draw(map, corners(shapes));
  plain();
  root.dataset.ready = "true";
}

start().catch(() => { document.getElementById("map").textContent = page.words.failed; });
