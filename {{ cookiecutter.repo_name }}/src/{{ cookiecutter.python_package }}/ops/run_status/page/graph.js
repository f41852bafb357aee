// The pipeline as a graph: boxes of nodes and datasets, that change state.

const LABEL = 30; // letters
const HIGH = 30;
const BESIDE = 40; // pixels: what a box has beside its label
const LEAST = 0.62; // the smallest scale to begin with
const FAR = 0.42; // a smaller one has no labels
const MANY = 400; // boxes: of more, only those that are in sight are drawn

class GraphView {
  constructor(run, choose) {
    this.run = run;
    this.choose = choose;
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.boxes = run.nodes.map((node) => ({ kind: "node", name: node.name, id: `node:${node.name}`, label: node.label }));
    this.index = new Map(this.boxes.map((box, index) => [box.id, index]));
    this.place(this.edges());
    this.element = this.draw();
  }

  // Lines between nodes and the datasets that they load and save, whose boxes are added.
  edges() {
    const edges = [];
    this.run.nodes.forEach((node, index) => {
      const box = (name) => this.datasetBox(name);
      edges.push(...node.inputs.filter(isDataset).map((name) => [box(name), index]));
      edges.push(...node.outputs.filter(isDataset).map((name) => [index, box(name)]));
    });
    return edges;
  }

  // The number of a dataset's box; forms of a transcoded dataset share the first one's.
  datasetBox(name) {
    const id = `dataset:${plain(name)}`;
    if (!this.index.has(id)) {
      this.index.set(id, this.boxes.length);
      this.boxes.push({ kind: "dataset", name, id, label: name });
    }
    return this.index.get(id);
  }

  place(edges) {
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = `12.5px ${getComputedStyle(document.body).fontFamily}`;
    const { points, lines, width, height } = new Layout(
      this.boxes.map((box) => (box.wide = Math.ceil(pen.measureText(shortened(box.label)).width) + BESIDE)),
      edges,
    );
    this.boxes.forEach((box, index) => ([box.x, box.y] = points[index]));
    this.points = points;
    this.size = { width, height };
    this.down = lines;
    this.up = points.map(() => []);
    lines.forEach((ends, from) => ends.forEach((to) => this.up[to].push(from)));
  }

  stateOf(box) {
    if (box.kind === "node") {
      return this.run.node.get(box.name).state;
    }
    return datasetState(this.run, box.name);
  }

  // What a screen reader says, and hovering shows.
  words(box, state) {
    if (box.kind === "node") {
      const time = duration(seconds(this.run.node.get(box.name)));
      return `Node ${box.name}, ${state}${time && `, ${time}`}`;
    }
    const rows = this.run.dataset.get(box.name)?.rows ?? null;
    return `Dataset ${box.name}, ${state}${rows === null ? "" : `, ${plural(rows, "row")}`}`;
  }

  // Boxes next to a box in a direction, and the lines that lead there.
  reached(index, ways) {
    const found = { boxes: [], lines: [] };
    const open = [index];
    while (open.length) {
      const from = open.pop();
      for (const to of ways[from]) {
        found.lines.push(ways === this.down ? [from, to] : [to, from]);
        (to < this.boxes.length ? found.boxes : open).push(to);
      }
    }
    return found;
  }

