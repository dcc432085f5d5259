"""A node for the length of a trial: asks a gateway as a platform does, with a key that the gateway lets in.

Everything about a question can be set, so that a check can also ask wrongly.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from rongxin.catalogue import loader
from rongxin.conformance.checks import Skip, expect, fail
from rongxin.conformance.fixtures import Called, Provider, Subject, Verified
from rongxin.conformance.wire import Answer, Wire
from rongxin.consent import rules as consent
from rongxin.exchange import consent_status, receipt
from rongxin.exchange import question as questions
from rongxin.exchange.consent_status import ConsentStatus
from rongxin.exchange.question import Question, SubjectKeys
from rongxin.proof import http_messages, jws
from rongxin.proof.errors import ProofError
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey, VerifyingKey
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.zone import BUSINESS_ZONE

_YEAR = timedelta(days=365)


@dataclass
class Gateway:
    """A provider's gateway as its platform sees it."""

    wire: Wire
    brought: Provider
    node: SigningKey
    key: VerifyingKey
    seen: list[str] = field(init=False)
    #: A new one for each trial: a gateway counts tries and uses by it.
    institution: str = field(default_factory=lambda: f"conformance_{uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        self.seen = self.wire.seen

    @property
    def item(self) -> Called | Verified:
        """The item that whom to believe is tried with: one that is called, else one that is verified."""
        return self.brought.called or self.verified

    @property
    def called(self) -> Called:
        if self.brought.called is None:
            raise Skip("试验文件中没有 called：一个接口调用项 the file names no item that is called")
        return self.brought.called

    @property
    def verified(self) -> Verified:
        if self.brought.verified is None:
            raise Skip("试验文件中没有 verified：一个数据核验项 the file names no item that is verified")
        return self.brought.verified

    def terms(self, item: str, subject: Subject, /, **changes: Any) -> consent.Terms:
        """Return a consent of a subject to the trial's institution for one item, valid for a year."""
        now = datetime.now(UTC)
        today = now.astimezone(BUSINESS_ZONE).date()
        signer = consent.Signature(subject.name, "0" * 64, "conformance", 2, now)
        given = consent.Terms(
            id=uuid4(),
            subject=subject.uscc,
            signers=(signer,),
            institution=self.institution,
            reach="conformance trial",
            items=frozenset({item}),
            modes=frozenset(SharingMode),
            purpose=Purpose.PRE_LOAN_REVIEW,
            case=uuid4(),
            data_period=Period(today - 10 * _YEAR, today + _YEAR),
            valid_from=today - timedelta(days=2),
            valid_until=today + _YEAR,
            frequency=consent.Frequency(1000, consent.FrequencyUnit.TERM),
            retention_days=1,
            form=consent.Form.ONLINE,
            notice_version="conformance",
            notice_sha256="0" * 64,
            template="one_time_underwriting@1",
            granted_at=now - timedelta(days=2),
        )
        return replace(given, **changes)

    def question(
        self, item: str, subject: Subject, terms: consent.Terms | None, *fields: str, **changes: Any
    ) -> Question:
        """Return a question about fields of an item, all of the channel's where none is named."""
        known = loader.load().item(item)
        channel = next((one for one in known.channels if one.mode in questions.ASKED), None)
        if channel is None or channel.provider != self.brought.provider:
            raise Skip(f"{item}: 清单中不由{self.brought.provider}提供调用 isn't called from this provider")
        checks = channel.mode is SharingMode.DATA_VERIFICATION
        verdict = Verdict.VERIFY_ONLY if checks else Verdict.REVEAL
        artefact = terms and jws.sign(consent.encode(terms), self.node, type=consent.ARTEFACT_TYPE)
        asked = Question(
            request=uuid4(),
            provider=channel.provider,
            item=item,
            version=known.version,
            channel=known.channels.index(channel),
            mode=channel.mode,
            subject=SubjectKeys(subject.uscc, subject.name, subject.place),
            subject_kind=SubjectKind.COMPANY,
            recipient_kind="institution",
            recipient=self.institution,
            purpose=Purpose.PRE_LOAN_REVIEW,
            case=terms.case if terms else None,
            verdicts=dict.fromkeys(fields or known.fields_of(channel), verdict),
            asked_at=datetime.now(UTC),
            artefact=artefact or None,
        )
        return replace(asked, **changes)

    def status(self, asked: Question, terms: consent.Terms, **changes: Any) -> str:
        """Return where a consent stands, minted now and for this question unless changed."""
        stands = ConsentStatus(terms.id, consent.Status.ACTIVE, 0, False, asked.digest(), datetime.now(UTC))
        return consent_status.mint(replace(stands, **changes), self.node)

    def signed(
        self, body: bytes, *, key: SigningKey | None = None, created: datetime | None = None
    ) -> Request:
        """Return a signed request with a body."""
        request = Request("POST", self.wire.base + questions.PATH, {"content-type": "application/json"}, body)
        at = created or datetime.now(UTC)
        http_messages.sign(request, key or self.node, tag=questions.TAG, nonce=uuid4().hex, created=at)
        return request

    def post(self, request: Request) -> Answer:
        return self.wire.send(request.method, request.url, headers=request.headers, body=request.body)

    def ask(
        self, asked: Question, terms: consent.Terms | None = None, *, status: str | None = None
    ) -> receipt.Answer:
        """Put a question rightly, and believe the answer only by its receipt."""
        stapled = status if status is not None or terms is None else self.status(asked, terms)
        answer = self.post(self.signed(questions.encode(asked, stapled)))
        expect(
            answer.status == 200, f"应答应为200与签名回执 a signed receipt was expected, came {answer.status}"
        )
        return self.believed(answer, asked)

    def believed(self, answer: Answer, asked: Question) -> receipt.Answer:
        """Return an answer whose receipt is the gateway's, to this question, about these rows."""
        keys = {self.key.id: self.key}
        try:
            return receipt.decode(
                answer.body, keys, question=asked.digest(), provider=asked.provider, item=asked.item
            )
        except ProofError as error:
            fail(f"回执不成立 the receipt doesn't hold: {error}")

    def usual(self, **changes: Any) -> tuple[Question, consent.Terms]:
        """Return a question to which there is a record, with its consent; `changes` are of the consent."""
        of = self.item
        terms = self.terms(of.item, of.subject, **changes)
        if isinstance(of, Called):
            return self.question(of.item, of.subject, terms), terms
        return self.question(of.item, of.subject, terms, of.field, claims={of.field: of.right}), terms
