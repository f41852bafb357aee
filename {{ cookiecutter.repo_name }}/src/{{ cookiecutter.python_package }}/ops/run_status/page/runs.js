// The history: every run that the page knows, and how figures went.

function historyView(shown, open, compare, filter) {
  const all = allRuns();
  const longest = Math.max(0.001, ...all.map((run) => runSeconds(run) ?? 0));
  const columns = [
    { title: "State", value: (run) => WORST.indexOf(run.state), cell: (run) => stateOf(run.state) },
    { title: "Started", head: true, value: (run) => run.started, cell: (run) => el("button", { type: "button", class: "link", click: () => open(run.key), "aria-current": run.key === shown.key ? "true" : null }, moment(run.started) || run.key) },
    ...[
      { title: "Branch", value: (run) => run.branch, cell: (run) => nameOf(run.branch) },
      { title: "Commit", value: (run) => run.commit, cell: (run) => commitOf(run) },
      { title: "By", value: (run) => run.user, cell: (run) => nameOf(run.user) },
      { title: "Env", value: (run) => run.env, cell: (run) => nameOf(run.env) },
      { title: "Pipelines", value: (run) => run.pipelines.join(", "), cell: (run) => nameOf(run.pipelines.join(", ")) },
    ].filter((column) => all.some(column.value)),
    { title: "Nodes", number: true, value: (run) => wantedOf(run), cell: (run) => outcome(run) },
    { title: "Took", number: true, value: runSeconds, cell: (run) => [durationBar(run, longest), duration(runSeconds(run))] },
    { title: "Compare", value: () => null, cell: (run) => run.key !== shown.key && run.detail >= DETAIL.nodes && button("Compare", () => compare(run.key), { "aria-label": `Compare with the run of ${EXACT.format(new Date((run.started ?? 0) * 1000))}` }) },
  ];
  return el(
    "div",
    { class: "history" },
    el("h2", {}, plural(all.length, "run")),
    table({ caption: "Runs", columns, rows: all, sort: filter.runSort }),
    trendTable("Rows", shown.datasets, (run, each) => (run.dataset.has(each.name) ? rowsOf(run.dataset.get(each.name)) : null), count, all),
    trendTable(
      "Durations",
      shown.nodes,
      (run, each) => {
        const node = run.node.get(each.name);
        return node?.state === "complete" ? seconds(node) : null;
      },
      duration,
      all,
    ),
  );
}

function commitOf(run) {
  return run.commit && el("code", {}, run.commit.slice(0, 8), run.dirty && el("span", { title: "with changes that were not committed" }, "+"));
}

function wantedOf(run) {
  return run.counts.reduce((sum, number, index) => sum + (DATA.states[index] === "not selected" ? 0 : number), 0);
}

function outcome(run) {
  const number = (state) => run.counts[DATA.states.indexOf(state)];
  const failed = number("error") + number("upstream failed");
  const words = [`${count(number("complete"))} of ${count(wantedOf(run))}`];
  if (number("skipped")) {
    words.push(`${count(number("skipped"))} skipped`);
  }
  if (failed) {
    words.push(`${count(failed)} failed`);
  }
  return words.join(", ");
}

function durationBar(run, longest) {
  const share = (runSeconds(run) ?? 0) / longest;
  return svg("svg", { class: `share ${stateClass(run.state)}`, width: 80, height: 8, "aria-hidden": "true" }, svg("rect", { width: Math.max(1, 80 * share), height: 8, rx: 2 }));
}

function trendTable(title, things, value, words, all) {
  const oldest = [...all].reverse();
  const rows = things
    .map((thing) => {
      const numbers = oldest.map((run) => value(run, thing));
      return { name: thing.name, numbers, known: numbers.filter((number) => number !== null) };
    })
    .filter((row) => row.known.length > 1);
  if (!rows.length) {
    return null;
  }
  const last = (row, back = 1) => row.known[row.known.length - back];
  const move = (row) => Math.abs(last(row) - last(row, 2)) / (last(row, 2) || 1);
  const columns = [
    { title: title === "Rows" ? "Dataset" : "Node", head: true, value: (row) => row.name, cell: (row) => nameOf(row.name) },
    { title: "Runs", value: (row) => row.known.length, cell: (row) => sparkline(row.numbers, `${title} of ${row.name}: ${row.known.slice(-10).map(words).join(", ")}`) },
    { title: "Before", number: true, value: (row) => last(row, 2), cell: (row) => words(last(row, 2)) },
    { title: "Last", number: true, value: (row) => last(row), cell: (row) => words(last(row)) },
    { title: "Change", number: true, value: move, cell: (row) => change(last(row, 2), last(row)) },
  ];
  rows.sort((one, other) => move(other) - move(one));
  return el("section", {}, el("h2", {}, `${title} over the runs`), table({ caption: `${title} over the runs`, columns, rows }));
}
