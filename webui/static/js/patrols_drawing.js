// What is drawn: clicks, the legs between them along streets, the stops, and all that was before.

import { ask } from "./assignments_acts.js";
import { lengthOf, metres } from "./patrols_map.js";

// Nearer than this a spot on a street is the click itself.
const SAME_M = 0.5;
const MOST_KEPT = 100;
const round = (n) => Number(n.toFixed(7));
const spot = (lon, lat, free = false) => ({ lon: round(lon), lat: round(lat), free });

export class Drawing {
  // `changed` is told after every change, `failed` the sentence of what could not be done.
  constructor(page, { changed, failed, busy }) {
    Object.assign(this, { page, changed, failed, busy, mode: "foot", cache: new Map() });
    this.state = { waypoints: [], stops: [] };
    this.past = [];
    this.future = [];
    this.queue = Promise.resolve();
  }

  get waypoints() { return this.state.waypoints; }

  get stops() { return this.state.stops; }

  // The legs of the present clicks.
  get legs() { return this.waypoints.slice(1).map((to, i) => this.cache.get(this.key(this.waypoints[i], to))); }

  get line() {
    return this.legs.flatMap((leg, i) => (i ? leg.coordinates.slice(1) : leg.coordinates));
  }

  get length() { return this.legs.reduce((sum, leg) => sum + leg.length_m, 0); }

  get seconds() { return this.length / this.page.speeds[this.mode]; }

  get dwell() { return this.stops.reduce((sum, stop) => sum + 60 * stop.dwell_min, 0); }

  key(from, to) { return `${this.mode}|${from.lon},${from.lat}|${to.lon},${to.lat}|${to.free ? 1 : 0}`; }

  // Takes a stored drawing as it is, without asking for the ways anew.
  load({ waypoints, legs, stops, mode }) {
    this.mode = mode;
    this.state = { waypoints: waypoints.map(({ lon, lat, free }) => spot(lon, lat, free)), stops };
    legs.forEach((coordinates, i) => this.keep(this.state.waypoints[i], this.state.waypoints[i + 1], coordinates, waypoints[i + 1].streets || []));
    this.past = [];
    this.future = [];
    this.changed();
  }

  keep(from, to, coordinates, streets) {
    this.cache.set(this.key(from, to), { coordinates, streets, length_m: lengthOf(coordinates) });
  }

  // Does one change after the other; `make` gets the state and returns the next, or null for none.
  change(make) {
    this.queue = this.queue.then(async () => {
      const next = make(this.state);
      if (!next) return;
      this.busy(true);
      try {
        const waypoints = await this.traced(next.waypoints);
        this.past.push(this.state);
        if (this.past.length > MOST_KEPT) this.past.shift();
        this.future = [];
        this.state = { ...next, waypoints };
      } catch (error) {
        this.failed(error.message);
      } finally {
        this.busy(false);
      }
      this.changed();
    });
    return this.queue;
  }

  undo() { this.travel(this.past, this.future); }

  redo() { this.travel(this.future, this.past); }

  travel(from, to) {
    this.queue = this.queue.then(async () => {
      if (!from.length) return;
      const state = from.pop();
      // Another mode may have been chosen since.
      try {
        await this.traced(state.waypoints);
      } catch (error) {
        from.push(state);
        this.failed(error.message);
        return;
      }
      to.push(this.state);
      this.state = state;
      this.changed();
    });
  }

  // Sees to the legs that are not known yet, in as few questions as there are stretches of them.
  async traced(given) {
    const points = given.map((each) => ({ ...each }));
    for (let i = 1; i < points.length; i++) {
      if (this.cache.has(this.key(points[i - 1], points[i]))) continue;
      let end = i;
      while (end + 1 < points.length && !this.cache.has(this.key(points[end], points[end + 1]))) end++;
      await this.trace(points, i - 1, end);
      i = end;
    }
    // What was moved onto a street may lead on to a leg that was known for its former place.
    const left = points.findIndex((to, i) => i && !this.cache.has(this.key(points[i - 1], to)));
    return left > 0 && !given.every((each, i) => each.lon === points[i].lon && each.lat === points[i].lat) ? this.traced(points) : points;
  }

  async trace(points, first, last) {
    const stretch = points.slice(first, last + 1);
    // What is known goes along as straight lines, so that a refusal names the point by its number.
    const sent = points.slice(0, last + 1).map((each, i) => (i > first ? each : { ...each, free: true }));
    const free = stretch.slice(1).every((each) => each.free);
    const legs = free
      ? stretch.slice(1).map((to, i) => ({ coordinates: [[stretch[i].lon, stretch[i].lat], [to.lon, to.lat]], routed: false, streets: [] }))
      : (await ask(this.page.urls.trace, { mode: this.mode, waypoints: sent }, this.page.words)).legs.slice(first);
    legs.forEach(({ coordinates, routed }, i) => {
      // A click is moved onto the street that it was meant for.
      if (!routed) return;
      if (first + i === 0) points[0] = moved(points[0], coordinates[0]);
      points[first + i + 1] = moved(points[first + i + 1], coordinates[coordinates.length - 1]);
    });
    legs.forEach(({ coordinates, streets }, i) => {
      const [from, to] = [points[first + i], points[first + i + 1]];
      this.keep(from, to, joined(from, coordinates, to), streets);
    });
  }

  // --- What a planner does.

