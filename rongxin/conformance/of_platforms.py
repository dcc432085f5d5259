"""What a platform's API must do for the institutions that call it: tokens, refusals, limits, pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from rongxin.conformance.checks import Suite, expect, same
from rongxin.conformance.platform import API, TOKEN, Platform, own_reference, refused
from rongxin.conformance.wire import Answer
from rongxin.proof import dpop
from rongxin.proof.keys import SigningKey

SUITE: Suite[Platform] = Suite()
_check = SUITE.check
_FAPI = "FAPI 2.0 Security Profile §5.3"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_CONSENT_ONLY = "tax_payment"


@_check(
    "I-01",
    "授权服务器元数据可读，支持私钥签名与绑定令牌 metadata tell of private_key_jwt and DPoP",
    f"RFC 8414; {_FAPI}",
)
def metadata(platform: Platform) -> None:
    answer = platform.wire.send("GET", f"{API}oauth/metadata")
    same("状态 status", 200, answer.status)
    said = answer.document
    same("issuer", platform.issuer, said["issuer"])
    same("token_endpoint", f"{platform.issuer}{API}{TOKEN}", said["token_endpoint"])
    expect("private_key_jwt" in said["token_endpoint_auth_methods_supported"], "没有 private_key_jwt")
    expect(bool(said.get("dpop_signing_alg_values_supported")), "没有 DPoP 算法 no algorithms of DPoP")
    algorithms = {*said["dpop_signing_alg_values_supported"]}
    expect(
        "none" not in algorithms and "RS256" not in algorithms, f"不安全的算法 unfit algorithms: {algorithms}"
    )


@_check(
    "I-02",
    "接口说明为OpenAPI 3.1，每个操作都写明问题格式 the description is OpenAPI 3.1, problems included",
    "OpenAPI 3.1; RFC 9457",
)
def description(platform: Platform) -> None:
    answer = platform.wire.send("GET", f"{API}openapi.json")
    same("状态 status", 200, answer.status)
    document = answer.document
    expect(str(document["openapi"]).startswith("3.1"), f"版本 version {document['openapi']}")
    lacking = [
        f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if "application/problem+json" not in said["responses"].get("default", {}).get("content", {})
    ]
    expect(not lacking, f"未写明问题格式 without problems: {lacking[:3]}")


@_check(
    "I-03",
    "私钥签名取得短期绑定令牌，不得缓存 a token is short-lived, bound and not to be cached",
    f"RFC 6749 §5.1; RFC 9449 §5; {_FAPI}",
)
def token(platform: Platform) -> None:
    answer = platform.ask_for_token(platform.assertion(), platform.proof("POST", TOKEN))
    same("状态 status", 200, answer.status)
    same("token_type", "DPoP", answer.member("token_type"))
    expect(0 < int(answer.member("expires_in")) <= 3600, f"expires_in {answer.member('expires_in')}")
    expect("no-store" in answer.headers.get("cache-control", ""), "缺少 Cache-Control: no-store")


@_check(
    "I-04",
    "未登记密钥的断言不得取得令牌 an assertion by a key that isn't registered is refused",
    "RFC 7523 §3; RFC 6749 §5.2",
)
def stranger(platform: Platform) -> None:
    platform.account  # noqa: B018 - skips where there is none
    assertion = platform.assertion(key=SigningKey.generate("stranger"))
    _no_token(platform.ask_for_token(assertion, platform.proof("POST", TOKEN)), "invalid_client")


@_check(
    "I-05", "写给别处的断言不得取得令牌 an assertion for another audience is refused", f"RFC 7523 §3; {_FAPI}"
)
def audience(platform: Platform) -> None:
    assertion = platform.assertion(audience="https://somewhere.else.example")
    _no_token(platform.ask_for_token(assertion, platform.proof("POST", TOKEN)), "invalid_client")


@_check("I-06", "同一断言只能用一次 an assertion is good for once", "RFC 7523 §3")
def assertion_again(platform: Platform) -> None:
    assertion = platform.assertion()
    same("首次 the first", 200, platform.ask_for_token(assertion, platform.proof("POST", TOKEN)).status)
    _no_token(platform.ask_for_token(assertion, platform.proof("POST", TOKEN)), "invalid_client")


@_check(
    "I-07",
    "没有持有证明不得取得令牌 without a proof of possession there is no token",
    f"RFC 9449 §5; {_FAPI}",
)
def unbound(platform: Platform) -> None:
    _no_token(platform.ask_for_token(platform.assertion(), None), "invalid_dpop_proof")


@_check("I-08", "绑定令牌不得当作持有者令牌使用 a bound token is no bearer token", "RFC 9449 §7.1")
def as_bearer(platform: Platform) -> None:
    _unauthorised(_bare(platform, {"authorization": f"Bearer {platform.token()}"}))


@_check("I-09", "另一密钥的持有证明不被接受 a proof by another key is refused", "RFC 9449 §7.1")
def another_key(platform: Platform) -> None:
    token = platform.token()
    proof = platform.proof("GET", "cases", token=token, session=dpop.Key())
    _unauthorised(_bare(platform, {"authorization": f"DPoP {token}", "dpop": proof}))


@_check("I-10", "同一持有证明不得再用 a proof is good for once", "RFC 9449 §11.1")
def proof_again(platform: Platform) -> None:
    token = platform.token()
    headers = {"authorization": f"DPoP {token}", "dpop": platform.proof("GET", "cases", token=token)}
    same("首次 the first", 200, _bare(platform, headers).status)
    _unauthorised(_bare(platform, headers))


@_check(
    "I-11",
    "为另一请求、另一令牌作的持有证明不被接受 nor one for another request or token",
    "RFC 9449 §4.3, §7",
)
def another_request(platform: Platform) -> None:
    token = platform.token()
    for proof in (
        platform.proof("POST", "cases", token=token),
        platform.proof("GET", "consents", token=token),
        platform.proof("GET", "cases", token="another"),  # noqa: S106 - no secret
        platform.proof("GET", "cases"),
    ):
        _unauthorised(_bare(platform, {"authorization": f"DPoP {token}", "dpop": proof}))


@_check(
    "I-12",
    "无凭证得到401与认证方式 without credentials: 401, and how to authenticate",
    "RFC 9110 §11.6.1; RFC 9457",
)
def nobody(platform: Platform) -> None:
    _unauthorised(_bare(platform, {}))


@_check("I-13", "每种错误都是问题文档 every error is a problem document", "RFC 9457")
def problems(platform: Platform) -> None:
    refused(platform.send("GET", "no-such-address"), 404)
    refused(platform.send("PUT", "cases", {}), 405)
    refused(platform.send("POST", "cases", raw=b"{"), 400)
    refused(platform.send("GET", f"cases/{uuid4()}"), 404)
    refused(platform.send("GET", "cases/not-a-number"), 404, 422)


@_check(
    "I-14",
    "内容有误得到422，写明位置 what is wrong with a body is said with its place",
    "RFC 9457 §3; docs/reference",
)
def places(platform: Platform) -> None:
    answer = platform.send("POST", "cases", {"uscc": platform.subject, "reference": ""})
    refused(answer, 422)
    errors = answer.member("errors") or []
    expect(any("reference" in str(one.get("where")) for one in errors), f"未写明位置 no place: {errors}")


@_check(
    "I-15",
    "同一幂等键再送只办一次，应答相同 a key that comes twice has one effect",
    "docs/decisions/0033; draft-ietf-httpapi-idempotency-key-header",
)
def once(platform: Platform) -> None:
    reference, key = own_reference(), str(uuid4())
    first = platform.open_case(reference, key=key)
    same("首次 the first", 201, first.status)
    second = platform.open_case(reference, key=key)
    same("再次 the second", (201, first.member("case")), (second.status, second.member("case")))
    expect("idempotent-replayed" in second.headers, "缺少 Idempotent-Replayed 头")
    found = [one for one in _all(platform, "cases?limit=100") if one["reference"] == reference]
    same("业务数 cases", 1, len(found))


@_check("I-16", "同一幂等键不得用于另一请求 a key is for one request alone", "docs/decisions/0033")
def another_body(platform: Platform) -> None:
    key = str(uuid4())
    same("首次 the first", 201, platform.open_case(key=key).status)
    refused(platform.open_case(key=key), 422)


@_check(
    "I-17", "分页首尾相接，不重不漏 pages join without a gap or a repetition", "RFC 8288; docs/decisions/0033"
)
def pages(platform: Platform) -> None:
    opened = {str(platform.open_case().member("case")) for _ in range(3)}
    short = [one["case"] for one in _all(platform, "cases?limit=2", most=200)]
    same("重复 repetitions", len(set(short)), len(short))
    expect(opened <= set(short), "有遗漏 some are missing")
    refused(platform.send("GET", "cases?limit=2&cursor=not-a-cursor"), 400, 422)


@_check(
    "I-18",
    "应答带有剩余额度 answers tell what is left of a quota",
    "draft-ietf-httpapi-ratelimit-headers; 国办发〔2021〕52号（十）",
)
def limits(platform: Platform) -> None:
    answer = platform.report()
    same("状态 status", 200, answer.status)
    for name in ("ratelimit", "ratelimit-policy"):
        expect(name in answer.headers, f"缺少 {name} 头")
    expect(";r=" in answer.headers["ratelimit"], f"RateLimit: {answer.headers['ratelimit']}")


@_check(
    "I-19",
    "公共报告对未提供的每一项写明理由与条款 what is withheld is so with reason and article",
    "国办发〔2021〕52号（六）",
)
def withheld(platform: Platform) -> None:
    answer = platform.report()
    same("状态 status", 200, answer.status)
    held = [one for one in _items(answer) if one["availability"]["code"] == "withheld"]
    expect(bool(held), "没有一项未提供：未经授权的报告不应完整 nothing is withheld without a consent")
    lacking = [one["item"] for one in held if not (one.get("reason") or {}).get("article")]
    expect(not lacking, f"未写明条款 without an article: {lacking[:3]}")
    expect(all(not one.get("rows") for one in held), "未提供的项有记录 withheld items hold rows")


@_check(
    "I-20",
    "未经授权，须授权的信息不提供 without a consent nothing that needs one is given",
    "国办发〔2021〕52号（六），附件 注3",
)
def no_consent(platform: Platform) -> None:
    found = {one["item"]: one for one in _items(platform.report())}
    expect(_CONSENT_ONLY in found, f"报告中没有 {_CONSENT_ONLY} isn't in the report")
    same(_CONSENT_ONLY, "withheld", found[_CONSENT_ONLY]["availability"]["code"])


@_check(
    "I-21",
    "授权申请先待企业答复 a request for consent waits for the firm",
    "RFC 9396; 国办发〔2021〕52号（九）",
)
def waits(platform: Platform) -> None:
    case = platform.open_case().member("case")
    answer = platform.send("POST", "consent-requests", {"case": case, "items": [_CONSENT_ONLY]})
    same("状态 status", 201, answer.status)
    same("consent", None, answer.member("consent"))
    (details,) = answer.member("authorization_details")
    same("authorization_details.type", "urn:rongxin:consent:1", details["type"])
    shown = platform.send("GET", f"consent-requests/{answer.member('request')}")
    same("企业答复前 before it answers", (200, None), (shown.status, shown.member("consent")))
    none = platform.report(case=case, consent=str(uuid4()), purpose="pre_loan_review")
    refused(none, 403, 404)


@_check(
    "I-22",
    "已撤回的授权不再打开任何信息，并写明 a withdrawn consent opens nothing, and that is said",
    "国办发〔2021〕52号（九）",
)
def withdrawn(platform: Platform) -> None:
    ended = platform.withdrawn
    said = {"uscc": ended.subject, "case": str(ended.case), "consent": str(ended.consent)}
    answer = platform.report(**said, purpose="pre_loan_review")
    refused(answer, 403)
    same("理由 reason", "consent_withdrawn", answer.member("reason"))
    expect(bool(answer.member("article")), "未写明条款 no article")
    shown = platform.send("GET", f"consents/{ended.consent}")
    same("状态 state", "withdrawn", shown.member("status"))


def _bare(platform: Platform, headers: dict[str, str]) -> Answer:
    return platform.wire.send("GET", f"{API}cases", headers=headers)


def _unauthorised(answer: Answer) -> None:
    refused(answer, 401)
    expect("www-authenticate" in answer.headers, "缺少 WWW-Authenticate 头")


def _no_token(answer: Answer, error: str) -> None:
    expect(answer.status in (400, 401), f"应拒绝 a refusal was expected, came {answer.status}")
    same("error", error, answer.member("error"))


def _items(answer: Answer) -> list[dict[str, Any]]:
    return [item for section in answer.document["sections"] for item in section["items"]]


def _all(platform: Platform, path: str, most: int = 50) -> list[dict[str, Any]]:
    """Go through a list by its `Link` headers."""
    found: list[dict[str, Any]] = []
    for _ in range(most):
        answer = platform.send("GET", path)
        same("状态 status", 200, answer.status)
        found += answer.document
        link = answer.headers.get("link", "")
        if 'rel="next"' not in link:
            return found
        parts = urlsplit(link[link.index("<") + 1 : link.index(">")])
        path = f"{parts.path.removeprefix(API)}?{parts.query}"
    return found
