"""The status page in a real browser: from a disk, over HTTP, while a run goes on."""

import functools
import http.server
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium
from playwright.sync_api import Browser, Page, expect
from steel_toes_helpers import Workshop

from .page_writer import Writer
from .run_status_helpers import prepare, start_waiting

pytest_plugins = ["steel_toes_fixtures"]
GUARDS = ["run_status", "node_stats"]
pytestmark = pytest.mark.xdist_group("browser")

HOSTILE = [
    "</script><script>window.broken = 1</script>",
    '<img src=x onerror="window.broken = 1">',
    "'\"`${window.broken = 1}\\",
    "\u202egnp.exe\u202c \u05e9\u05dc\u05d5\u05dd",
    "\U0001f427 penguins & co. \u2028 end",
    "javascript:window.broken=1",
    "a" * 300,
    "__proto__",
]
CHECKS = [
    ["expectations", "train", "error", False, "mass: 3 values are below 0"],
    ["expectations", "table", "error", True, "id is unique"],
    ["preflight", "raw", "warning", False, "it is 40 days old"],
    ["expectations", "Data Docs", "warning", True, "../data_docs/index.html"],
]
VIEWS = ["graph", "timeline", "nodes", "datasets", "checks", "history"]
DAY = 86_400
START = 1_795_000_000.0

# What is written once, for all tests: pages by name, with their runs.
PAGES: dict[str, list[dict[str, Any]]] = {
    "failed": [
        {"make": "failed", "key": "r2", "checks": CHECKS, "marks": {"test": "odd"}},
        {"key": "r1", "at": START - DAY, "durations": {"split": 9}},
        {"key": "r0", "at": START - 2 * DAY, "rows": {"model": 7}},
    ],
    "hostile": [
        {
            "make": "failed",
            "name": name,
            "key": f"r{number}",
            "at": START - number * DAY,
            "message": name,
            "project": name,
            "branch": name,
            "user": name,
            "pipelines": [name],
            "steps": {name: [[f"{name} in"], [f"{name} out"]]},
            "checks": [[name, f"{name} in", "error", False, name]],
            "marks": {f"{name} out": name},
        }
        for number, name in enumerate(HOSTILE)
    ],
    "large": [{"wide": [1000]}],
    "spaces": [{"wide": [400, 5]}],
    "forms": [
        {
            "steps": {
                "make": [[], ["cars@pandas"]],
                "use": [["cars@spark", "parameters"], ["out"]],
            }
        }
    ],
    "stopped": [{"state": "interrupted"}],
    "none": [],
}


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def site(writer: Writer, browser: Browser, tmp_path_factory) -> Path:
    """The folder of a web server; the pages are in a folder of it."""
    folder = tmp_path_factory.mktemp("site")
    for name, runs in PAGES.items():
        writer("write", folder / "sub path" / name, *runs)
    return folder


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/sub%20path"
    server.shutdown()
    server.server_close()


class Tab:
    """A tab of the browser, which notes what it asks for and what it complains of."""

    def __init__(self, page: Page) -> None:
        """Take a new tab."""
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., Tab]]:
    contexts = []

    def open_tab(url: str, **how: Any) -> Tab:
        contexts.append(browser.new_context(**{"viewport": SCREEN} | how))
        found = Tab(contexts[-1].new_page())
        found.page.goto(url)
        return found

    yield open_tab
    for context in contexts:
        context.close()


SCREEN = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(params=["disk", "http"])
def place(
    request: pytest.FixtureRequest, site: Path, address: str
) -> Callable[[str], str]:
    """The address of a page, on the disk and on the server."""
    if request.param == "http":
        return lambda name: f"{address}/{name}/"
    return lambda name: (site / "sub path" / name / "index.html").as_uri()


@pytest.fixture
def show(tab, site: Path) -> Callable[..., Page]:
    """Open a page from the disk."""

    def open_page(name: str, hash: str = "", **how: Any) -> Page:
        file = site / "sub path" / name / "index.html"
        page: Page = tab(f"{file.as_uri()}{hash}", **how).page
        return page

    return open_page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_a_disk_and_a_server_and_asks_for_runs_only(place, tab, name):
    found = tab(place(name))

    expect(found.page.locator("h1")).to_be_visible()
    expect(found.page.get_by_text("Loading …")).to_have_count(0)
    assert found.complaints == []
    asked = [url.rpartition("/")[2].partition("?")[0] for url in found.requests[1:]]
    assert set(asked) == ({"run.js"} if PAGES[name] else set())


