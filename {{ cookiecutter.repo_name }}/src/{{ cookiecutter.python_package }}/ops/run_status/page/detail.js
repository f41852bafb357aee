// What is known of one node or dataset, beside the view.

function nodeDetail(run, node, go) {
  const time = seconds(node);
  const before = previousSeconds(node.name);
  return [
    detailHead("Node", node.name, stateOf(node.state)),
    node.failure && failureOf(node.failure),
    node.state === "failed" && run.resume && el("section", {}, el("h3", {}, "Resume with"), command(run.resume)),
    marksOf(node.marks),
    checkList(checksOf(run, node.name)),
    facts([
      ["Why", node.reason],
      ["Started", moment(node.started, CLOCK)],
      ["Ended", moment(node.ended, CLOCK)],
      ["Took", duration(time)],
      ...PHASES.map((phase) => [PHASE_WORDS[phase], duration(phaseSeconds(node, phase))]),
      ["Usually takes", duration(node.usual)],
      ["Previous run", compared(duration, before, time)],
      ["Attempt", node.attempts > 1 ? count(node.attempts) : ""],
      ["Peak memory", bytes(node.memory)],
      ["Namespace", node.namespace && nameOf(node.namespace)],
      ["Tags", node.tags.length ? node.tags.map((tag) => nameOf(tag, { class: "tag" })) : ""],
    ]),
    datasetList("Inputs", run, node.inputs, go),
    datasetList("Outputs", run, node.outputs, go),
  ];
}

const PHASE_WORDS = { loading: "Loading", computing: "Computing", saving: "Saving" };

function datasetDetail(run, dataset, go) {
  const before = previous?.dataset.get(dataset.name)?.rows ?? null;
  const same = run.datasets.filter((each) => plain(each.name) === plain(dataset.name) && each !== dataset);
  return [
    detailHead("Dataset", dataset.name, stateOf(datasetState(run, dataset.name))),
    marksOf(dataset.marks),
    checkList(checksOf(run, dataset.name)),
    facts([
      ["Type", dataset.type],
      ["Place", dataset.place && el("code", {}, dataset.place)],
      ["Data", figureWords(dataset)],
      ["Loaded", dataset.loaded !== null && plural(dataset.loaded, "row")],
      ["Previous run", compared((rows) => plural(rows, "row"), before, dataset.rows)],
    ]),
    columnTable(dataset.columns),
    nodeList("Made by", run.makers.get(plain(dataset.name)) || [], go),
    nodeList("Used by", run.users.get(plain(dataset.name)) || [], go),
    same.length > 0 && datasetList("Other forms", run, same.map((each) => each.name), go),
  ];
}

function figureWords(dataset) {
  const rows = dataset?.rows ?? null;
  return [rows !== null && plural(rows, "row"), bytes(dataset?.size)].filter(Boolean).join(", ");
}

// A figure of the previous run, and how much it has changed since.
function compared(words, before, after) {
  return before === null ? "" : [words(before), after !== null && before !== after && el("span", { class: "muted" }, ` (${change(before, after)})`)];
}

function detailHead(kind, name, state) {
  return el("div", { class: "title" }, el("p", { class: "kind" }, kind), el("h2", { id: "chosen" }, nameOf(name)), state);
}

function failureOf(failure) {
  return el(
    "section",
    { class: "failure" },
    el("p", { class: "error" }, el("strong", {}, failure.type), failure.message && ": ", failure.message),
    failure.traceback && el("details", { open: true }, el("summary", {}, "Traceback"), el("pre", { tabindex: "0" }, failure.traceback)),
  );
}

function marksOf(marks) {
  return marks.length > 0 && el("ul", { class: "marks" }, marks.map((mark) => el("li", {}, mark)));
}

function checkList(checks) {
  return (
    checks.length > 0 &&
    el(
      "section",
      {},
      el("h3", {}, "Checks"),
      el("ul", { class: "checks" }, checks.map((check) => el("li", {}, verdict(check), " ", check.message, el("span", { class: "muted" }, ` (${check.guard})`)))),
    )
  );
}

function verdict(check) {
  if (check.passed) {
    return stateOf("succeeded", "passed");
  }
  return check.level === "error" ? stateOf("failed", "failed") : stateOf("upstream failed", "warning");
}

function datasetList(title, run, names, go) {
  const rows = names.map((name) => {
    const dataset = run.dataset.get(name);
    const failed = checksOf(run, name).filter((check) => !check.passed);
    return el(
      "li",
      {},
      dataset ? link(name, () => go("dataset", name)) : nameOf(name),
      el("span", { class: "muted" }, figureWords(dataset)),
      failed.length > 0 && verdict(worstCheck(failed)),
      (dataset?.marks || []).map((mark) => el("span", { class: "marked" }, mark)),
    );
  });
  return rows.length > 0 && el("section", {}, el("h3", {}, title), el("ul", { class: "list" }, rows));
}

function nodeList(title, nodes, go) {
  const rows = nodes.map((node) => el("li", {}, shape(node.state), link(node.name, () => go("node", node.name)), el("span", { class: "muted" }, node.state)));
  return rows.length > 0 && el("section", {}, el("h3", {}, title), el("ul", { class: "list" }, rows));
}

function columnTable(columns) {
  if (!columns.length) {
    return null;
  }
  const nulls = columns.some((column) => column.nulls !== undefined);
  const head = ["Column", "Type", ...(nulls ? ["Nulls"] : [])].map((title) => el("th", { scope: "col" }, title));
  const rows = columns.map((column) =>
    el("tr", {}, el("th", { scope: "row" }, nameOf(column.name)), el("td", {}, column.type), nulls && el("td", { class: "number" }, count(column.nulls))),
  );
  return el(
    "section",
    {},
    el("details", { open: columns.length <= 15 }, el("summary", {}, plural(columns.length, "column")), el("table", { class: "columns" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))),
  );
}
