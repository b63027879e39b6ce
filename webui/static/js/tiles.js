// Fetches tiles and keeps the latest of them.

import { decode } from "./mvt.js";

const KEPT = 160;

export class TileStore {
  // `address` makes the address of a tile; `changed` is called whenever one has arrived.
  constructor(address, changed, failed) {
    this.address = address;
    this.changed = changed;
    this.failed = failed;
    this.tiles = new Map();
  }

  // Forgets all, for what the tiles show has changed. The old ones are drawn until then.
  renew() {
    for (const tile of this.tiles.values()) tile.abort?.abort();
    this.former = this.tiles;
    this.tiles = new Map();
  }

  // Returns a tile that is loaded, or null after asking for it.
  want(z, x, y) {
    const key = `${z}/${x}/${y}`;
    let tile = this.tiles.get(key);
    if (tile) {
      this.tiles.delete(key);
      this.tiles.set(key, tile);
    } else {
      tile = this.load(key, z, x, y);
    }
    return tile.layers ? tile : null;
  }

  // Returns the smallest loaded tile that covers one that is not there yet.
  substitute(z, x, y) {
    const former = this.former?.get(`${z}/${x}/${y}`);
    if (former?.layers) return { tile: former, z, x, y };
    for (let up = 1; up <= 4 && z - up >= 0; up++) {
      const [pz, px, py] = [z - up, x >> up, y >> up];
      const tile = this.tiles.get(`${pz}/${px}/${py}`);
      if (tile?.layers) return { tile, z: pz, x: px, y: py };
    }
    return null;
  }

  // Gives up what is not wanted any more, so that what is wanted comes first.
  keepOnly(wanted) {
    for (const [key, tile] of this.tiles) {
      if (!tile.layers && !wanted.has(key)) {
        tile.abort.abort();
        this.tiles.delete(key);
      }
    }
    while (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
  }

  load(key, z, x, y) {
    const tile = { layers: null, paths: new Map(), abort: new AbortController() };
    this.tiles.set(key, tile);
    const tiles = this.tiles;
    fetch(this.address(z, x, y), { signal: tile.abort.signal })
      .then((answer) => {
        if (!answer.ok) throw new Error(`tile ${key}: ${answer.status}`);
        return answer.arrayBuffer();
      })
      .then((buffer) => {
        tile.layers = decode(buffer);
        if (tiles === this.tiles) this.changed();
      })
      .catch((error) => {
        if (error.name === "AbortError") return;
        // An empty tile keeps the map usable; the next look asks again.
        tile.layers = {};
        setTimeout(() => tiles.delete(key), 5000);
        this.failed(error);
        this.changed();
      });
    return tile;
  }
}