def test_the_failed_node_is_what_one_sees_first(show):
    page = show("failed")

    alarm = page.get_by_role("region", name="What went wrong")
    expect(alarm).to_be_in_viewport()
    expect(page.locator("h1")).to_have_text("Failed")
    expect(alarm).to_contain_text("fit failed")
    expect(alarm).to_contain_text("ValueError: no such column")
    expect(alarm).to_contain_text("kedro run --from-nodes=fit")
    expect(page.locator(".drawing .node.s-failed")).to_be_in_viewport()
    alarm.get_by_text("Traceback", exact=True).click()
    expect(alarm.locator("pre")).to_contain_text("Traceback: it ends with")


def test_a_node_tells_all_of_itself(show):
    page = show("failed")
    page.get_by_role("button", name="Node fit").click()

    detail = page.get_by_role("complementary", name="Details")
    for words in ("fit", "failed", "no such column", "kedro run --from-nodes=fit"):
        expect(detail).to_contain_text(words)
    expect(detail.get_by_role("listitem").filter(has_text="train")).to_contain_text(
        "120 rows, 4.1 kB"
    )
    detail.get_by_role("button", name="train").click()
    expect(detail).to_contain_text("data/train_dev.parquet")
    expect(detail).to_contain_text("mass: 3 values are below 0")
    expect(detail.get_by_role("row", name="mass")).to_contain_text("float64")


def going_on(done: int, **more: Any) -> dict[str, Any]:
    return {"make": "going_on", "key": "live", "done": done, "at": time.time(), **more}


def test_a_run_is_seen_as_it_goes_on(place, tab, site, writer):
    folder = site / "sub path" / "live"
    at = time.time() - 2
    writer("write", folder, going_on(1, at=at), {"key": "r0", "at": START})
    writer("update", folder, going_on(1, at=at))
    found = tab(place("live"))
    page = found.page

    expect(page.locator("h1")).to_have_text("Running")
    expect(page.locator(".live")).to_have_text("Live")
    expect(page.locator("#head")).to_contain_text("1 of 4 nodes")
    expect(page.locator("#head")).to_contain_text("ends in about")
    running = page.get_by_role("button", name="Node fit, running")
    expect(running).to_have_count(0)

    writer("update", folder, going_on(2, at=at))
    expect(running).to_have_count(1, timeout=6000)
    expect(page.locator("#head")).to_contain_text("2 of 4 nodes")

    writer("update", folder, {"key": "live", "at": at})
    expect(page.locator("h1")).to_have_text("Succeeded", timeout=6000)
    expect(page.locator(".live")).to_have_count(0)
    expect(page.locator("#said")).to_have_text("The run is now: succeeded.")
    asked = len(found.requests)
    assert any("live/run.js?" in url for url in found.requests)
    page.wait_for_timeout(2500)
    assert len(found.requests) == asked
    assert found.complaints == []


def test_a_run_that_fell_silent_is_said_to(tab, site, writer):
    folder = site / "sub path" / "silent"
    writer("write", folder, going_on(1))
    writer("update", folder, going_on(1))
    page = tab("about:blank").page
    page.clock.install()
    page.goto((folder / "index.html").as_uri())
    expect(page.locator(".live")).to_have_text("Live")
    page.clock.run_for(30_000)
    expect(page.locator(".live")).to_have_text("Live")
    page.clock.run_for(15_000)

    expect(page.locator(".live")).to_have_text(re.compile("No news for 4[0-9] s"))
    expect(page.locator("#head")).not_to_contain_text("ends in about")


def test_a_run_whose_file_is_missing_says_so(tab, site, writer):
    folder = site / "sub path" / "copy"
    writer("write", folder, going_on(1), {"key": "r0", "at": START})
    (folder / "live" / "run.js").unlink()
    page = tab((folder / "index.html").as_uri()).page

    expect(page.locator("h1")).to_have_text("Running")
    expect(page.locator(".live")).to_contain_text("As of")
    expect(page.locator("#content")).to_contain_text("live/run.js")
    expect(page.locator("#content")).to_contain_text("kedro runs open")
    page.locator(".runs select").select_option("r0")
    expect(page.get_by_role("button", name="Node fit")).to_be_visible()


def test_figures_are_compared_with_those_of_the_run_before(show):
    page = show("failed", "#run=r1&node=split")
    detail = page.get_by_role("complementary", name="Details")
    expect(detail.locator("dl")).to_contain_text("Previous run1.0 s (+800 %)")

    detail.get_by_role("button", name="train").click()
    expect(detail.locator("dl")).to_contain_text("Previous run120 rows")


@pytest.mark.parametrize("view", VIEWS)
def test_hostile_names_do_no_harm(show, view):
    page = show("hostile", f"#view={view}")
    for number, name in enumerate(HOSTILE):
        page.evaluate(f"location.hash = 'view={view}&run=r{number}'")
        expect(page.get_by_role("region", name="What went wrong")).to_contain_text(name)
        page.locator(".alarm button").first.click()
        expect(page.get_by_role("complementary")).to_contain_text(name)
        assert page.evaluate("window.broken") is None
        assert page.locator("img, iframe, a[href^=javascript]").count() == 0
        assert page.locator("script:not([type])").count() == 1


