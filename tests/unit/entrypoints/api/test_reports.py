"""The report's route: who may ask, in which form, and what a refusal looks like."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

from rongxin.consent import grants
from rongxin.delivery.signature import checking, issuing
from rongxin.parties import institutions, quotas
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.quota import Scope
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.signature import stage as stamping
from tests.unit.entrypoints.api import keys
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/reports"


@pytest.fixture
def scene():
    firm, bank = stage.firm(), stage.bank()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=timezone.now())
    return firm, keys.header_of(stage.staff(PartyKind.INSTITUTION, bank))


def _ask(client, firm, headers, *, accept="application/json", **changes):
    body = {"uscc": firm.uscc, "reference": "DK-1", "person": "王一", **changes}
    return client.post(URL, body, content_type="application/json", headers={**headers, "accept": accept})


def test_it_answers_an_institution_with_the_public_report(client, scene):
    firm, headers = scene
    answer = _ask(client, firm, headers)
    assert answer.status_code == 200
    report = answer.json()
    assert report["kind"] == "public"
    assert report["subject"]["uscc"] == firm.uscc
    assert len(report["proof"]["digest"]) == 64


def test_it_asks_for_a_key(client, scene):
    firm, _ = scene
    answer = _ask(client, firm, {"authorization": "Bearer rxk_0_0"})
    assert answer.status_code == 401
    assert answer["content-type"] == "application/problem+json"


def test_it_refuses_the_key_of_another_kind_of_party(client, scene):
    firm, _ = scene
    answer = _ask(client, firm, keys.header_of(firm.owner))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")


def test_it_refuses_a_withdrawn_or_unknown_consent_with_reason_and_article(client, scene):
    firm, headers = scene
    answer = _ask(client, firm, headers, consent="00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 403
    assert answer.json()["reason"] == "consent_missing"
    assert "（六）" in answer.json()["article"]


@pytest.mark.parametrize(("claim", "said"), [("20–99人", "50–99人、100–299人"), ("63", "不得填写确切数值")])
def test_a_claim_that_can_not_be_one_is_named_before_anybody_is_asked(client, scene, claim, said):
    firm, headers = scene
    field = "pension_insured_band_avg_12m"
    answer = _ask(client, firm, headers, claims={"social_insurance": {field: claim}})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    (wrong,) = answer.json()["errors"]
    assert wrong["where"] == f"body.claims.social_insurance.{field}"
    assert said in wrong["what"]


def test_it_names_the_forms_it_has(client, scene):
    firm, headers = scene
    answer = _ask(client, firm, headers, accept="image/png")
    assert answer.status_code == 406
    assert "application/pdf" in answer.json()["title"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"reference": ""}, 422),
        ({"reference": "   "}, 400),
        ({"purpose": "curiosity"}, 422),
        ({"items": ["tax_payments"]}, 404),
        ({"uscc": "91990101MA00000000"}, 400),
        ({"case": "no-uuid"}, 422),
    ],
)
def test_bad_questions_get_words_and_never_a_trace(client, scene, change, status):
    firm, headers = scene
    answer = _ask(client, firm, headers, **change)
    assert answer.status_code == status
    body = answer.json()
    assert body["title"]
    assert "Traceback" not in answer.content.decode()


def test_a_file_beyond_the_limit_is_refused_and_looking_goes_on(client, scene):
    firm, headers = scene
    quotas.set_limit("bank_a", Scope.PERSON_EXPORTS, 0, key="王一", actor=SYSTEM, as_of=timezone.now())
    refused = _ask(client, firm, headers, accept="application/pdf", person="王一")
    assert (refused.status_code, refused.json()["reason"]) == (429, "person_exports_exhausted")
    assert int(refused["Retry-After"]) > 0
    assert _ask(client, firm, headers, person="王一").status_code == 200


def test_it_prints_the_pdf(client, scene):
    firm, headers = scene
    answer = _ask(client, firm, headers, accept="application/pdf")
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    node = issuing.own().certificate.public_bytes(Encoding.DER)
    finding = checking.check(answer.content, believed=[node], as_of=timezone.now())
    assert (finding.problems, finding.trusted, finding.stamp) == ((), True, None)


@pytest.mark.parametrize(("told", "status"), [("refuse", 503), ("sign", 200)])
def test_where_no_time_stamp_is_to_be_had_it_does_as_it_was_told(client, scene, settings, told, status):
    firm, headers = scene
    settings.RONGXIN_TSA_SILENT, settings.RONGXIN_TSA_SECONDS = told, 20.0
    with stamping.service(lambda question: b"junk") as settings.RONGXIN_TSA_URL:
        answer = _ask(client, firm, headers, accept="application/pdf")
    assert answer.status_code == status
    if status == 200:
        assert "无时间戳" in checking.check(answer.content, as_of=timezone.now()).reason
    else:
        assert answer.json()["code"] == "time_stamp_missing"
        assert answer.json()["title"].startswith("时间戳机构未应答")


def test_neither_json_nor_page_wait_for_a_time_stamp(client, scene, settings):
    firm, headers = scene
    settings.RONGXIN_TSA_SILENT = "refuse"
    settings.RONGXIN_REPORT_CERTIFICATE = "/no/such/file"
    for form in ("application/json", "text/html"):
        assert _ask(client, firm, headers, accept=form).status_code == 200
    answer = _ask(client, firm, headers, accept="application/pdf")
    assert (answer.status_code, answer.json()["code"]) == (503, "certificate_unfit")


class TaxBureau(fakes.Provider):
    """Answers in this process and counts how often it was asked."""

    asked = 0

    def fetch(self, question):
        self.asked += 1
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "71240.00"}]


@pytest.fixture
def reported(client, scene):
    """A bureau, and the report that a bank has by a firm's consent."""
    firm, headers = scene
    bureau, now = TaxBureau(), timezone.now()
    gateways.connect("tax_bureau", bureau)
    consent = stage.consent(firm, stage.case(firm, "bank_a"), as_of=now)
    asked = {"consent": str(consent.id), "purpose": "pre_loan_review", "items": ["tax_payment"]}
    answer = _ask(client, firm, headers, **asked)
    assert answer.status_code == 200
    yield bureau, consent, answer.json()["report"]
    gateways.disconnect("tax_bureau")


