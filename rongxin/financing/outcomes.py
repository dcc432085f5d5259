"""结果反馈: institutions say what became of their cases; a firm reads what was said of it ((七)).

An outcome is the institution's secret and the firm's. Nobody else reads it here: other rooms get counts
(`tallies`), other institutions what the firm consents to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.consent import cases, notifications
from rongxin.financing import rules
from rongxin.financing.errors import UnfitOutcome, UnknownOutcome
from rongxin.financing.models import Application, Outcome
from rongxin.financing.rules import FINAL, Rejection, Security, Stage, Told
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.proof import canonical
from rongxin.records import marks
from rongxin.vocabulary.actor import Actor

#: The item of the catalogue as which a step leaves, by the firm's consent.
ITEM = "financing_outcome"
NO_CASE = "没有此融资业务，请核对业务编号，或先登记融资业务"
_CASES_AT_ONCE = 200
_WHY_MAX = 500
_FIELDS = tuple(one.name for one in fields(Told))


@dataclass(frozen=True)
class Card:
    """An outcome as the two who may see it do."""

    id: UUID
    case: cases.Card
    told: Told
    told_at: datetime
    corrected: bool
    corrected_why: str
    withdrawn: bool

    def document(self) -> dict[str, Any]:
        """Return the outcome for an answer: what was told, of which case, and whether it still stands."""
        return {
            "outcome": str(self.id),
            "case": str(self.case.id),
            "reference": self.case.reference,
            "stage_label": self.told.stage.label,
            **self.told.document(),
            "told_at": self.told_at.isoformat(),
            "corrected": self.corrected,
            "corrected_why": self.corrected_why or None,
            "withdrawn": self.withdrawn,
        }


@dataclass(frozen=True)
class Choice:
    """What can be done about a step: the stages that could stand in its place, and why it can't be taken back
    ("": it can).
    """

    stages: Sequence[Stage]
    stays: str


@dataclass(frozen=True)
class Line:
    """One step of one case, as told in a list; `number` is where it stands there."""

    number: int
    case_id: UUID
    told: Told


@dataclass(frozen=True)
class Taken:
    """What became of a list: ids of what was taken, numbers of what was known before, and what is wrong.

    Every line stands in one of the three.
    """

    accepted: Mapping[int, UUID]
    duplicates: Sequence[int]
    refused: Mapping[int, str]


def tell(institution: str, lines: Sequence[Line], *, actor: Actor, as_of: datetime) -> Taken:
    """Take what an institution tells, case by case: a line that can't stand is refused, the others stand.

    A line that is known already is a duplicate and changes nothing, so a list can be handed in again. After a
    final step the case is closed: no consent given for it carries a request any more.
    """
    by_case: dict[UUID, list[Line]] = defaultdict(list)
    for line in lines:
        by_case[line.case_id].append(line)
    accepted: dict[int, UUID] = {}
    duplicates: list[int] = []
    refused: dict[int, str] = {}
    # In the order of their numbers: two lists at once never wait in a ring.
    numbers = sorted(by_case)
    for some in (numbers[n : n + _CASES_AT_ONCE] for n in range(0, len(numbers), _CASES_AT_ONCE)):
        with transaction.atomic():
            for case_id in some:
                one = _tell_case(institution, by_case[case_id], actor=actor, as_of=as_of)
                accepted |= one.accepted
                duplicates += one.duplicates
                refused |= one.refused
    return Taken(accepted, sorted(duplicates), refused)


def correct(
    outcome_id: UUID, institution: str, told: Told, why: str, *, actor: Actor, as_of: datetime
) -> Card:
    """Put another step in the place of one that was wrong; the old one stays readable, the firm is told.

    Raises `UnknownOutcome`, and `UnfitOutcome` where the line of life could not be so.
    """
    with transaction.atomic():
        row, case = _held(outcome_id, institution, why, to_close=told.stage in FINAL)
        line = [told if one.pk == row.pk else step_of(one) for one in _line_of(case.id)]
        if found := rules.line_problem(line, today=timezone.localdate(as_of)):
            raise UnfitOutcome(found)
        new = _row(case, row.place, told, actor=actor, as_of=as_of)
        # The place has one holder at a time: the old one gives it up before the new one takes it; that the
        # new one is there is checked at the commit.
        Outcome.objects.filter(pk=row.pk).update(corrected_by=new.pk, corrected_why=why.strip())
        new.save(force_insert=True)
        _journal(Kind.OUTCOME_CORRECTED, case, new, actor=actor, as_of=as_of, replaces=row.pk)
        numbers = (record_of(row.pk), record_of(new.pk))
        marks.move(case.subject_id, ITEM, *numbers, actor=actor, as_of=as_of)
        _close_when_over(case, told.stage, actor=actor, as_of=as_of)
        same = (told.stage, told.on) == (row.stage, row.on)
        what = "更正其内容" if same else f"更正为“{told.stage.label}”（{told.on}）"
        _tell_firm(case, row, what, why, as_of=as_of)
    return _card(new, case)


def withdraw(outcome_id: UUID, institution: str, why: str, *, actor: Actor, as_of: datetime) -> Card:
    """Take back a step that never was; it stays readable, nothing stands in its place, the firm is told.

    Raises `UnknownOutcome`, and `UnfitOutcome` where the rest could not be so, the case was closed by it, or
    nothing would be left of what a firm applied for.
    """
    with transaction.atomic():
        row, case = _held(outcome_id, institution, why, to_close=False)
        left = [one for one in _line_of(case.id) if one.pk != row.pk]
        if stays := _stays(row, left, as_of=as_of):
            raise UnfitOutcome(stays)
        row.corrected_by, row.corrected_why = row, why.strip()
        row.save(update_fields=["corrected_by", "corrected_why"])
        if Stage(row.stage) is not Stage.RECEIVED:
            # The firm has had its first answer by it, though not this one: no clock runs again.
            applied = Application.objects.filter(case=case.id, taken_up_at=None)
            applied.update(taken_up_at=row.told_at, taken_up_by=row.told_by)
        _journal(Kind.OUTCOME_WITHDRAWN, case, row, actor=actor, as_of=as_of)
        now = f"现在是“{step_of(left[-1]).stage.label}”" if left else "现在没有结果"
        _tell_firm(case, row, f"撤回，这笔业务{now}", why, as_of=as_of)
    return _card(row, case)


def choice(outcome_id: UUID, institution: str, *, as_of: datetime) -> Choice:
    """Return what can be done about a step that still stands; raises `UnknownOutcome`."""
    row = _own(outcome_id, institution)
    if row.corrected_by_id is not None:
        return Choice((), "")
    line = _line_of(row.case_id)
    place = next(n for n, one in enumerate(line) if one.pk == row.pk)
    before = Stage(line[place - 1].stage) if place else None
    after = Stage(line[place + 1].stage) if place + 1 < len(line) else None
    stays = _stays(row, [one for one in line if one.pk != row.pk], as_of=as_of)
    return Choice(rules.between(before, after), stays)


def _stays(row: Outcome, left: Sequence[Outcome], *, as_of: datetime) -> str:
    """Say why a step can't be taken back, where these are left without it; "" where it can."""
    if Stage(row.stage) in FINAL:
        return "业务已据此办结，不能撤回这一步；内容有误的，请更正"
    if not left and Application.objects.filter(case=row.case_id).exists():
        return "这是企业所提交申请的唯一一步，不能撤回；不予办理的，请反馈“未批准”"
    return rules.line_problem([step_of(one) for one in left], today=timezone.localdate(as_of)) or ""


