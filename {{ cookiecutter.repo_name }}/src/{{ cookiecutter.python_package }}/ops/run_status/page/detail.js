// What is known of one node or dataset, beside the view.

function nodeDetail(run, node, go) {
  const usual = usualSeconds(run, node);
  const time = seconds(node);
  const slower = usual && time && time > 2 * usual && time - usual > 1 ? ` (usually ${duration(usual)})` : "";
  return [
    detailHead("Node", node.name, stateOf(node.state)),
    node.failure && failureOf(node.failure),
    node.state === "error" && run.resume && el("section", {}, el("h3", {}, "Go on from here"), command(run.resume)),
    marksOf(node.marks),
    checkList(checksOf(run, node.name)),
    facts([
      ["Why", node.reason],
      ["Started", moment(node.started, CLOCK)],
      ["Ended", moment(node.ended, CLOCK)],
      ["Took", time === null ? "" : duration(time) + slower],
      ...DATA.phases.map((phase) => [PHASE_WORDS[phase], duration(phaseSeconds(node, phase))]),
      ["Usually takes", duration(usual)],
      ["Peak memory", bytes(node.memory)],
      ["Namespace", node.namespace && nameOf(node.namespace)],
      ["Tags", node.tags.length ? node.tags.map((tag) => nameOf(tag, { class: "tag" })) : ""],
    ]),
    datasetList("Inputs", run, node.inputs, go),
    datasetList("Outputs", run, node.outputs, go),
    trendOf("Duration in earlier runs", run, (other) => {
      const same = other.node.get(node.name);
      return same && same.state === "complete" ? seconds(same) : null;
    }, duration),
  ];
}

const PHASE_WORDS = { loading: "Loading", computing: "Computing", saving: "Saving" };

function datasetDetail(run, dataset, go) {
  const same = run.datasets.filter((each) => plain(each.name) === plain(dataset.name) && each !== dataset);
  return [
    detailHead("Dataset", dataset.name, stateOf(datasetState(run, dataset.name))),
    marksOf(dataset.marks),
    checkList(checksOf(run, dataset.name)),
    facts([
      ["Type", dataset.type],
      ["Place", dataset.place && el("code", {}, dataset.place)],
      ...figureFacts("Saved", dataset.saved),
      ...figureFacts("Loaded", dataset.loaded),
    ]),
    columnsOf((dataset.saved?.columns.length ? dataset.saved : dataset.loaded)?.columns || []),
    nodeList("Made by", run.makers.get(plain(dataset.name)) || [], go),
    nodeList("Used by", run.users.get(plain(dataset.name)) || [], go),
    same.length > 0 && datasetList("Other forms", run, same.map((each) => each.name), go),
    trendOf("Rows in earlier runs", run, (other) => {
      const found = other.dataset.get(dataset.name);
      return found ? rowsOf(found) : null;
    }, count),
  ];
}

function figureFacts(word, figures) {
  return figures ? [[word, [figures.rows !== null && plural(figures.rows, "row"), bytes(figures.size)].filter(Boolean).join(", ")]] : [];
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
    return stateOf("complete", "passed");
  }
  return check.level === "error" ? stateOf("error", "failed") : stateOf("upstream failed", "warning");
}

function datasetList(title, run, names, go) {
  const rows = names.map((name) => {
    const dataset = run.dataset.get(name);
    const figures = title === "Outputs" ? dataset?.saved : dataset?.loaded || dataset?.saved;
    const told = [figures?.rows !== null && figures?.rows !== undefined ? plural(figures.rows, "row") : "", bytes(figures?.size)];
    const failed = checksOf(run, name).filter((check) => !check.passed);
    return el(
      "li",
      {},
      isParameter(name) ? nameOf(name) : link(name, () => go("dataset", name)),
      el("span", { class: "muted" }, told.filter(Boolean).join(", ")),
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

function columnsOf(columns) {
  if (!columns.length) {
    return null;
  }
  const nulls = columns.some((column) => column.nulls !== null);
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

// How a number went over the runs, up to this one.
function trendOf(title, run, value, words) {
  const numbers = allRuns()
    .filter((other) => (other.started ?? 0) <= (run.started ?? 0))
    .reverse()
    .map(value);
  const known = numbers.filter((number) => number !== null);
  if (known.length < 2) {
    return null;
  }
  const label = `${title}: from ${words(Math.min(...known))} to ${words(Math.max(...known))}, now ${words(known[known.length - 1])}`;
  return el("section", {}, el("h3", {}, title), sparkline(numbers, label, [300, 44]), el("p", { class: "muted" }, `${words(Math.min(...known))} to ${words(Math.max(...known))} in ${plural(known.length, "run")}`));
}
