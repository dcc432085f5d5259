"""融资申请: a firm applies once to several institutions; each answers by its clock and decides alone."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, File, Query, Router, Schema, Status, UploadedFile

from rongxin.disclosure.handed_in import Paper, PaperKind
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import authentication, handed_in, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.consents import Acceptance
from rongxin.financing.applying import answers, applications, cards, papers, signing, statements, worklist
from rongxin.financing.applying.applications import Signed, Wish
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import Group, Side
from rongxin.financing.products import offers
from rongxin.financing.rules import Rejection, Security, Stage, Told
from rongxin.parties import identity
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import Actor

router = Router(tags=["融资申请 Financing applications"])
_EITHER = authentication.SUBJECT | authentication.INSTITUTION


class CommitmentShown(Schema):
    """Which text was promised by."""

    version: str = Field(max_length=20)
    sha256: str = Field(max_length=64)


class DraftIn(Schema):
    """One form: to whom, how much, for how long, what for, and what the firm states of itself."""

    products: list[UUID] = Field(min_length=1, max_length=20, description="产品编号（已发布的版本）")
    amount_cny: Decimal = Field(gt=0, description="申请金额（元）")
    term_months: int = Field(ge=1, le=600)
    purpose: str = Field(min_length=1, max_length=4000, description="资金用途")
    stated: dict[str, str] = Field(default_factory=dict, max_length=50, description="自愿填报，见 statements")
    commitment: CommitmentShown | None = Field(None, description="自愿填报时须承诺")


class SubmissionIn(Schema):
    """The firm's yes to what the product asks for; without it the institution sees what is public alone."""

    consent: Acceptance | None = None
    evidence: dict[str, str] | None = Field(None, description="不授权而须多人签署的：本人的实名凭据")
    preview_sha256: str = Field("", max_length=64, description="所阅内容的摘要；他人已签署的必填，见 signing")


class PaperRequestIn(Schema):
    papers: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(min_length=1, max_length=20)
    words: str = Field("", max_length=4000)


class DecisionIn(Schema):
    """The institution's decision; it becomes an outcome of the case."""

    stage: Literal["approved", "rejected"]
    amount_cny: Decimal | None = Field(None, description="授信额度（元）")
    rate_bp: int | None = Field(None, description="年利率，基点（0.01%）")
    term_months: int | None = None
    security: Security | None = None
    rejection: Rejection | None = Field(None, description="未批准原因类别")
    words: str = Field("", max_length=4000, description="告知企业的话；不批准时必填")

    def told(self, on: date) -> Told:
        values = self.model_dump(exclude={"stage", "words"})
        return Told(Stage(self.stage), on, **values)


class FeedbackIn(Schema):
    rating: int = Field(ge=1, le=5, description="1（差）至 5（好）")
    words: str = Field("", max_length=4000)


@router.get("/statements", auth=authentication.SUBJECT, summary="可自愿填报的项目 What may be stated")
def may_be_stated(request: HttpRequest) -> dict[str, Any]:
    """Give what a firm may state of itself, and the promise by which it does."""
    today = timezone.localdate(authentication.caller(request).at)
    promise = statements.commitment(today)
    return {
        "questions": [one.model_dump() for one in statements.questions(today)],
        "commitment": {"version": promise.version, "sha256": promise.sha256, "text": promise.text},
    }


@router.post(
    "/drafts",
    auth=authentication.SUBJECT,
    response={201: list[dict[str, Any]]},
    summary="填写申请 Fill in a form",
)
def draft(request: HttpRequest, form: DraftIn) -> Status[list[dict[str, Any]]]:
    """Keep a draft for each product; nobody else sees it before it is submitted."""
    caller = authentication.caller(request)
    live = {card.product: card.id for card in offers.published(as_of=caller.at)}
    promise = (form.commitment.version, form.commitment.sha256) if form.commitment else ("", "")
    versions = tuple(live.get(product, product) for product in form.products)
    wish = Wish(versions, form.amount_cny, form.term_months, form.purpose, form.stated, promise)
    made = applications.fill_in(int(caller.party), wish, actor=caller.actor, as_of=caller.at)
    return Status(201, [_brief(card, caller) for card in made])


@router.get("", auth=_EITHER, summary="融资申请一览 Applications")
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    group: Group | None = None,
    find: paging.Find = "",
    sort: Literal["due", "newest"] = "due",
) -> list[dict[str, Any]]:
    """List a firm's own, the newest first; to an institution its worklist, the first due first; `find` there:
    those with this in the case's reference or the firm's name, or of this code.
    """
    caller = authentication.caller(request)
    window = paging.window(request, wanted)
    if caller.party_kind is PartyKind.SUBJECT:
        part = applications.of_subject(int(caller.party), window)
    else:
        part = worklist.of_institution(caller.party, group, window, find=find, sort=sort)
    paging.link(request, answer, part)
    return [_brief(card, caller) for card in part.rows]


@router.get("/{financing_application}", auth=_EITHER, summary="一件融资申请 One application")
def show(request: HttpRequest, financing_application: UUID) -> dict[str, Any]:
    """Give an application with what the firm says, its papers, and what both said of it."""
    caller = authentication.caller(request)
    return _whole(_own(financing_application, caller), caller)


@router.get("/{financing_application}/papers/{application_paper}", auth=_EITHER, summary="申请材料 A paper")
def paper_of(request: HttpRequest, financing_application: UUID, application_paper: UUID) -> HttpResponse:
    """Give a paper to be saved: to the firm, and to an institution that it applied to."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    if caller.party_kind is PartyKind.SUBJECT:
        return handed_in.attachment(*papers.read(application_paper, card.form, card.id))
    return to_institution(card, application_paper, actor=caller.actor, as_of=caller.at)


@router.post("/{financing_application}/papers", auth=authentication.SUBJECT, summary="交材料 Hand in papers")
def hand_in(
    request: HttpRequest, financing_application: UUID, file: File[list[UploadedFile]]
) -> dict[str, Any]:
    """Add papers to a draft, or those that its institution asked for."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    done = applications.hand_in(card.id, handed_in.files_of(file), actor=caller.actor, as_of=caller.at)
    return _whole(done, caller)


