// Where the boxes of the graph are: in rows, from top to bottom, as the data flow.
//
// The framework is that of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual
// understanding of hierarchical system structures" (1981): rows by longest path, bends
// where a line passes a row, an order in each row by barycentres. In its row a box comes
// as near to its neighbours as its place in the order lets it: a monotone regression,
// solved by pooling adjacent violators (R. Barlow et al., 1972).

const ROW = 52; // pixels from the middle of a row to that of the next
const GAP = 18; // between two boxes
const BEND = 8; // the room of a line that passes a row
const LARGE = 600; // boxes: from here on time counts more than beauty
const EFFORT = 2400; // points that are moved to where they please, all sweeps together
const PASSED = 6; // rows: a line of a large graph that goes further has no bends
const SHAPE = 1.7; // how much wider than high a drawing of many parts should be

// Points are boxes, by their number, and then bends. After it was made, `points` has the
// middle of each, and `lines` the points to which lines go down from each.
class Layout {
  // Boxes by their widths; an edge goes from its first box down to its second.
  constructor(widths, edges) {
    this.width = this.height = 0;
    this.room = [];
    this.row = [];
    this.x = [];
    this.lines = [];
    this.up = []; // neighbours in the row just above
    this.down = []; // ... and below
    widths.forEach((width) => this.addPoint(-1, width + GAP));
    this.boxes = widths.length;
    this.above = widths.map(() => []);
    this.below = widths.map(() => []);
    for (const [upper, lower] of edges) {
      if (upper !== lower && !this.below[upper].includes(lower)) {
        this.below[upper].push(lower);
        this.above[lower].push(upper);
      }
    }
    this.pack(this.parts().map((part) => this.place(part)));
  }

  addPoint(row, room) {
    this.row.push(row);
    this.room.push(room);
    this.x.push(0);
    this.lines.push([]);
    this.up.push([]);
    this.down.push([]);
    return this.x.length - 1;
  }

  // The connected parts, in each of which what is above comes first.
  parts() {
    const order = this.downwards();
    const partOf = new Map();
    for (const first of order) {
      const [part, open] = [[], partOf.has(first) ? [] : [first]];
      while (open.length) {
        const box = open.pop();
        if (!partOf.has(box)) {
          partOf.set(box, part);
          open.push(...this.above[box], ...this.below[box]);
        }
      }
    }
    order.forEach((box) => partOf.get(box).push(box));
    return [...new Set(partOf.values())];
  }

  // Each box after those above it; at the end those of a circle, which have no order.
  downwards() {
    const missing = this.above.map((above) => above.length);
    const order = [...missing.keys()].filter((box) => !missing[box]);
    for (const box of order) {
      for (const lower of this.below[box]) {
        missing[lower] -= 1;
        if (!missing[lower]) {
          order.push(lower);
        }
      }
    }
    return [...order, ...[...missing.keys()].filter((box) => missing[box] > 0)];
  }

  // Give each point of a part its row and its x; return the rows.
  place(part) {
    const rows = this.inRows(part);
    this.join(part, rows);
    const points = rows.reduce((sum, row) => sum + row.length, 0);
    const sweeps = Math.max(2, Math.min(12, Math.floor(EFFORT / points)));
    const order = [];
    rows.forEach((row) => number(row, order));
    this.sweep(rows, sweeps, order, (row, means) => {
      const mean = new Map(row.map((point, index) => [point, means[index]]));
      row.sort((one, other) => mean.get(one) - mean.get(other));
      number(row, order);
    });
    const offsets = new Map(rows.map((row) => [row, this.offsets(row)]));
    for (const [row, apart] of offsets) {
      setApart(row, apart, row.map(() => 0), this.x);
    }
    this.sweep(rows, sweeps, this.x, (row, means) => setApart(row, offsets.get(row), means, this.x));
    return rows;
  }

