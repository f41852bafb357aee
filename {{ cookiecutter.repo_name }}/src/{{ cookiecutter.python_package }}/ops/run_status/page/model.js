// What the page knows: a line for each run, and all of those whose run.js was loaded.

const DATA = JSON.parse(document.getElementById("data").textContent);
const OPEN = new Set(["queued", "running", "unknown"]); // states of a run that goes on
const PHASES = ["loading", "computing", "saving"];

// Values of what run.js leaves out, because it is not known. What most nodes or datasets
// of a run share is in its each_node and each_dataset.
const RUN = { project: "", pipelines: [], env: "", runner: "", branch: "", commit: "", user: "", host: "", started: null, ended: null, last_news: null, resume: "", failure: null };
const NODE = { inputs: [], outputs: [], started: null, ended: null, usual: null, memory: null, attempts: 1, reason: "", marks: [], failure: null };
const DATASET = { place: "", rows: null, size: null, loaded: null, marks: [] };

const runs = new Map(DATA.runs.map((line) => [line.key, makeRun({ run: line })])); // the newest first

let previous = null; // the run before the one that is shown, for comparison
let skew = 0; // seconds by which the clock of a running run is before this one's

function now() {
  return Date.now() / 1000 + skew;
}

function newest() {
  return [...runs.values()][0];
}

// The last run before one that ran the same pipelines to the end.
function keyBefore(run) {
  const same = (other) => other.state === "succeeded" && String(other.pipelines) === String(run.pipelines);
  return [...runs.values()].find((other) => other.key !== run.key && other.started < run.started && same(other))?.key;
}

function makeRun({ run: told, each_node: eachNode, each_dataset: eachDataset, nodes, datasets = [], checks = [] }) {
  const run = { ...RUN, ...told, counts: told.nodes, isLoaded: Boolean(nodes), checks };
  run.goesOn = OPEN.has(run.state) && run.ended === null;
  run.nodes = (nodes || []).map((node) => makeNode(run, { ...NODE, ...eachNode, ...node }));
  run.datasets = datasets.map((dataset) => makeDataset({ ...DATASET, ...eachDataset, ...dataset }));
  run.node = new Map(run.nodes.map((node) => [node.name, node]));
  run.dataset = new Map(run.datasets.map((dataset) => [dataset.name, dataset]));
  run.makers = byDataset(run.nodes, "outputs");
  run.users = byDataset(run.nodes, "inputs");
  return run;
}

function makeNode(run, told) {
  const node = { ...told, label: told.short_name || told.name, spans: [] };
  const moment = (time) => (time === null ? null : run.started + time);
  node.started = moment(told.started);
  let start = node.started;
  for (const phase of PHASES.filter((each) => each in told)) {
    node.spans.push({ phase, start, end: start + told[phase] });
    start += told[phase];
  }
  if (told.phase) {
    node.spans.push({ phase: told.phase, start, end: null });
  }
  node.ended = moment(told.ended) ?? (node.spans.length && !told.phase && node.state !== "running" ? start : null);
  return node;
}

function makeDataset(told) {
  const nulls = new Map(Object.entries(told.nulls));
  return { ...told, columns: Object.entries(told.columns).map(([name, type]) => ({ name, type, nulls: nulls.get(name) })) };
}

function byDataset(nodes, side) {
  const found = new Map();
  for (const node of nodes) {
    for (const name of node[side].map(plain)) {
      if (!found.has(name)) {
        found.set(name, []);
      }
      found.get(name).push(node);
    }
  }
  return found;
}

// The forms of a transcoded dataset, cars@pandas and cars@spark, are one.
function plain(name) {
  return name.split("@")[0];
}

function seconds(thing) {
  if (thing.started === null) {
    return null;
  }
  if (thing.ended !== null) {
    return thing.ended - thing.started;
  }
  return thing.state === "running" ? Math.max(0, now() - thing.started) : null;
}

function runSeconds(run) {
  const end = run.ended ?? (run.goesOn ? now() : run.last_news);
  return run.started === null || end === null ? null : Math.max(0, end - run.started);
}

function phaseSeconds(node, phase) {
  const spans = node.spans.filter((span) => span.phase === phase);
  const end = node.ended ?? now();
  return spans.length ? spans.reduce((sum, span) => sum + Math.max(0, (span.end ?? end) - span.start), 0) : null;
}

const WORST = ["failed", "interrupted", "unknown", "upstream failed", "running", "queued", "succeeded", "skipped", "not selected"];

function worst(states) {
  return WORST.find((state) => states.includes(state)) || "not selected";
}

// A dataset has come as far as the nodes that make it; one that is only read is there.
function datasetState(run, name) {
  const makers = run.makers.get(plain(name)) || [];
  if (makers.length) {
    return worst(makers.map((node) => node.state));
  }
  const users = run.users.get(plain(name)) || [];
  const used = users.some((node) => node.state === "succeeded" || node.started !== null);
  return used ? "succeeded" : worst(users.map((node) => node.state));
}

function checksOf(run, subject) {
  return run.checks.filter((check) => check.subject === subject || check.subject === plain(subject));
}

// Failed nodes, the first to fail first.
function failedNodes(run) {
  return run.nodes.filter((node) => node.state === "failed").sort((one, other) => (one.ended ?? 0) - (other.ended ?? 0));
}

// How long a node takes: what the run was told, else what the previous run took.
function usualSeconds(node) {
  return node.usual ?? previousSeconds(node.name);
}

function previousSeconds(name) {
  const same = previous?.node.get(name);
  return same?.state === "succeeded" ? seconds(same) : null;
}

function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : null;
}

// How far a run is, in shares of the time that its nodes usually take, and when it ends.
function progress(run) {
  const wanted = run.nodes.filter((node) => node.state !== "not selected");
  const usual = new Map(wanted.map((node) => [node, usualSeconds(node)]));
  const typical = median([...usual.values()].filter((time) => time !== null));
  const found = { total: wanted.length, over: 0, share: 0, left: null };
  let [all, done, work] = [0, 0, 0];
  for (const node of wanted) {
    const weight = usual.get(node) ?? typical ?? 1;
    all += weight;
    if (node.state === "running") {
      done += Math.min(seconds(node) ?? 0, 0.95 * weight);
      work += Math.min(seconds(node) ?? 0, weight);
    } else if (!OPEN.has(node.state)) {
      found.over += 1;
      done += weight;
      work += node.state === "succeeded" ? weight : 0;
    }
  }
  found.share = all ? Math.min(1, done / all) : 0;
  if (typical !== null && run.goesOn && found.over < found.total) {
    // Nodes run side by side, and machines differ: by how much is seen after a tenth.
    const rate = found.share > 0.1 ? Math.max(0.1, work / Math.max(0.1, runSeconds(run))) : 1;
    found.left = (all - done) / rate;
  }
  return found;
}
