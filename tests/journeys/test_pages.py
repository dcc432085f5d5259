"""Pages in a real browser: nothing runs off a telephone's screen, and the policy lets all of it through."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.rendering import charts, html
from rongxin.entrypoints import security
from rongxin.parties import seed
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.delivery import factory

STATIC = Path(security.__file__).parent / "static"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Served beside the pages and only to the test: it measures and writes what it found into the document.
PROBE = """
addEventListener("load", () => {
  const wide = [...document.querySelectorAll("body *")].filter(e =>
    !e.closest(".scroll, figure, pre, .skip") && e.getBoundingClientRect().right > innerWidth + 1);
  document.documentElement.dataset.probe = JSON.stringify({
    width: innerWidth,
    overflow: document.documentElement.scrollWidth > innerWidth,
    wide: wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120)),
    styled: getComputedStyle(document.querySelector(".card")).borderTopWidth,
    bars: [...document.querySelectorAll("figure svg path[fill='#0b5c8a'], figure svg rect")].length,
  });
});
"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


# A headless window is never narrower than 500 px, so a telephone's screen is a frame of 360.
FRAME = """
addEventListener("load", () => {
  const inner = document.querySelector("iframe").contentDocument.documentElement;
  document.documentElement.dataset.probe = inner.dataset.probe;
});
"""
POLICY = security.POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'") + "; frame-src 'self'"


class _Handler(SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path, settings):
    """The pages as files behind a server that sends our policy; a demo's, so that the operator's is open."""
    settings.RONGXIN_MODE = "demo"
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    shutil.copytree(STATIC, tmp_path / "static")
    (tmp_path / "static" / "probe.js").write_text(PROBE)
    (tmp_path / "static" / "frame.js").write_text(FRAME)
    pages = {name: Client().get(path).content.decode() for name, path in _PATHS.items()}
    prepared = factory.prepared(factory.release(consent=factory.FULL, rows=3), "演示数据")
    pages["report"] = html.render(prepared, charts.draw(prepared))
    for name, page in pages.items():
        page = page.replace("</head>", '<script src="/static/probe.js"></script></head>')
        (tmp_path / f"{name}.html").write_text(page)
        frame = f'<iframe src="/{name}.html" width="360" height="900" frameborder="0"></iframe>'
        (tmp_path / f"{name}-360.html").write_text(
            f'<!doctype html><script src="/static/frame.js"></script>{frame}'
        )
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


_PATHS = {
    "front": "/",
    "catalogue": "/catalogue",
    "item": "/catalogue/tax_payment",
    "journal": "/journal",
    "quality": "/operator/quality",
}


def _measure(url: str, width: int, profile: Path) -> dict[str, object]:
    browser = next(found for name in BROWSERS if (found := shutil.which(name)))
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}",
         f"--window-size={width},900", "--virtual-time-budget=4000", "--dump-dom", url],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = done.stdout.split('data-probe="')[1].split('"')[0].replace("&quot;", '"').replace("&amp;", "&")
    measured: dict[str, object] = json.loads(found.replace("&lt;", "<").replace("&gt;", ">"))
    return measured


@pytest.mark.parametrize("page", [*_PATHS, "report"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_off_the_screen_and_the_style_is_there(site, tmp_path, page, width):
    file = f"{page}-360" if width == 360 else page
    measured = _measure(f"{site}/{file}.html", 1280, tmp_path / "profile")
    assert measured["width"] == width
    assert measured["wide"] == []
    assert measured["overflow"] is False
    assert measured["styled"] == "1px"


def test_the_charts_of_a_report_are_drawn_under_the_policy(site, tmp_path):
    assert int(str(_measure(f"{site}/report.html", 1280, tmp_path / "profile")["bars"])) > 10
