// What the page knows, as page_data.py wrote it, made into runs with nodes and datasets.

const DATA = JSON.parse(document.getElementById("data").textContent);
const DETAIL = { summary: 0, nodes: 1, figures: 2, all: 3 };
const OPEN = new Set(["queued", "running", "unknown"]); // states of a run that goes on

const graphs = new Map(DATA.graphs.map((graph) => [graph.key, graph]));
const records = new Map(DATA.runs.map((record) => [record.key, record]));
const runs = new Map(); // what was made of the records

let skew = 0; // seconds by which the clock of a running run is before this one's

function now() {
  return Date.now() / 1000 + skew;
}

function allRuns() {
  return [...records.keys()].map(runOf);
}

function newest() {
  return records.size ? runOf([...records.keys()][0]) : undefined;
}

function runOf(key) {
  if (!runs.has(key)) {
    runs.set(key, makeRun(records.get(key)));
  }
  return runs.get(key);
}

function takeRecord(record) {
  records.set(record.key, record);
  runs.delete(record.key);
}

function makeRun(record) {
  const graph = graphs.get(record.graph);
  const run = {
    ...record,
    state: DATA.states[record.state],
    failure: makeFailure(record.failure),
    graph,
    params: record.params || {},
    nodes: [],
    datasets: [],
    checks: (record.checks || []).map(([guard, subject, level, passed, message]) => {
      return { guard, subject, level, passed: Boolean(passed), message };
    }),
  };
  run.goesOn = OPEN.has(run.state) && run.ended === null;
  if (graph && record.nodes) {
    run.nodes = graph.nodes.map((fixed, index) => makeNode(run, fixed, record.nodes[index]));
    run.datasets = graph.datasets.map((name) => ({ name, type: "", place: "", marks: [] }));
    for (const told of record.datasets) {
      const dataset = run.datasets[told[0]];
      Object.assign(dataset, makeDataset(record, dataset.name, told));
    }
  }
  run.node = new Map(run.nodes.map((node) => [node.name, node]));
  run.dataset = new Map(run.datasets.map((dataset) => [dataset.name, dataset]));
  run.makers = byDataset(run.nodes, "outputs");
  run.users = byDataset(run.nodes, "inputs");
  return run;
}

function makeNode(run, fixed, told) {
  const [name, short, space, inputs, outputs, tags] = fixed;
  const [state, started, ended, failure, spans, memory, usual, reason, marks] = told;
  const graph = run.graph;
  const at = (time) => (time === null || time === undefined ? null : run.started + time / 1000);
  const parts = [];
  let before = started;
  for (let index = 0; index < (spans || []).length; index += 3) {
    const [phase, wait, length] = spans.slice(index, index + 3);
    const start = before + wait;
    before = start + (length ?? 0);
    parts.push({ phase: DATA.phases[phase], start: at(start), end: length === null || length === undefined ? null : at(before) });
  }
  return {
    name,
    label: short || name,
    namespace: graph.namespaces[space],
    tags: tags.map((tag) => graph.tags[tag]),
    inputs: inputs.map((number) => graph.datasets[number]),
    outputs: outputs.map((number) => graph.datasets[number]),
    state: DATA.states[state],
    started: at(started),
    ended: at(ended),
    failure: makeFailure(failure),
    spans: parts,
    memory: known(memory, 1000),
    usual: known(usual, 0.001),
    reason: reason || "",
    marks: marks || [],
  };
}

function known(number, unit) {
  return number === null || number === undefined ? null : number * unit;
}

function makeDataset(record, name, told) {
  const [, loaded, saved, type, place, marks] = told;
  return {
    loaded: makeFigures(record, loaded),
    saved: makeFigures(record, saved),
    type: (record.types || [])[type] || "",
    place: ((record.places || [])[place] || "").replaceAll("\0", name),
    marks: marks || [],
  };
}

function makeFigures(record, told) {
  if (!told) {
    return null;
  }
  const [rows, size, schema, ...nulls] = told;
  const columns = (record.schemas || [])[schema] || [];
  return {
    rows: rows ?? null,
    size: size ?? null,
    columns: columns.map(([name, type], index) => ({ name, type, nulls: nulls[index] ?? null })),
  };
}