def test_a_hostile_name_is_shown_as_it_is(show):
    page = show("hostile", "#view=nodes")

    expect(page.get_by_role("rowheader").first).to_have_text(HOSTILE[0])


def test_the_policy_lets_no_other_script_run(show):
    page = show("failed")

    ran = page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.broken = 1";
          document.body.append(script);
          return window.broken;
        }"""
    )
    assert ran is None


@pytest.mark.parametrize(
    "view, scheme",
    [*((view, "light") for view in VIEWS), ("graph", "dark"), ("datasets", "dark")],
)
def test_an_accessibility_checker_finds_nothing(show, view, scheme):
    page = show("failed", f"#view={view}&node=fit", color_scheme=scheme)
    expect(page.get_by_role("tab", selected=True)).to_be_visible()

    assert Axe().run(page).generate_report() == NO_VIOLATIONS


NO_VIOLATIONS = "Found 0 accessibility violations:\n"


@pytest.mark.parametrize("name", ["spaces", "none", "hostile", "stopped"])
def test_an_accessibility_checker_finds_nothing_in_other_pages(show, name):
    page = show(name, viewport=PHONE)
    expect(page.locator("h1")).to_be_visible()

    assert Axe().run(page).generate_report() == NO_VIOLATIONS


def test_the_keyboard_is_enough(show):
    page = show("failed")
    page.get_by_role("tab", name="Graph").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Timeline")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    for _ in range(3):
        if focused.get_attribute("data-index") is None:
            page.keyboard.press("Tab")
    expect(focused).to_have_attribute("data-index", re.compile(r"\d+"))
    name = focused.get_attribute("aria-label")
    page.keyboard.press("ArrowDown")
    expect(focused).not_to_have_attribute("aria-label", name or "")
    below = focused.get_attribute("aria-label") or ""
    page.keyboard.press("Enter")
    detail = page.get_by_role("complementary", name="Details")
    expect(detail.locator("h2")).to_be_focused()
    assert (detail.locator("h2").text_content() or "?") in below
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(focused).to_have_attribute("aria-label", below)


def test_states_have_a_shape_beside_their_colour(show):
    page = show("failed")

    shapes = page.eval_on_selector_all(
        ".drawing .node",
        "nodes => nodes.map(n => n.querySelector('.shape').getAttribute('d'))",
    )
    assert len(set(shapes)) == 3  # succeeded, failed, upstream failed


def rows(page: Page) -> list[str]:
    return page.get_by_role("rowheader").all_text_contents()


def test_nodes_are_filtered_and_sorted(show):
    page = show("failed", "#view=nodes")
    assert rows(page) == ["clean", "split", "fit", "score"]

    page.get_by_role("button", name="Node").click()
    assert rows(page) == ["clean", "fit", "score", "split"]
    page.get_by_role("button", name="Node").click()
    assert rows(page) == ["split", "score", "fit", "clean"]
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")

    page.get_by_label("Text").fill("model")  # what they read or write counts, too
    assert rows(page) == ["score", "fit"]
    page.get_by_label("State").select_option("failed")
    assert rows(page) == ["fit"]
    expect(page.get_by_text("1 of 4 nodes")).to_be_visible()
    page.get_by_label("Tag").select_option("daily")
    assert rows(page) == ["fit"]


def test_nodes_are_filtered_by_namespace(show):
    page = show("spaces", "#view=nodes")

    page.get_by_label("Namespace").select_option("area_3")
    assert all(name.startswith("area_3.") for name in rows(page))
    assert len(rows(page)) == 80


def test_the_timeline_shows_what_a_node_did_when(show):
    page = show("failed", "#view=timeline")

    lanes = page.get_by_role("list", name="Nodes by start").get_by_role("listitem")
    expect(lanes).to_have_count(3)
    split = lanes.nth(1).get_by_role("img")
    expect(split).to_have_accessible_name(
        "succeeded, loading 250 ms, computing 500 ms, saving 250 ms"
    )
    starts = [
        float(x[:-1])
        for x in split.locator(".bar").evaluate_all(
            "bars => bars.map(bar => bar.getAttribute('x'))"
        )
    ]
    assert starts == sorted(starts)


def test_the_history_opens_another_run(show):
    page = show("failed", "#view=history")
    table = page.get_by_role("region", name="Runs", exact=True)
    expect(table.get_by_role("row")).to_have_count(4)
    table.get_by_role("rowheader").nth(2).get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Succeeded")
    assert "run=r0" in page.url
    page.reload()
    expect(page.locator("h1")).to_have_text("Succeeded")


def test_checks_stand_in_their_list_with_what_failed_first(show):
    page = show("failed", "#view=checks")

    expect(page.get_by_role("tab", name="Checks")).to_contain_text("2 not passed")
    assert rows(page) == ["train", "raw", "table", "Data Docs"]
    docs = page.get_by_role("row", name="Data Docs").get_by_role("link")
    expect(docs).to_have_attribute("href", "../data_docs/index.html")


def labels(page: Page) -> list[str]:
    boxes = page.locator(".drawing [data-index]")
    return boxes.evaluate_all("all => all.map(box => box.textContent)")


def test_nodes_and_datasets_are_drawn_and_parameters_are_not(show):
    page = show("failed")

    datasets = ["raw", "table", "train", "test", "model", "metrics"]
    assert sorted(labels(page)) == sorted(["clean", "split", "fit", "score", *datasets])


def test_the_forms_of_a_transcoded_dataset_are_one_box(show):
    page = show("forms")

    assert sorted(labels(page)) == ["cars@pandas", "make", "out", "use"]


def test_a_thousand_nodes_are_drawn(show):
    page = show("large")

    expect(page.locator(".drawing .node")).to_have_count(1000)


def test_a_phone_has_no_need_to_scroll_sideways(show):
    page = show("failed", viewport=PHONE, has_touch=True)
    for view in VIEWS:
        page.evaluate(f"location.hash = 'view={view}&node=fit'")
        expect(page.locator(f"#tab-{view}")).to_have_attribute("aria-selected", "true")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], view


def test_dark_is_dark(show):
    back = "getComputedStyle(document.body).backgroundColor"
    light, dark = (
        show("failed", color_scheme=scheme).evaluate(back)
        for scheme in ("light", "dark")
    )

    assert sum(map(int, re.findall(r"\d+", light))) > 600
    assert sum(map(int, re.findall(r"\d+", dark))) < 150


def test_it_can_be_printed(show):
    page = show("failed")
    page.emulate_media(media="print")

    expect(page.get_by_role("region", name="What went wrong")).to_be_visible()
    expect(page.locator("#tabs")).to_be_hidden()
    assert page.pdf()[:4] == b"%PDF"


def test_a_real_run_is_seen_until_it_is_stopped(workshop: Workshop, tab):
    prepare(workshop)
    place = workshop.path / "data" / ".ops" / "runs"
    process = start_waiting(workshop)
    try:
        wait_for((place / "index.html").exists, process)
        found = tab((place / "index.html").as_uri())
        page = found.page
        expect(page.locator("h1")).to_have_text("Running")
        running = page.get_by_role("button", name="Node total, running")
        expect(running).to_have_count(1, timeout=10_000)
        expect(page.get_by_role("button", name="Node clean, succeeded")).to_have_count(
            1
        )

        process.terminate()
        expect(page.locator("h1")).to_have_text("Interrupted", timeout=15_000)
    finally:
        process.kill()
        process.wait()
    expect(page.get_by_role("region", name="What went wrong")).to_contain_text("total")
    assert found.complaints == []


def test_a_run_that_was_killed_is_seen_so_after_the_next_command(
    workshop: Workshop, tab
):
    prepare(workshop)
    place = workshop.path / "data" / ".ops" / "runs"
    process = start_waiting(workshop)
    try:
        wait_for((place / "index.html").exists, process)
    finally:
        process.kill()
        process.wait()
    page = tab((place / "index.html").as_uri()).page
    expect(page.locator("h1")).to_have_text("Running")

    workshop.kedro("runs", "list")
    expect(page.locator("h1")).to_have_text("Interrupted", timeout=20_000)
    page.reload()
    expect(page.locator("h1")).to_have_text("Interrupted")


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if what():
            return
        assert process.poll() is None, "the run has ended"
        time.sleep(0.05)
    raise AssertionError("it took too long")


def test_the_page_of_a_real_run_that_failed_says_why(workshop: Workshop, tab):
    prepare(workshop)
    workshop.kedro("run")
    workshop.kedro("run", "--params=how=raise", check=False)
    file = workshop.path / "data" / ".ops" / "runs" / "index.html"
    page = tab(file.as_uri()).page

    alarm = page.get_by_role("region", name="What went wrong")
    expect(alarm).to_contain_text("total failed")
    expect(alarm).to_contain_text("ValueError: no such number")
    expect(page.get_by_role("tab", name="Runs")).to_contain_text("2")
    for each in [file, *file.parent.glob("*/run.js")]:
        assert str(workshop.path) not in each.read_text()
        assert str(Path.home()) not in each.read_text()
