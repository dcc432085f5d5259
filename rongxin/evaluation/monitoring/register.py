"""模型登记: which versions there are, which is in use, and who put it to use ((七), facts 5.3).

A version is registered with its model card before it is scored in shadow. One person proposes the promotion,
another promotes; the champion before it retires in the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.evaluation import loading
from rongxin.evaluation.cards import NOT_RATED
from rongxin.evaluation.errors import ModelNotPossible, ModelRefused, UnknownModel
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.models import Baseline, ShadowRun, Version
from rongxin.evaluation.monitoring import parameters
from rongxin.evaluation.monitoring.rules import TRANSITIONS, Act, State
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import second_person
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor

DOCUMENT_MAX, WORDS_MAX = 100_000, 500
_WHAT = "评价模型的启用"


@dataclass(frozen=True)
class Registration:
    """`made_from` says what the version rests on (experts' judgement, or which data); `document` is its model
    card. `expected_bad` gives grades the share of bad loans expected, where the version was fitted.
    """

    version: str
    made_from: str
    document: str
    data_from: date | None = None
    data_until: date | None = None
    expected_bad: Mapping[str, float] = field(default_factory=dict)


def register(wish: Registration, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Enter a version; raises `UnknownVersion`, `ModelRefused`, `ModelNotPossible` and parties.NotAllowed."""
    person = second_person.of_operator(actor=actor, what="评价模型的登记")
    spec = loading.load(wish.version)
    _check(wish, spec, timezone.localdate(as_of))
    with transaction.atomic():
        _take_turn()
        if Version.objects.filter(pk=wish.version).exists():
            raise ModelNotPossible(
                f"版本 {wish.version} 已登记；参数有改动时请用新的版本号 (take a new version)"
            )
        row = Version.objects.create(
            version=wish.version,
            digest=digest_of(spec),
            made_from=wish.made_from.strip(),
            data_from=wish.data_from,
            data_until=wish.data_until,
            expected_bad=dict(wish.expected_bad),
            document=wish.document,
            registered_at=as_of,
            registered_by=person,
        )
        _journal(row, "registered", actor=actor, as_of=as_of)
    return document(row)


def to_shadow(version: str, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Have a draft scored beside the champion from the next full run on."""
    second_person.of_operator(actor=actor, what="评价模型的影子运行")
    with transaction.atomic():
        row = _turn(version, Act.SHADOW)
        row.save(update_fields=["state"])
        _journal(row, "shadow", actor=actor, as_of=as_of)
    return document(row)


def propose(version: str, *, why: str, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Propose that a challenger become the champion, by what its latest shadow run showed.

    The first champion needs no shadow run: there is nothing to be compared with.
    """
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _turn(version, Act.PROPOSE)
        row.evidence = _evidence(version, timezone.localdate(as_of))
        row.proposed_at, row.proposed_by, row.why = as_of, person, _reason(why)
        row.save(update_fields=["evidence", "proposed_at", "proposed_by", "why"])
        _journal(row, "proposed", actor=actor, as_of=as_of)
    return document(row)


def promote(version: str, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Put a proposed challenger to use, as another person; the champion before it retires."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _turn(version, Act.PROMOTE)
        if not row.proposed_by:
            raise ModelNotPossible(f"版本 {version} 尚无人提出启用，请先提出 (nobody has proposed it)")
        second_person.check_other(person, row.proposed_by, what=_WHAT)
        for before in Version.objects.select_for_update(no_key=True).filter(state=State.CHAMPION):
            before.state = TRANSITIONS[State.CHAMPION][Act.REPLACE].value
            before.retired_at, before.retired_by = as_of, person
            before.save(update_fields=["state", "retired_at", "retired_by"])
            _journal(before, "replaced", actor=actor, as_of=as_of)
        row.promoted_at, row.promoted_by = as_of, person
        row.save(update_fields=["state", "promoted_at", "promoted_by"])
        _journal(row, "promoted", actor=actor, as_of=as_of)
    return document(row)


def retire(version: str, *, why: str, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Drop a draft or a challenger; a champion retires by being replaced only."""
    person = second_person.of_operator(actor=actor, what="评价模型的停用")
    with transaction.atomic():
        row = _turn(version, Act.RETIRE)
        row.retired_at, row.retired_by, row.why = as_of, person, _reason(why)
        row.save(update_fields=["state", "retired_at", "retired_by", "why"])
        _journal(row, "retired", actor=actor, as_of=as_of)
    return document(row)


def every() -> list[dict[str, Any]]:
    """Return all versions, the newest registration first."""
    return [document(row) for row in Version.objects.order_by("-registered_at", "version")]


def of(version: str) -> dict[str, Any]:
    """Return one version with its model card and its comparisons in shadow; raises `UnknownModel`."""
    shadows = ShadowRun.objects.filter(version=version).order_by("-done_at")[:12]
    compared = [
        {"run": one.run_id, "done_at": one.done_at.isoformat(), **one.comparison, "sha256": one.sha256}
        for one in shadows
    ]
    return document(_row(version)) | {"model_card": _row(version).document, "shadow_runs": compared}


def champion() -> str | None:
    """Return the version in use; None while none has been promoted."""
    return Version.objects.filter(state=State.CHAMPION).values_list("version", flat=True).first()


def to_run(wanted: str | None = None) -> str:
    """Return the version that a full run is by: the champion; before there is one, any, else the newest.

    Raises `ModelRefused` where another than the champion is wanted, for what a run publishes counts for
    everybody and two persons decide on that; or where the champion's files are not what was promoted.
    """
    row = Version.objects.filter(state=State.CHAMPION).first()
    if row is None:
        return loading.load(wanted).version
    if wanted not in (None, row.version):
        raise ModelRefused(
            f"在用版本为 {row.version}；{wanted} 须先影子运行，并由两人启用 "
            f"({row.version} is in use: another version is scored in shadow first, and promoted by two)"
        )
    _unchanged(row)
    return row.version


def challengers() -> list[str]:
    """Return the versions that are scored in shadow; raises `ModelRefused` where one was changed since."""
    rows = list(Version.objects.filter(state=State.SHADOW).order_by("version"))
    for row in rows:
        _unchanged(row)
    return [row.version for row in rows]


def document(row: Version) -> dict[str, Any]:
    """Return a version JSON-ready, without its model card."""
    state = State(row.state)
    baseline = Baseline.objects.filter(pk=row.version).values_list("as_of", flat=True).first()
    return {
        "version": row.version,
        "state": state.value,
        "state_label": state.label,
        "digest": row.digest,
        "made_from": row.made_from,
        "data_from": row.data_from.isoformat() if row.data_from else None,
        "data_until": row.data_until.isoformat() if row.data_until else None,
        "expected_bad": row.expected_bad,
        "registered_at": row.registered_at.isoformat(),
        "registered_by": row.registered_by,
        "proposed_at": row.proposed_at.isoformat() if row.proposed_at else None,
        "proposed_by": row.proposed_by or None,
        "evidence": row.evidence or None,
        "why": row.why or None,
        "promoted_at": row.promoted_at.isoformat() if row.promoted_at else None,
        "promoted_by": row.promoted_by or None,
        "retired_at": row.retired_at.isoformat() if row.retired_at else None,
        "retired_by": row.retired_by or None,
        "baseline_as_of": baseline.isoformat() if baseline else None,
    }


def digest_of(spec: Specification) -> str:
    """Return the SHA-256 of all that a version is: its indicators and its parameters."""
    parts = ("weights", "grades", "vetoes", "relief", "segments")
    content = {name: getattr(spec, name).model_dump(mode="json") for name in parts}
    indicators = {code: one.model_dump(mode="json") for code, one in spec.indicators.items()}
    return canonical.digest({**content, "indicators": indicators})


def _check(wish: Registration, spec: Specification, today: date) -> None:
    if not wish.document.strip() or len(wish.document) > DOCUMENT_MAX:
        raise ModelRefused(
            f"请附模型说明（至多 {DOCUMENT_MAX} 字）：用途与不适用范围、数据、检验结果 (a model card)"
        )
    if not wish.made_from.strip() or len(wish.made_from) > WORDS_MAX:
        raise ModelRefused("请写明依据：专家判断，或所用数据 (say what the version rests on)")
    if any(map(redaction.holds_number, (wish.document, wish.made_from))):
        raise ModelRefused("模型说明和依据中不得有个人号码 (no personal numbers)")
    span = (wish.data_from, wish.data_until)
    if (span[0] is None) != (span[1] is None) or (span[0] and span[1] and not span[0] <= span[1] <= today):
        raise ModelRefused(
            "数据期间应有起止两日，先起后止，不在将来 (both days, in order, not in the future)"
        )
    grades = {*spec.grades.grades} - {NOT_RATED}
    if strange := sorted(set(wish.expected_bad) - grades):
        raise ModelRefused(f"没有等级 {'、'.join(strange)}；等级有 {'、'.join(spec.grades.grades)}")
    if any(not 0 <= rate <= 1 for rate in wish.expected_bad.values()):
        raise ModelRefused("预期违约率应在 0 与 1 之间 (between 0 and 1)")


def _reason(why: str) -> str:
    reason = redaction.redact(why).strip()[:WORDS_MAX]
    if not reason:
        raise ModelRefused("请写明理由 (say why)")
    return reason


def _evidence(version: str, today: date) -> str:
    """Return the digest of the latest comparison in shadow; raises where there are too few."""
    if champion() is None:
        return ""
    runs = ShadowRun.objects.filter(version=version, comparison__has_key="subjects").order_by("-done_at")
    least = parameters.in_force(today).shadow_runs_min
    found = list(runs.values_list("sha256", flat=True))
    if len(found) < least:
        raise ModelNotPossible(
            f"版本 {version} 的影子运行 {len(found)} 次，应至少 {least} 次：请先完成全覆盖评价"
        )
    return found[0]


def _turn(version: str, act: Act) -> Version:
    """Lock a version and move it as the table says."""
    _take_turn()
    row = _row(version)
    then = TRANSITIONS[State(row.state)].get(act)
    if then is None:
        raise ModelNotPossible(f"版本 {version} 为“{State(row.state).label}”，不能进行此操作")
    if act is not Act.RETIRE:
        _unchanged(row)
    row.state = then.value
    return row


def _unchanged(row: Version) -> None:
    if digest_of(loading.load(row.version)) != row.digest:
        raise ModelRefused(
            f"版本 {row.version} 的指标或参数自登记后有改动，请以新的版本号登记 (it was changed since)"
        )


def _row(version: str) -> Version:
    row = Version.objects.filter(pk=version).first()
    if row is None:
        raise UnknownModel(f"没有登记版本 {version}")
    return row


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('evaluation.register', 0))")


def _journal(row: Version, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"version": row.version, "change": change}
    said = canonical.digest({"document": row.document, "made_from": row.made_from, "why": row.why})
    commitments = {"version": row.digest, "said": said} | ({"evidence": row.evidence} if row.evidence else {})
    entries.append(
        Kind.EVALUATION_MODEL_CHANGED, actor=actor, refs=refs, commitments=commitments, as_of=as_of
    )