def _held(outcome_id: UUID, institution: str, why: str, *, to_close: bool) -> tuple[Outcome, cases.Card]:
    """Return a step of the institution's that still stands, and its case, held till the transaction ends."""
    if not why.strip() or redaction.holds_number(why):
        raise UnfitOutcome("请说明更正或撤回的原因，且不含个人证件号码、手机号或银行卡号")
    if len(why.strip()) > _WHY_MAX:
        raise UnfitOutcome(f"更正或撤回的原因至多{_WHY_MAX}字")
    row = _own(outcome_id, institution)
    case = cases.lock(row.case_id, to_close=to_close)
    assert case is not None  # a row points at it
    row.refresh_from_db()
    if row.corrected_by_id == row.pk:
        raise UnfitOutcome("该结果反馈已撤回")
    if row.corrected_by_id is not None:
        raise UnfitOutcome("该结果反馈已被更正，请更正其后的一条")
    return row, case


def _own(outcome_id: UUID, institution: str) -> Outcome:
    row = Outcome.objects.filter(pk=outcome_id, case__institution=institution).first()
    if row is None:
        raise UnknownOutcome(f"没有此结果反馈 {outcome_id}")
    return row


def _tell_firm(case: cases.Card, was: Outcome, what: str, why: str, *, as_of: datetime) -> None:
    """Leave word for the firm of what its institution no longer says."""
    name = institutions.get(case.institution_id).name
    text = f"“{name}”曾反馈“{Stage(was.stage).label}”（{was.on}），已{what}。原因：{why.strip()}"
    refs = {"case": str(case.id), "outcome": str(was.pk)}
    if (application := Application.objects.filter(case=case.id).first()) is not None:
        refs["application"] = str(application.pk)
    notifications.tell(case.subject_id, "financing_outcome", text, refs=refs, as_of=as_of)


def record_of(outcome_id: UUID) -> int:
    """Return a step's number among a firm's records: beyond any of the store's (2 to the 52nd and up), and
    a whole number that JSON carries (below 2 to the 53rd); of the step's id, which is random.
    """
    digest = sha256(b"outcome:" + outcome_id.bytes).digest()
    return (1 << 52) | (int.from_bytes(digest[:8]) >> 12)


