"""What commands that write share: who acts, when, and how an answer or a refusal is printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.permission import Permission
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.zone import BUSINESS_ZONE

#: The API key of the person who acts, where it isn't the machine itself.
KEY = "RONGXIN_OPERATOR_KEY"
REFUSED = 2
HELD = 3


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the caller can act on into one JSON document and exit status 2."""
    from rongxin.consent.errors import ConsentError
    from rongxin.delivery.webhooks.errors import WebhookError
    from rongxin.disclosure.errors import DisclosureError
    from rongxin.governance.errors import GovernanceError
    from rongxin.journal.errors import JournalError
    from rongxin.parties.errors import PartiesError
    from rongxin.records.errors import RecordsError
    from rongxin.rights.errors import RightsError
    from rongxin.sharing.errors import Held, Refused, SharingError

    try:
        yield
    except Refused as refusal:
        show(refusal.document())
        raise SystemExit(REFUSED) from refusal
    except Held as held:
        document = {"held": True, "code": held.code, "batch": str(held.batch), "what": str(held)}
        show({**document, "findings": held.findings})
        raise SystemExit(HELD) from held
    except (
        *(SharingError, RecordsError, PartiesError, ConsentError),
        *(DisclosureError, WebhookError, GovernanceError, JournalError, RightsError),
    ) as error:
        what = {"code": error.code, "what": str(error), "where": "", "what_to_do": ""}
        show({"refused": True, **what})
        raise SystemExit(REFUSED) from error


@contextmanager
def one_line() -> Iterator[None]:
    """Say in one line, with its code, what the caller can put right: an error of ours, whichever room's."""
    try:
        yield
    except Exception as error:
        code = getattr(error, "code", None)
        if not (isinstance(code, str) and type(error).__module__.startswith("rongxin.")):
            raise
        raise click.ClickException(f"{error} [{code}]") from error


def operator(allowed: Permission) -> Actor:
    """Return who acts: the account whose key stands in RONGXIN_OPERATOR_KEY, in its role.

    Without one it is the account of the machine. Whoever has the machine is its system administrator: in
    production that is all that it may act as. Raises `NotPermitted`.
    """
    from django.conf import settings

    from rongxin.parties import api_keys
    from rongxin.parties.errors import NotPermitted

    secret = os.environ.get(KEY, "")
    if secret:
        role = api_keys.authenticate(secret, as_of=now()).role
        if role is None or not allowed.admits(role.party_kind, role.role):
            raise NotPermitted(f"{KEY} 中的密钥无权进行此操作：需要{allowed.label()}的密钥")
        return Actor(ActorKind.ACCOUNT, str(role.account), f"{role.party_kind.value}:{role.party}")
    machine = allowed.admits(PartyKind.OPERATOR, Role.SYSTEM_ADMINISTRATOR)
    if settings.RONGXIN_MODE == "production" and not machine:
        raise NotPermitted(f"此操作须由{allowed.label()}进行：请以 {KEY} 给出其接口密钥")
    return Actor(ActorKind.SYSTEM, f"cli-{os.getuid()}", "operator")


def now() -> datetime:
    return datetime.now(BUSINESS_ZONE)


def show(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
