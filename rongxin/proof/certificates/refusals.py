"""Why a certificate is not believed: one word for each reason, with what to do about it."""

from __future__ import annotations

from rongxin.proof.errors import ProofError
from rongxin.vocabulary.labelled import Labelled


class Why(Labelled):
    """One reason; its two names are what people read."""

    UNREADABLE = "certificate_unreadable", "不是可读取的 PEM 证书", "no readable certificate in PEM"
    KEY_KIND = "key_kind", "证书中的公钥不是 SM2 或 Ed25519", "its key is neither SM2 nor Ed25519"
    ENCRYPTION = "encryption_certificate", "这是加密证书，请提供签名证书", "an encryption certificate"
    KEY_USAGE = "key_usage", "证书的用途不是签名", "its key is not for signing"
    SUBJECT = "wrong_subject", "证书主体不是该机构", "its subject is not the institution"
    NO_CHAIN = "no_chain", "证书链不能到达可信根", "no chain to a trusted root"
    ALGORITHM = "signature_algorithm", "签名算法不被接受", "a signature algorithm that is not taken"
    FORGED = "forged_signature", "证书链中的签名不成立", "a signature of the chain does not hold"
    EXPIRED = "expired", "证书已过期", "expired"
    NOT_YET = "not_yet_valid", "证书尚未生效", "not valid yet"
    CRITICAL = "critical_extension", "含有不认识的关键扩展", "a critical extension that is not known"
    CA_UNFIT = "ca_unfit", "颁发者无权颁发该证书", "the issuer may not issue it"
    CRL_MISSING = "crl_missing", "缺少颁发者的吊销列表", "the issuer's revocation list is missing"
    CRL_UNFIT = "crl_unfit", "颁发者的吊销列表不能使用", "the issuer's revocation list can't be used"
    CRL_FORGED = "crl_forged", "吊销列表的签名不成立", "the revocation list's signature does not hold"
    CRL_NOT_YET = "crl_not_yet_valid", "吊销列表尚未生效", "the revocation list is not valid yet"
    CRL_STALE = "crl_stale", "吊销列表已过期", "the revocation list is out of date"
    ON_HOLD = "on_hold", "证书已被暂停（冻结）", "the certificate is on hold"
    CA_REVOKED = "ca_revoked", "颁发者的证书已被吊销", "its issuer's certificate is revoked"
    REVOKED = "revoked", "证书已被吊销", "the certificate is revoked"


#: What no file laid down later puts right; all else may be an operator's slip, and may be believed again.
FINAL = frozenset({Why.REVOKED, Why.CA_REVOKED})


class Refused(ProofError):
    """A certificate that is not believed: the reason, and in words what, where and what to do."""

    code = "certificate_refused"

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(f"{why.label}：{text} {why.label_en}")
        self.why = why