  append(lon, lat, free, atStart = false) {
    return this.change(({ waypoints, stops }) => {
      const point = spot(lon, lat, free);
      if (!atStart || !waypoints.length) return { stops, waypoints: [...waypoints, { ...point, free: free && waypoints.length > 0 }] };
      const [head, ...rest] = waypoints;
      return { stops, waypoints: [{ ...point, free: false }, { ...head, free }, ...rest] };
    });
  }

  move(index, lon, lat) {
    return this.change(({ waypoints, stops }) => ({
      stops, waypoints: waypoints.map((each, i) => (i === index ? spot(lon, lat, each.free) : each)),
    }));
  }

  insert(index, lon, lat, free) {
    return this.change(({ waypoints, stops }) => {
      const whole = waypoints[index].free;
      return { stops, waypoints: [...waypoints.slice(0, index), spot(lon, lat, free || whole), ...waypoints.slice(index)] };
    });
  }

  remove(index) {
    return this.change(({ waypoints, stops }) => {
      const left = waypoints.filter((_, i) => i !== index);
      if (left.length) left[0] = { ...left[0], free: false };
      return { stops, waypoints: left };
    });
  }

  // Goes freely to a point, or along streets again.
  setFree(index, free) {
    return this.change(({ waypoints, stops }) => ({
      stops, waypoints: waypoints.map((each, i) => (i === index ? { ...each, free } : each)),
    }));
  }

  reverse() {
    return this.change(({ waypoints, stops }) => {
      const back = [...waypoints].reverse();
      // What led to a point now leads away from it.
      return { stops: [...stops].reverse(), waypoints: back.map((each, i) => ({ ...each, free: i > 0 && back[i - 1].free })) };
    });
  }

  // Leads back to the begin; false if it ends there already.
  close(free) {
    const { waypoints } = this;
    if (waypoints.length < 3) return false;
    const [first, last] = [waypoints[0], waypoints[waypoints.length - 1]];
    if (metres([first.lon, first.lat], [last.lon, last.lat]) < 5) return false;
    this.change(({ waypoints: all, stops }) => ({ stops, waypoints: [...all, spot(all[0].lon, all[0].lat, free)] }));
    return true;
  }

  // Adds another route at the end, the other way round if that end is nearer.
  join(other) {
    const clicks = other.waypoints.map(({ lon, lat, free }) => spot(lon, lat, free));
    other.legs.forEach((coordinates, i) => this.keep(clicks[i], clicks[i + 1], coordinates, other.waypoints[i + 1].streets || []));
    return this.change(({ waypoints, stops }) => {
      const end = waypoints[waypoints.length - 1];
      const far = (each) => (end ? metres([end.lon, end.lat], [each.lon, each.lat]) : 0);
      const turned = far(clicks[clicks.length - 1]) < far(clicks[0]);
      const back = [...clicks].reverse();
      const added = turned ? back.map((each, i) => ({ ...each, free: i > 0 && back[i - 1].free })) : clicks;
      const begins = end && far(added[0]) < 1 ? added.slice(1) : added;
      const more = other.stops.map((stop) => ({ ...stop, id: null }));
      return { waypoints: [...waypoints, ...begins], stops: [...stops, ...(turned ? more.reverse() : more)] };
    });
  }

  // Takes the points of a file. Where no street is near, a stretch stays as it is in the file.
  async match(waypoints, stops) {
    const points = waypoints.map(({ lon, lat, free }) => spot(lon, lat, free));
    this.apart = points.some(({ free }) => free);
    await this.change(() => ({ waypoints: points, stops }));
    if (this.waypoints.length) return;
    // One point far from all streets refuses the whole: each leg is then tried by itself.
    this.failed("");
    const alone = [points[0]];
    this.busy(true);
    for (const next of points.slice(1)) {
      const [from] = alone.slice(-1);
      const pair = next.free ? null : await this.traced([{ ...from, free: false }, next]).catch(() => null);
      if (!pair) this.apart = true;
      alone.push(pair ? pair[1] : { ...next, free: true });
    }
    this.busy(false);
    await this.change(() => ({ waypoints: alone, stops }));
  }

  setMode(mode) {
    const before = this.mode;
    this.queue = this.queue.then(async () => {
      this.mode = mode;
      this.busy(true);
      try {
        this.state = { ...this.state, waypoints: await this.traced(this.waypoints) };
      } catch (error) {
        this.mode = before;
        this.failed(error.message);
      } finally {
        this.busy(false);
      }
      this.changed();
    });
    return this.queue;
  }

  setStops(make) {
    return this.change(({ waypoints, stops }) => ({ waypoints, stops: make(stops) }));
  }

  // What the server stores.
  told() {
    const { legs } = this;
    return {
      mode: this.mode,
      waypoints: this.waypoints.map((each, i) => ({ ...each, streets: i ? legs[i - 1].streets : [] })),
      legs: legs.map((leg) => leg.coordinates),
      stops: this.stops,
    };
  }
}

function moved(point, [lon, lat]) {
  return metres([point.lon, point.lat], [lon, lat]) < SAME_M ? point : { ...point, lon: round(lon), lat: round(lat) };
}

// The way from one click to the next with both of them on it, and no vertex twice.
function joined(from, coordinates, to) {
  const line = coordinates.map(([lon, lat]) => [round(lon), round(lat)]);
  const same = (at, point) => metres(at, [point.lon, point.lat]) < SAME_M;
  if (same(line[0], from)) line[0] = [from.lon, from.lat];
  else line.unshift([from.lon, from.lat]);
  if (line.length > 1 && same(line[line.length - 1], to)) line[line.length - 1] = [to.lon, to.lat];
  else line.push([to.lon, to.lat]);
  return line;
}
