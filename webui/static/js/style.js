// Colours and shapes of the map: pale ground, so that the data speak.

export const ACCENT = "#1f5fa8";
export const INK = "#26323c";
export const BIN = "#c8641e";
export const FONT =
  '"Noto Sans SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

// Safe for colour-blind readers; with them goes a shape for each. Further categories are grey.
export const TOP = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
export const OTHER = "#7d8790";

const by = (...stops) => (zoom) => {
  let value = stops[0][1];
  for (const [from, next] of stops) if (zoom >= from) value = next;
  return value;
};

const isKind = (...kinds) => (f) => kinds.includes(f.properties.kind);
const begins = (...kinds) => (f) => kinds.some((kind) => f.properties.kind?.startsWith(kind));
// Hotspots of all analyses: cold99, new_cold, fewer.
const isCold = (f) => /cold|fewer/.test(f.properties.kind);
const smallRoad = (f) =>
  !/^(motorway|trunk|primary|secondary|tertiary|footway|path|steps|cycleway|track)/.test(f.properties.kind);

const ROADS = [
  ["foot", begins("footway", "path", "steps", "cycleway", "track"), by([15, 0.8], [17, 1.5]), "#d9dcd8", null],
  ["small", smallRoad, by([12, 0.7], [14, 1.6], [15, 3], [16, 5], [17, 8], [18, 12]), "#ffffff", "#d3d8dc"],
  ["tertiary", begins("tertiary"), by([10, 0.8], [12, 1.6], [14, 3], [15, 4.5], [16, 7], [17, 11], [18, 16]), "#ffffff", "#c6cdd3"],
  ["secondary", begins("secondary"), by([10, 1.1], [12, 2], [14, 3.6], [15, 5.5], [16, 8], [17, 13], [18, 18]), "#ffffff", "#bcc5cc"],
  ["primary", begins("primary"), by([9, 1.2], [12, 2.6], [14, 4.4], [15, 6.5], [16, 10], [17, 15], [18, 21]), "#fdf6e3", "#c9bd9b"],
  ["motorway", begins("motorway", "trunk"), by([8, 1.4], [12, 3], [14, 5], [15, 7], [16, 11], [17, 16], [18, 22]), "#fbeccb", "#c6ae78"],
];

// What is painted below the incidents, in this order: from `layer`, the features that `match`.
export const PAINT = [
  { name: "green", layer: "ground", match: isKind("green", "park", "forest", "grass", "wood", "pitch"), fill: "#e1ebdb" },
  { name: "field", layer: "ground", match: isKind("farmland", "farm", "meadow"), fill: "#f0f1e4" },
  { name: "quarter", layer: "ground", match: isKind("commercial", "industrial", "institution", "square"), fill: "#edebe8" },
  { name: "water", layer: "ground", match: (f) => f.properties.kind === "water" && f.type === 3, fill: "#c9dfee" },
  { name: "stream", layer: "ground", match: (f) => f.properties.kind === "water" && f.type === 2, stroke: "#c9dfee", width: by([10, 1], [14, 3], [17, 6]) },
  { name: "rail", layer: "ground", match: (f) => f.properties.kind === "rail" && f.type === 2, stroke: "#b5b8bb", width: by([10, 0.8], [15, 1.6]), dash: [8, 4] },
  ...ROADS.filter((road) => road[4]).map(([name, match, width, , casing]) => ({
    name, layer: "road", match, stroke: casing, width: (zoom) => (zoom < 13 ? 0 : width(zoom) + 1.4),
  })),
  ...ROADS.map(([name, match, width, colour, casing]) => ({
    name, layer: "road", match, stroke: colour, strokeFar: casing || colour, width, cap: "round",
  })),
  { name: "all", layer: "building", match: (f) => f.type === 3, fill: "#dcd9d3", stroke: "#c3bfb8", width: by([14, 0], [16, 0.6], [17, 0.9]) },
  { name: "hot", layer: "hotspot", match: (f) => !isCold(f), fill: "#b2182b", fillOpacity: 0.25, stroke: "#b2182b", width: by([8, 1], [14, 2]) },
  { name: "cold", layer: "hotspot", match: isCold, fill: "#2166ac", fillOpacity: 0.2, stroke: "#2166ac", width: by([8, 1], [14, 2]) },
  { name: "cell", layer: "cell", match: isKind("basic", "micro"), stroke: "#6b7f95", width: by([12, 0.5], [14, 0.8], [16, 1.2]), opacity: 0.9 },
  { name: "dedicated", layer: "cell", match: isKind("dedicated"), fill: "#7a5ea8", fillOpacity: 0.1, stroke: "#7a5ea8", width: by([12, 0.7], [15, 1.5]) },
  { name: "community", layer: "unit", match: (f) => f.properties.level === "community", stroke: "#3b5672", width: by([9, 0.6], [11, 1], [13, 1.7], [15, 2.4]), opacity: 0.85 },
  { name: "town", layer: "unit", match: (f) => f.properties.level === "town", stroke: "#27415f", width: by([8, 1], [12, 2.2], [15, 3]), dash: [10, 5] },
  { name: "county", layer: "unit", match: (f) => f.properties.level === "county", stroke: "#27415f", width: by([5, 1.5], [12, 3.4]), dash: [14, 4, 3, 4] },
];

