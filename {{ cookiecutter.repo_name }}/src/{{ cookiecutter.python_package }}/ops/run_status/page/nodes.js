// The nodes, the datasets and the checks of a run as tables.

function nodesView(run, filter, go) {
  const list = el("div", {});
  const show = () => {
    const rows = run.nodes.filter((node) => fits(node, filter));
    list.replaceChildren(
      el("p", { class: "muted", role: "status" }, rows.length === run.nodes.length ? plural(rows.length, "node") : `${count(rows.length)} of ${plural(run.nodes.length, "node")}`),
      table({ caption: "Nodes", columns: nodeColumns(run, go), rows, sort: filter.sort, empty: "No node fits the filter." }),
    );
  };
  show();
  return el("div", {}, filters(run, filter, show), list);
}

function nodeColumns(run, go) {
  const phases = PHASES.map((phase) => timeColumn(PHASE_WORDS[phase], (node) => phaseSeconds(node, phase)));
  const some = (column) => run.nodes.some((node) => column.value(node) !== null && column.value(node) !== "");
  return [
    { title: "State", value: (node) => WORST.indexOf(node.state), cell: (node) => stateOf(node.state) },
    { title: "Node", head: true, value: (node) => node.name, cell: (node) => link(node.name, () => go("node", node.name)) },
    ...[
      { title: "Tags", value: (node) => node.tags.join(" "), cell: (node) => node.tags.map((tag) => nameOf(tag, { class: "tag" })) },
      { title: "Started", value: (node) => node.started, cell: (node) => moment(node.started, CLOCK) },
      ...phases,
      timeColumn("Total", seconds),
      timeColumn("Usual", usualSeconds),
      { title: "Memory", number: true, value: (node) => node.memory, cell: (node) => bytes(node.memory) },
      { title: "Note", value: noteOf, cell: (node) => el("span", { class: "note" }, noteOf(node)) },
    ].filter(some),
  ];
}

function noteOf(node) {
  return node.failure ? `${node.failure.type}: ${node.failure.message}`.slice(0, 160) : [node.attempts > 1 && `attempt ${node.attempts}`, node.reason, ...node.marks].filter(Boolean).join("; ");
}

function timeColumn(title, value) {
  return { title, number: true, value, cell: (row) => duration(value(row)) };
}

function fits(node, filter) {
  const text = filter.text.trim().toLowerCase();
  return (
    (!filter.state || node.state === filter.state) &&
    (!filter.tag || node.tags.includes(filter.tag)) &&
    (!filter.space || node.namespace === filter.space || node.namespace.startsWith(`${filter.space}.`)) &&
    (!text || [node.name, ...node.inputs, ...node.outputs].some((name) => name.toLowerCase().includes(text)))
  );
}

function filters(run, filter, changed) {
  const states = WORST.filter((state) => run.nodes.some((node) => node.state === state));
  const tags = [...new Set(run.nodes.flatMap((node) => node.tags))].sort();
  const spaces = new Set();
  for (const node of run.nodes) {
    const parts = node.namespace.split(".");
    parts.forEach((_, index) => spaces.add(parts.slice(0, index + 1).join(".")));
  }
  spaces.delete("");
  const choice = (title, key, values) =>
    values.length > 0 &&
    el(
      "label",
      {},
      title,
      select(["", ...values], filter[key], (value) => {
        filter[key] = value;
        changed();
      }),
    );
  const text = el("input", { type: "search", value: filter.text, placeholder: "Node or dataset" });
  text.addEventListener("input", () => {
    filter.text = text.value;
    changed();
  });
  return el("div", { class: "filters" }, el("label", {}, "Text", text), choice("State", "state", states), choice("Tag", "tag", tags), choice("Namespace", "space", [...spaces].sort()));
}

function select(values, chosen, act, words = (value) => value || "all") {
  const list = el("select", {}, values.map((value) => el("option", { value, selected: value === chosen }, words(value))));
  list.addEventListener("change", () => act(list.value));
  return list;
}

function datasetsView(run, filter, go) {
  const rows = run.datasets;
  const some = (column) => rows.some((dataset) => column.value(dataset) !== null && column.value(dataset) !== "");
  const makers = (dataset) => run.makers.get(plain(dataset.name)) || [];
  const columns = [
    { title: "State", value: (each) => WORST.indexOf(datasetState(run, each.name)), cell: (each) => stateOf(datasetState(run, each.name)) },
    { title: "Dataset", head: true, value: (each) => each.name, cell: (each) => link(each.name, () => go("dataset", each.name)) },
    ...[
      { title: "Type", value: (each) => each.type, cell: (each) => each.type },
      { title: "Made by", value: (each) => makers(each)[0]?.name ?? "", cell: (each) => makers(each).map((node) => link(node.name, () => go("node", node.name))) },
      { title: "Rows", number: true, value: (each) => each.rows, cell: (each) => count(each.rows) },
      { title: "Rows loaded", number: true, value: (each) => each.loaded, cell: (each) => count(each.loaded) },
      { title: "Size", number: true, value: (each) => each.size, cell: (each) => bytes(each.size) },
      { title: "Columns", number: true, value: (each) => each.columns.length || null, cell: (each) => count(each.columns.length || null) },
      { title: "Checks", value: (each) => checkWords(run, each.name), cell: (each) => checksOf(run, each.name).length > 0 && verdict(worstCheck(checksOf(run, each.name))) },
      { title: "Unusual", value: (each) => each.marks.join("; "), cell: (each) => each.marks.map((mark) => el("span", { class: "marked" }, mark)) },
      { title: "Place", value: (each) => each.place, cell: (each) => each.place && el("code", {}, each.place) },
    ].filter(some),
  ];
  return table({ caption: "Datasets", columns, rows, sort: filter.datasetSort, empty: "This run has no datasets." });
}

function worstCheck(checks) {
  const failed = checks.filter((check) => !check.passed);
  return failed.find((check) => check.level === "error") || failed[0] || checks[0];
}

function checkWords(run, name) {
  const checks = checksOf(run, name);
  return checks.length ? `${checks.filter((check) => check.passed).length}/${checks.length}` : "";
}

// A page beside this one, named instead of words, is a link.
function says(check) {
  const isPage = /^\.\.\/[\w/-]+\.html$/.test(check.message);
  return isPage ? el("a", { href: check.message }, "Open") : el("span", { class: "wrap" }, check.message);
}

function checksView(run, go) {
  const rank = (check) => (check.passed ? 2 : check.level === "error" ? 0 : 1);
  const rows = [...run.checks].sort((one, other) => rank(one) - rank(other));
  const subject = (check) => {
    if (run.dataset.has(check.subject)) {
      return link(check.subject, () => go("dataset", check.subject));
    }
    return run.node.has(check.subject) ? link(check.subject, () => go("node", check.subject)) : nameOf(check.subject);
  };
  const columns = [
    { title: "Verdict", value: rank, cell: verdict },
    { title: "About", head: true, value: (check) => check.subject, cell: subject },
    { title: "Says", value: (check) => check.message, cell: says },
    { title: "Checked by", value: (check) => check.guard, cell: (check) => check.guard },
  ];
  return table({ caption: "Checks", columns, rows, empty: "Nothing was checked in this run." });
}
