"""A real Chromium for journeys through the pages: what it may reach, and what no page may do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE, DESK = 360, 1440
# What stands out beyond the screen although it neither scrolls by itself nor is there for readers of screens.
_WIDE = """() => [...document.querySelectorAll("body *")].filter(e =>
  !e.closest(".scroll, figure, pre, .skip, .visually-hidden, .notice-text") &&
  e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map(e => e.outerHTML.slice(0, 120))"""

# What is pressed, filled in or only leads on, and is seen on paper all the same; and what a page cuts off.
_PRINTED = """() => [...document.querySelectorAll("nav, form, button, input, textarea, table")].filter(e =>
  e.checkVisibility() && e.type != "hidden" &&
  (e.tagName != "TABLE" || e.getBoundingClientRect().right > innerWidth + 1)
  ).slice(0, 3).map(e => e.outerHTML.slice(0, 120))"""
# A code that machines know a state or a reason by, where a person reads. It may stand beside its words; so
# may what an institution calls itself, and the journal's own names of what it refers to.
_CODES = """() => [...document.querySelectorAll("main *")].filter(e =>
  !e.closest("code, pre, script, .quiet, [aria-labelledby=entries]") && [...e.childNodes].some(n =>
  n.nodeType == Node.TEXT_NODE &&
  /(^|[^\\w./@=-])(?!bank_|bureau_)[a-z]+(_[a-z]+)+($|[^\\w./@=-])/.test(n.data))
  ).slice(0, 3).map(e => e.outerHTML.slice(0, 160))"""
# A date, or the number of a case, of which one part ends a line and the other begins the next.
_BROKEN = """() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), broken = [];
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const around = text.parentElement;
    if (!around.checkVisibility() || around.closest("svg, script, pre, textarea, option")) continue;
    for (const found of text.data.matchAll(/\\b(\\d{4}-\\d{2}-\\d{2}|[A-Z]{1,8}-[A-Z0-9]{1,12})\\b/g)) {
      const range = document.createRange();
      range.setStart(text, found.index);
      range.setEnd(text, found.index + found[0].length);
      const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
      if (lines.size > 1) broken.push(found[0]);
    }
  }
  return broken.slice(0, 3);
}"""
PAPER = 703  # A4 within its margins


# How long a page takes is no matter here; it is measured by `rongxin bench pages`.
PATIENCE_MS = 120_000


class Visit:
    """One person's browser; it notes what a page must not do and counts what its person clicks."""

    def __init__(self, page: Page, home: str, pictures: Path | None) -> None:
        self.page, self.home, self.pictures = page, home, pictures
        self.clicks = 0
        self.complaints: list[str] = []
        #: Where a person of this journey goes besides our pages: the identity provider, their bank.
        self.also: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)

    def _said(self, said: ConsoleMessage) -> None:
        # A page that says what is to be put right comes with this status; the browser notes each one.
        if said.type == "error" and "status of 422" not in said.text:
            self.complaints.append(said.text)

    def _asked(self, request: Request) -> None:
        ours = request.is_navigation_request() or self.page.url.startswith(self.home)
        if ours and not request.url.startswith((self.home, "data:", *self.also)):
            self.complaints.append(f"foreign: {request.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.home + path)

    def click(self, name: str, *, role: str = "button") -> None:
        """Press what a person would, by the name they read."""
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label).first.fill(text)

    def sees(self, text: str) -> bool:
        return text in self.page.content()

    def check(self, name: str) -> None:
        """Hold a page to the measure: no serious barrier, nothing off a telephone's screen, no complaint."""
        # A click is over when the next page has begun: until it stands there, there is nothing to measure.
        self.page.wait_for_load_state()
        self.page.locator("main").first.wait_for(state="attached")
        for width in (PHONE, DESK):
            self.page.set_viewport_size({"width": width, "height": 900})
            assert self.page.evaluate(_WIDE) == [], f"{name} at {width} px"
            broken = self.page.evaluate(_BROKEN)
            assert broken == [], f"{name} at {width} px: a line breaks within {broken}"
            if self.pictures is not None:
                self.page.screenshot(path=self.pictures / f"{name}-{width}.png", full_page=True)
        found = self.page.evaluate(_CODES)
        assert found == [], f"{name}: a code where words belong: {found}"
        self.page.set_viewport_size({"width": PAPER, "height": 900})
        self.page.emulate_media(media="print")
        found = self.page.evaluate(_PRINTED)
        assert found == [], f"{name} on paper: {found}"
        self.page.emulate_media(media="screen")
        self.page.set_viewport_size({"width": DESK, "height": 900})
        barriers = Axe().run(self.page).response["violations"]
        serious = [one["id"] for one in barriers if one["impact"] in ("serious", "critical")]
        assert serious == [], f"{name}: {[(one['id'], one['nodes'][0]['html'][:160]) for one in barriers]}"
        assert self.complaints == [], f"{name}: {self.complaints}"


@contextmanager
def visit(home: str) -> Iterator[Visit]:
    """Open a browser on our pages; RONGXIN_PICTURES names a folder in which each checked page is kept."""
    kept = os.environ.get("RONGXIN_PICTURES")
    found = next(path for name in BROWSERS if (path := shutil.which(name)))
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": PHONE, "height": 900}, locale="zh-CN")
        page.set_default_timeout(PATIENCE_MS)
        _close_connection()
        try:
            yield Visit(page, home, Path(kept) if kept else None)
        finally:
            _close_connection()
            browser.close()


def _close_connection() -> None:
    """In the driver's loop Django has a connection of its own, which the last test's end has cut."""
    if os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):  # as tests set it that use the database in there
        connection.close()
