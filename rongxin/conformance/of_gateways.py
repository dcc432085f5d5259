"""What a provider's gateway must do: whom it believes, what a consent opens, and what its answers say.

Each check asks a gateway as a platform would, or as somebody would who isn't one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from rongxin.catalogue import loader
from rongxin.conformance.asker import Gateway
from rongxin.conformance.checks import Skip, Suite, expect, same
from rongxin.consent import rules as consent
from rongxin.exchange import question as questions
from rongxin.exchange.question import Match
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.verdict import Verdict

SUITE: Suite[Gateway] = Suite()
_check = SUITE.check
_GIVEN = (Availability.RECORDS, Availability.PARTIAL)
_REFUSED = (400, 401, 403)
_DESIGN = "docs/decisions/0021"
_STAPLE = "docs/decisions/0021; 国办发〔2021〕52号（九）"


@_check(
    "P-01",
    "签名的提问得到网关签名的回执，与所问、所答相符 a signed question gets a signed receipt",
    "RFC 9421",
)
def signed_receipt(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    answer = gateway.ask(asked, terms)
    expect(
        answer.receipt.availability in _GIVEN,
        f"应有记录 expected a record, came {answer.receipt.availability}",
    )
    same("回执的行数 rows by the receipt", len(answer.rows), answer.receipt.rows)
    expect(bool(answer.rows or answer.receipt.results), "没有行，也没有核验结果 neither rows nor results")


@_check("P-02", "未签名的请求不予应答 nothing is answered without a signature", "RFC 9421 §3.2")
def unsigned(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    body = questions.encode(asked, gateway.status(asked, terms))
    answer = gateway.wire.send(
        "POST", questions.PATH, headers={"content-type": "application/json"}, body=body
    )
    _not_served(answer.status)


@_check("P-03", "内容被改动的请求不予应答 a changed body is refused", "RFC 9421; RFC 9530 §2")
def changed(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    request = gateway.signed(questions.encode(asked, gateway.status(asked, terms)))
    other = replace(asked, request=uuid4())
    _not_served(
        gateway.post(replace(request, body=questions.encode(other, gateway.status(other, terms)))).status
    )


@_check("P-04", "未知密钥签名的请求不予应答 a stranger's signature opens nothing", "RFC 9421 §3.2")
def stranger(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    body = questions.encode(asked, gateway.status(asked, terms))
    _not_served(gateway.post(gateway.signed(body, key=SigningKey.generate("node"))).status)


@_check(
    "P-05", "签名时间不在前后30秒内的请求不予应答 a signature of another hour is refused", "RFC 9421 §7.2.2"
)
def another_hour(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    body = questions.encode(asked, gateway.status(asked, terms))
    for away in (timedelta(minutes=-2), timedelta(minutes=2)):
        _not_served(gateway.post(gateway.signed(body, created=datetime.now(UTC) + away)).status)


@_check("P-06", "同一请求再次送达不再应答 a replayed request is not answered again", "RFC 9421 §7.2.2")
def replayed(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    request = gateway.signed(questions.encode(asked, gateway.status(asked, terms)))
    first = gateway.post(request)
    same("首次 the first", 200, first.status)
    same("再次 the second", 409, gateway.post(request).status)


@_check("P-07", "同一提问换新签名再问不再应答 the same question signed anew is no new question", _STAPLE)
def asked_again(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    body = questions.encode(asked, gateway.status(asked, terms))
    same("首次 the first", 200, gateway.post(gateway.signed(body)).status)
    same("再次 the second", 409, gateway.post(gateway.signed(body)).status)


@_check("P-08", "无授权不提供 without a consent nothing is given", "国办发〔2021〕52号（六），附件 注3")
def without_consent(gateway: Gateway) -> None:
    asked, _ = gateway.usual()
    _withheld(gateway, replace(asked, artefact=None, case=None), None)


@_check("P-09", "已到期的授权不打开任何信息 an expired consent opens nothing", "国办发〔2021〕52号（九）")
def expired(gateway: Gateway) -> None:
    today = datetime.now(UTC).date()
    begun, ended = today - timedelta(days=30), today - timedelta(days=2)
    _withheld_by(gateway, valid_from=begun, valid_until=ended)


@_check(
    "P-10",
    "已撤回、已暂停的授权不打开任何信息 nor does one that is withdrawn or paused",
    "国办发〔2021〕52号（九）",
)
def withdrawn(gateway: Gateway) -> None:
    for stands in (consent.Status.WITHDRAWN, consent.Status.PAUSED):
        asked, terms = gateway.usual()
        _withheld(gateway, asked, terms, status=gateway.status(asked, terms, status=stands))


@_check("P-11", "早于5秒的授权状态不予采信 a stapled status older than 5 s is not believed", _STAPLE)
def stale_status(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    old = gateway.status(asked, terms, at=datetime.now(UTC) - timedelta(seconds=8))
    _withheld(gateway, asked, terms, status=old)


@_check("P-12", "另一提问的授权状态、或没有状态，不予采信 nor another question's status, nor none", _STAPLE)
def another_questions_status(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    other = replace(asked, request=uuid4())
    _withheld(gateway, asked, terms, status=gateway.status(other, terms))
    asked, terms = gateway.usual()
    _withheld(gateway, asked, None)


@_check(
    "P-13",
    "给另一机构、另一主体的授权不打开信息 a consent to or of somebody else opens nothing",
    "国办发〔2021〕52号（九）",
)
def somebody_elses(gateway: Gateway) -> None:
    _withheld_by(gateway, institution="somebody_else")
    _withheld_by(gateway, subject=gateway.item.absent.uscc)


@_check(
    "P-14",
    "授权未包含的信息项不提供 an item that the consent doesn't name is not given",
    "国办发〔2021〕52号（九）",
)
def beyond_items(gateway: Gateway) -> None:
    others = loader.load().items.keys() - {gateway.item.item}
    _withheld_by(gateway, items=frozenset({min(others)}))


@_check("P-15", "伪造签名的授权凭证不打开信息 a forged artefact opens nothing", "RFC 7515 §5.2")
def forged(gateway: Gateway) -> None:
    asked, terms = gateway.usual()
    assert asked.artefact is not None
    head, payload, signature = asked.artefact.split(".")
    turned = "A" if signature[10] != "A" else "B"
    broken = replace(asked, artefact=f"{head}.{payload}.{signature[:10]}{turned}{signature[11:]}")
    _withheld(gateway, broken, terms)


@_check("P-16", "平台判为不提供的字段不得给出 a field that the node withholds is withheld", _DESIGN)
def stricter(gateway: Gateway) -> None:
    called = gateway.called
    asked, terms = gateway.usual()
    asked = replace(asked, verdicts={**asked.verdicts, called.field: Verdict.WITHHOLD})
    answer = gateway.ask(asked, terms)
    expect(all(called.field not in row for row in answer.rows), f"{called.field} 仍被给出 was given")


@_check(
    "P-17",
    "平台要求脱敏的字段须脱敏给出 a field that is to be masked comes masked",
    f"{_DESIGN}; 国办发〔2021〕52号（九）",
)
def masked(gateway: Gateway) -> None:
    called = gateway.called
    plain, terms = gateway.usual()
    clear = [row.get(called.field) for row in gateway.ask(plain, terms).rows]
    expect(any(value not in (None, "") for value in clear), f"没有{called.field}的值可比 no value to compare")
    asked, terms = gateway.usual()
    asked = replace(asked, verdicts={**asked.verdicts, called.field: Verdict.MASK})
    came = [row.get(called.field) for row in gateway.ask(asked, terms).rows]
    expect(
        not {str(one) for one in came if one is not None} & {str(one) for one in clear},
        "值未脱敏 came in clear",
    )


@_check(
    "P-18",
    "清单以外的字段不提供，回执写明 a field outside the catalogue is withheld, and said so",
    f"{_DESIGN}; 附件 清单",
)
def beyond_fields(gateway: Gateway) -> None:
    called = gateway.called
    asked, terms = gateway.usual()
    asked = replace(asked, verdicts={**asked.verdicts, "not_of_the_annex": Verdict.REVEAL})
    answer = gateway.ask(asked, terms)
    expect(all("not_of_the_annex" not in row for row in answer.rows), "清单以外的字段被给出 was given")
    said = answer.receipt.decided.get("not_of_the_annex")
    expect(said is not None and said[0] is Verdict.WITHHOLD, "回执未写明不提供 the receipt doesn't say so")
    expect(any(called.field in row for row in answer.rows), "其余字段未给出 the others were not given")


@_check("P-19", "无记录须答“无记录” no record is told as no record", "docs/decisions/0018; 附件 注2")
def no_record(gateway: Gateway) -> None:
    called = gateway.called
    terms = gateway.terms(called.item, called.absent)
    answer = gateway.ask(gateway.question(called.item, called.absent, terms), terms)
    same("可得性 availability", Availability.NO_RECORD, answer.receipt.availability)
    same("行数 rows", 0, len(answer.rows))


@_check(
    "P-20", "数据源故障须答“暂不可用”，不得答“无记录” a failing store is never told as no record", "附件 注2"
)
def unavailable(gateway: Gateway) -> None:
    if not gateway.brought.failing:
        raise Skip(
            "试验文件中没有 failing：一项故意配错数据源的信息 the file names no item whose source fails"
        )
    item, subject = gateway.brought.failing, gateway.item.subject
    terms = gateway.terms(item, subject)
    answer = gateway.ask(gateway.question(item, subject, terms), terms)
    same("可得性 availability", Availability.PROVIDER_UNAVAILABLE, answer.receipt.availability)


@_check(
    "P-21", "数据核验只答一致、不一致、无记录 verification answers match, mismatch or no record", "附件 注2"
)
def verified(gateway: Gateway) -> None:
    of = gateway.verified
    for subject, claim, expected in (
        (of.subject, of.right, Match.MATCH),
        (of.subject, of.wrong, Match.MISMATCH),
        (of.absent, of.right, Match.NO_RECORD),
    ):
        terms = gateway.terms(of.item, subject)
        asked = gateway.question(of.item, subject, terms, of.field, claims={of.field: claim})
        answer = gateway.ask(asked, terms)
        same(f"核验 {claim!r} 的结果 the result", {of.field: expected}, dict(answer.receipt.results))


@_check("P-22", "数据核验从不给出值 verification never returns a value", "附件 注2")
def never_a_value(gateway: Gateway) -> None:
    of = gateway.verified
    terms = gateway.terms(of.item, of.subject)
    asked = gateway.question(of.item, of.subject, terms, of.field, claims={of.field: of.wrong})
    body = questions.encode(asked, gateway.status(asked, terms))
    answer = gateway.post(gateway.signed(body))
    believed = gateway.believed(answer, asked)
    same("行数 rows", 0, len(believed.rows))
    expect(of.right.encode() not in answer.body, "应答中有真实值 the answer holds the true value")


@_check(
    "P-23",
    "每次应答记入证据，序号递增 each answer is an entry of the evidence, in order",
    "docs/decisions/0029",
)
def evidence(gateway: Gateway) -> None:
    places = []
    for _ in range(2):
        asked, terms = gateway.usual()
        said = gateway.ask(asked, terms).receipt
        expect(bool(said.entry), "回执没有证据条目 the receipt names no entry")
        places.append(said.position)
    expect(0 < places[0] < places[1], f"序号未递增 positions don't grow: {places}")


@_check("P-24", "不能识别的内容得到4xx，不是5xx what can't be read is a 4xx", "RFC 9110 §15.5")
def unreadable(gateway: Gateway) -> None:
    for body in (b"", b"{}", b'{"question": [], "status": 5}', b"\xff\xfe"):
        status = gateway.post(gateway.signed(body)).status
        expect(400 <= status < 500, f"{body!r} 得到 came {status}")


def _not_served(status: int) -> None:
    expect(status in _REFUSED, f"应拒绝(401) a refusal was expected, came {status}")


def _withheld_by(gateway: Gateway, **changes: object) -> None:
    """Ask the usual by a consent that differs."""
    asked, terms = gateway.usual(**changes)
    _withheld(gateway, asked, terms)


def _withheld(
    gateway: Gateway,
    asked: questions.Question,
    terms: consent.Terms | None,
    *,
    status: str | None = None,
) -> None:
    answer = gateway.ask(asked, terms, status=status)
    same("可得性 availability", Availability.WITHHELD, answer.receipt.availability)
    same("行数与核验结果 rows and results", (0, 0), (len(answer.rows), len(answer.receipt.results)))
    expect(answer.receipt.reason is not None, "回执没有理由 the receipt gives no reason")
