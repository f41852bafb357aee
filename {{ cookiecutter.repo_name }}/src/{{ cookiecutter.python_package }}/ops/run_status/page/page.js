// The page: which run, which view, what is chosen; drawn anew when one of them changes.

const VIEWS = [
  ["graph", "Graph"],
  ["timeline", "Timeline"],
  ["nodes", "Nodes"],
  ["datasets", "Datasets"],
  ["checks", "Checks"],
  ["history", "Runs"],
];

const part = (id) => document.getElementById(id);
const page = { run: null, view: "graph", chosen: null, live: null, isMissing: false };
const filter = { text: "", state: "", tag: "", space: "", sort: { by: null }, datasetSort: { by: null }, runSort: { by: null } };
let drawing = null;
let showAllLanes = false;

for (const sort of [filter.sort, filter.datasetSort, filter.runSort]) {
  sort.keep = (order) => Object.assign(sort, { by: order.by, down: order.down });
}

// Where the page is, in its address: a link leads to the same run, view and node.
function readAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  page.view = VIEWS.some(([name]) => name === told.get("view")) ? told.get("view") : page.view;
  const kind = ["node", "dataset"].find((each) => told.has(each));
  page.chosen = kind ? { kind, name: told.get(kind) } : null;
  return runs.get(told.get("run")) || newest();
}

function writeAddress() {
  const told = new URLSearchParams();
  if (page.run !== newest()) {
    told.set("run", page.run.key);
  }
  if (page.view !== "graph") {
    told.set("view", page.view);
  }
  if (page.chosen) {
    told.set(page.chosen.kind, page.chosen.name);
  }
  const hash = told.toString();
  try {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  } catch {
    // A page that is shown inside of another may have no address of its own.
  }
}

// Show a run: what the list says of it, until its run.js is there.
function show(run) {
  page.live?.stop();
  Object.assign(page, { run, live: null, isMissing: false });
  previous = null;
  showAllLanes = false;
  if (!run) {
    part("head").replaceChildren(el("h1", {}, "No runs yet"), el("p", {}, "The first run of a pipeline will be shown here."));
    return;
  }
  if (run.isLoaded) {
    begin();
    return;
  }
  drawAll();
  load(run.key, () => {
    page.isMissing = page.run === run;
    drawContent();
  });
}

// A run was loaded: the one that is shown, news of it, or the one before it.
taken = (run) => {
  const isShown = run.key === page.run.key;
  if (isShown && page.live && !page.live.isNews(run)) {
    return;
  }
  runs.set(run.key, run);
  if (!isShown) {
    takePrevious();
  } else if (page.run.isLoaded) {
    update(run);
  } else {
    page.run = run;
    begin();
  }
};

function begin() {
  const run = page.run;
  const before = runs.get(keyBefore(run));
  previous = before?.isLoaded ? before : null;
  page.live = run.goesOn ? new Live(run, tick) : null;
  drawAll();
  if (before && !previous) {
    setTimeout(() => load(before.key), 100); // when this run can be seen
  }
}

function takePrevious() {
  previous = runs.get(keyBefore(page.run)) || null;
  drawHead();
  drawDetail();
  if (["timeline", "nodes"].includes(page.view) && !busy()) {
    drawContent();
  }
}

// News of the run that is shown.
function update(run) {
  const before = page.run;
  page.run = run;
  if (run.state !== before.state) {
    say(`The run is now: ${run.state}.`);
  }
  if (!run.goesOn) {
    page.live?.stop();
    page.live = null;
  }
  drawHead();
  drawTabs();
  if (drawing && namesOf(run.nodes) === namesOf(before.nodes)) {
    drawing.update(run);
  } else if (drawing || !busy()) {
    drawContent();
  }
  if (!part("detail").contains(document.activeElement)) {
    drawDetail();
  }
}

function namesOf(nodes) {
  return nodes.map((node) => node.name).join("\n");
}

// Somebody is in the middle of it: a list that is open, a text that is being written.
function busy() {
  return part("content").contains(document.activeElement) && document.activeElement !== part("content");
}

function tick() {
  drawHead();
  if (page.view === "timeline" && !busy()) {
    drawContent();
  }
}

function drawAll() {
  document.title = [page.run.state, page.run.branch, page.run.project || "Runs"].filter(Boolean).join(" · ");
  drawBar();
  drawHead(true);
  drawTabs();
  drawContent();
  drawDetail();
  part("foot").replaceChildren(el("p", {}, "Written ", moment(DATA.written), "."));
}

function drawBar() {
  const choose = select([...runs.keys()], page.run.key, open, (key) => runWords(runs.get(key)));
  part("bar").replaceChildren(el("strong", { class: "project" }, nameOf(page.run.project || "Runs")), el("label", { class: "runs" }, el("span", { class: "unseen" }, "Run"), choose));
}

// What a press would lose, were it drawn anew every second, is drawn only if it changed.
let headText = "";

