"""Several people of a firm sign an application: each the same content, the last one submits it.

The rule is the firm's and lives with its consents (`consent.signing`); here is what an application's
content is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from rongxin.consent import given_numbers, notices, signers
from rongxin.consent.errors import SignerRefused
from rongxin.consent.rules import business_day
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.matters import Card as Matter
from rongxin.consent.signing.rules import ONE, What
from rongxin.financing.applying import cards
from rongxin.financing.applying.cards import Card
from rongxin.financing.errors import ApplicationRefused
from rongxin.parties import subjects
from rongxin.parties.rules.identity import Assertion
from rongxin.vocabulary.actor import Actor


def awaiting(card: Card, *, on: date) -> Matter | None:
    """Return the matter in which an application waits for more signatures."""
    return matters.awaiting(What.APPLICATION, card.id, on=on)


def shown_to(card: Card, said: str, *, consents: bool, on: date) -> tuple[dict[str, Any], str]:
    """Return what a person is to see before signing, and its digest: what others signed already, to the
    letter, or what the product asks for today. `said` is the digest of what the firm says.
    """
    waits = awaiting(card, on=on)
    if waits is not None:
        return dict(waits.content), waits.preview_sha256
    draft, notice = cards.proposal(card, on=on), notices.current(on)
    content = {
        "what": What.APPLICATION.value,
        "institution": card.institution,
        "application": str(card.id),
        "said": said,
        "draft": draft.as_json() if consents and draft else None,
        "notice": [notice.version, notice.sha256] if consents and draft else None,
    }
    return content, matters.preview(content)


def sign(
    card: Card,
    said: str,
    assertion: Assertion | None,
    *,
    consents: bool,
    person: bool,
    numbers: Mapping[str, str],
    shown: str,
    actor: Actor,
    as_of: datetime,
) -> Matter | None:
    """Sign an application as one of several; None where the firm demands one signature alone.

    The caller holds the application; its firm is held here until the transaction ends.
    """
    subject, on = subjects.lock(card.subject), business_day(as_of)
    if demands.needed(card.subject, as_of=as_of) == ONE and awaiting(card, on=on) is None:
        return None
    if assertion is None:
        raise SignerRefused("本企业规定须多人签署，请先确认身份，再签署这件申请")
    signer = signers.recognised(subject, assertion, actor=actor, as_of=as_of)
    content, _ = shown_to(card, said, consents=consents, on=on)
    if (content["draft"] is not None) != consents:
        raise ApplicationRefused("前一签署人对是否授权的选择不同；如要改变，请先撤下已签的内容")
    if content["said"] != said:
        raise ApplicationRefused("申请内容在有人签署之后有变化；请先撤下已签的内容，再重新签署")
    entered = given_numbers.checked(numbers, (content["draft"] or {"items": ()})["items"])
    if entered:
        if awaiting(card, on=on) is not None:
            raise ApplicationRefused("户号由第一位签署人填写；要改的，请先撤下已签的内容")
        content["entered"] = given_numbers.shown(entered)
    if person:
        signers.representative(subject, assertion, as_of=as_of)
    matter = matters.sign(
        subject,
        What.APPLICATION,
        card.id,
        content,
        signer,
        shown=shown,
        agrees_as_person=person,
        actor=actor,
        as_of=as_of,
    )
    given_numbers.keep(entered, matter=matter.id)
    return matter
