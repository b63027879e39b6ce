// The shapes of tiles and of GeoJSON: their paths, their anchors, and what lies in or on them.

// Whether a point of the screen lies in the clip of a tile: left, top, width, height.
export function inside(clip, x, y) {
  return x >= clip[0] && y >= clip[1] && x < clip[0] + clip[2] && y < clip[1] + clip[3];
}

// Whether rings enclose a point: a line from it to the east crosses them an odd number of times.
export function encloses(rings, x, y) {
  let within = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [xi, yi, xj, yj] = [ring[i], ring[i + 1], ring[j], ring[j + 1]];
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) within = !within;
    }
  }
  return within;
}

// Whether a line passes a point so near.
export function passes(lines, x, y, reach) {
  return lines.some((line) => {
    for (let i = 0; i + 3 < line.length; i += 2) {
      const [dx, dy] = [line[i + 2] - line[i], line[i + 3] - line[i + 1]];
      const along = Math.max(0, Math.min(1, ((x - line[i]) * dx + (y - line[i + 1]) * dy) / (dx * dx + dy * dy || 1)));
      if (Math.hypot(line[i] + along * dx - x, line[i + 1] + along * dy - y) <= reach) return true;
    }
    return false;
  });
}

// Points of a layer on the screen, each once although tiles overlap a little.
export function anchors(tiles, layer) {
  const found = new Map();
  for (const { tile, left, top, scale } of tiles) {
    for (const feature of tile.layers[layer] || []) {
      if (feature.type !== 1 || found.has(feature.id)) continue;
      found.set(feature.id, { feature, x: left + feature.parts[0][0] * scale, y: top + feature.parts[0][1] * scale });
    }
  }
  return [...found.values()];
}

// All features of one style in one path, made once per tile.
export function pathOf(tile, style) {
  const key = `${style.layer}/${style.name}`;
  if (tile.paths.has(key)) return tile.paths.get(key);
  let path = null;
  for (const feature of tile.layers[style.layer] || []) {
    if (feature.type === 1 || !style.match(feature)) continue;
    path ??= new Path2D();
    for (const part of feature.parts) {
      path.moveTo(part[0], part[1]);
      for (let i = 2; i < part.length; i += 2) path.lineTo(part[i], part[i + 1]);
      if (feature.type === 3) path.closePath();
    }
  }
  tile.paths.set(key, path);
  return path;
}

// The lines of a GeoJSON geometry.
export function collect(geometry, lines) {
  const c = geometry.coordinates;
  if (geometry.type === "LineString") lines.push(c);
  else if (geometry.type === "Polygon" || geometry.type === "MultiLineString") lines.push(...c);
  else if (geometry.type === "MultiPolygon") for (const polygon of c) lines.push(...polygon);
}
