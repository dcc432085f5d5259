"""A report is signed with a time-stamp, or as the node was told without one, and never waits for long."""

from __future__ import annotations

import pytest

from rongxin.delivery.signature import checking, signing
from rongxin.delivery.signature.errors import CertificateUnfit, SignatureError, TimeStampMissing
from rongxin.delivery.signature.time_stamp import Authority
from tests.unit.delivery.signature import stage

SECONDS = 20
SILENT = {
    "hangs": ({"answer": stage.stamp, "hangs": True}, 0.3, "no answer within 0.3 s"),
    "drips": ({"answer": stage.stamp, "drips": True}, 0.8, "no answer within|too slowly"),
    "junk": ({"answer": lambda question: b"<html>busy</html>"}, SECONDS, "no time-stamp in its answer"),
    "nothing": ({"answer": lambda question: b""}, SECONDS, "no time-stamp in its answer"),
    "endless": ({"answer": lambda question: b"0" * 200_000}, SECONDS, "too long"),
    "refuses": ({"answer": stage.refusing}, SECONDS, "no time-stamp in its answer"),
    "fails": ({"answer": stage.stamp, "status": 500}, SECONDS, "HTTP 500"),
    "another document": ({"answer": stage.of_another_document}, SECONDS, "not of this document"),
    "another question": ({"answer": stage.of_another_question}, SECONDS, "no time-stamp in its answer"),
    "forged": ({"answer": stage.forged}, SECONDS, "its signature is wrong"),
}


def _sign(**more):
    return signing.sign(stage.report(), stage.node(), as_of=stage.NOW, **more)


def _finding(signed):
    return checking.check(signed.pdf, believed=[stage.der(stage.root())], as_of=stage.NOW)


def test_it_carries_the_time_stamp_of_the_authority():
    with stage.service(stage.stamp) as url:
        signed = _sign(authority=Authority(url, SECONDS))
    finding = _finding(signed)
    assert (signed.unstamped, finding.problems) == ("", ())
    assert (finding.stamp.at, finding.stamp.sound, finding.stamp.trusted) == (stage.NOW, True, True)
    assert signing.UNSTAMPED not in finding.reason


@pytest.mark.parametrize("how", SILENT)
def test_what_is_no_time_stamp_is_refused_with_its_address(how):
    service, seconds, why = SILENT[how]
    with stage.service(**service) as url, pytest.raises(TimeStampMissing, match=why) as refused:
        _sign(authority=Authority(url, seconds))
    assert url in str(refused.value)


@pytest.mark.parametrize("how", ["hangs", "junk"])
def test_where_it_may_sign_without_one_the_signature_says_so(how):
    service, seconds, _ = SILENT[how]
    with stage.service(**service) as url:
        signed = _sign(authority=Authority(url, seconds), without_stamp=True)
    finding = _finding(signed)
    assert url in signed.unstamped
    assert (finding.problems, finding.stamp) == ((), None)
    assert signing.UNSTAMPED in finding.reason


def test_an_authority_that_nobody_runs_is_refused():
    with stage.service(stage.stamp) as url:
        pass
    with pytest.raises(TimeStampMissing, match="ConnectError"):
        _sign(authority=Authority(url, SECONDS))


@pytest.mark.parametrize("years", [-2, 2])
def test_it_signs_nothing_outside_of_its_certificates_time(years):
    with pytest.raises(CertificateUnfit, match=r"not on .*RONGXIN_REPORT_CERTIFICATE"):
        signing.sign(stage.report(), stage.node(), as_of=stage.NOW + years * stage.YEAR)


def test_what_can_not_be_signed_is_an_error_of_ours():
    with pytest.raises(SignatureError, match="ask for it as JSON"):
        signing.sign(b"no pdf", stage.node(), as_of=stage.NOW)
