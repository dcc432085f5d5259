"""What commands that write share: who acts, when, and how an answer or a refusal is printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from rongxin.vocabulary.actor import Actor, ActorKind

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
        *(DisclosureError, WebhookError, GovernanceError, JournalError),
    ) as error:
        what = {"code": error.code, "what": str(error), "where": "", "what_to_do": ""}
        show({"refused": True, **what})
        raise SystemExit(REFUSED) from error


def operator() -> Actor:
    """Whoever has the command line of a node is its operator; the account of the machine is named."""
    return Actor(ActorKind.SYSTEM, f"cli-{os.getuid()}", "operator")


def now() -> datetime:
    return datetime.now(ZoneInfo("Asia/Shanghai"))


def show(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
