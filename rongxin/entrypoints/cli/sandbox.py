"""`rongxin sandbox serve`: an invented node for whoever connects a system, with faults to be switched on."""

from __future__ import annotations

import os
from pathlib import Path

import click

from rongxin.city import stories
from rongxin.entrypoints.cli import node

NODE_NAME = "云州市融资信用服务平台沙箱（虚构）"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PARTS = ("firm", "sound", "cooperative", "village")


@click.group("sandbox", help="沙箱 Sandbox: an invented node to try a system against.")
def command() -> None:
    pass


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="The node's port; without it 8000, or a free one."
)
@click.option(
    "--desk-port", default=8010, show_default=True, type=click.IntRange(0, 65535), help="The desk's port."
)
@click.option(
    "--subjects",
    default=300,
    show_default=True,
    type=click.IntRange(min=stories.RESERVED),
    help="How many subjects the city has.",
)
def serve(host: str, port: int | None, desk_port: int, subjects: int) -> None:
    """虚构城市、自助账号、可切换的故障 Serve an invented city until Ctrl-C; it begins anew at each start."""
    if os.environ.get("RONGXIN_MODE") == "production":
        raise click.ClickException(
            "沙箱全部虚构，不在生产环境运行 a sandbox is all invented and doesn't run in production: "
            "unset RONGXIN_MODE"
        )
    var = Path(os.environ.get("RONGXIN_VAR", Path.cwd() / "var")).resolve() / "sandbox"
    os.environ |= {"RONGXIN_MODE": "demo", "RONGXIN_NODE_NAME": NODE_NAME, "RONGXIN_VAR": str(var)}
    # Only where nobody else can reach it may it send messages to its own machine.
    os.environ["RONGXIN_WEBHOOK_LOOPBACK"] = "1" if host in _LOOPBACK else "0"
    from rongxin.entrypoints.demo import ground

    with ground.taken(var, port) as out:
        try:
            _run(out, host, port, desk_port, subjects)
        except KeyboardInterrupt:
            node.say("")


def _run(out: Path, host: str, port: int | None, desk_port: int, subjects: int) -> None:
    from django.utils import timezone
    from rich.console import Console
    from rich.progress import Progress

    from rongxin.entrypoints.demo import breakers, cast, city, desk, ground, sandbox

    with Progress(console=Console(stderr=True)) as bar:
        manifest = city.build(out / "city", subjects=subjects, seed=7, bar=bar)
        try:
            city.load(out / "city", manifest, cast.providers(as_of=timezone.now()), bar, node.say)
        except city.CityDiffers as error:
            raise click.ClickException(f"演示数据与回执不符：{error}") from error
    with ground.departments(out), ground.served(out, port, host) as places:
        box = sandbox.Sandbox(places["web"], breakers.Breakers(out / "gateways"))
        server = desk.server(box, host, desk_port)
        try:
            parts = [one for story in manifest.stories for one in story["parts"].items()]
            box.register_firms(part for name, part in parts if name in _PARTS)
            node.say(f"平台接口 API     {places['api']}openapi.json")
            node.say(f"沙箱服务台 desk  http://{host}:{server.server_port}/")
            (out / "desk.txt").write_text(f"http://{host}:{server.server_port}")
            node.say("全部虚构，按 Ctrl-C 停止 all invented; Ctrl-C stops")
            server.serve_forever()
        except sandbox.NotPossible as error:
            raise click.ClickException(str(error)) from error
        finally:
            server.server_close()
            box.close()
