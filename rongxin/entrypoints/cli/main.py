"""The command line `rongxin`: one command = one file, imported only when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "alarms": "rongxin.entrypoints.cli.alarms",
    "bench": "rongxin.entrypoints.cli.bench",
    "bulk": "rongxin.entrypoints.cli.bulk",
    "catalogue": "rongxin.entrypoints.cli.catalogue",
    "certificates": "rongxin.entrypoints.cli.certificates",
    "city": "rongxin.entrypoints.cli.city",
    "conformance": "rongxin.entrypoints.cli.conformance",
    "consent": "rongxin.entrypoints.cli.consent",
    "department": "rongxin.entrypoints.cli.department",
    "database": "rongxin.entrypoints.cli.database",
    "demo": "rongxin.entrypoints.cli.demo",
    "evaluate": "rongxin.entrypoints.cli.evaluate",
    "evidence": "rongxin.entrypoints.cli.evidence",
    "front": "rongxin.entrypoints.cli.front",
    "gateway": "rongxin.entrypoints.cli.gateway",
    "incidents": "rongxin.entrypoints.cli.incidents",
    "institution": "rongxin.entrypoints.cli.institution",
    "intake": "rongxin.entrypoints.cli.intake",
    "journal": "rongxin.entrypoints.cli.journal",
    "keys": "rongxin.entrypoints.cli.keys",
    "lake": "rongxin.entrypoints.cli.lake",
    "mapping": "rongxin.entrypoints.cli.mapping",
    "matching": "rongxin.entrypoints.cli.matching",
    "move": "rongxin.entrypoints.cli.move",
    "onboarding": "rongxin.entrypoints.cli.onboarding",
    "push": "rongxin.entrypoints.cli.push",
    "quality": "rongxin.entrypoints.cli.quality",
    "report": "rongxin.entrypoints.cli.report",
    "rights": "rongxin.entrypoints.cli.rights",
    "sandbox": "rongxin.entrypoints.cli.sandbox",
    "schedule": "rongxin.entrypoints.cli.schedule",
    "sealed": "rongxin.entrypoints.cli.sealed",
    "serve": "rongxin.entrypoints.cli.serve",
    "staff": "rongxin.entrypoints.cli.staff",
    "usage": "rongxin.entrypoints.cli.usage",
    "webhooks": "rongxin.entrypoints.cli.webhooks",
    "sources": "rongxin.entrypoints.cli.sources",
    "worker": "rongxin.entrypoints.cli.worker",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when it is called, so that one needs no other's packages."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command = module.command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rongxin")
def main() -> None:
    """融信 Rongxin: credit information for small firms' loans (国办发〔2021〕52号).

    须由另一人办理的事项：以 RONGXIN_OPERATOR_KEY 给出其本人的接口密钥（rongxin staff key）。
    What takes a second person is done with that person's API key in RONGXIN_OPERATOR_KEY.
    """
