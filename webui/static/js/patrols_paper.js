// The printed sheet: the same map at the size of the paper.

import { baseMap, endMarkers, RouteLine, stopMarkers } from "./patrols_map.js";

const page = JSON.parse(document.getElementById("sheet").dataset.page);
const { map } = baseMap(page);
const line = new RouteLine(map, { weight: 4 });
line.show(page.route.line, page.route.colour);
line.fit({ padding: [24, 24] });
endMarkers(L.layerGroup().addTo(map), page.route.line);
stopMarkers(map, page, page.route.stops);
// Paper may be narrower than the screen; the route stays whole.
for (const name of ["beforeprint", "afterprint"]) {
  addEventListener(name, () => {
    map.invalidateSize({ animate: false });
    line.fit({ padding: [24, 24] });
  });
}
document.getElementById("print").addEventListener("click", () => print());
