"""The tour of the README: each of its pictures is a page of a running demo, taken by this test.

`make tour` writes them anew (RONGXIN_TOUR names the folder). Whatever the folder: the tour must still run.
"""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from tests import fonts
from tests.journeys import browsing, serving

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "tour"
BYTES_MAX = 120_000
# What a demo greets its visitor with.
PLACE = re.compile(r"pages +(http://\S+)/")
OWNER = re.compile(r"实名登录 name (\S+?)，证件号码 ID (\w+)")
STAFF = re.compile(r"工作人员 staff：(\S+) +密码 password (\S+)")


class Shot(NamedTuple):
    """One picture: its name, who looks at which page, the width of the screen, and words it must show."""

    name: str
    who: str
    path: str
    width: int
    shows: str
    at: str = "body"  # where on the page: its top, or a part of it


TOUR = (
    Shot("front", "", "/", browsing.DESK, "让有信用的小企业"),
    Shot("catalogue", "", "/catalogue/tax_payment", browsing.DESK, "须经授权"),
    Shot("request", "owner", "request", browsing.PHONE, "继续：阅读风险告知"),
    Shot("held", "owner", "held", browsing.DESK, "信用评价", ".charts"),
    Shot("uses", "owner", "/enterprise/uses", browsing.DESK, "已拒绝"),
    Shot("proof", "owner", "proof", browsing.DESK, "未被改动，检查点签名有效", "#items"),
    Shot("worklist", "bank-clerk", "/institution", browsing.DESK, "融资业务"),
    Shot("batches", "tax-clerk", "/provider", browsing.DESK, "报送的批次"),
    Shot("quality", "market-clerk", "/provider/quality", browsing.DESK, "规范率"),
    Shot("watch", "security-admin", "/operator/watch", browsing.DESK, "处置案卷"),
)
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo of a small city that keeps serving: its address, and what it greets its visitor with."""
    if not fonts.has_chinese():
        pytest.skip(fonts.REASON)
    var = tmp_path_factory.mktemp("tour")
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "RONGXIN_TEST_DB")}
    environment |= {"RONGXIN_VAR": str(var), "RONGXIN_MODE": "demo", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "rongxin", "demo", "--subjects", "300", "--port", "0"]
    said = var / "said"
    with said.open("wb") as out:
        running = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        serving.until(lambda: "继续服务中" in said.read_text() or running.poll() is not None, seconds=1200)
        assert running.poll() is None, said.read_text()[-2000:]
        yield said.read_text()
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def test_the_tour_runs_and_every_picture_is_fit_for_the_readme(demo, tmp_path):
    folder = Path(os.environ.get("RONGXIN_TOUR") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    home = PLACE.search(demo)[1]
    for who in dict.fromkeys(shot.who for shot in TOUR):
        with browsing.visit(home) as visit:
            _sign_in(visit, who, demo)
            for shot in TOUR:
                if shot.who == who:
                    _take(visit, shot, folder)
    assert {path.stem for path in folder.glob("*.webp")} >= {shot.name for shot in TOUR}


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_each_picture_of_the_readme_is_one_that_the_tour_takes(readme):
    shown = re.findall(r"\]\(docs/tour/([\w-]+)\.webp\)", (ROOT / readme).read_text())
    assert sorted(shown) == sorted(shot.name for shot in TOUR)
    for name in shown:
        picture = PICTURES / f"{name}.webp"
        assert picture.stat().st_size <= BYTES_MAX, name
        assert Image.open(picture).width == next(shot.width for shot in TOUR if shot.name == name)
    assert {path.stem for path in PICTURES.iterdir()} == set(shown), "a picture that no README shows"


def _sign_in(visit: browsing.Visit, who: str, greeting: str) -> None:
    if not who:
        return
    if who == "owner":
        name, number = OWNER.search(greeting).groups()
        visit.go("/sign-in/person")
        visit.fill("姓名", name)
        visit.fill("身份证件号码", number)
        visit.click("确认身份")
        return
    visit.go("/sign-in/staff")
    visit.fill("用户名", who)
    visit.fill("密码", dict(STAFF.findall(greeting))[who])
    visit.click("下一步")
    visit.fill("验证码", visit.page.locator(".notice strong").inner_text())  # a demo's page shows it
    visit.click("绑定并登录")


def _take(visit: browsing.Visit, shot: Shot, folder: Path) -> None:
    """Go to a page, hold it to the measure, and keep what a screen shows of it."""
    if shot.path.startswith("/"):
        visit.go(shot.path)
    else:
        _WAYS[shot.path](visit)
    assert visit.sees(shot.shows), f"{shot.name}: {visit.page.url}"
    visit.check(shot.name)
    visit.page.set_viewport_size({"width": shot.width, "height": 800})
    visit.page.locator(shot.at).first.evaluate("part => part.scrollIntoView()")
    kept = folder / f"{shot.name}.webp"
    Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB").save(kept, quality=80, method=6)
    assert kept.stat().st_size <= BYTES_MAX, f"{shot.name}: {kept.stat().st_size} bytes"


def _request(visit: browsing.Visit) -> None:
    visit.go("/enterprise/requests")
    visit.click("查看并答复", role="link")


def _held(visit: browsing.Visit) -> None:
    visit.go("/enterprise/held")
    visit.click("查看全部信息")
    visit.page.locator("h2").first.wait_for()


def _proof(visit: browsing.Visit) -> None:
    visit.go("/enterprise/uses")
    visit.page.locator("tbody tr").filter(has_text="已提供").first.get_by_role("link").click()
    visit.page.wait_for_selector("#proof-result.holds")


_WAYS = {"request": _request, "held": _held, "proof": _proof}
