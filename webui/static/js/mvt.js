// Reads Mapbox Vector Tiles 2.1: https://github.com/mapbox/vector-tile-spec/tree/master/2.1

const text = new TextDecoder();

class Reader {
  constructor(bytes, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  varint() {
    let value = 0;
    let factor = 1;
    let byte;
    do {
      byte = this.bytes[this.at++];
      value += (byte & 0x7f) * factor;
      factor *= 128;
    } while (byte >= 0x80);
    return value;
  }

  // Calls back with the number of each field; what is not read is skipped.
  fields(visit) {
    while (this.at < this.end) {
      const tag = this.varint();
      const wire = tag & 7;
      const before = this.at;
      visit(tag >> 3, this);
      if (this.at === before) this.skip(wire);
    }
  }

  skip(wire) {
    if (wire === 0) this.varint();
    else if (wire === 1) this.at += 8;
    else if (wire === 2) this.at += this.varint();
    else if (wire === 5) this.at += 4;
    else throw new Error(`wire type ${wire}`);
  }

  part() {
    const length = this.varint();
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }

  string() {
    const part = this.part();
    return text.decode(this.bytes.subarray(part.at, part.end));
  }

  number(bytes) {
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.at, bytes);
    this.at += bytes;
    return bytes === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }
}

const unzigzag = (n) => (n % 2 ? -(n + 1) / 2 : n / 2);

function readValue(reader) {
  let value = null;
  reader.fields((field, r) => {
    if (field === 1) value = r.string();
    else if (field === 2) value = r.number(4);
    else if (field === 3) value = r.number(8);
    else if (field === 4 || field === 5) value = r.varint();
    else if (field === 6) value = unzigzag(r.varint());
    else if (field === 7) value = r.varint() === 1;
  });
  return value;
}

// A list of flat lists of coordinates, in units of the tile; rings are not closed.
function readGeometry(reader) {
  const parts = [];
  let part = null;
  let x = 0;
  let y = 0;
  while (reader.at < reader.end) {
    const command = reader.varint();
    const count = command >> 3;
    if ((command & 7) === 7) continue;
    for (let i = 0; i < count; i++) {
      x += unzigzag(reader.varint());
      y += unzigzag(reader.varint());
      if ((command & 7) === 1) {
        part = [];
        parts.push(part);
      }
      part.push(x, y);
    }
  }
  return parts;
}

function readFeature(reader) {
  const feature = { id: 0, type: 0, tags: [], parts: [], properties: {} };
  reader.fields((field, r) => {
    if (field === 1) feature.id = r.varint();
    else if (field === 2) {
      const tags = r.part();
      while (tags.at < tags.end) feature.tags.push(tags.varint());
    } else if (field === 3) feature.type = r.varint();
    else if (field === 4) feature.parts = readGeometry(r.part());
  });
  return feature;
}

function readLayer(reader) {
  const layer = { name: "", extent: 4096, features: [] };
  const keys = [];
  const values = [];
  reader.fields((field, r) => {
    if (field === 1) layer.name = r.string();
    else if (field === 2) layer.features.push(readFeature(r.part()));
    else if (field === 3) keys.push(r.string());
    else if (field === 4) values.push(readValue(r.part()));
    else if (field === 5) layer.extent = r.varint();
  });
  for (const feature of layer.features) {
    for (let i = 0; i < feature.tags.length; i += 2) {
      feature.properties[keys[feature.tags[i]]] = values[feature.tags[i + 1]];
    }
    delete feature.tags;
  }
  return layer;
}

// Returns the features of a tile by layer: id, type (1 point, 2 line, 3 polygon), parts, properties.
export function decode(buffer) {
  const layers = {};
  new Reader(new Uint8Array(buffer)).fields((field, r) => {
    if (field !== 3) return;
    const layer = readLayer(r.part());
    layers[layer.name] = layer.features;
  });
  return layers;
}
