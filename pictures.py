"""`make pictures`: the pictures of README.md, of what `make demo` has left in demo/."""

import io
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).with_name("tests")))

from browser import chromium  # noqa: E402
from helpers import TEMPLATE, run  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.text import Text  # noqa: E402

DEMO = TEMPLATE / "demo"
IMAGES = TEMPLATE / "docs" / "images"
COLUMNS = 92


def page() -> None:
    """The status page of the last run that succeeded."""
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 720})
        tab.goto((DEMO / "data" / ".ops" / "runs" / "index.html").as_uri())
        tab.wait_for_timeout(1000)  # the data of the run is loaded
        tab.screenshot(path=IMAGES / "page.png")


def terminal() -> None:
    """What a branch has changed, as a terminal shows it."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for command in ("kedro branches diff", "kedro runs list"):
        env = {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
        said = run(*command.split(), cwd=DEMO, env=env, check=False).stdout
        console.print(f"$ {command}", style="bold cyan", highlight=False)
        console.print(Text.from_ansi(said))
    console.save_svg(str(IMAGES / "terminal.svg"), title="kedro")


if __name__ == "__main__":
    IMAGES.mkdir(parents=True, exist_ok=True)
    page()
    terminal()
