"""A process that asks the gate again and again and prints the digest of what it got; the test kills it.

Arguments: uscc, case, consent, the moment of asking, and where to die: `call`, `outcome` or `never` (then
the test kills it from outside). Django is set up by whoever runs it.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from uuid import UUID

from rongxin.disclosure import gate, register
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.sharing import fakes

ACTOR = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")


class TaxBureau(fakes.Provider):
    def __init__(self, *, dies: bool) -> None:
        self.dies = dies

    def serves(self, item: str) -> bool:
        return item == "tax_payment"

    def fetch(self, question: object) -> list[dict[str, str]]:
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        return [{"vat_paid_cny_12m": "1.00"}]


def main(uscc: str, case: str, consent: str, as_of: str, death: str) -> None:
    gateways.connect("tax_bureau", TaxBureau(dies=death == "call"))
    if death == "outcome":
        original = register.release

        def release(*arguments: object, **more: object) -> None:
            original(*arguments, **more)  # written, not committed
            os.kill(os.getpid(), signal.SIGKILL)

        register.release = release
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk"),
        uscc=uscc,
        items=("tax_payment",),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-1",
        case_id=UUID(case),
        consent_id=UUID(consent),
    )
    print("ready", flush=True)
    while True:
        answer = gate.release(request, actor=ACTOR, as_of=datetime.fromisoformat(as_of))
        print(answer.digest if isinstance(answer, Release) else f"refused:{answer.reason}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[2:])