def own(outcome_id: UUID, institution: str) -> Card:
    """Return a step that this institution told; raises `UnknownOutcome`, for another's too."""
    return _cards([_own(outcome_id, institution)])[0]


def told_of(case_id: UUID) -> list[Card]:
    """Return all that was told of one case, corrected or not, in order; for its institution."""
    return _cards(list(Outcome.objects.filter(case=case_id).order_by("place", "told_at")))


def of_reference(institution: str, reference: str) -> list[Card]:
    """Return all that an institution has told of one case of its own, corrected or not, in order."""
    rows = Outcome.objects.filter(case__institution=institution, case__reference=reference)
    return _cards(list(rows.order_by("place", "told_at")))


def of_subject(subject_id: int) -> list[Card]:
    """Return what was told of a firm, the newest first; for the firm itself."""
    return _cards(list(Outcome.objects.filter(case__subject=subject_id).order_by("-told_at", "-pk")))


def of_case(case_id: UUID) -> list[Told]:
    """Return a case's line of life as it stands now, without what was corrected."""
    return [step_of(row) for row in _line_of(case_id)]


def terms_of_institution(institution: str) -> dict[UUID, date]:
    """Return of each case whose loan has an agreed term when that is over; for the watch ((十))."""
    rows = Outcome.objects.filter(case__institution=institution, corrected_by=None).order_by("case", "place")
    lines: dict[UUID, list[Told]] = defaultdict(list)
    for row in rows:
        lines[row.case_id].append(step_of(row))
    ends = {case: rules.term_ends_on(steps) for case, steps in lines.items()}
    return {case: on for case, on in ends.items() if on is not None}


def _tell_case(institution: str, lines: Sequence[Line], *, actor: Actor, as_of: datetime) -> Taken:
    case = cases.lock(lines[0].case_id, to_close=any(line.told.stage in FINAL for line in lines))
    if case is None or case.institution_id != institution:
        return Taken({}, [], {line.number: NO_CASE for line in lines})
    accepted: dict[int, UUID] = {}
    duplicates: list[int] = []
    refused: dict[int, str] = {}
    line_now = _line_of(case.id)
    held, place = [step_of(row) for row in line_now], line_now[-1].place + 1 if line_now else 0
    today = timezone.localdate(as_of)
    for line in sorted(lines, key=lambda line: (line.told.on, line.number)):
        if line.told in held:
            duplicates.append(line.number)
        elif found := rules.problem(line.told, held, today=today):
            refused[line.number] = found
        else:
            row = _row(case, place, line.told, actor=actor, as_of=as_of)
            place += 1
            row.save(force_insert=True)
            _journal(Kind.OUTCOME_TOLD, case, row, actor=actor, as_of=as_of)
            held.append(line.told)
            accepted[line.number] = row.pk
    if accepted:
        _close_when_over(case, held[-1].stage, actor=actor, as_of=as_of)
    return Taken(accepted, duplicates, refused)


def _close_when_over(case: cases.Card, stage: Stage, *, actor: Actor, as_of: datetime) -> None:
    if stage in FINAL and not case.closed:
        cases.close_case(case.id, actor=actor, as_of=as_of)


def _line_of(case_id: UUID) -> list[Outcome]:
    return list(Outcome.objects.filter(case=case_id, corrected_by=None).order_by("place"))


def _row(case: cases.Card, place: int, told: Told, *, actor: Actor, as_of: datetime) -> Outcome:
    return Outcome(
        id=uuid4(),
        case_id=case.id,
        place=place,
        **{name: getattr(told, name) for name in _FIELDS},
        told_at=as_of,
        told_by=actor.id,
    )


def step_of(row: Outcome) -> Told:
    """Return the step that a row holds."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["stage"] = Stage(row.stage)
    values["security"] = Security(row.security) if row.security else None
    values["rejection"] = Rejection(row.rejection) if row.rejection else None
    return Told(**values)


def _cards(rows: Sequence[Outcome]) -> list[Card]:
    of = cases.many({row.case_id for row in rows})
    return [_card(row, of[row.case_id]) for row in rows]


def _card(row: Outcome, case: cases.Card) -> Card:
    over, withdrawn = row.corrected_by_id is not None, row.corrected_by_id == row.pk
    return Card(row.pk, case, step_of(row), row.told_at, over, row.corrected_why, withdrawn)


def _journal(
    kind: Kind,
    case: cases.Card,
    row: Outcome,
    *,
    actor: Actor,
    as_of: datetime,
    replaces: UUID | None = None,
) -> None:
    refs: dict[str, str | int] = {
        "outcome": str(row.pk),
        "case": str(case.id),
        "subject": case.subject_id,
        "institution": case.institution_id,
    }
    if replaces is not None:
        refs["replaces"] = str(replaces)
    # Salted by the outcome's number, which is random: the few possible values can't be tried out.
    digest = canonical.digest({"outcome": str(row.pk), **step_of(row).document()})
    entries.append(kind, actor=actor, refs=refs, commitments={"told": digest}, as_of=as_of)