def test_an_institution_has_its_report_again_in_every_form_without_a_call(client, scene, reported):
    bureau, _, number = reported
    forms = {}
    for form in ("application/json", "text/html", "application/pdf"):
        forms[form] = client.get(f"{URL}/{number}", headers={**scene[1], "accept": form})
        assert forms[form].status_code == 200
        assert forms[form]["content-type"].startswith(form)
    assert bureau.asked == 1
    report = forms["application/json"].json()
    assert (report["repeats"], report["kind"]) == (number, "consented")
    assert report["report"] != number
    assert report["reference"] == "DK-1"
    page = forms["text/html"].content.decode()
    assert "71,240.00" in page
    assert number in page
    assert "本次未再询问" in page


def test_a_report_taken_again_as_a_file_counts_as_a_file(client, scene, reported):
    quotas.set_limit("bank_a", Scope.EXPORTS, 0, actor=SYSTEM, as_of=timezone.now())
    headers, number = scene[1], reported[2]
    refused = client.get(f"{URL}/{number}", headers={**headers, "accept": "application/pdf"})
    assert (refused.status_code, refused.json()["reason"]) == (429, "exports_exhausted")
    assert client.get(f"{URL}/{number}", headers={**headers, "accept": "text/html"}).status_code == 200


def test_nobody_else_has_it_and_nobody_once_the_consent_is_withdrawn(client, scene, reported):
    firm, headers = scene
    bureau, consent, number = reported
    stage.bank("bank_b")
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, "bank_b"))
    unknown = client.get(f"{URL}/00000000-0000-4000-8000-000000000000", headers=other)
    foreign = client.get(f"{URL}/{number}", headers=other)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_request")
    assert foreign.status_code == 404
    assert foreign.content.replace(number.encode(), b"") == unknown.content.replace(
        b"00000000-0000-4000-8000-000000000000", b""
    )
    assert client.get(f"{URL}/{number}", headers=keys.header_of(firm.owner)).status_code == 403
    assert client.get(f"{URL}/{number}").status_code == 401
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=timezone.now())
    refused = client.get(f"{URL}/{number}", headers=headers)
    assert (refused.status_code, refused.json()["reason"]) == (403, "consent_withdrawn")
    assert bureau.asked == 1


def test_a_public_report_is_not_kept(client, scene):
    firm, headers = scene
    number = _ask(client, firm, headers).json()["report"]
    assert client.get(f"{URL}/{number}", headers=headers).status_code == 404