  draw() {
    this.camera = svg("g", {});
    this.chosen = svg("path", { class: "lines chosen" });
    this.camera.append(svg("path", { class: "lines", d: this.path() }), this.chosen);
    const group = document.createDocumentFragment();
    this.boxes.forEach((box, index) => group.append(this.drawBox(box, index)));
    this.camera.append(group);
    this.svg = svg("svg", { class: "drawing", role: "group", "aria-label": `Pipeline, ${plural(this.boxes.length, "box").replace("boxs", "boxes")}: arrow keys go along the lines, Enter opens` }, this.camera);
    this.svg.addEventListener("click", (event) => this.clicked(event));
    this.svg.addEventListener("keydown", (event) => this.key(event));
    this.svg.addEventListener("pointerover", (event) => this.pointed(event));
    this.svg.addEventListener("focusin", (event) => this.focused(event));
    this.pointers();
    const zoom = (factor) => () => this.zoom(factor);
    const controls = el(
      "div",
      { class: "controls" },
      button("+", zoom(1.3), { "aria-label": "Zoom in" }),
      button("−", zoom(1 / 1.3), { "aria-label": "Zoom out" }),
      button("Fit", () => this.fit(0), { "aria-label": "Show the whole graph" }),
    );
    return el("div", { class: "graph" }, this.svg, controls);
  }

  drawBox(box, index) {
    const half = box.wide / 2;
    const icon = svg("path", { "fill-rule": "evenodd", class: "shape" });
    const text = svg("text", { x: 25 - half, y: 4 }, shortened(box.label));
    const frame = svg("rect", { x: -half, y: -HIGH / 2, width: box.wide, height: HIGH, rx: box.kind === "dataset" ? HIGH / 2 : 5 });
    box.mark = svg("circle", { class: "mark", cx: half - 2, cy: 2 - HIGH / 2, r: 5 });
    box.element = svg("g", { class: box.kind, role: "button", tabindex: "-1", transform: `translate(${box.x} ${box.y})`, "data-index": index }, frame, icon, text);
    box.icon = icon;
    box.out = false;
    this.setOut(box, this.boxes.length > MANY);
    this.setState(box);
    return box.element;
  }

  setOut(box, out) {
    if (box.out !== out) {
      box.out = out;
      box.element.classList.toggle("out", out);
    }
  }

  // Leave out what is out of sight, but not the box where the keyboard enters.
  cull() {
    if (this.boxes.length <= MANY) {
      return;
    }
    const { width, height } = this.room;
    const [left, right] = [-this.x / this.scale - 150, (width - this.x) / this.scale + 150];
    const [top, bottom] = [-this.y / this.scale - 60, (height - this.y) / this.scale + 60];
    for (const box of this.boxes) {
      const seen = box.x > left && box.x < right && box.y > top && box.y < bottom;
      this.setOut(box, !seen && box.element !== this.stop);
    }
  }

  setState(box) {
    const state = this.stateOf(box);
    const words = this.words(box, state);
    if (box.words !== words) {
      box.element.setAttribute("aria-label", words);
      box.words = words;
    }
    if (box.state !== state) {
      if (box.state) {
        box.element.classList.remove(stateClass(box.state));
      }
      box.element.classList.add(stateClass(state));
      box.icon.setAttribute("d", SHAPES[state]);
      box.icon.setAttribute("transform", `translate(${8 - box.wide / 2} -6) scale(.75)`);
      box.state = state;
    }
    if (this.isMarked(box) && !box.mark.parentNode) {
      box.element.append(box.mark);
    }
  }

  isMarked(box) {
    const thing = box.kind === "node" ? this.run.node.get(box.name) : this.run.dataset.get(box.name);
    return thing.marks.length > 0 || checksOf(this.run, box.name).some((check) => !check.passed);
  }

  path(lines = this.down.flatMap((ends, from) => ends.map((to) => [from, to]))) {
    const parts = [];
    for (const [from, to] of lines) {
      const [[x1, y1], [x2, y2]] = [this.points[from], this.points[to]];
      // A bend is as high as the boxes that it passes.
      const [top, start, end] = [y1 - HIGH / 2, y1 + HIGH / 2, y2 - HIGH / 2];
      const curve = Math.max(10, (end - start) / 2);
      parts.push(from < this.boxes.length ? `M${x1} ${start}` : `M${x1} ${top}V${start}`);
      parts.push(`C${x1} ${start + curve} ${x2} ${end - curve} ${x2} ${end}`);
    }
    return parts.join("");
  }

