// Elements, and how times and numbers are written. Nothing is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

// A shape for each state, 16 by 16: it can be told without its colour.
const SHAPES = {
  queued: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 1.6a4.4 4.4 0 1 1 0 8.8 4.4 4.4 0 0 1 0-8.8z",
  running: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.7a5.3 5.3 0 0 1 0 10.6z",
  succeeded: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM6.9 11.6 3.6 8.3l1.2-1.2 2.1 2.1 4.3-4.3 1.2 1.2z",
  failed:
    "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1zM5 6.2 6.8 8 5 9.8 6.2 11 8 9.2 9.8 11 11 9.8 9.2 8 11 6.2 9.8 5 8 6.8 6.2 5z",
  "upstream failed": "M8 1.2 15.6 14.6H.4zM7.2 6v4.4h1.6V6zm0 5.4V13h1.6v-1.6z",
  skipped: "M2 3l6 5-6 5zM8 3l6 5-6 5z",
  "not selected": "M3 7.2h10v1.6H3z",
  interrupted: "M2 2h12v12H2zM5.4 5.4v5.2h5.2V5.4z",
  unknown: "M8 .8 15.2 8 8 15.2.8 8zM8 4.2 4.2 8 8 11.8 11.8 8z",
};

function el(tag, properties = {}, ...children) {
  return filled(document.createElement(tag), properties, children);
}

function svg(tag, properties = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

// A property that is a function listens; one that is false, null or undefined is left out.
function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Names may be of any script: one must not turn the text around it.
function nameOf(text, properties = {}) {
  return el("bdi", { class: "name", ...properties }, text);
}

function stateClass(state) {
  return `s-${state.replace(" ", "-")}`;
}

function shape(state, size = 16) {
  return svg(
    "svg",
    { class: `shape ${stateClass(state)}`, viewBox: "0 0 16 16", width: size, height: size, "aria-hidden": "true" },
    svg("path", { d: SHAPES[state], "fill-rule": "evenodd" }),
  );
}

function stateOf(state, text = state) {
  return el("span", { class: `state ${stateClass(state)}` }, shape(state), el("span", {}, text));
}

function link(text, act, properties = {}) {
  return el("button", { type: "button", class: "link", click: act, ...properties }, nameOf(text));
}

function button(text, act, properties = {}) {
  return el("button", { type: "button", click: act, ...properties }, text);
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== "" && value !== undefined);
  return el(
    "dl",
    { class: "facts" },
    known.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

// A text that can be copied: the clipboard where there is one, else it is marked.
function command(text) {
  const code = el("code", { tabindex: "0" }, text);
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      copy.textContent = "Marked";
    }
    say(`${copy.textContent}: ${text}`);
  });
  return el("div", { class: "command" }, code, copy);
}

function say(text) {
  document.getElementById("said").textContent = text;
}

function duration(time) {
  if (time === null || time === undefined) {
    return "";
  }
  if (time < 0.9995) {
    return `${Math.round(time * 1000)} ms`;
  }
  if (time < 59.95) {
    return `${time.toFixed(1)} s`;
  }
  const whole = Math.round(time);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  }
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

// Made once: to make one takes longer than to use it.
const NUMBERS = new Intl.NumberFormat("en");
const DAY = { day: "numeric", month: "short", year: "numeric" };
const MINUTE = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
const WHEN = new Intl.DateTimeFormat("en-GB", { ...DAY, ...MINUTE });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const EXACT = new Intl.DateTimeFormat("en-GB", { ...DAY, ...MINUTE, second: "2-digit" });

function count(number) {
  return number === null || number === undefined ? "" : NUMBERS.format(number);
}

function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

function bytes(number) {
  if (number === null || number === undefined) {
    return "";
  }
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(1, number)) / 3), units.length - 1);
  const value = number / 1000 ** step;
  return `${step && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

function change(before, after) {
  if (before === null || after === null || before === undefined || after === undefined) {
    return "";
  }
  if (before === after) {
    return "same";
  }
  if (!before) {
    return `+${count(after)}`;
  }
  const share = (100 * (after - before)) / before;
  return `${share > 0 ? "+" : "−"}${Math.abs(share) < 10 ? Math.abs(share).toFixed(1) : Math.round(Math.abs(share))} %`;
}

function moment(time, style = WHEN) {
  if (time === null || time === undefined) {
    return "";
  }
  const date = new Date(time * 1000);
  return el("time", { datetime: date.toISOString() }, style.format(date));
}

// A table that is sorted by its heads. Of many rows the first are shown at once.
const SHOWN = 200;

function table({ caption, columns, rows, sort, empty = "None." }) {
  const place = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption });
  const order = { by: sort?.by ?? null, down: sort?.down ?? false };
  let all = false;

  function sorted() {
    const column = columns.find((each) => each.title === order.by);
    if (!column) {
      return rows;
    }
    const direction = order.down ? -1 : 1;
    const missing = (value) => value === null || value === undefined || value === "";
    return [...rows].sort((one, other) => {
      const [a, b] = [column.value(one), column.value(other)];
      if (missing(a) || missing(b)) {
        return missing(a) - missing(b);
      }
      return direction * (typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
    });
  }

  function head(column) {
    const chosen = order.by === column.title;
    const act = () => {
      order.down = chosen ? !order.down : Boolean(column.number);
      order.by = column.title;
      sort?.keep?.(order);
      draw();
      place.querySelector("th[aria-sort] button")?.focus();
    };
    const direction = order.down ? "descending" : "ascending";
    const mark = chosen ? (order.down ? " ↓" : " ↑") : "";
    return el(
      "th",
      { scope: "col", class: column.number ? "number" : null, "aria-sort": chosen ? direction : null },
      button([column.title, el("span", { "aria-hidden": "true" }, mark)], act, { class: "head" }),
    );
  }

  function draw() {
    const list = sorted();
    const shown = all ? list : list.slice(0, SHOWN);
    const body = shown.map((row) =>
      el(
        "tr",
        {},
        columns.map((column) =>
          el(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: column.number ? "number" : null }, column.cell(row) ?? ""),
        ),
      ),
    );
    const more =
      shown.length < list.length &&
      button(`Show all ${count(list.length)}`, () => {
        all = true;
        draw();
      });
    place.replaceChildren(
      rows.length
        ? el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, el("tr", {}, columns.map(head))), el("tbody", {}, body))
        : el("p", { class: "empty" }, empty),
      ...(more ? [more] : []),
    );
  }

  draw();
  return place;
}