// How a layer looks that has no style of its own here; null for those that have one.
const STYLED = new Set([...PAINT.map((style) => style.layer), "place", "incident"]);
export const plain = (layer) =>
  STYLED.has(layer) ? null : { name: "plain", layer, match: () => true, stroke: ACCENT, width: by([10, 1.2], [15, 2.4]) };

// Kind of place: shape, colour, sign in Chinese and in English, and who stays when two collide.
const OFFICE = "#1f5fa8";
const LEARN = "#00796b";
const HEAL = "#a8326e";
const TRADE = "#7a5a2e";
const LEISURE = "#3f7d3a";
const PLAIN = "#5f6b76";
export const PLACES = {
  police_room: ["shield", OFFICE, "警", "PO"],
  service_centre: ["square", OFFICE, "服", "SC"],
  community_office: ["square", OFFICE, "社", "CO"],
  hospital: ["circle", HEAL, "医", "H"],
  school: ["diamond", LEARN, "学", "S"],
  kindergarten: ["diamond", LEARN, "幼", "K"],
  clinic: ["circle", HEAL, "诊", "Cl"],
  care_home: ["circle", HEAL, "养", "CH"],
  market: ["square", TRADE, "市", "M"],
  bank: ["square", TRADE, "银", "B"],
  enterprise: ["square", TRADE, "企", "E"],
  park: ["circle", LEISURE, "园", "Pk"],
  station: ["circle", PLAIN, "站", "St"],
  worship: ["circle", PLAIN, "教", "W"],
  parking: ["circle", PLAIN, "停", "P"],
  toilet: ["circle", PLAIN, "厕", "WC"],
  other: ["circle", PLAIN, "其", "•"],
};
export const PLACE_ORDER = Object.keys(PLACES);

export function outline(context, shape, x, y, r) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "square") context.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "diamond") polygon(context, x, y, r * 1.25, 4, 0);
  else if (shape === "triangle") polygon(context, x, y, r * 1.25, 3, -Math.PI / 2);
  else if (shape === "down") polygon(context, x, y, r * 1.25, 3, Math.PI / 2);
  else if (shape === "pentagon") polygon(context, x, y, r * 1.1, 5, -Math.PI / 2);
  else {
    // A shield.
    context.moveTo(x - r, y - r);
    context.lineTo(x + r, y - r);
    context.lineTo(x + r, y + r * 0.25);
    context.quadraticCurveTo(x + r * 0.7, y + r * 0.95, x, y + r * 1.25);
    context.quadraticCurveTo(x - r * 0.7, y + r * 0.95, x - r, y + r * 0.25);
    context.closePath();
  }
}

function polygon(context, x, y, r, corners, turn) {
  for (let i = 0; i < corners; i++) {
    const angle = turn + (i * 2 * Math.PI) / corners;
    context[i ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  context.closePath();
}

export const TOP_SHAPES = ["circle", "square", "triangle", "diamond", "pentagon", "down"];

export function drawPlace(context, kind, x, y, chinese, r = 8.5) {
  const [shape, colour, zh, en] = PLACES[kind] || PLACES.other;
  outline(context, shape, x, y, r);
  context.fillStyle = colour;
  context.strokeStyle = "#ffffff";
  context.lineWidth = 2.5;
  context.stroke();
  context.fill();
  context.fillStyle = "#ffffff";
  const sign = chinese ? zh : en;
  context.font = `600 ${sign.length > 1 ? r * 1.05 : r * 1.35}px ${FONT}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sign, x, y + 0.5);
}

export function drawIncident(context, top, x, y, r) {
  outline(context, TOP_SHAPES[top] || "circle", x, y, r);
  context.fillStyle = TOP[top] || OTHER;
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1.6;
  context.stroke();
  context.fill();
}

// The count that the largest circle stands for: 1, 2 or 5 times a power of ten.
export function roundUp(count) {
  const power = 10 ** Math.floor(Math.log10(Math.max(count, 1)));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= count);
}
