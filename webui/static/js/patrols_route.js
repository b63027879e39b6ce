// The page of a route: its line, ends and stops on the map.

import { baseMap, endMarkers, RouteLine, stopMarkers } from "./patrols_map.js";

const page = JSON.parse(document.getElementById("route").dataset.page);
const { map } = baseMap(page);
const line = new RouteLine(map);
line.show(page.route.line, page.route.colour);
line.fit();
endMarkers(L.layerGroup().addTo(map), page.route.line);
stopMarkers(map, page, page.route.stops);
