"""The two signatures that a chain may bear: SM2 over SM3 (GM/T 0015) and Ed25519 (RFC 8410)."""

from __future__ import annotations

from typing import Any

from asn1crypto import algos, pem
from asn1crypto.keys import PublicKeyInfo
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from pyhanko_certvalidator.sig_validate import SignatureValidator

from rongxin.proof import keys, signers, sm2
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import Verifies

SM2_WITH_SM3, ED25519 = "1.2.156.10197.1.501", "1.3.101.112"
#: The algorithms that are taken, and the kind of key that each one is of.
TAKEN = {SM2_WITH_SM3: signers.ALGORITHM, ED25519: keys.VerifyingKey.algorithm}
_HALF = sm2.SIGNATURE_BYTES // 2


def holds(key: bytes, oid: str, signature: bytes, data: bytes) -> bool:
    """Say whether the holder of a key (SubjectPublicKeyInfo) signed `data` by the algorithm named."""
    try:
        holder = holder_of(key)
        if oid == SM2_WITH_SM3:
            signature = b"".join(number.to_bytes(_HALF) for number in decode_dss_signature(signature))
        return holder.algorithm == TAKEN.get(oid) and holder.verify(data, signature)
    except (ProofError, ValueError, OverflowError):  # a key of another kind, or what is no signature
        return False


def holder_of(key: bytes) -> Verifies:
    """Return the key that a SubjectPublicKeyInfo (DER) holds; raises `ProofError`."""
    return signers.read_public(pem.armor("PUBLIC KEY", key).decode())


class Validator(SignatureValidator):
    """Ours, where the path's validation asks for one; `refused` says that it was a signature that failed."""

    refused = False

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: Any = None,
    ) -> None:
        oid = signature_algorithm["algorithm"].dotted
        if not holds(public_key_info.dump(), oid, signature, signed_data):
            self.refused = True
            raise InvalidSignature
