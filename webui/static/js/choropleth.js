// What maps of areas by class share: the pattern of "no data", colours by class, and names.

// Leaflet writes its own colours as attributes; the classes of the style sheet say them here.
export function plain(element) {
  for (const path of element.querySelectorAll("path")) for (const name of ["fill", "stroke", "fill-opacity", "stroke-width"]) path.removeAttribute(name);
}

// Puts the pattern #hatch into the map's drawing.
export function hatch(map) {
  const svg = map.getPane("overlayPane").querySelector("svg");
  if (!svg || svg.querySelector("#hatch")) return;
  const make = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const pattern = make("pattern", { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  pattern.append(make("rect", { width: 6, height: 6, fill: "#ffffff" }), make("rect", { width: 1.5, height: 6, fill: "#8a949c" }));
  const definitions = make("defs", {});
  definitions.append(pattern);
  svg.prepend(definitions);
}

// Names where they have room: the largest first, none over another; a line higher or lower if need be.
export function labels(map, layer, parts) {
  const group = L.layerGroup().addTo(map);
  const place = () => {
    group.clearLayers();
    const em = parseFloat(getComputedStyle(map.getContainer()).fontSize);
    const taken = [];
    const shapes = layer.getLayers().map((shape) => {
      const box = shape.getBounds();
      const size = map.latLngToContainerPoint(box.getSouthEast()).subtract(map.latLngToContainerPoint(box.getNorthWest()));
      return { shape, size, at: map.latLngToContainerPoint(box.getCenter()) };
    }).sort((a, b) => b.size.x * b.size.y - a.size.x * a.size.y);
    for (const { shape, size, at } of shapes) {
      const part = parts.get(shape.feature.id);
      const name = part.name === part.code ? part.code.slice(-3) : part.name;
      const half = [...name].reduce((width, sign) => width + (sign > "⺀" ? 1 : 0.54) * em, 0) / 2;
      if (size.x < half * 1.6 || size.y < 14) continue;
      const boxes = [0, -1.6, 1.6].filter((line) => Math.abs(line) * em < size.y / 2 - em || !line)
        .map((line) => [at.x - half - 2, at.y + (line - 0.75) * em, at.x + half + 2, at.y + (line + 0.75) * em]);
      const box = boxes.find((one) => !taken.some((b) => one[0] < b[2] && b[0] < one[2] && one[1] < b[3] && b[1] < one[3]));
      if (!box) continue;
      taken.push(box);
      const words = document.createElement("span");
      words.textContent = name;
      L.tooltip({ permanent: true, direction: "center", className: "name-label", interactive: false })
        .setLatLng(map.containerPointToLatLng([at.x, (box[1] + box[3]) / 2])).setContent(words).addTo(group);
    }
  };
  place();
  map.on("zoomend resize", place);
}
