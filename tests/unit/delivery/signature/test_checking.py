"""Whoever has the file alone learns who signed it, when, and whether it is still what was signed."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pypdf
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from rongxin.delivery.signature import checking, signing
from rongxin.delivery.signature.time_stamp import Authority
from tests.unit.delivery.signature import stage

SIGNED = signing.sign(stage.report(), stage.node(), as_of=stage.NOW).pdf
ROOTS = [stage.der(stage.root())]
LATER = stage.NOW + 2 * stage.YEAR


def _check(data, believed=ROOTS, as_of=stage.NOW):
    return checking.check(data, believed=believed, as_of=as_of)


def _ranges(data):
    signature = pypdf.PdfReader(io.BytesIO(data)).root_object["/Perms"]["/DocMDP"]
    _, first, second, length = map(int, signature["/ByteRange"])
    return [*range(first), *range(second, second + length)]


SIGNED_BYTES = _ranges(SIGNED)


def test_it_says_who_signed_which_request_and_that_nothing_changed():
    finding = _check(SIGNED)
    assert finding.problems == ()
    assert (finding.signer.name, finding.signer.issuer) == ("云州市融资信用服务平台", "虚构根证书")
    assert (finding.intact, finding.trusted, finding.stamp) == (True, True, None)
    assert (finding.revisions_after, finding.bytes_after) == (0, 0)
    assert finding.requests == ("01900000-0000-7000-8000-000000000001",)
    assert finding.claimed_at is not None


def test_everything_but_the_signature_itself_is_signed():
    assert SIGNED[SIGNED_BYTES[-1] + 1 :] == b""
    gap = set(range(len(SIGNED))) - set(SIGNED_BYTES)
    assert set(SIGNED[min(gap) : max(gap) + 1]) <= set(b"<0123456789abcdefABCDEF>")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SIGNED_BYTES), st.integers(0, 7))
def test_one_bit_flipped_anywhere_in_what_is_signed_is_found(place, bit):
    changed = bytearray(SIGNED)
    changed[place] ^= 1 << bit
    try:
        finding = _check(bytes(changed))
    except checking.Uncheckable:
        return
    assert finding.problems
    assert not finding.trusted


def test_an_appended_revision_is_named_and_what_was_signed_is_still_read():
    writer = IncrementalPdfFileWriter(io.BytesIO(SIGNED))
    writer.root["/Lang"] = generic.pdf_string("en")
    writer.update_root()
    appended = io.BytesIO()
    writer.write(appended)
    finding = _check(appended.getvalue())
    assert finding.problems[0] == "appended"
    assert (finding.revisions_after, finding.intact) == (1, True)
    assert finding.bytes_after == len(appended.getvalue()) - len(SIGNED)
    assert finding.requests == ("01900000-0000-7000-8000-000000000001",)


def test_bytes_after_the_end_are_named():
    finding = _check(SIGNED + b"\n% a remark\n")
    assert ("appended" in finding.problems, finding.bytes_after) == (True, 12)


def test_the_same_name_under_another_certificate_is_not_believed():
    forger = stage.issue("云州市融资信用服务平台", ec.generate_private_key(ec.SECP256R1()))
    finding = _check(signing.sign(stage.report(), forger, as_of=stage.NOW).pdf)
    assert (finding.problems, finding.intact, finding.trusted) == (("untrusted",), True, False)


def test_whom_nobody_named_is_neither_believed_nor_doubted():
    finding = _check(SIGNED, believed=())
    assert (finding.problems, finding.trusted) == ((), None)


def test_an_expired_certificate_without_time_stamp_proves_no_time():
    assert _check(SIGNED, as_of=LATER).problems == ("expired",)


def test_a_time_stamp_of_its_time_outlives_the_certificate():
    with stage.service(stage.stamp) as url:
        signed = signing.sign(stage.report(), stage.node(), as_of=stage.NOW, authority=Authority(url, 20)).pdf
    finding = _check(signed, as_of=LATER)
    assert finding.problems == ()
    assert (finding.stamp.at, finding.stamp.authority, finding.stamp.trusted) == (
        stage.NOW,
        "虚构时间戳",
        True,
    )


def test_a_time_stamp_of_after_its_end_does_not():
    with stage.service(lambda question: stage.stamp(question, LATER)) as url:
        signed = signing.sign(stage.report(), stage.node(), as_of=stage.NOW, authority=Authority(url, 20)).pdf
    assert _check(signed, as_of=LATER + timedelta(days=1)).problems == ("expired",)


def test_a_time_stamp_of_an_authority_that_is_not_believed_proves_no_time():
    with stage.service(stage.stamp) as url:
        signed = signing.sign(stage.report(), stage.node(), as_of=stage.NOW, authority=Authority(url, 20)).pdf
    finding = _check(signed, believed=[stage.der(stage.node())], as_of=LATER)
    assert (finding.problems, finding.stamp.trusted) == (("expired",), False)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_pdf"),
        (b"<html>", "not_pdf"),
        (b"%PDF-1.7\n", "damaged"),
        (SIGNED[:-400], "damaged"),
        (stage.report(), "not_signed"),
    ],
)
def test_what_can_not_be_checked_is_refused_by_name(data, code):
    with pytest.raises(checking.Uncheckable) as refused:
        _check(data)
    assert refused.value.code == code


def test_programs_get_it_as_json():
    told = json.loads(checking.as_json(_check(SIGNED)))
    assert told["problems"] == []
    assert told["signer"]["valid_to"] == (stage.NOW + stage.YEAR).isoformat()
