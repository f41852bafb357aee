// The history: every run of the list.

function historyView(shown, open, filter) {
  const all = [...runs.values()];
  const longest = Math.max(0.001, ...all.map((run) => runSeconds(run) ?? 0));
  const text = (title, value, cell = (run) => nameOf(value(run))) => ({ title, value, cell });
  const started = (run) => el("button", { type: "button", class: "link", click: () => open(run.key), "aria-current": run.key === shown.key ? "true" : null }, moment(run.started) || run.key);
  const columns = [
    { title: "State", value: (run) => WORST.indexOf(run.state), cell: (run) => stateOf(run.state) },
    { title: "Started", head: true, value: (run) => run.started, cell: started },
    ...[
      text("Branch", (run) => run.branch),
      text("Commit", (run) => run.commit, commitOf),
      text("By", (run) => run.user),
      text("Env", (run) => run.env),
      text("Pipelines", (run) => run.pipelines.join(", ")),
    ].filter((column) => all.some(column.value)),
    { title: "Nodes", number: true, value: wantedOf, cell: outcome },
    { title: "Took", number: true, value: runSeconds, cell: (run) => [durationBar(run, longest), duration(runSeconds(run))] },
  ];
  return el("div", { class: "history" }, el("h2", {}, plural(all.length, "run")), table({ caption: "Runs", columns, rows: all, sort: filter.runSort }));
}

// A run in the list to choose from.
function runWords(run) {
  const when = run.started === null ? run.key : EXACT.format(new Date(run.started * 1000));
  return [when, run.branch, run.state].filter(Boolean).join(" · ");
}

function commitOf(run) {
  return run.commit && el("code", {}, run.commit.slice(0, 8), run.dirty && el("span", { title: "with changes that were not committed" }, "+"));
}

function countOf(run, state) {
  return run.counts[state] || 0;
}

function wantedOf(run) {
  return Object.entries(run.counts).reduce((sum, [state, number]) => sum + (state === "not selected" ? 0 : number), 0);
}

function outcome(run) {
  const failed = countOf(run, "failed");
  const skipped = countOf(run, "skipped");
  return [`${count(countOf(run, "succeeded"))} of ${count(wantedOf(run))}`, skipped && `${count(skipped)} skipped`, failed && `${count(failed)} failed`].filter(Boolean).join(", ");
}

function durationBar(run, longest) {
  const share = (runSeconds(run) ?? 0) / longest;
  return svg("svg", { class: `share ${stateClass(run.state)}`, width: 80, height: 8, "aria-hidden": "true" }, svg("rect", { width: Math.max(1, 80 * share), height: 8, rx: 2 }));
}
