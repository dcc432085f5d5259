"""One question through the gateway: believe the signature, decide, read, write the evidence, sign the answer.

Nothing is answered before its evidence is on the disk. A question that can't be trusted at all (no signature,
a foreign key, an old hour, a number used before) gets an unsigned refusal; every other gets a signed receipt,
"not authorised" and "the store failed" included, for denied calls are evidence too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rongxin.catalogue.loader import Catalogue
from rongxin.catalogue.schema import Item
from rongxin.consent.rules import business_day
from rongxin.disclosure import rules
from rongxin.exchange import question as questions
from rongxin.exchange import receipt as receipts
from rongxin.exchange.question import Match, Question
from rongxin.exchange.receipt import Receipt
from rongxin.gateway import bulk, deciding, reading, verifying
from rongxin.gateway import evidence as evidences
from rongxin.gateway.config import Config, Mapped
from rongxin.gateway.deciding import Carried, Ruling
from rongxin.gateway.errors import MeterMissing, SourceFailed
from rongxin.gateway.evidence import Entry, Evidence, Replayed, Settling
from rongxin.gateway.sources.source import Source
from rongxin.proof import boxes, canonical, http_messages
from rongxin.proof.errors import Forged, ProofError
from rongxin.proof.http_messages import Request, Signed
from rongxin.proof.keys import SigningKey, VerifyingKey
from rongxin.proof.libcrypto import NoSm2
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

log = logging.getLogger(__name__)
_RECIPIENTS = frozenset(kind.value for kind in rules.RecipientKind)
BODY_BYTES_MAX = 256 << 10


@dataclass(frozen=True)
class Reply:
    """What goes back over HTTP."""

    status: int
    body: bytes


@dataclass(frozen=True)
class _Found:
    """What an answer would say, before its evidence is written."""

    availability: Availability
    reason: Reason | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    results: Mapping[str, Match] | None = None


class Door:
    """A provider's gateway without its HTTP server."""

    def __init__(
        self,
        config: Config,
        *,
        catalogue: Catalogue,
        source: Source,
        evidence: Evidence,
        key: SigningKey,
        nodes: Callable[[], Mapping[str, VerifyingKey]],
        institutions: Callable[[], Mapping[str, bytes]] = dict,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._config, self._catalogue, self._source = config, catalogue, source
        self._evidence, self._key, self._nodes = evidence, key, nodes
        self._institutions, self._clock = institutions, clock
        self._secret = evidences.secret_of(key)

    def answer(self, request: Request) -> Reply:
        """Answer one signed question; nothing that comes in raises."""
        now = self._clock()
        try:
            signed = http_messages.verify(
                request, self._nodes(), tag=questions.TAG, now=now, window=questions.WINDOW
            )
            question, status = questions.decode(request.body)
            if question.recipient_kind not in _RECIPIENTS:
                raise questions.Unreadable(f"recipient.kind {question.recipient_kind!r} is not known here")
        except Forged as error:
            log.warning("refused: %s", error)
            return refused(401, "not_signed", f"未带可信的签名 {error}")
        except questions.Unreadable as error:
            return refused(400, "unreadable", f"不能识别的请求 {error}")
        item = self._item(question)
        if item is None:
            return refused(404, "not_served", f"本网关不提供 not served here: {question.item}")
        try:
            return self._settle(request, signed, question, item, status, now)
        except Replayed:
            log.warning("refused: question %s came again", signed.nonce)
            return refused(409, "replayed", "该请求已处理过，不再应答 this question was answered before")

    def _item(self, question: Question) -> Item | None:
        """Return the item where this gateway serves it in the way that is asked, of the same edition."""
        item = self._catalogue.items.get(question.item)
        if item is None or question.provider != self._config.provider or item.version != question.version:
            return None
        if question.item not in self._config.mapped or not 0 <= question.channel < len(item.channels):
            return None
        channel = item.channels[question.channel]
        of_here = channel.provider == question.provider and channel.mode is question.mode
        return item if of_here and question.mode in questions.ASKED else None

    def _settle(
        self,
        request: Request,
        signed: Signed,
        question: Question,
        item: Item,
        status: str | None,
        now: datetime,
    ) -> Reply:
        digest, message = question.digest(), http_messages.keep(request)
        carried = deciding.consent(question, status, self._nodes(), digest=digest, now=now)
        ruling = deciding.rule(question, item, carried)
        barred = bulk.barred(self._config.bulk, question, key=signed.key, day=business_day(now))
        found = _Found(Availability.WITHHELD, barred) if barred else self._find(question, item, ruling, now)
        content = receipts.content_of(found.rows)
        sealed = b""
        if question.seal_to and found.rows:
            found, sealed = self._sealed(question, found, content)
            content = content if sealed else b"[]"

        def job(settling: Settling) -> tuple[Receipt, str]:
            kept = self._limits(settling, question, item, carried, found, now)
            receipt = Receipt(
                question=digest,
                provider=question.provider,
                item=question.item,
                availability=kept.availability,
                reason=kept.reason,
                decided={name: (made.verdict, made.reason) for name, made in ruling.entry.fields.items()},
                results=kept.results or {},
                rows=len(kept.rows),
                content=receipts.digest(sealed or content) if kept is found else receipts.digest(b"[]"),
                at=now,
            )
            # The number of the signature, and the question itself: signing it anew doesn't make it new, and a
            # status is for one question, once.
            once = (f"{signed.key}:{signed.nonce}", f"question:{receipt.question}")
            entry = settling.append(_body(receipt, question, carried), message, once=once)
            token = receipts.sign(_placed(receipt, entry), self._key)
            settling.give(entry, token)
            return receipt, token

        receipt, token = self._evidence.settle(job)
        given = receipt.rows > 0
        body = receipts.encode(token, rows=found.rows if given else (), sealed=sealed if given else b"")
        return Reply(200, body)

    def _find(self, question: Question, item: Item, ruling: Ruling, now: datetime) -> _Found:
        if question.recipient_kind == "subject" and not self._config.self_access:
            return _Found(Availability.WITHHELD, Reason.CONSENT_MISSING)
        fields = ruling.allowed(question.mode)
        if question.mode is SharingMode.DATA_VERIFICATION:
            fields = tuple(name for name in fields if name in question.claims)
        if not fields:
            return _Found(Availability.WITHHELD, _why(ruling))
        mapped = self._config.mapped[item.item]
        if question.mode is SharingMode.DATA_VERIFICATION:
            claims = {name: question.claims[name] for name in fields}
            if wrong := verifying.outside(item, mapped, claims, today=business_day(now)):
                log.warning("%s: no band of ours is claimed of %s", item.item, ", ".join(wrong))
                return _Found(Availability.WITHHELD, Reason.CLAIM_OUTSIDE_BANDS)
        try:
            rows = reading.rows(
                question, item, mapped, self._source, fields, most=self._config.limits.rows, now=now
            )
        except MeterMissing:
            return _Found(Availability.WITHHELD, Reason.METER_NUMBER_MISSING)
        except SourceFailed as error:
            log.warning("no answer from the store: %s", error)
            return _Found(Availability.PROVIDER_UNAVAILABLE, Reason.PROVIDER_UNAVAILABLE)
        if question.mode is SharingMode.DATA_VERIFICATION:
            return _narrowed(_compared(item, mapped, question, fields, rows, now), question, ruling)
        return _narrowed(_left(item, ruling, rows, now), question, ruling, any_row=bool(rows))

    def _limits(
        self,
        settling: Settling,
        question: Question,
        item: Item,
        carried: Carried,
        found: _Found,
        now: datetime,
    ) -> _Found:
        """Hold the limits that this gateway counts itself; inside the writing transaction, so exactly."""
        if found.availability in (Availability.WITHHELD, Availability.PROVIDER_UNAVAILABLE):
            return found
        day = business_day(now)
        if not bulk.counted(settling, self._config.bulk, question, day):
            return _Found(Availability.WITHHELD, Reason.BULK_LIMIT_REACHED)
        if found.results is not None:
            asker = verifying.Asker(question.recipient, question.subject.uscc, item.item, day)
            claims = {name: question.claims[name] for name in found.results}
            if verifying.exhausted(settling, asker, claims, self._config.limits, self._secret):
                log.warning("checks of %s by %s are paused: too many tries", item.item, question.recipient)
                return _Found(Availability.WITHHELD, Reason.VERIFICATION_BUDGET)
            verifying.note(settling, asker, claims, found.results, self._secret)
        if carried.terms is not None and carried.reason is Reason.CONSENTED:
            terms, request = carried.terms, str(question.request)
            span = terms.frequency.span(day)
            others = settling.uses(str(terms.id), span, request=request)
            if others >= terms.frequency.limit + self._config.limits.spare_uses:
                return _Found(Availability.WITHHELD, Reason.FREQUENCY_EXHAUSTED)
            settling.use(str(terms.id), span, request=request)
        return found

    def _sealed(self, question: Question, found: _Found, content: bytes) -> tuple[_Found, bytes]:
        """Seal rows to the key that the department has pinned for the institution, and to no other; else
        nothing leaves.
        """
        pinned = self._institutions().get(question.recipient)
        try:
            key = boxes.public(pinned) if pinned is not None else None
            if key is not None and boxes.public(question.seal_to.encode()) == key:
                return found, boxes.close(content, key, info=boxes.SEALED_ROWS)
        except NoSm2 as error:
            log.warning("not sealed to %s: %s", question.recipient, error)
            return _Found(Availability.PROVIDER_UNAVAILABLE, Reason.PROVIDER_UNAVAILABLE), b""
        except ProofError as error:
            log.warning("not sealed to %s: %s", question.recipient, error)
        return _Found(Availability.WITHHELD, Reason.RECIPIENT_MISMATCH), b""


def _why(ruling: Ruling) -> Reason:
    reasons = [made.reason for made in ruling.entry.fields.values()]
    return reasons[-1] if reasons else Reason.NOT_IN_CATALOGUE


def _compared(
    item: Item,
    mapped: Mapped,
    question: Question,
    fields: Sequence[str],
    rows: Sequence[reading.Row],
    now: datetime,
) -> _Found:
    claims = {name: question.claims[name] for name in fields}
    results = verifying.compare(item, mapped, claims, rows, today=business_day(now))
    none = set(results.values()) == {Match.NO_RECORD}
    return _Found(Availability.NO_RECORD if none else Availability.RECORDS, results=results)


def _left(item: Item, ruling: Ruling, rows: Sequence[reading.Row], now: datetime) -> _Found:
    """Mask and withhold field by field, as the node does once more."""
    day, where = business_day(now), ruling.entry.channel.where
    left = []
    for row in rows:
        if not rules.published(item, row, ruling.context, day):
            continue
        given = {
            name: rules.apply(made, item.field(name), row[name])
            for name in ruling.entry.fields
            if name in row and (made := _made(ruling, item, name, row)).leaves
        }
        if given:
            # The filter's field says which rows the annex shares; the node looks at it too.
            left.append({**given, **({where.field: row[where.field]} if where else {})})
    return _Found(Availability.RECORDS, rows=left) if left else _Found(Availability.NO_RECORD)


def _narrowed(found: _Found, question: Question, ruling: Ruling, *, any_row: bool = False) -> _Found:
    """Say "partial" where less is answered than was asked for; the receipt says which fields, and why.

    Who asked and got less must never take it for all there is, nor a record of which nothing may leave for
    none. Rows outside the consent's period or no longer published are no such thing: which they are follows
    from the artefact and the catalogue, which the node has too, and that there are any is not to be learnt.
    """
    less = ruling.narrowed(question)
    if not less or (found.availability is Availability.NO_RECORD and not any_row):
        return found
    if found.availability is Availability.NO_RECORD:
        return replace(found, availability=Availability.WITHHELD, reason=less[0].reason)
    return replace(found, availability=Availability.PARTIAL, reason=less[0].reason)


def _made(ruling: Ruling, item: Item, name: str, row: Mapping[str, Any]) -> rules.Decision:
    return rules.decide_in(ruling.entry, item, name, row, ruling.context)


def _body(receipt: Receipt, question: Question, carried: Carried) -> dict[str, Any]:
    return {
        "at": receipt.at,
        "request": question.request,
        "question": receipt.question,
        "consent": carried.terms.id if carried.terms else None,
        "consent_reason": carried.reason.value,
        "recipient": f"{question.recipient_kind}:{question.recipient}",
        "subject": question.subject.uscc,
        "item": question.item,
        "mode": question.mode.value,
        "availability": receipt.availability.value,
        "reason": receipt.reason.value if receipt.reason else None,
        "decided": {name: [verdict.value, why.value] for name, (verdict, why) in receipt.decided.items()},
        "rows": receipt.rows,
        "content": receipt.content,
        "receipt": "kept",
    }


def _placed(receipt: Receipt, entry: Entry) -> Receipt:
    return replace(receipt, position=entry.position, entry=entry.hash)


def refused(status: int, code: str, detail: str) -> Reply:
    """Return an unsigned refusal: what can't be trusted gets no receipt."""
    return Reply(status, canonical.dumps({"code": code, "detail": detail, "status": status}))
