// Records the way that a phone goes, keeps it through dead spots and closed pages, and hands it in.

const EVERY_MS = 3000;
const KEEP_EVERY = 5;

// `store`: the key under which positions are kept; `send`: hands in a list of positions and
// returns a promise; `changed`: called with how many there are and whether it records.
export class Recorder {
  constructor(store, send, changed) {
    Object.assign(this, { store, send, changed });
    this.positions = this.read();
    // A page that was closed goes on where it was.
    this.on = this.positions.length > 0;
  }

  read() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.store) || "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return [];
    }
  }

  keep() {
    try {
      if (this.positions.length) localStorage.setItem(this.store, JSON.stringify(this.positions));
      else localStorage.removeItem(this.store);
    } catch {
      // The positions still wait in this page.
    }
  }

  start() {
    this.on = true;
    this.changed(this.positions.length, true);
  }

  // Takes a position of the browser's geolocation.
  add({ coords, timestamp }) {
    if (!this.on) return;
    const last = this.positions.at(-1);
    if (last && timestamp - last[2] < EVERY_MS) return;
    this.positions.push([round(coords.longitude), round(coords.latitude), Math.round(timestamp), Math.round(coords.accuracy)]);
    if (this.positions.length % KEEP_EVERY === 0) this.keep();
    this.changed(this.positions.length, true);
  }

  // Hands in what there is; what could not be sent stays.
  async end() {
    this.on = false;
    this.keep();
    this.changed(this.positions.length, false);
    const answer = await this.send(this.positions);
    this.positions = [];
    this.keep();
    this.changed(0, false);
    return answer;
  }

  drop() {
    this.on = false;
    this.positions = [];
    this.keep();
    this.changed(0, false);
  }
}

const round = (degrees) => Math.round(degrees * 1e7) / 1e7;
