// What the map shows, kept in the address, so that a link shows a colleague the same.

const PLACES = 5;

export function readState(page) {
  const q = new URLSearchParams(location.search);
  const number = (name) => (q.has(name) && Number.isFinite(Number(q.get(name))) ? Number(q.get(name)) : null);
  const known = new Set(page.layers.map((layer) => layer.key));
  const layers = q.has("layers")
    ? q.get("layers").split(",").filter((key) => known.has(key))
    : page.layers.filter((layer) => layer.on).map((layer) => layer.key);
  const day = (name) => (/^\d{4}-\d\d-\d\d$/.test(q.get(name) || "") ? q.get(name) : "");
  const [, layer, id] = /^([a-z_]+):(\d+)$/.exec(q.get("sel") || "") || [];
  return {
    z: number("z"), lat: number("lat"), lon: number("lon"),
    layers: new Set(layers),
    from: day("from"), to: day("to"),
    asOf: day("as_of"),
    category: page.categories.some((c) => c.code === q.get("category")) ? q.get("category") : "",
    selected: known.has(layer) ? { layer, id: Number(id) } : null,
  };
}

export function writeState(page, state, map) {
  const q = new URLSearchParams();
  const centre = map.getCenter().wrap();
  q.set("z", map.getZoom());
  q.set("lat", centre.lat.toFixed(PLACES));
  q.set("lon", centre.lng.toFixed(PLACES));
  const usual = page.layers.every((layer) => layer.on === state.layers.has(layer.key));
  if (!usual) q.set("layers", page.layers.map((l) => l.key).filter((key) => state.layers.has(key)).join(","));
  for (const [name, value] of Object.entries(filterOf(state))) q.set(name, value);
  if (state.asOf) q.set("as_of", state.asOf);
  if (state.selected) q.set("sel", `${state.selected.layer}:${state.selected.id}`);
  history.replaceState(null, "", `?${q.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
}

export function filterOf(state) {
  const filter = {};
  if (state.from) filter.from = state.from;
  if (state.to) filter.to = state.to;
  if (state.category) filter.category = state.category;
  return filter;
}
