// A small map on the project's own tiles; Leaflet is fetched only when a map is wanted.

let loading = null;

function leaflet(page) {
  loading ??= new Promise((resolve, reject) => {
    const style = document.createElement("link");
    Object.assign(style, { rel: "stylesheet", href: page.leafletStyle });
    const script = document.createElement("script");
    Object.assign(script, { src: page.leaflet, onload: resolve, onerror: reject });
    // Our own rules come after Leaflet's.
    document.head.prepend(style);
    document.head.append(script);
  });
  return loading;
}

// Makes a map in `element`, around `page.point` at `page.zoom` or else around `page.bounds`.
export async function smallMap(element, page) {
  await leaflet(page);
  const [{ MapCanvas }, { TileStore }] = await Promise.all([import("./canvas.js"), import("./tiles.js")]);
  const map = L.map(element, { minZoom: 3, maxZoom: 19, zoomSnap: 0.5, attributionControl: false, zoomControl: false });
  L.control.zoom({ position: "bottomright" }).addTo(map);
  L.control.scale({ imperial: false }).addTo(map);
  if (page.point) map.setView(page.point, page.zoom || 17, { animate: false });
  else if (page.bounds) {
    const [west, south, east, north] = page.bounds;
    map.fitBounds([[south, west], [north, east]], { animate: false, padding: [8, 8] });
  } else map.setView([30, 110], 5, { animate: false });
  const address = (z, x, y) => page.tiles.replace("{z}", z).replace("{x}", x).replace("{y}", y);
  const store = new TileStore(address, () => canvas.redraw(), () => {});
  const none = new TileStore(address, () => {}, () => {});
  const canvas = new MapCanvas(page, { territory: store, incidents: none }, new Set(page.layers), ({ ready }) => {
    if (ready) element.dataset.ready = "1";
  });
  canvas.addTo(map);
  return map;
}
