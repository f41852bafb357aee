// When each node loaded, computed and saved.

const LANES = 200; // nodes that are shown at once

function timelineView(run, go, all, showAll) {
  const ran = run.nodes.filter((node) => node.started !== null).sort((one, other) => one.started - other.started);
  if (!ran.length) {
    return el("p", { class: "empty" }, "No node has started.");
  }
  const start = Math.min(run.started ?? ran[0].started, ran[0].started);
  const end = Math.max(start + 0.001, ...ran.map((node) => node.ended ?? now()));
  const across = (time) => (100 * (time - start)) / (end - start);
  const shown = all ? ran : ran.slice(0, LANES);
  return el(
    "div",
    { class: "timeline" },
    el(
      "ul",
      { class: "legend" },
      PHASES.map((phase) => el("li", {}, svg("svg", { width: 22, height: 10, "aria-hidden": "true" }, svg("rect", { class: `bar ${phase}`, width: 22, height: 10, rx: 2 })), PHASE_WORDS[phase])),
      el("li", {}, svg("svg", { width: 8, height: 12, "aria-hidden": "true" }, svg("line", { class: "usual", x1: 4, x2: 4, y1: 0, y2: 12 })), "Usual end"),
    ),
    el("div", { class: "lane axis", "aria-hidden": "true" }, el("span", {}), axis(end - start), el("span", {})),
    el("ol", { class: "lanes", "aria-label": "Nodes by start" }, shown.map((node) => lane(node, across, go))),
    shown.length < ran.length && button(`Show all ${count(ran.length)}`, showAll),
  );
}

function lane(node, across, go) {
  const bars = [];
  const close = node.ended ?? now();
  const known = node.spans.length ? node.spans : [{ phase: "computing", start: node.started, end: node.ended }];
  for (const span of known) {
    const [from, to] = [across(span.start), across(span.end ?? close)];
    const open = span.end === null && node.state === "running";
    bars.push(svg("rect", { class: `bar ${span.phase}${open ? " open" : ""}`, x: `${from}%`, width: `${Math.max(0.15, to - from)}%`, y: 3, height: 12, rx: 1.5 }));
  }
  const usual = usualSeconds(node);
  const tick = usual === null ? null : across(node.started + usual);
  if (tick !== null && tick <= 100.5) {
    bars.push(svg("line", { class: "usual", x1: `${tick}%`, x2: `${tick}%`, y1: 0, y2: 18 }));
  }
  const parts = PHASES.map((phase) => [PHASE_WORDS[phase].toLowerCase(), duration(phaseSeconds(node, phase))]).filter(([, time]) => time);
  const words = `${node.state}, ${parts.map(([name, time]) => `${name} ${time}`).join(", ")}`;
  return el(
    "li",
    { class: `lane ${stateClass(node.state)}` },
    el("span", { class: "who" }, shape(node.state, 14), link(node.name, () => go("node", node.name), { title: node.name })),
    svg("svg", { class: "track", role: "img", "aria-label": words }, svg("title", {}, words), bars),
    el("span", { class: "number" }, duration(seconds(node))),
  );
}

function axis(length) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
  const step = steps.find((each) => length / each <= 6) || length / 5;
  const marks = [];
  for (let time = 0; time <= length * 0.97; time += step) {
    const x = `${(100 * time) / length}%`;
    marks.push(svg("line", { x1: x, x2: x, y1: 14, y2: 20 }), svg("text", { x, y: 11 }, time ? duration(time) : "0"));
  }
  return svg("svg", { class: "track" }, marks);
}