  // Each box below those above it, where there is room; a source near its first use.
  inRows(part) {
    const limit = Math.max(12, Math.floor(0.8 * Math.sqrt(part.length)));
    const rows = [];
    const put = (box, depth) => {
      while (rows.length <= depth) {
        rows.push([]);
      }
      rows[depth].push(box);
      this.row[box] = depth;
    };
    const isSource = (box) => !this.above[box].length && this.below[box].length > 0;
    for (const box of part.filter((each) => !isSource(each))) {
      const sources = this.above[box].filter((each) => isSource(each) && this.row[each] < 0);
      let depth = Math.max(sources.length ? 1 : 0, ...this.above[box].map((each) => this.row[each] + 1));
      while (rows[depth]?.length >= limit) {
        depth += 1;
      }
      put(box, depth);
      sources.forEach((source) => put(source, depth - 1));
    }
    return rows;
  }

  // Lines from row to row; all that go far down from a box share their bends.
  join(part, rows) {
    const far = this.boxes > LARGE ? PASSED : rows.length;
    for (const box of part) {
      let [last, depth] = [box, this.row[box]];
      for (const lower of [...this.below[box]].sort((one, other) => this.row[one] - this.row[other])) {
        const deep = this.row[lower] - this.row[box];
        if (deep <= 0 || deep > far) {
          this.lines[box].push(lower); // it closes a circle, or goes too far
          continue;
        }
        for (; depth < this.row[lower] - 1; depth += 1) {
          const bend = this.addPoint(depth + 1, BEND);
          rows[depth + 1].push(bend);
          this.addLine(last, bend);
          last = bend;
        }
        this.addLine(last, lower);
      }
    }
  }

  addLine(upper, lower) {
    this.lines[upper].push(lower);
    this.down[upper].push(lower);
    this.up[lower].push(upper);
  }

  // Row after row, downwards and upwards in turn: where the neighbours of each point are
  // in the mean; without any, where it is.
  sweep(rows, sweeps, at, act) {
    for (let sweep = 0; sweep < sweeps; sweep += 1) {
      const neighbours = sweep % 2 ? this.down : this.up;
      for (const row of sweep % 2 ? [...rows].reverse() : rows) {
        const near = (point) => (neighbours[point].length ? neighbours[point] : [point]);
        act(row, row.map((point) => near(point).reduce((sum, each) => sum + at[each], 0) / near(point).length));
      }
    }
  }

  // How far the points of a row are from its first one if none can be nearer.
  offsets(row) {
    let across = 0;
    return row.map((point, index) => {
      across += index ? (this.room[row[index - 1]] + this.room[point]) / 2 : 0;
      return across;
    });
  }

  // The parts side by side, in as many strips as give a good shape.
  pack(parts) {
    const placed = parts.map((rows) => {
      const left = Math.min(...rows.map((row) => this.x[row[0]] - this.room[row[0]] / 2));
      const right = Math.max(...rows.map((row) => this.x[row.at(-1)] + this.room[row.at(-1)] / 2));
      return { rows, left, wide: right - left, high: ROW * rows.length };
    });
    const area = placed.reduce((sum, part) => sum + part.wide * part.high, 0);
    const limit = Math.max(Math.sqrt(area * SHAPE), ...placed.map((part) => part.wide)) + 1;
    this.points = [];
    let [across, top] = [0, 0];
    for (const { rows, left, wide, high } of placed) {
      if (across + wide > limit) {
        [across, top] = [0, this.height];
      }
      rows.forEach((row, depth) => row.forEach((point) => {
        this.points[point] = [Math.round(this.x[point] - left + across), top + ROW * (depth + 0.5)];
      }));
      across += wide;
      this.width = Math.max(this.width, across);
      this.height = Math.max(this.height, top + high);
    }
  }
}

function number(row, order) {
  row.forEach((point, index) => (order[point] = index));
}

// Put the points of a row as near to where they want to be as their room allows. Points
// that would overlap become a block, which stands at the mean of their wishes.
function setApart(row, offsets, wanted, x) {
  const blocks = [];
  row.forEach((_, index) => {
    const block = { mean: wanted[index] - offsets[index], size: 1 };
    while (blocks.length && blocks.at(-1).mean >= block.mean) {
      const other = blocks.pop();
      block.mean = (block.mean * block.size + other.mean * other.size) / (block.size + other.size);
      block.size += other.size;
    }
    blocks.push(block);
  });
  let index = 0;
  for (const { mean, size } of blocks) {
    for (const end = index + size; index < end; index += 1) {
      x[row[index]] = mean + offsets[index];
    }
  }
}