function drawHead(anew = false) {
  const run = page.run;
  const state = el("h1", { class: stateClass(run.state) }, shape(run.state, 26), el("span", {}, HEADLINES[run.state] || run.state));
  const top = [
    el("div", { class: "line" }, state, liveWords()),
    el("p", { class: "what" }, whatRan(run)),
    progressOf(run),
  ];
  const below = [alarm(run), unusual(run)].filter(Boolean);
  const text = below.map((each) => each.textContent).join("|");
  if (anew || text !== headText || !part("head").firstChild) {
    headText = text;
    part("head").replaceChildren(el("div", { id: "top" }), ...below);
  }
  part("top").replaceChildren(...top.filter(Boolean));
}

const HEADLINES = { queued: "Starting", running: "Running", succeeded: "Succeeded", failed: "Failed", interrupted: "Interrupted", unknown: "No news" };

function liveWords() {
  if (!page.run.goesOn) {
    return null;
  }
  if (!page.live) {
    return el("span", { class: "live" }, "As of ", moment(page.run.last_news ?? DATA.written));
  }
  const silence = page.live.silence();
  if (silence >= SILENT) {
    return el("span", { class: "live silent" }, `No news for ${duration(Math.floor(silence)).replace(".0 s", " s")}`);
  }
  return el("span", { class: "live on" }, "Live");
}

function whatRan(run) {
  const words = [
    run.pipelines.length > 0 && nameOf(run.pipelines.join(", ")),
    run.branch && [nameOf(run.branch), run.commit && [" @ ", commitOf(run)]],
    run.env && ["env ", nameOf(run.env)],
    run.runner && nameOf(run.runner.split(".").pop()),
    run.user && ["by ", nameOf(run.user), run.host && [" on ", nameOf(run.host)]],
    run.started !== null && moment(run.started),
    run.started !== null && duration(runSeconds(run)),
  ];
  return words.filter(Boolean).map((word) => el("span", {}, word));
}

function progressOf(run) {
  const total = wantedOf(run);
  if (!total) {
    return null;
  }
  const order = ["succeeded", "skipped", "running", "failed", "interrupted", "upstream failed", "unknown", "queued"];
  const chips = [];
  const bars = [];
  let across = 0;
  for (const state of order) {
    const number = countOf(run, state);
    if (number) {
      const share = (100 * number) / total;
      bars.push(svg("rect", { class: stateClass(state), x: `${across}%`, width: `${share}%`, height: 8 }));
      across += share;
      chips.push(button([stateOf(state, `${count(number)} ${state}`)], () => filterBy(state), { class: "chip", title: `Show these nodes` }));
    }
  }
  const words = [];
  if (run.goesOn && run.nodes.length) {
    const found = progress(run);
    words.push(`${count(found.over)} of ${plural(found.total, "node")}, ${Math.floor(100 * found.share)} %`);
    const silent = page.live && page.live.silence() >= SILENT;
    if (found.left !== null && !silent) {
      const end = now() + found.left;
      words.push(found.left < 1 ? "about to end" : ["ends in about ", duration(found.left < 60 ? Math.ceil(found.left) : found.left).replace(".0 s", " s"), ", at ", moment(end, CLOCK)]);
    }
  }
  return el(
    "div",
    { class: "progress" },
    svg("svg", { class: "counts", height: 8, role: "img", "aria-label": `${count(total)} nodes: ${outcome(run)}` }, bars),
    el("div", { class: "chips" }, chips, words.map((word) => el("span", { class: "muted" }, word))),
  );
}

function filterBy(state) {
  filter.state = state;
  go("view", "nodes");
}

// What went wrong, before anything else.
function alarm(run) {
  const failed = failedNodes(run);
  if (failed.length) {
    const more = failed.length > 1 && el("p", { class: "muted" }, "Also failed: ", failed.slice(1, 6).map((node) => [link(node.name, () => go("node", node.name)), " "]), failed.length > 6 && `and ${failed.length - 6} more`);
    return alarmOf(run, [link(failed[0].name, () => go("node", failed[0].name)), " failed"], failed[0].failure, more);
  }
  if (run.state === "failed") {
    const checks = run.checks.filter((check) => !check.passed && check.level === "error");
    const list = checks.length > 0 && el("ul", { class: "checks" }, checks.slice(0, 10).map((check) => el("li", {}, verdict(check), " ", nameOf(check.subject), ": ", check.message)));
    return alarmOf(run, ["The run failed"], run.failure, list);
  }
  if (run.state === "interrupted") {
    const open = run.nodes.filter((node) => node.state === "interrupted");
    const during = open.length > 0 && el("p", {}, "While it ran: ", open.slice(0, 5).map((node) => [link(node.name, () => go("node", node.name)), " "]));
    return alarmOf(run, ["The run was interrupted"], run.failure, during);
  }
  return null;
}

function alarmOf(run, title, failure, more) {
  return el(
    "section",
    { class: `alarm ${stateClass(run.state)}`, "aria-label": "What went wrong" },
    el("h2", {}, title),
    failure && el("p", { class: "error" }, el("strong", {}, failure.type), failure.type && failure.message && ": ", failure.message),
    failure?.traceback && el("details", {}, el("summary", {}, "Traceback"), el("pre", { tabindex: "0" }, failure.traceback)),
    more,
    run.resume && [el("p", { class: "muted" }, "Resume with:"), command(run.resume)],
  );
}

