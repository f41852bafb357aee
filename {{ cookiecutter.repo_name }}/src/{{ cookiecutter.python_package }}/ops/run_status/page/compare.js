// Two runs side by side.

function compareView(first, second, pick, options, redraw) {
  const choices = allRuns().filter((run) => run.detail >= DETAIL.nodes);
  const chooser = (title, run, side) =>
    el("label", {}, title, select(choices.map((each) => each.key), run?.key, (key) => pick(side, key), (key) => runWords(records.get(key))));
  const head = el("div", { class: "filters" }, chooser("Before", first, 0), chooser("After", second, 1));
  if (!first || !second || choices.length < 2) {
    return el("div", {}, el("p", { class: "empty" }, "There is no second run to compare with."));
  }
  const only = el("input", { type: "checkbox", checked: options.onlyChanges });
  only.addEventListener("change", () => {
    options.onlyChanges = only.checked;
    redraw();
  });
  head.append(el("label", { class: "check" }, only, "Only what differs"));
  const pairs = [
    ["State", first.state, second.state],
    ["Branch", first.branch, second.branch],
    ["Commit", first.commit.slice(0, 8), second.commit.slice(0, 8)],
    ["Environment", first.env, second.env],
    ["Runner", first.runner, second.runner],
    ["Took", duration(runSeconds(first)), duration(runSeconds(second))],
    ["Nodes", outcome(first), outcome(second)],
    ...paramPairs(first, second),
  ];
  const changed = (row) => !options.onlyChanges || row.differs;
  const nodes = pairUp(first.node, second.node, nodePair).filter(changed);
  const datasets = pairUp(first.dataset, second.dataset, datasetPair).filter((row) => changed(row) && row.known);
  return el(
    "div",
    { class: "compare" },
    head,
    table({
      caption: "The runs",
      columns: sides("", (row) => row[0], (row) => row[1], (row) => row[2]),
      rows: pairs.filter(([, one, other]) => (one || other) && (!options.onlyChanges || one !== other)),
      empty: "They were run in the same way.",
    }),
    el("h2", {}, "Nodes"),
    table({
      caption: "Nodes of both runs",
      columns: [...sides("Node", (row) => row.name, (row) => row.states[0], (row) => row.states[1], stateOf), ...timeSides()],
      rows: nodes,
      empty: "All nodes ended in the same state, in about the same time.",
    }),
    el("h2", {}, "Datasets"),
    table({
      caption: "Datasets of both runs",
      columns: [
        ...sides("Dataset", (row) => row.name, (row) => row.rows[0], (row) => row.rows[1], count, true),
        { title: "Change", number: true, value: (row) => row.move, cell: (row) => change(...row.rows) },
        { title: "Columns", value: (row) => row.columns, cell: (row) => el("span", { class: "wrap" }, row.columns) },
      ],
      rows: datasets,
      empty: "No dataset has other rows or columns.",
    }),
  );
}

// Of the record of a run.
function runWords(run) {
  const when = run.started === null ? run.key : EXACT.format(new Date(run.started * 1000));
  return [when, run.branch, DATA.states[run.state]].filter(Boolean).join(" · ");
}

function sides(title, name, before, after, words = (value) => value, number = false) {
  const side = (value) => (row) => (value(row) === null || value(row) === "" ? "" : words(value(row)));
  return [
    { title: title || "What", head: true, value: name, cell: (row) => nameOf(name(row)) },
    { title: "Before", number, value: before, cell: side(before) },
    { title: "After", number, value: after, cell: side(after) },
  ];
}

function timeSides() {
  return [
    { title: "Took before", number: true, value: (row) => row.times[0], cell: (row) => duration(row.times[0]) },
    { title: "Took after", number: true, value: (row) => row.times[1], cell: (row) => duration(row.times[1]) },
    { title: "Change", number: true, value: (row) => row.move, cell: (row) => change(...row.times) },
  ];
}

function pairUp(first, second, make) {
  const names = new Set([...second.keys(), ...first.keys()]);
  return [...names].map((name) => make(name, first.get(name), second.get(name)));
}

function nodePair(name, first, second) {
  const times = [first, second].map((node) => (node ? seconds(node) : null));
  const states = [first, second].map((node) => node?.state ?? "");
  const both = times[0] !== null && times[1] !== null;
  const move = both ? Math.abs(times[1] - times[0]) : null;
  // A fifth and a tenth of a second: what is less is chance.
  const slower = both && move > 0.1 && move > 0.2 * Math.max(...times);
  return { name, times, states, move, differs: slower || states[0] !== states[1] };
}

function datasetPair(name, first, second) {
  const rows = [first, second].map((dataset) => (dataset ? rowsOf(dataset) : null));
  const columns = columnChanges(first, second);
  const move = rows[0] !== null && rows[1] !== null ? Math.abs(rows[1] - rows[0]) : null;
  return { name, rows, columns, move, known: rows.some((number) => number !== null) || columns, differs: rows[0] !== rows[1] || columns !== "" };
}

function columnChanges(first, second) {
  const types = (dataset) => new Map((dataset?.saved?.columns || dataset?.loaded?.columns || []).map((column) => [column.name, column.type]));
  const [before, after] = [types(first), types(second)];
  if (!before.size || !after.size) {
    return "";
  }
  const told = [];
  for (const [name, type] of after) {
    if (!before.has(name)) {
      told.push(`+ ${name}`);
    } else if (before.get(name) !== type) {
      told.push(`${name}: ${before.get(name)} → ${type}`);
    }
  }
  for (const name of before.keys()) {
    if (!after.has(name)) {
      told.push(`− ${name}`);
    }
  }
  return told.join(", ");
}

function paramPairs(first, second) {
  const names = new Set([...Object.keys(first.params), ...Object.keys(second.params)]);
  return [...names].sort().map((name) => [name, first.params[name] ?? "", second.params[name] ?? ""]);
}