  // The same graph in a new state of the run.
  update(run) {
    this.run = run;
    this.boxes.forEach((box) => this.setState(box));
  }

  select(id) {
    this.boxes.forEach((box) => box.element.classList.remove("selected", "near"));
    const index = this.index.get(id);
    this.setTabStop(index ?? 0);
    this.svg.classList.toggle("selecting", index !== undefined);
    if (index === undefined) {
      this.chosen.setAttribute("d", "");
      return;
    }
    const above = this.reached(index, this.up);
    const below = this.reached(index, this.down);
    this.boxes[index].element.classList.add("selected");
    [...above.boxes, ...below.boxes].forEach((near) => this.boxes[near].element.classList.add("near"));
    this.chosen.setAttribute("d", this.path([...above.lines, ...below.lines]));
  }

  setTabStop(index) {
    this.stop?.setAttribute("tabindex", "-1");
    this.stop = this.boxes[index]?.element;
    this.stop?.setAttribute("tabindex", "0");
    if (this.stop) {
      this.setOut(this.boxes[index], false);
    }
  }

  // Where to begin: the whole if it can be read, else around what matters most.
  start(id) {
    const important = ["failed", "interrupted", "running"];
    const first = important.map((state) => this.boxes.find((box) => box.state === state && box.kind === "node")).find(Boolean);
    const index = this.index.get(id) ?? (first ? this.boxes.indexOf(first) : null);
    const wide = this.element.clientWidth;
    const across = (wide - 24) / this.size.width;
    const wanted = this.size.height * Math.min(1.15, Math.max(across, LEAST)) + 72;
    // A phone scrolls the page with one finger, so there the graph may be long.
    const most = innerWidth > 900 ? Math.max(440, innerHeight - 250) : 1400;
    const high = Math.max(320, Math.min(wanted, most));
    this.element.style.height = `${high}px`;
    this.room = { width: wide, height: high }; // to ask for it would lay all out anew
    new ResizeObserver(([{ contentRect }]) => {
      this.room = contentRect;
      this.cull();
    }).observe(this.svg);
    this.fit(LEAST, index);
  }

  fit(least, index = null) {
    const { width, height } = this.room;
    const whole = Math.min((width - 24) / this.size.width, (height - 24) / this.size.height, 1.15);
    this.scale = Math.max(whole, least);
    if (whole >= least) {
      this.x = (width - this.size.width * this.scale) / 2;
      this.y = Math.max(12, (height - this.size.height * this.scale) / 2);
      this.move();
    } else if (index === null) {
      this.x = (width - this.size.width * this.scale) / 2;
      this.y = 12;
      this.lookAt(this.topmost(), 0.2);
    } else {
      this.lookAt(index);
    }
  }

  topmost() {
    return this.boxes.reduce((best, box, index) => (box.y < this.boxes[best].y ? index : best), 0);
  }

  lookAt(index, high = 0.4) {
    const { width, height } = this.room;
    const box = this.boxes[index];
    const within = (at, room, size) => Math.min(12, Math.max(at, room - size * this.scale - 12));
    this.x = within(width / 2 - box.x * this.scale, width, this.size.width);
    this.y = within(height * high - box.y * this.scale, height, this.size.height);
    this.move();
  }

  move() {
    this.camera.setAttribute("transform", `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)}) scale(${this.scale.toFixed(4)})`);
    this.svg.classList.toggle("far", this.scale < FAR);
    this.cull();
  }

