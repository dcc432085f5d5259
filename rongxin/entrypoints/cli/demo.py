"""`rongxin demo`: an invented city on this machine, its files handed in, one story played, everything left
to look at.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rongxin.city import stories
from rongxin.entrypoints.cli import node
from rongxin.parties.rules import permission

if TYPE_CHECKING:
    from rongxin.entrypoints.demo.bank import Requests
    from rongxin.entrypoints.demo.cast import Player
    from rongxin.entrypoints.demo.city import Loaded
    from rongxin.entrypoints.demo.people import Door
    from rongxin.entrypoints.demo.story import Hero, Played

NODE_NAME = "云州市融资信用服务平台（虚构）"


@click.command()
@click.option(
    "--exit", "leave", is_flag=True, help="Stop after the story; exit status 0 if it went as it must."
)
@click.option(
    "--subjects",
    default=10_000,
    show_default=True,
    type=click.IntRange(min=stories.RESERVED),
    help="How many subjects the city has.",
)
@click.option("--seed", default=7, show_default=True, help="Which city: the same seed is the same city.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; without it 8000, or a free one.")
def command(leave: bool, subjects: int, seed: int, port: int | None) -> None:
    """Load the invented city 云州市, play the story and keep serving until Ctrl-C."""
    os.environ["RONGXIN_MODE"] = "demo"
    os.environ["RONGXIN_WEBHOOK_LOOPBACK"] = "1"  # the bank of the story listens on this machine
    os.environ.setdefault("RONGXIN_NODE_NAME", NODE_NAME)
    var = Path(os.environ.get("RONGXIN_VAR", Path.cwd() / "var")).resolve()
    from rongxin.entrypoints.demo import ground

    with ground.taken(var, port) as out:
        try:
            _run(out, leave=leave, subjects=subjects, seed=seed, port=port)
        except KeyboardInterrupt:
            node.say("\n演示中途停止；再次运行即从头开始 stopped half-way; the next demo begins anew")
            raise SystemExit(130) from None


def _run(out: Path, *, leave: bool, subjects: int, seed: int, port: int | None) -> None:
    from django.utils import timezone
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from rongxin.entrypoints.demo import cast, city, evaluation, ground, lending, people, receiver
    from rongxin.entrypoints.demo.bank import ActFailed, Bank, Requests
    from rongxin.entrypoints.demo.scrape import NotStopped
    from rongxin.entrypoints.demo.story import Story, StoryFailed

    now = timezone.now()
    players = cast.providers(as_of=now)
    bank, village_bank = cast.bank(as_of=now), cast.village_bank(as_of=now)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True)) as bar:
            manifest = city.build(out / "city", subjects=subjects, seed=seed, bar=bar)
            loaded = city.load(out / "city", manifest, players, bar, node.say)
            scored = evaluation.score(bar, node.say)
    except city.CityDiffers as error:
        raise click.ClickException(f"演示数据与回执不符：{error}") from error
    with ground.departments(out), receiver.listening() as bank_listens, ground.served(out, port) as places:
        sent = Requests()
        clerk = Bank(places["web"], bank, bank_listens, sent)
        try:
            scraped = _scraped(places["web"], village_bank, out, sent)
            hero = city.hero(manifest, out / "city")
            story = Story(places["api"], hero, clerk, players.values(), out, node.say)
            played = story.play()
            report = json.loads(played.files["report_json"].read_text())
            story.prove(report["proof"]["outcome_entry"])
            _stopped(places["web"], village_bank, scraped, sent)
        except (StoryFailed, ActFailed, NotStopped) as error:
            raise click.ClickException(f"故事没有如愿进行：{error}") from error
        finally:
            clerk.close()
        node.say(f"两家银行经开发包共发出{sent.total}个请求 requests that the banks' SDK sent")
        doors = people.staff(as_of=timezone.now())
        lent = lending.lend(hero, bank, as_of=timezone.now())
        node.say(lent.told())
        more = scored | evaluation.of(report) | lent.summary()
        summary = _summary(out, subjects, loaded, played, sent.total, more)
        if not summary["journal_verified"]:
            raise click.ClickException("存证核验未通过：运行 rongxin journal verify 查看原因")
        people.waiting(hero, bank, as_of=timezone.now())
        everybody = [*doors, *lent.doors]
        _tell(places, out, bank, players, played, everybody)
        _greet(places["web"], hero, everybody)
        if not leave:
            _wait()


def _scraped(web: str, bank: Player, out: Path, sent: Requests) -> str:
    """Let the second bank's clerks go through the city's firms; return the first one they asked about."""
    from django.utils import timezone

    from rongxin.entrypoints.demo import city, scrape

    codes = city.codes(out / "city", scrape.REQUESTS)
    scrape.narrow(codes, as_of=timezone.now())
    got = scrape.scrape(web, bank, codes, sent)
    node.say(
        f"{bank.label}逐户查询{got.total()}次：{got[200]}次得到答复，{got[429]}次因超出上限被拒"
        " a bank goes from firm to firm and is held up"
    )
    return codes[0]


def _stopped(web: str, bank: Player, code: str, sent: Requests) -> None:
    from rongxin.entrypoints.demo import scrape
    from rongxin.vocabulary.reason import Reason

    reason = Reason(scrape.await_suspension(web, bank, code, sent))
    node.say(f"监测发现{bank.label}异常查询，已立案：{reason.label} the watch has suspended it")


def _summary(
    out: Path, subjects: int, loaded: Loaded, played: Played, requests: int, scored: dict[str, Any]
) -> dict[str, Any]:
    """Verify the journal from its entries up and write what the demo did to summary.json."""
    from django.utils import timezone

    from rongxin.governance.watching import incidents
    from rongxin.journal import checkpoints, sequencer, verification

    sequencer.integrate()
    checkpoints.sign(as_of=timezone.now())
    outcome = verification.verify()
    summary = {
        "subjects": subjects,
        "batches": loaded.batches,
        "records_accepted": loaded.accepted,
        "records_rejected": loaded.rejected,
        "records_pending": loaded.pending,
        "records_duplicate": loaded.duplicate,
        "case_id": played.case,
        "consent_id": played.consent,
        "report_json": str(played.files["report_json"]),
        "report_html": str(played.files["report_html"]),
        "report_pdf": str(played.files["report_pdf"]),
        "refused_after_withdrawal": played.refused_after_withdrawal,
        "api_requests": requests,
        "webhooks_delivered": played.webhooks_delivered,
        "push_rows": played.push_rows,
        "usage_feedback_items": played.usage_feedback_items,
        **scored,
        **_evidence(out, played),
        "suspended_for_scraping": incidents.suspended(),
        "journal_entries": outcome.size,
        "journal_verified": outcome.ok,
    }
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    found = "完好 the journal is whole" if outcome.ok else "有异常 the journal has been changed"
    node.say(f"存证核验：{outcome.size}条，{found}")
    return summary


def _evidence(out: Path, played: Played) -> dict[str, Any]:
    """Count the calls to providers; export the consented report's evidence and check it from its file."""
    from rongxin.delivery.evidence import checking, exporting
    from rongxin.entrypoints.cli import answers
    from rongxin.sharing import call_register

    document = exporting.export(
        UUID(played.request), actor=answers.operator(permission.SYSTEM), as_of=answers.now()
    )
    path = out / "evidence.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    read = json.loads(path.read_text())
    try:
        verified = len(list(checking.check(read, checking.keys_of(read)))) > 0
    except checking.DoesNotHold as error:
        raise click.ClickException(f"调用证据核验未通过：{error}") from error
    node.say(f"调用证据：{len(read['calls'])}次提问与签名应答，离线核验通过 evidence of the calls holds")
    return {**call_register.made(), "evidence_file": str(path), "evidence_verified": verified}