@router.post("/{financing_application}/submission", auth=authentication.SUBJECT, summary="提交 Submit")
def submit(request: HttpRequest, financing_application: UUID, yes: SubmissionIn) -> dict[str, Any]:
    """Submit a draft to its institution, with consent to what the product asks for or without."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    signed, assertion, shown = None, None, yes.preview_sha256
    if yes.evidence is not None:
        assertion = identity.attest(yes.evidence, as_of=caller.at)
    if yes.consent is not None:
        assertion = identity.attest(yes.consent.evidence, as_of=caller.at)
        given = yes.consent
        shown = shown or given.preview_sha256
        signed = Signed(
            assertion, given.notice_version, given.notice_sha256, given.person_agrees, given.numbers
        )
    done = applications.submit(
        card.id,
        signed,
        assertion=assertion,
        shown=shown,
        actor=caller.actor,
        as_of=caller.at,
    )
    return _whole(done, caller)


@router.post("/{financing_application}/withdrawal", auth=authentication.SUBJECT, summary="撤回 Withdraw")
def withdraw(request: HttpRequest, financing_application: UUID) -> dict[str, Any]:
    """Take an application back; its case ends, and every consent for it."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    return _whole(applications.withdraw(card.id, actor=caller.actor, as_of=caller.at), caller)


@router.post(
    "/{financing_application}/taking-up", auth=authentication.INSTITUTION, summary="开始审查 Take up"
)
def take_up(request: HttpRequest, financing_application: UUID) -> dict[str, Any]:
    """Tell the firm that its application is being looked at: a first answer."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    return _whole(answers.take_up(card.id, actor=caller.actor, as_of=caller.at), caller)


@router.post(
    "/{financing_application}/paper-requests",
    auth=authentication.INSTITUTION,
    summary="要求补充材料 Ask for papers",
)
def ask_papers(request: HttpRequest, financing_application: UUID, wish: PaperRequestIn) -> dict[str, Any]:
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    done = answers.ask_papers(card.id, wish.papers, wish.words, actor=caller.actor, as_of=caller.at)
    return _whole(done, caller)


@router.post("/{financing_application}/decision", auth=authentication.INSTITUTION, summary="决定 Decide")
def decide(request: HttpRequest, financing_application: UUID, decision: DecisionIn) -> dict[str, Any]:
    """Approve or reject; the decision is told as an outcome of the case, and nowhere else."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    told = decision.told(timezone.localdate(caller.at))
    done = answers.decide(card.id, told, decision.words, actor=caller.actor, as_of=caller.at)
    return _whole(done, caller)


@router.post("/{financing_application}/feedback", auth=_EITHER, summary="评价 Say how it went")
def comment(request: HttpRequest, financing_application: UUID, said: FeedbackIn) -> dict[str, Any]:
    """Say how an application went, once for each side, when it is decided."""
    caller = authentication.caller(request)
    card = _own(financing_application, caller)
    side = Side.SUBJECT if caller.party_kind is PartyKind.SUBJECT else Side.INSTITUTION
    answers.comment(card.id, side, said.rating, said.words, actor=caller.actor, as_of=caller.at)
    return _whole(card, caller)


def to_institution(card: Card, paper: UUID, *, actor: Actor, as_of: datetime) -> HttpResponse:
    """Give a paper to the institution that was applied to, through the door; the firm is told."""
    assert card.case is not None
    return handed_in.given(
        papers.listed(paper, card.form, card.id),
        Paper(
            PaperKind.APPLICATION_PAPER,
            card.subject,
            lambda: _with(card.id),
            lambda: papers.read(paper, card.form, card.id)[1],
        ),
        PartyKind.INSTITUTION,
        card.institution,
        reference=card.case.reference,
        case=card.case.id,
        actor=actor,
        as_of=as_of,
    )


def _with(application: UUID) -> tuple[RecipientKind, str] | None:
    """Say which institution an application is with now: until its case is closed."""
    card = cards.find(application)
    live = card.case is not None and not card.case.closed
    return (RecipientKind.INSTITUTION, card.institution) if live else None


def _own(application: UUID, caller: Caller) -> Card:
    if caller.party_kind is PartyKind.SUBJECT:
        return applications.own(application, subject=int(caller.party))
    return applications.own(application, institution=caller.party)


def _brief(card: Card, caller: Caller) -> dict[str, Any]:
    return card.document(on=timezone.localdate(caller.at))


def _signing(card: Card, caller: Caller) -> dict[str, Any] | None:
    """Say of a draft that waits for more of the firm's people: what each signs, and how many have."""
    waits = signing.awaiting(card, on=timezone.localdate(caller.at)) if card.case is None else None
    if waits is None:
        return None
    return {
        "matter": str(waits.id),
        "preview_sha256": waits.preview_sha256,
        "needed": waits.needed,
        "signed": len(waits.signed),
        "consents": waits.content["draft"] is not None,
        "lapses_on": waits.lapses_on.isoformat(),
    }


def _whole(card: Card, caller: Caller) -> dict[str, Any]:
    return _brief(card, caller) | {
        "signing": _signing(card, caller),
        "said": cards.words_of(card.form).document(),
        "papers": [one.document() for one in papers.of(card.form, card.id)],
        "feedback": [one.document() for one in answers.feedback_of(card.id)],
    }