  zoom(factor, center = null) {
    const { width, height } = this.room;
    const at = center || { x: width / 2, y: height / 2 };
    const scale = Math.min(2.5, Math.max(0.02, this.scale * factor));
    this.x = at.x - ((at.x - this.x) * scale) / this.scale;
    this.y = at.y - ((at.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.move();
  }

  clicked(event) {
    const element = event.target.closest("[data-index]");
    if (element && !this.dragged) {
      this.choose(this.boxes[Number(element.dataset.index)]);
    }
  }

  // What hovering shows: made when it is needed, since there may be thousands.
  pointed(event) {
    const element = event.target.closest("[data-index]");
    if (element) {
      element.querySelector("title")?.remove();
      element.prepend(svg("title", {}, this.boxes[Number(element.dataset.index)].words));
    }
  }

  focused(event) {
    const index = Number(event.target.dataset?.index);
    if (Number.isNaN(index)) {
      return;
    }
    const box = this.boxes[index];
    const { width, height } = this.room;
    const [x, y] = [box.x * this.scale + this.x, box.y * this.scale + this.y];
    if (x < 40 || x > width - 40 || y < 20 || y > height - 20) {
      this.lookAt(index, 0.5);
    }
  }

  key(event) {
    const zooms = { "+": () => this.zoom(1.3), "=": () => this.zoom(1.3), "-": () => this.zoom(1 / 1.3), 0: () => this.fit(0) };
    const element = event.target.closest("[data-index]");
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    if (zooms[event.key]) {
      zooms[event.key]();
    } else if (element && ["Enter", " "].includes(event.key)) {
      this.choose(this.boxes[Number(element.dataset.index)]);
    } else if (element && event.key.startsWith("Arrow")) {
      const next = this.next(Number(element.dataset.index), event.key);
      if (next !== undefined) {
        this.setTabStop(next);
        this.boxes[next].element.focus();
      }
    } else {
      return;
    }
    event.preventDefault();
  }

  next(index, key) {
    const box = this.boxes[index];
    if (key === "ArrowUp" || key === "ArrowDown") {
      const found = this.reached(index, key === "ArrowUp" ? this.up : this.down).boxes;
      return found.sort((one, other) => Math.abs(this.boxes[one].x - box.x) - Math.abs(this.boxes[other].x - box.x))[0];
    }
    const side = key === "ArrowLeft" ? -1 : 1;
    const row = this.boxes.map((_, other) => other).filter((other) => this.boxes[other].y === box.y && side * (this.boxes[other].x - box.x) > 0);
    return row.sort((one, other) => side * (this.boxes[one].x - this.boxes[other].x))[0];
  }

  // One pointer drags, two zoom and drag; the wheel zooms with Ctrl, as a touchpad says it.
  pointers() {
    const down = new Map();
    const place = (event) => {
      const { left, top } = this.svg.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (!down.size) {
        this.dragged = false;
      }
      down.set(event.pointerId, place(event));
    });
    this.svg.addEventListener("pointermove", (event) => {
      const before = down.get(event.pointerId);
      if (!before) {
        return;
      }
      const at = place(event);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (other) {
        const apart = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
        this.x += (at.x - before.x) / 2;
        this.y += (at.y - before.y) / 2;
        this.zoom(apart(at) / apart(before), { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
        this.dragged = true;
      } else if (this.dragged || Math.hypot(at.x - before.x, at.y - before.y) > 4) {
        if (!this.dragged) {
          this.svg.setPointerCapture(event.pointerId);
        }
        this.dragged = true;
        this.x += at.x - before.x;
        this.y += at.y - before.y;
        this.move();
      } else {
        return;
      }
      down.set(event.pointerId, at);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      this.svg.addEventListener(end, (event) => down.delete(event.pointerId));
    }
    this.svg.addEventListener(
      "wheel",
      (event) => {
        if (event.ctrlKey || event.metaKey) {
          event.preventDefault(); // else it scrolls the page
          this.zoom(Math.exp(-event.deltaY / 120), place(event));
        }
      },
      { passive: false },
    );
  }
}

function shortened(label) {
  const letters = Array.from(label);
  return letters.length <= LABEL ? label : `${letters.slice(0, 18).join("")}…${letters.slice(-(LABEL - 19)).join("")}`;
}

// Whether a name is that of a dataset, and not of parameters.
function isDataset(name) {
  return name !== "parameters" && !name.startsWith("params:");
}
