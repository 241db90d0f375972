"""A real browser without a window, that looks the same everywhere and reaches nothing but this machine.

It is Debian's Chromium (`scripts/browser.sh` sees to it), driven by Playwright, which brings none of its own here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "brain-volumetry"

NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable")
"""What is looked for on the PATH; `scripts/browser.sh` looks for the same."""

WIDTH, HEIGHT = 1280, 800
PATIENCE_MS = 90_000
SETTLED_AFTER_MS = 1_500
"""Milliseconds after which messages are gone and what was drawn anew for another size is there."""
PICTURES = os.environ.get("PICTURES_INTO")
"""The folder that gets the documentation's pictures (`make screenshots`), or None."""
COLOURS = 128
NO_MESSAGES = ".p-toast-container { display: none }"
"""What Prefect's UI says for some seconds in a corner, which would hide what is there."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SWITCHES = [
    # Every other name is unknown to it, whatever asks: the page, a worker, a socket, the browser itself.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-proxy-server",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
]


@cache
def browser_path() -> str | None:
    """The browser's program, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def need_browser() -> str:
    """The browser's program; skips the test where there is none, unless BROWSER_TESTS=required."""
    path = browser_path()
    if path is None:
        reason = "no Chromium on the PATH; scripts/browser.sh installs it"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@contextmanager
def launched(playwright: Playwright, path: str) -> Iterator[Browser]:
    # The sandbox does not work as root; only pages of this machine's own server are opened.
    switches = [*SWITCHES, "--no-sandbox"] if os.geteuid() == 0 else SWITCHES
    browser = playwright.chromium.launch(executable_path=path, headless=True, args=switches)
    yield browser
    browser.close()


class Visit:
    """A page that is open in the browser, and what it and those that it opens do behind it.

    Attributes:
        page: The page.
        elsewhere: What they asked of other machines; none of it was answered.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        context = page.context  # links of a run's page open pages of their own
        context.on("request", lambda request: self._note(request.url))
        context.on("page", self._watch)
        self._watch(page)

    def _watch(self, page: Page) -> None:
        page.on("websocket", lambda socket: self._note(socket.url))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOOPBACK:
            self.elsewhere.append(url)


@contextmanager
def visiting(trace: Path) -> Iterator[Visit]:
    """Open a page.

    Args:
        trace: A file that gets a picture of the page as it is at the end, to find out why a test failed.
    """
    path = need_browser()
    with sync_playwright() as playwright, launched(playwright, path) as browser:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            locale="en-GB",
            timezone_id="UTC",
            color_scheme="dark",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        visit = Visit(context.new_page())
        try:
            yield visit
        finally:
            visit.page.screenshot(path=trace)


def picture(page: Page, name: str, height: int = HEIGHT) -> None:
    """Keep what the page shows as a picture of the documentation, if these are wanted.

    Args:
        page: The page.
        name: Of the picture, without the suffix.
        height: Of the part of the page that is shown, in pixels.
    """
    if PICTURES is None:
        return
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(SETTLED_AFTER_MS)
    path = Path(PICTURES) / f"{name}.png"
    page.screenshot(path=path, animations="disabled", style=NO_MESSAGES)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    with Image.open(path) as taken:
        few_colours = taken.convert("RGB").quantize(colors=COLOURS, dither=Image.Dither.NONE)
    few_colours.save(path, optimize=True)
