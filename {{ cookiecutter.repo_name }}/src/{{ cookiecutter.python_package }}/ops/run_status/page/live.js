// The news of a run that goes on: its status.js is loaded again and again.

const EVERY = 2; // seconds
const SILENT = 40; // seconds without news after which that is said
const RARELY = 15; // seconds between two looks at a run that is silent

class Live {
  // Calls `changed` with each new record, and `ticked` every second in between.
  constructor(run, changed, ticked) {
    this.key = run.key;
    this.news = run.news;
    this.changed = changed;
    this.ticked = ticked;
    this.missed = 0;
    this.taken = false; // whether any news have come
    // By this machine's clock, unless that of the run is ahead of it.
    this.heard = Math.min(Date.now() / 1000, run.news ?? DATA.written);
    this.looked = 0;
    window.opsStatus = (record) => this.take(record);
    this.timer = setInterval(() => this.tick(), 1000);
    this.look();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
  }

  silence() {
    return Date.now() / 1000 - this.heard;
  }

  // There is nothing to load: the page is a copy, or its run began a moment ago.
  get isCopy() {
    return this.missed > 2;
  }

  tick() {
    const wait = this.isCopy || this.silence() > SILENT ? RARELY : EVERY;
    if (!document.hidden && Date.now() / 1000 - this.looked >= wait) {
      this.look();
    }
    this.ticked();
  }

  look() {
    this.looked = Date.now() / 1000;
    const script = el("script", { src: `${encodeURIComponent(this.key)}/status.js?${Date.now()}` });
    script.addEventListener("load", () => script.remove());
    script.addEventListener("error", () => {
      script.remove();
      this.missed += 1;
    });
    document.head.append(script);
  }

  take(record) {
    if (record.key !== this.key || this.timer === null) {
      return;
    }
    const first = !this.taken;
    this.missed = 0;
    this.taken = true;
    const over = !OPEN.has(DATA.states[record.state]);
    if (record.news === this.news && !over) {
      return;
    }
    // What has just come tells how the clocks differ; what was there before does not.
    const lag = record.news - Date.now() / 1000;
    if (!first && Math.abs(lag) > 5) {
      skew = lag;
    }
    this.heard = first ? Math.min(Date.now() / 1000, record.news) : Date.now() / 1000;
    this.news = record.news;
    if (over) {
      this.stop();
    }
    this.changed(record);
  }
}