function unusual(run) {
  const marks = [...run.nodes.map((node) => ["node", node]), ...run.datasets.map((each) => ["dataset", each])].filter(([, thing]) => thing.marks.length);
  return (
    marks.length > 0 &&
    el(
      "details",
      { class: "unusual", open: marks.length < 4 },
      el("summary", {}, plural(marks.length, "unusual figure")),
      el("ul", {}, marks.slice(0, 50).map(([kind, thing]) => el("li", {}, link(thing.name, () => go(kind, thing.name)), ": ", thing.marks.join("; ")))),
    )
  );
}

function drawTabs() {
  const failed = page.run.checks.filter((check) => !check.passed).length;
  const told = { nodes: page.run.nodes.length, checks: failed ? `${failed} not passed` : page.run.checks.length, history: runs.size };
  const tabs = VIEWS.filter(([name]) => name !== "checks" || page.run.checks.length || !page.run.isLoaded).map(([name, title]) =>
    button([title, told[name] ? el("span", { class: "number" }, ` ${typeof told[name] === "number" ? count(told[name]) : told[name]}`) : ""], () => go("view", name), {
      role: "tab",
      id: `tab-${name}`,
      "aria-selected": String(page.view === name),
      "aria-controls": "content",
      tabindex: page.view === name ? "0" : "-1",
    }),
  );
  const inside = part("tabs").contains(document.activeElement);
  part("tabs").replaceChildren(el("div", { role: "tablist", "aria-label": "Views", keydown: alongTabs }, tabs));
  if (inside) {
    part(`tab-${page.view}`)?.focus();
  }
}

function alongTabs(event) {
  const tabs = [...event.currentTarget.children];
  const at = tabs.indexOf(document.activeElement);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    tabs[(to + tabs.length) % tabs.length].click();
  }
}

function drawContent() {
  const content = part("content");
  content.setAttribute("role", "tabpanel");
  content.setAttribute("aria-labelledby", `tab-${page.view}`);
  drawing = null;
  const isThere = page.run.isLoaded || page.view === "history";
  content.replaceChildren(...[isThere ? MAKE[page.view]() : notLoaded()].flat());
  if (drawing) {
    const id = page.chosen && `${page.chosen.kind}:${plain(page.chosen.name)}`;
    drawing.start(id);
    drawing.select(id);
  }
}

const MAKE = {
  graph: drawGraph,
  timeline: () => timelineView(page.run, go, showAllLanes, () => {
    showAllLanes = true;
    drawContent();
  }),
  nodes: () => nodesView(page.run, filter, go),
  datasets: () => datasetsView(page.run, filter, go),
  checks: () => checksView(page.run, go),
  history: () => historyView(page.run, open, filter),
};

function notLoaded() {
  if (!page.isMissing) {
    return el("p", { class: "empty" }, "Loading …");
  }
  const file = el("code", {}, `${page.run.key}/run.js`);
  return el("p", { class: "empty" }, "The page file of this run is missing: ", file, ". ", el("code", {}, "kedro runs open"), " writes the page anew.");
}

function drawGraph() {
  if (!page.run.nodes.length) {
    return el("p", { class: "empty" }, "This run has no nodes.");
  }
  drawing = new GraphView(page.run, (box) => go(box.kind, box.name));
  return drawing.element;
}

function open(key) {
  page.chosen = null;
  show(runs.get(key));
  writeAddress();
}

// Go to a view, a node or a dataset.
function go(kind, name) {
  if (kind === "view") {
    page.view = name;
    drawTabs();
    drawContent();
  } else {
    page.chosen = { kind, name };
    drawDetail();
    drawing?.select(`${kind}:${plain(name)}`);
    part("detail").querySelector("h2")?.focus({ preventScroll: true });
    say(`Details of ${name}`);
  }
  writeAddress();
}

function drawDetail() {
  const detail = part("detail");
  const { run, chosen } = page;
  const thing = chosen && run[chosen.kind].get(chosen.name);
  detail.hidden = !thing;
  part("body").classList.toggle("with-detail", Boolean(thing));
  if (!thing) {
    detail.replaceChildren();
    return;
  }
  const top = detail.scrollTop;
  const make = chosen.kind === "node" ? nodeDetail : datasetDetail;
  detail.replaceChildren(button("×", close, { class: "close", "aria-label": "Close the details" }), ...make(run, thing, go).filter(Boolean));
  detail.querySelector("h2").setAttribute("tabindex", "-1");
  detail.scrollTop = top;
}

function close() {
  const { kind, name } = page.chosen;
  page.chosen = null;
  drawDetail();
  drawing?.select(null);
  writeAddress();
  const index = drawing?.index.get(`${kind}:${plain(name)}`);
  (index === undefined ? part("content") : drawing.boxes[index].element).focus?.({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && page.chosen) {
    close();
  }
});
window.addEventListener("hashchange", () => show(readAddress()));

show(readAddress());
