"""The pages of Prefect's UI, as a person finds the way on them: by what is written there."""

from __future__ import annotations

import io
import re
import time
from http import HTTPStatus
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Locator, Page, Response, TimeoutError, expect

GREEN = (34, 160, 80)
"""The bar of what has succeeded."""

DRAWN_WITHIN_S, REDRAWN_MS = 60, 1_500
PRESSES, STARTED_WITHIN_MS = 3, 30_000


def open_form(page: Page) -> None:
    """Go from the page of a deployment to its form."""
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Custom run").click()


def follow(page: Page, link: str) -> Page:
    """Follow a link of a run's own page; such links open pages of their own."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name=link, exact=True).click()
    return opened.value


class RunForm:
    """The form that starts a run of a deployment."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page.get_by_role("button", name="Submit")).to_be_visible()

    def field(self, label: str) -> Locator:
        """One field: its label, description, control and complaint."""
        name = self.page.locator(
            ".schema-form-property__label", has_text=re.compile(rf"^{re.escape(label)}( \(Optional\))?$")
        )
        return self.page.locator(".schema-form-property").filter(has=name).last

    def write(self, label: str, text: object) -> None:
        """Write into a field for text or a number, in place of what is there."""
        self.field(label).locator("textarea, input, [contenteditable=true]").first.fill(str(text))

    def choose(self, label: str, option: str) -> None:
        """Choose one of those that a field offers."""
        # Prefect's lists open by their arrow alone: a click on their text opens one and closes it again.
        self.field(label).locator(".p-select-button__icon").click()
        self.page.get_by_text(option, exact=True).last.click()

    def switch(self, label: str) -> None:
        """Turn a switch from on to off, or back."""
        self.field(label).get_by_role("switch").click()

    def submit(self) -> None:
        """Press the button."""
        self.page.get_by_role("button", name="Submit").click()

    def start(self) -> None:
        """Press the button, and go to the page of the run that this makes."""
        for _ in range(PRESSES):
            # A form that has not yet taken in what was written last refuses it, as it would what stood there before.
            try:
                with self.page.expect_response(_is_new_run, timeout=STARTED_WITHIN_MS) as answer:
                    self.submit()
            except TimeoutError:
                continue
            self.page.goto(urljoin(self.page.url, f"/runs/flow-run/{answer.value.json()['id']}"))
            return
        raise AssertionError(f"the form starts no run: {self.page.locator('.schema-form').inner_text()}")


def _is_new_run(answer: Response) -> bool:
    return answer.url.endswith("/create_flow_run") and answer.status == HTTPStatus.CREATED


class RunPage:
    """The page of a run, which keeps itself up to date."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def state(self) -> Locator:
        """The state, as it stands above."""
        return self.page.locator(".page-heading-flow-run__meta .state-badge")

    @property
    def log(self) -> Locator:
        """The lines of the log."""
        return self.page.locator(".logs")

    def open_page(self, name: str | re.Pattern[str]) -> None:
        """Open what the run shows under a name."""
        self.page.get_by_text("Artifacts", exact=True).click()
        self.page.locator("a", has_text=name).click()

    def expect_colour(self, colour: tuple[int, int, int], share: float = 0.01) -> None:
        """Wait until so much of the picture of tasks and sub-flows, which is drawn and has no text, is of a colour.

        Prefect draws an ended run once; its server may write down how the last task ended a second later.
        """
        end = time.monotonic() + DRAWN_WITHIN_S
        while self._share_of(colour) < share:
            assert time.monotonic() < end, f"less than {share:.0%} of the run's picture is of the colour {colour}"
            self.page.wait_for_timeout(REDRAWN_MS)
            if self._share_of(colour) < share:
                self.page.reload()
                self.page.locator("canvas").wait_for()
                self.page.wait_for_timeout(REDRAWN_MS)

    def _share_of(self, colour: tuple[int, int, int], within: int = 24) -> float:
        with Image.open(io.BytesIO(self.page.locator("canvas").screenshot())) as taken:
            counts = taken.convert("RGB").getcolors(taken.width * taken.height) or []
        near = [count for count, own in counts if all(abs(a - b) <= within for a, b in zip(own, colour, strict=True))]
        return sum(near) / sum(count for count, _ in counts)


def expect_picture(picture: Locator) -> None:
    """Wait until a picture is really there, and not a sign for a broken one."""
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 300
