"""Every diagram of the pages is drawn without a mistake, by the Mermaid that Prefect's UI carries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import prefect
import pytest
from browser import SWITCHES, need_browser
from documents import PAGES, Block, blocks
from playwright.sync_api import Page, sync_playwright

ASSETS = Path(prefect.__file__).parent / "server" / "ui-v2" / "assets"
DIAGRAMS = [block for page in PAGES for block in blocks(page) if block.language == "mermaid"]
DRAW = """async ([file, text]) => {
    const found = Object.values(await import('/' + file)).map(one => one?.default ?? one);
    const mermaid = found.find(one => one?.parse && one?.render);
    mermaid.initialize({startOnLoad: false});
    return (await mermaid.render('drawn', text)).svg;
}"""

pytestmark = pytest.mark.soak


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a browser that can import what Prefect's UI is made of."""
    path = need_browser()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(ASSETS))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES, "--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            yield page
            browser.close()
        server.shutdown()


def draw(page: Page, text: str) -> str:
    """The picture of a diagram; raises what Mermaid says of one that it can't draw."""
    return page.evaluate(DRAW, [next(ASSETS.glob("vendor-mermaid-*.js")).name, text])


@pytest.mark.parametrize("block", DIAGRAMS, ids=str)
def test_a_diagram_is_drawn(page: Page, block: Block):
    assert "<svg" in draw(page, block.text)


def test_a_diagram_with_a_mistake_is_not(page: Page):
    with pytest.raises(Exception, match="Parse error"):
        draw(page, "flowchart LR\n  one -- two [")
