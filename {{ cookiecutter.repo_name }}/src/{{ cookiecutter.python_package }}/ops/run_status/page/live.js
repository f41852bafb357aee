// Loads run.js files: that of a run that goes on again and again.

const EVERY = 2; // seconds
const SILENT = 40; // seconds without news after which that is said
const RARELY = 15; // seconds between two looks at a run that is silent

let taken = () => {}; // what is done with a run that was loaded

window.opsRun = (data) => taken(makeRun(data));

function load(key, failed) {
  const script = el("script", { src: `${encodeURIComponent(key)}/run.js?${Date.now()}` });
  script.addEventListener("load", () => script.remove());
  script.addEventListener("error", () => {
    script.remove();
    failed?.();
  });
  document.head.append(script);
}

class Live {
  // Calls `ticked` every second.
  constructor(run, ticked) {
    this.key = run.key;
    this.news = run.last_news;
    this.ticked = ticked;
    this.missed = 0;
    // By this machine's clock, unless that of the run is ahead of it.
    this.heard = Math.min(Date.now() / 1000, run.last_news ?? DATA.written);
    this.looked = Date.now() / 1000;
    this.timer = setInterval(() => this.tick(), 1000);
  }

  stop() {
    clearInterval(this.timer);
  }

  silence() {
    return Date.now() / 1000 - this.heard;
  }

  tick() {
    const wait = this.missed > 2 || this.silence() > SILENT ? RARELY : EVERY;
    if (!document.hidden && Date.now() / 1000 - this.looked >= wait) {
      this.looked = Date.now() / 1000;
      load(this.key, () => (this.missed += 1));
    }
    this.ticked();
  }

  // Whether a run that was loaded brings news.
  isNews(run) {
    this.missed = 0;
    if (run.last_news === this.news && run.goesOn) {
      return false;
    }
    // What has just come tells how the clocks differ.
    const lag = run.last_news - Date.now() / 1000;
    if (Math.abs(lag) > 5 && run.goesOn) {
      skew = lag;
    }
    this.heard = Date.now() / 1000;
    this.news = run.last_news;
    return true;
  }
}
