"""A real Chromium for the tests of the status page, wherever there is one."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

NAMES = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Playwright's own, if it was installed, else the one of this machine."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = (
            own
            if Path(own).exists()
            else next(filter(None, map(shutil.which, NAMES)), "")
        )
        if not path:
            pytest.skip(
                "no Chromium on this machine: `playwright install chromium`, or your "
                "system's package"
            )
        # Chromium refuses its sandbox to root, as whom containers run.
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        try:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox"] * root
            )
        except Error as error:
            pytest.skip(f"Chromium does not start on this machine: {error}")
        yield browser
        browser.close()