def _tell(
    addresses: dict[str, str],
    out: Path,
    bank: Player,
    players: dict[str, Player],
    played: Played,
    doors: list[Door],
) -> None:
    accounts = {
        "bank": {"name": bank.label, "key": bank.key},
        "enterprise": {"key": played.owner_key},
        "providers": {name: player.key for name, player in players.items()},
        "people": [asdict(door) for door in doors],
    }
    path = out / "accounts.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(accounts, ensure_ascii=False, indent=1) + "\n")
    node.say("")
    node.say(f"网页 pages        {addresses['web']}")
    node.say(f"数据质量 quality  {addresses['web']}operator/quality")
    node.say(f"接口 API          {addresses['api']}openapi.json")
    node.say(f"授权报告 report   {played.files['report_pdf']}")
    node.say(f"公共报告 public   {played.files['public_report_pdf']}")
    node.say(f"摘要 summary      {out / 'summary.json'}")
    node.say(f"账号密钥 accounts {path}")


def _greet(web: str, hero: Hero, doors: list[Door]) -> None:
    """Say as whom one can sign in; all of them are invented."""
    node.say("")
    node.say(f"登录 sign in      {web}sign-in")
    node.say(f"  企业 owner：{hero.name}，均为虚构 all invented")
    node.say(f"             实名登录 name {hero.person}，证件号码 ID {hero.id_number}")
    node.say(f"             电子营业执照 licence {hero.uscc}")
    for door in doors:
        key = f"{door.username:<16} 密码 password {door.password}"
        node.say(f"  工作人员 staff：{key}  {door.role} {door.role_en}")


def _wait() -> None:
    node.say("继续服务中，按 Ctrl-C 停止 serving, Ctrl-C stops")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        node.say("")