function makeFailure(told) {
  return told ? { type: told[0], message: told[1], traceback: told[2] || "" } : null;
}

function byDataset(all, side) {
  const found = new Map();
  for (const node of all) {
    for (const name of node[side]) {
      const key = plain(name);
      const nodes = found.get(key);
      if (nodes) {
        nodes.push(node);
      } else {
        found.set(key, [node]);
      }
    }
  }
  return found;
}

// The forms of a transcoded dataset, cars@pandas and cars@spark, are one.
function plain(name) {
  return name.split("@")[0];
}

function isParameter(name) {
  return name === "parameters" || name.startsWith("params:");
}

function seconds(thing) {
  if (thing.started === null) {
    return null;
  }
  if (thing.ended !== null) {
    return thing.ended - thing.started;
  }
  const running = thing.state === "running";
  return running ? Math.max(0, now() - thing.started) : null;
}

function runSeconds(run) {
  if (run.started === null) {
    return null;
  }
  const end = run.ended ?? (run.goesOn ? now() : run.news);
  return end === null ? null : Math.max(0, end - run.started);
}

function phaseSeconds(node, phase) {
  const spans = node.spans.filter((span) => span.phase === phase);
  if (!spans.length) {
    return null;
  }
  const end = node.ended ?? now();
  return spans.reduce((sum, span) => sum + Math.max(0, (span.end ?? end) - span.start), 0);
}

const WORST = [
  "error",
  "interrupted",
  "unknown",
  "upstream failed",
  "running",
  "queued",
  "complete",
  "skipped",
  "not selected",
];

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
  const used = users.some((node) => node.state === "complete" || node.started !== null);
  return used ? "complete" : worst(users.map((node) => node.state));
}

function rowsOf(dataset) {
  return dataset.saved?.rows ?? dataset.loaded?.rows ?? null;
}

function checksOf(run, subject) {
  const known = new Set([subject, plain(subject)]);
  return run.checks.filter((check) => known.has(check.subject));
}

// Failed nodes, the first to fail first.
function failedNodes(run) {
  const failed = run.nodes.filter((node) => node.state === "error");
  return failed.sort((one, other) => (one.ended ?? 0) - (other.ended ?? 0));
}

// How long a node takes: what the run was told, else what the other runs here took.
function usualSeconds(run, node) {
  return node.usual ?? median(durationsOf(node.name, run));
}

function durationsOf(name, except) {
  return allRuns()
    .filter((run) => run !== except && run.key !== except?.key)
    .map((run) => run.node.get(name))
    .filter((node) => node && node.state === "complete" && node.started !== null)
    .map(seconds)
    .filter((time) => time !== null);
}

function median(numbers) {
  if (!numbers.length) {
    return null;
  }
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// How far a run is, in shares of the time that its nodes usually take, and when it ends.
function progress(run) {
  const wanted = run.nodes.filter((node) => node.state !== "not selected");
  const over = wanted.filter((node) => !OPEN.has(node.state));
  const usual = new Map(wanted.map((node) => [node, usualSeconds(run, node)]));
  const typical = median([...usual.values()].filter((time) => time !== null));
  const found = { total: wanted.length, over: over.length, share: 0, left: null };
  let all = 0;
  let done = 0;
  for (const node of wanted) {
    const weight = usual.get(node) ?? typical ?? 1;
    all += weight;
    if (!OPEN.has(node.state)) {
      done += weight;
    } else if (node.state === "running") {
      done += Math.min(seconds(node) ?? 0, 0.95 * weight);
    }
  }
  found.share = all ? Math.min(1, done / all) : 0;
  if (typical !== null && run.goesOn && wanted.some((node) => OPEN.has(node.state))) {
    // Nodes run side by side, and machines differ: by how much is seen after a tenth.
    const ran = wanted.filter((node) => node.state === "complete" || node.state === "running");
    const work = ran.reduce((sum, node) => {
      const weight = usual.get(node) ?? typical;
      return sum + (node.state === "running" ? Math.min(seconds(node) ?? 0, weight) : weight);
    }, 0);
    const rate = found.share > 0.1 ? Math.max(0.1, work / Math.max(0.1, runSeconds(run))) : 1;
    found.left = (all - done) / rate;
  }
  return found;
}
